"""Whether the tests notice what is broken: those that are meant to first, then others."""

import queue
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from tests.mutants.places import Broken, Gone
from tests.mutants.trees import ALL_BUT_BROWSER, QUICK, Run, Swap, Tree

AT_ONCE = 2
SURVIVED = "SURVIVED"
T = TypeVar("T")


class Mutant(Protocol):
    """`further` are run where `test_paths` notice nothing; `slow` where only a slow test can notice. With a `swap` the
    tests are tried in a process that has all imported, first; and what cannot even be imported counts as noticed."""

    @property
    def what(self) -> str: ...

    @property
    def place(self) -> str: ...

    @property
    def slow(self) -> bool: ...

    @property
    def swap(self) -> Swap | None: ...

    def broken(self) -> Broken: ...

    def test_paths(self) -> list[str]: ...

    def further(self) -> list[str]: ...


@dataclass(frozen=True)
class Verdict:
    mutant: Mutant
    said: str
    seconds: float
    lines: tuple[str, ...] = ()

    @property
    def is_noticed(self) -> bool:
        return self.said.startswith("noticed")


def try_one(mutant: Mutant, tree: Tree) -> Verdict:
    began = time.monotonic()
    try:
        broken = mutant.broken()
        named, further = mutant.test_paths(), mutant.further()
    except Gone as gone:
        return Verdict(mutant, f"GONE: {gone}", 0)
    if mutant.swap:
        tree.warm_up(tuple(named))
    with tree.with_broken(broken):
        said = verdict_of(mutant, tree, named, further)
    return Verdict(mutant, said, time.monotonic() - began, broken.lines)


def verdict_of(mutant: Mutant, tree: Tree, named: list[str], further: list[str]) -> str:
    if mutant.swap and tree.run_warm(mutant.swap, tuple(named)) == Run.RED:
        return "noticed"
    for tests, red in ((named, "noticed"), (further, "noticed by other tests")):
        run, written = tree.run(*(ALL_BUT_BROWSER if mutant.slow and tests is named else QUICK), *tests)
        if run == Run.NONE and not mutant.swap:
            return f"NO RUN: {written[-2000:]}"
        if run != Run.GREEN:
            return red
    return SURVIVED


def try_all(mutants: Sequence[Mutant], folder: Path) -> Iterator[Verdict]:
    """Verdicts in order, tried on AT_ONCE copies of the tree. Leaves where tests are red before anything is broken:
    those notice nothing."""
    trees = [Tree.copied(number, folder) for number in range(1, AT_ONCE + 1)]
    free: queue.SimpleQueue[Tree] = queue.SimpleQueue()
    for each in trees:
        free.put(each)

    def on_a_free_tree(work: Callable[[Tree], T]) -> T:
        tree = free.get()
        try:
            return work(tree)
        finally:
            free.put(tree)

    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            named = tests_of(mutants)
            shares = [named[first::AT_ONCE] for first in range(AT_ONCE) if named[first::AT_ONCE]]
            for run, written in pool.map(lambda share: on_a_free_tree(lambda tree: tree.run(*QUICK, *share)), shares):
                if run != Run.GREEN:
                    sys.exit(f"These tests are red before anything is broken:\n{written[-4000:]}")
            yield from pool.map(lambda mutant: on_a_free_tree(lambda tree: try_one(mutant, tree)), mutants)
    finally:
        for each in trees:
            each.cool()


def tests_of(mutants: Sequence[Mutant]) -> list[str]:
    """Where tests are to be green first. Of a place that is gone its own turn tells."""
    named: set[str] = set()
    for mutant in mutants:
        try:
            named.update([*mutant.test_paths(), *(mutant.further() if mutant.swap else ())])
        except Gone:
            continue
    return sorted(named)
