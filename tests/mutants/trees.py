"""Copies of the tree on which the tests run, with one thing broken, and with a state of their own."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from urllib.parse import urlsplit

from tests.mutants.places import ROOT, Broken, file_of_tests
from tests.mutants.warm import ANSWER

LEFT_OUT = (".git", ".venv", "var", "*.sqlite3", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".env")
ARGUMENTS = ("-x", "-q", "--no-header", "-p", "no:cacheprovider")
QUICK, ALL_BUT_BROWSER = ("-m", "not browser and not slow"), ("-m", "not browser")
# Of one run of the tests: a program that goes on for ever was noticed too.
LONGEST_SECONDS = 900


class Run(Enum):
    """How the tests went. `NONE` where they could not begin."""

    GREEN = "0"
    RED = "1"
    NONE = "none"


@dataclass(frozen=True)
class Swap:
    """Other code for one function, for tests that run in a process that has it already."""

    module: str
    name: str
    code: str


@dataclass
class Tree:
    number: int
    folder: Path
    warm: dict[tuple[str, ...], subprocess.Popen[str]] = field(default_factory=dict)

    @classmethod
    def copied(cls, number: int, folder: Path) -> "Tree":
        copy = shutil.copytree(ROOT, folder / f"tree-{number}", ignore=shutil.ignore_patterns(*LEFT_OUT))
        return cls(number, Path(copy))

    def begun(self, state: str, module: str, *arguments: str) -> subprocess.Popen[str]:
        """The tests, in processes that end together. The test that looks for the places of mutants would notice any."""
        folder = self.folder.parent / f"{state}-{self.number}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        own = {"PYTHONDONTWRITEBYTECODE": "1", "LINNAPP_TESTS_DIR": str(folder)}
        if url := os.environ.get("DATABASE_URL"):
            # Two runs at once need two test databases.
            own["DATABASE_URL"] = urlsplit(url)._replace(path=f"{urlsplit(url).path}_{state}_{self.number}").geturl()
        return subprocess.Popen(
            [sys.executable, "-m", module, *ARGUMENTS, f"--ignore={file_of_tests('test_mutants')}", *arguments],
            cwd=self.folder,
            env=os.environ | own,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str) -> tuple[Run, str]:
        """How the tests went, and what they wrote."""
        process = self.begun("cold", "pytest", *arguments)
        try:
            said, _ = process.communicate(timeout=LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            return Run.RED, "It went on for ever."
        finally:
            end_group(process)
        return {0: Run.GREEN, 1: Run.RED}.get(process.returncode, Run.NONE), said

    def warm_up(self, tests: tuple[str, ...]) -> None:
        """Before anything is broken in this tree."""
        if tests not in self.warm:
            self.cool()
            self.warm[tests] = self.begun("warm", "tests.mutants.warm", *QUICK, *tests)
            if (said := answer(self.warm[tests])) != Run.GREEN.value:
                raise RuntimeError(f"{' '.join(tests)}: red before anything is broken ({said})")

    def run_warm(self, swap: Swap, tests: tuple[str, ...]) -> Run:
        """NONE for what can only be tried anew."""
        process = self.warm[tests]
        assert process.stdin
        process.stdin.write(json.dumps(vars(swap)) + "\n")
        process.stdin.flush()
        said = answer(process)
        return Run.NONE if said == "cold" else Run.GREEN if said == Run.GREEN.value else Run.RED

    def cool(self) -> None:
        for process in self.warm.values():
            end_group(process)
        self.warm.clear()

    @contextmanager
    def with_broken(self, broken: Broken) -> Iterator[None]:
        path = self.folder / broken.path
        whole = path.read_text()
        path.write_text(broken.text)
        try:
            yield
        finally:
            path.write_text(whole)


def answer(process: subprocess.Popen[str]) -> str:
    for line in process.stdout or ():
        if line.startswith(ANSWER):
            return line.removeprefix(ANSWER).strip()
    raise RuntimeError("The tests ended before they answered.")


def end_group(process: subprocess.Popen[str]) -> None:
    """Also what a test started and did not end, because it was broken."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
