"""Copies of the tree, one a worker, on which the tests run with one thing broken."""

import os
import queue
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import urlsplit

from tests.mutants.places import ROOT, Broken, Gone, file_of_tests

AT_ONCE = 2
LEFT_OUT = (".git", ".venv", "var", "*.sqlite3", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".env")
PYTEST = (sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider")
QUICK, ALL_BUT_BROWSER = ("-m", "not browser and not slow"), ("-m", "not browser")
# Of one run of the tests: a program that goes on for ever was noticed too.
LONGEST_SECONDS = 900
SURVIVED = "SURVIVED"
T = TypeVar("T")


class Run(Enum):
    """Of the tests. `NONE` where they could not begin: that is no proof."""

    GREEN = "green"
    RED = "red"
    NONE = "none"


class Mutant(Protocol):
    """`further` are run where `test_paths` notice nothing; `slow` where only a slow test can notice; `may_not_start`
    where a program that cannot even be imported counts as noticed."""

    @property
    def what(self) -> str: ...

    @property
    def place(self) -> str: ...

    @property
    def slow(self) -> bool: ...

    @property
    def may_not_start(self) -> bool: ...

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


@dataclass(frozen=True)
class Tree:
    """A copy of the repository with a state of its own."""

    number: int
    folder: Path

    @classmethod
    def copied(cls, number: int, folder: Path) -> "Tree":
        copy = shutil.copytree(ROOT, folder / f"tree-{number}", ignore=shutil.ignore_patterns(*LEFT_OUT))
        return cls(number, Path(copy))

    def environment(self) -> dict[str, str]:
        state = self.folder.parent / f"state-{self.number}"
        own = {"PYTHONDONTWRITEBYTECODE": "1", "LINNAPP_TESTS_DIR": str(state)}
        if url := os.environ.get("DATABASE_URL"):
            # Two runs at once need two test databases.
            own["DATABASE_URL"] = urlsplit(url)._replace(path=f"{urlsplit(url).path}_{self.number}").geturl()
        shutil.rmtree(state, ignore_errors=True)
        state.mkdir()
        return os.environ | own

    def run(self, *arguments: str) -> tuple[Run, str]:
        """How the tests went, and what they wrote. The one that looks for the places of mutants notices all of them."""
        process = subprocess.Popen(
            [*PYTEST, f"--ignore={file_of_tests('test_mutants')}", *arguments],
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            said, _ = process.communicate(timeout=LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            return Run.RED, "It went on for ever."
        finally:
            end_group(process)
        return {0: Run.GREEN, 1: Run.RED}.get(process.returncode, Run.NONE), said

    @contextmanager
    def with_broken(self, broken: Broken) -> Iterator[None]:
        path = self.folder / broken.path
        whole = path.read_text()
        path.write_text(broken.text)
        try:
            yield
        finally:
            path.write_text(whole)


def end_group(process: subprocess.Popen[str]) -> None:
    """Also what a test started and did not end, because it was broken."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def try_one(mutant: Mutant, tree: Tree) -> Verdict:
    began = time.monotonic()
    try:
        broken = mutant.broken()
        named = mutant.test_paths()
    except Gone as gone:
        return Verdict(mutant, f"GONE: {gone}", 0)
    with tree.with_broken(broken):
        said = noticed(mutant, *tree.run(*(ALL_BUT_BROWSER if mutant.slow else QUICK), *named), "noticed")
        further = mutant.further()
        if said == SURVIVED and further:
            said = noticed(mutant, *tree.run(*QUICK, *further), "noticed by other tests")
    return Verdict(mutant, said, time.monotonic() - began, broken.lines)


def noticed(mutant: Mutant, run: Run, written: str, red: str) -> str:
    if run == Run.NONE and not mutant.may_not_start:
        return f"NO RUN: {written[-2000:]}"
    return SURVIVED if run == Run.GREEN else red


def try_all(mutants: Sequence[Mutant], folder: Path) -> Iterator[Verdict]:
    """Verdicts in order, tried on AT_ONCE copies of the tree. Leaves where tests are red before anything is broken:
    those notice nothing."""
    free: queue.SimpleQueue[Tree] = queue.SimpleQueue()
    for number in range(1, AT_ONCE + 1):
        free.put(Tree.copied(number, folder))

    def on_a_free_tree(work: Callable[[Tree], T]) -> T:
        tree = free.get()
        try:
            return work(tree)
        finally:
            free.put(tree)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        named = tests_of(mutants)
        shares = [named[first::AT_ONCE] for first in range(AT_ONCE) if named[first::AT_ONCE]]
        for run, written in pool.map(lambda share: on_a_free_tree(lambda tree: tree.run(*QUICK, *share)), shares):
            if run != Run.GREEN:
                sys.exit(f"These tests are red before anything is broken:\n{written[-4000:]}")
        yield from pool.map(lambda mutant: on_a_free_tree(lambda tree: try_one(mutant, tree)), mutants)


def tests_of(mutants: Sequence[Mutant]) -> list[str]:
    named: set[str] = set()
    for mutant in mutants:
        try:
            named.update(mutant.test_paths())
        except Gone:
            # Its own turn tells.
            continue
    return sorted(named)
