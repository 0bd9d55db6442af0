"""The files of figures.py: one of each kind for each process, with a lock that says that it lives, and those of the
past, into which the files of processes that are gone are folded."""

import fcntl
import json
import logging
import os
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from prometheus_client import mmap_dict

# Lines of this one are not counted: whoever counts may be about to write them.
log = logging.getLogger("linnapp.figures")
# Bytes of each kind of file, into which all labels of all metrics fit. They are taken from the disk at once: whoever
# writes to memory of a file that a full disk has no room for is ended by the system.
SIZES = {
    "counter": 256 * 1024,
    "histogram": 1024 * 1024,
    "gauge_livesum": 64 * 1024,
    "gauge_livemax": 16 * 1024,
    "gauge_livemin": 16 * 1024,
    "gauge_max": 64 * 1024,
}
# What is told of the past beside that of processes; of live ones alone is told what begins so.
PAST, LIVE = "past", "gauge_live"
# Bytes of a file of the library before its first value.
BEGINS_AT = 8
# Seconds by which the clocks of two processes of a machine may seem to differ.
AHEAD = 60.0
# So often whoever waits for its turn asks.
TURN_EVERY = 0.01
# The library says nothing of its types.
_dict_in: Any = mmap_dict.MmapedDict


def folder() -> Path:
    return Path(settings.STATE_DIR) / "figures"


def take_room(file: Path, size: int) -> None:
    descriptor = os.open(file, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        hand_over(descriptor)
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, 0, size)
        else:
            os.write(descriptor, bytes(size))
    finally:
        os.close(descriptor)


def hand_over(descriptor: int) -> None:
    """What a command that root runs writes is whoever runs the portal's, as the folder is."""
    if os.geteuid() == 0:
        owner = folder().stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


@contextmanager
def alone(seconds: float) -> Iterator[None]:
    """Nobody else reads, folds or begins meanwhile. Raises TimeoutError where somebody still does after so long."""
    # Made for whoever the folder belongs to: nobody else gets into it.
    lock = os.open(folder() / "alone", os.O_CREAT | os.O_RDONLY, 0o644)
    until = time.monotonic() + seconds
    try:
        while not _is_held(lock):
            if time.monotonic() >= until:
                raise TimeoutError("another process has held it for too long")
            time.sleep(TURN_EVERY)
        yield
    finally:
        os.close(lock)


def _is_held(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def fold() -> None:
    """Adds what processes that are gone have counted to the files of the past. To be called alone. Whoever is killed in
    the middle leaves a list of what was added, so that nothing counts twice."""
    for kind in SIZES:
        _end_folding(kind)
    gone = [lock for lock in folder().glob("*.lock") if _is_free(lock)]
    for kind in SIZES:
        files = [file for lock in gone if (file := folder() / f"{kind}_{lock.stem}.db").exists()]
        if files and not kind.startswith(LIVE):
            _add_to_past(kind, files)
            _end_folding(kind)
        for file in files:
            file.unlink(missing_ok=True)
    for lock in gone:
        lock.unlink()


def _past(kind: str, suffix: str = "db") -> Path:
    return folder() / f"{kind}_{PAST}.{suffix}"


def _end_folding(kind: str) -> None:
    """Drops what was added, once that is part of the past: the new file has its name then, and no other."""
    added = _past(kind, "added")
    if not added.exists():
        return
    if not _past(kind, "new").exists():
        for name in added.read_text().split():
            (folder() / name).unlink(missing_ok=True)
    added.unlink()


def _is_free(lock: Path) -> bool:
    try:
        descriptor = os.open(lock, os.O_RDWR)
    except PermissionError:
        # Of a command that somebody else ran.
        return False
    try:
        return _is_held(descriptor)
    finally:
        os.close(descriptor)


def _add_to_past(kind: str, files: Sequence[Path]) -> None:
    past, new, added = _past(kind), _past(kind, "new"), _past(kind, "added")
    joined: dict[str, float] = {}
    for file in (past, *files):
        for key, value in _read(file):
            joined[key] = _joined(kind, joined.get(key, 0.0), value)
    new.unlink(missing_ok=True)
    try:
        # Of what is used, and not of what was given: else it would grow with each process that ends.
        take_room(new, BEGINS_AT + sum(_size_of(key) for key in joined))
        written = _dict_in(str(new))
        for key, value in joined.items():
            written.write_value(key, value, 0.0)
        written.close()
        names = "\n".join(file.name for file in files)
        take_room(added, len(names))
        added.write_text(names)
    except OSError:
        added.unlink(missing_ok=True)
        new.unlink(missing_ok=True)
        raise
    os.replace(new, past)


def _joined(kind: str, before: float, value: float) -> float:
    if kind != "gauge_max":
        return before + value
    # A moment that is ahead is of a clock that was set wrong, and would hide all that come after it.
    return before if value > time.time() + AHEAD else max(before, value)


def _size_of(key: str) -> int:
    """In a file, as the library writes it: its length, itself, filled up to eight, a value and a moment."""
    length = len(key.encode()) + 4
    return length + 8 - length % 8 + 16


def _read(file: Path) -> list[tuple[str, float]]:
    """Also metrics that this process knows nothing of. What a machine that lost its power left half written is not."""
    read = []
    try:
        for key, value, _, _ in _dict_in.read_all_values_from_file(str(file)):
            # What is no key raises here, and not whenever the past is read.
            json.loads(key)
            read.append((key, value))
    except FileNotFoundError:
        # Before the first fold there is no past.
        return []
    except (RuntimeError, ValueError, struct.error, OSError) as error:
        log.warning("%s is damaged: %s", file, error)
    return read
