"""What the processes of one run of the tests share: a folder, and what the first to need it makes there for all."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def folder() -> Path:
    """Of this run alone, gone with it: `tests.settings` names it, and pytest-xdist's workers inherit the name."""
    path = Path(os.environ["LINNAPP_TESTS_DIR"], "shared")
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def alone(name: str) -> Iterator[None]:
    with (folder() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def once(name: str, make: Callable[[Path], None]) -> Path:
    """The file or folder that `make` makes; whoever else asks meanwhile waits for it. Not to be changed."""
    path, unfinished = folder() / name, folder() / f"{name}.unfinished"
    with alone(name):
        if not path.exists():
            shutil.rmtree(unfinished, ignore_errors=True)
            make(unfinished)
            unfinished.rename(path)
    return path
