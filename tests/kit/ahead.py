"""Work that waits more than it computes, done beside the tests: begun before the first of them, and looked at by the
last. Run as a program it is the process beside the tests, which notes how its command ended.

A test marked `ahead(module, *arguments)` finds in the fixture `done_ahead` what `python -m module …` printed.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import pytest

from tests.kit.shared import folder

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_SECONDS = 1200
STOP_SECONDS = 30


@dataclass(frozen=True)
class Done:
    returncode: int
    printed: str


def pytest_collection_finish(session: pytest.Session) -> None:
    """The first worker, or the only process, begins what others may look at."""
    first = getattr(session.config, "workerinput", {}).get("workerid", "gw0") == "gw0"
    if first and not session.config.option.collectonly:
        begin(session.items)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The process that started the workers ends after them."""
    if not hasattr(session.config, "workerinput"):
        end()


def begin(items: Iterable[pytest.Item]) -> None:
    for marker in filter(None, (item.get_closest_marker("ahead") for item in items)):
        here = _folder(marker.args)
        here.mkdir()
        command = [sys.executable, "-m", "tests.kit.ahead", str(here), *marker.args]
        env = os.environ | {"PYTHONPATH": str(ROOT)}
        # Not a child that anybody here must wait for: it may outlive this process.
        nothing = (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)
        pid = os.posix_spawn(sys.executable, command, env, file_actions=[nothing])
        (here / "pid").write_text(str(pid))


def end() -> None:
    running = [here for here in folder().glob("ahead *") if (here / "pid").exists() and not (here / "code").exists()]
    for here in running:
        with suppress(ProcessLookupError):
            os.kill(int((here / "pid").read_text()), signal.SIGTERM)
    for here in running:
        with suppress(TimeoutError):
            _wait(here, STOP_SECONDS)


@pytest.fixture
def done_ahead(request: pytest.FixtureRequest) -> Done:
    here = _folder(request.node.get_closest_marker("ahead").args)
    return _wait(here, PATIENCE_SECONDS)


def _folder(arguments: Iterable[str]) -> Path:
    return folder() / f"ahead {' '.join(arguments)}"


def _wait(here: Path, seconds: float) -> Done:
    deadline = time.monotonic() + seconds
    while not (here / "code").exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{here.name} takes too long:\n{(here / 'printed').read_text()}")
        time.sleep(0.1)
    return Done(int((here / "code").read_text()), (here / "printed").read_text())


def run(here: Path, arguments: list[str]) -> None:
    os.chdir(ROOT)
    with (here / "printed").open("wb") as printed:
        process = subprocess.Popen([sys.executable, "-m", *arguments], stdout=printed, stderr=printed)

    def stop(number: int, frame: FrameType | None) -> None:
        process.terminate()

    # Ctrl-C reaches the command as well, which tidies up by itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, stop)
    code = process.wait()
    (here / "code.unfinished").write_text(str(code))
    (here / "code.unfinished").rename(here / "code")


if __name__ == "__main__":
    run(Path(sys.argv[1]), sys.argv[2:])
