"""What each process counts and measures of its own work, for a monitor: in files of memory, in one folder for all
processes of a machine, so that whichever of them is asked tells the sum of all. Counting costs microseconds and never
fails whoever counts. What a process counted stays when it is gone: its files are folded into those of the past."""

import fcntl
import json
import logging
import os
import struct
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import product
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import Error
from prometheus_client import Counter, Gauge, Histogram, mmap_dict, multiprocess, values
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

log = logging.getLogger(__name__)
# Bytes of each kind of file, into which all labels of all metrics fit. They are taken from the disk at once: whoever
# writes to memory of a file that a full disk has no room for is ended by the system.
SIZES = {"counter": 256 * 1024, "histogram": 1024 * 1024, "gauge_livesum": 64 * 1024, "gauge_max": 64 * 1024}
# What is told of the past beside that of processes; of live ones alone is told what begins so.
PAST, LIVE = "past", "gauge_live"
# A folder that cannot be written is said once in so many seconds.
SAID_EVERY = 60.0
# From an exchange alone on its machine to a page that nobody waits for any longer.
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
Labels = Mapping[str, Sequence[str]]
NONE: Labels = {}


def folder() -> Path:
    return Path(settings.STATE_DIR) / "figures"


class _Own:
    """The name of this process among the others, and the lock that says that it lives: the number of a process comes
    again, and is another's in each container."""

    def __init__(self) -> None:
        self.name, self.process, self.lock = "", 0, -1
        self.said_at = -SAID_EVERY

    def __call__(self) -> str:
        """Asked for at each figure; a process that was forked is a new one. Raises OSError where there is no room."""
        if self.process != os.getpid():
            self._begin()
        return self.name

    def _begin(self) -> None:
        name = uuid.uuid4().hex
        folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder())
        with alone():
            lock = os.open(folder() / f"{name}.lock", os.O_CREAT | os.O_RDWR, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
                for kind, size in SIZES.items():
                    _take_room(folder() / f"{kind}_{name}.db", size)
            except OSError:
                os.close(lock)
                raise
            fold()
        if self.lock >= 0:
            # Of the process that this one was forked from, which has its own hold of it.
            os.close(self.lock)
        self.name, self.process, self.lock = name, os.getpid(), lock

    def fails(self, error: Exception) -> None:
        now = time.monotonic()
        if now - self.said_at >= SAID_EVERY:
            self.said_at = now
            log.warning("%s cannot be written (%s): this process counts nothing for /metrics", folder(), error)


def _take_room(file: Path, size: int) -> None:
    descriptor = os.open(file, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, 0, size)
        else:
            os.write(descriptor, bytes(size))
    finally:
        os.close(descriptor)


class _Before:
    """The library asks who counts once while it is loaded, when nothing is counted yet."""

    def __init__(self, own: _Own) -> None:
        self.own, self.is_loaded = own, False

    def __call__(self) -> str:
        if not self.is_loaded:
            self.is_loaded = True
            return ""
        return self.own()


# The library says nothing of the types of these.
_dict_in: Any = mmap_dict.MmapedDict
_value_class: Any = values.MultiProcessValue
_collector: Any = multiprocess.MultiProcessCollector
_own = _Own()
_Shared: Any = _value_class(_Before(_own))


class _Value(_Shared):
    """A number in the file of this process. One that cannot be written is lost, and whoever counts goes on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Opens nothing yet: most commands count nothing."""
        self._given: tuple[tuple[Any, ...], dict[str, Any]] | None = (args, kwargs)

    def inc(self, amount: float) -> None:
        self._try(super().inc, amount)

    def set(self, value: float, timestamp: float | None = None) -> None:
        self._try(super().set, value, timestamp)

    def _try(self, write: Any, *what: float | None) -> None:
        try:
            if self._given:
                args, kwargs = self._given
                super().__init__(*args, **kwargs)
                self._given = None
            write(*what)
        except Exception as error:
            # Whatever it is: figures never break what they are about.
            _own.fails(error)


# The way that the library has for processes that name themselves.
values.ValueClass = _Value
_defined: dict[str, tuple[Metric, list[dict[str, str]]]] = {}


def _define(kind: str, name: str, words: str, labels: Labels) -> Metric:
    """Where the values of all labels are known, each of them is told as 0 before it was counted: what a counter counts
    first is not seen in one that begins with it."""
    known = all(labels.values()) and kind == "counter"
    combined = [dict(zip(labels, of, strict=True)) for of in product(*labels.values())] if known else []
    metric = Metric(name, words, kind)
    _defined[name] = metric, combined
    return metric


def counter(name: str, words: str, labels: Labels = NONE) -> Counter:
    """`name` is without its `_total`; to each label belong all its values, or none where code names them."""
    _define("counter", name, words, labels)
    return Counter(name, words, labels, registry=None)


def gauge(name: str, words: str, labels: Labels = NONE, *, mode: str = "livesum") -> Gauge:
    """The sum of the processes that run or, by the mode `max`, the largest value ever."""
    _define("gauge", name, words, labels)
    return Gauge(name, words, labels, registry=None, multiprocess_mode=mode)  # type: ignore[arg-type]


def histogram(name: str, words: str, labels: Labels = NONE) -> Histogram:
    """Of seconds."""
    _define("histogram", name, words, labels)
    return Histogram(name, words, labels, registry=None, buckets=SECONDS)


# Reading them.


class OfProcesses(Collector):
    """The sums of all processes of this machine, those that are gone included."""

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        """Every metric there is, also one that nothing was counted for yet."""
        found = {metric.name: metric for metric in summed()}
        for name, (empty, combined) in _defined.items():
            metric = found.get(name) or Metric(name, empty.documentation, empty.type)
            metric.documentation = empty.documentation
            told = [sample.labels for sample in metric.samples]
            for labels in combined:
                if labels not in told:
                    metric.add_sample(f"{name}_total", labels, 0.0)
            yield metric


def summed() -> list[Metric]:
    if not folder().is_dir():
        return []
    with alone():
        # What cannot be folded, on a full disk, is summed as it lies there.
        with suppress(OSError):
            fold()
        files = [str(file) for file in folder().glob("*.db") if os.access(file, os.R_OK)]
        return list(_collector.merge(files))


@contextmanager
def alone() -> Iterator[None]:
    """Nobody else reads, folds or begins meanwhile."""
    # Made for whoever the folder belongs to: nobody else gets into it.
    lock = os.open(folder() / "alone", os.O_CREAT | os.O_RDONLY, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def fold() -> None:
    """Adds what processes that are gone have counted to the files of the past. To be called alone. Whoever is killed
    between the two leaves a process that counts twice."""
    gone = [lock for lock in folder().glob("*.lock") if _is_free(lock)]
    for kind in SIZES:
        files = [file for lock in gone if (file := folder() / f"{kind}_{lock.stem}.db").exists()]
        if files and not kind.startswith(LIVE):
            _add_to_past(kind, files)
        for file in files:
            file.unlink()
    for lock in gone:
        lock.unlink()


def _is_free(lock: Path) -> bool:
    try:
        descriptor = os.open(lock, os.O_RDWR)
    except PermissionError:
        # Of a command that somebody else ran.
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def _add_to_past(kind: str, files: Sequence[Path]) -> None:
    past, new = folder() / f"{kind}_{PAST}.db", folder() / f"{kind}_{PAST}.new"
    joined: dict[str, float] = {}
    for file in (past, *files):
        for key, value in _read(file):
            joined[key] = max(joined.get(key, 0.0), value) if kind == "gauge_max" else joined.get(key, 0.0) + value
    new.unlink(missing_ok=True)
    _take_room(new, SIZES[kind] + sum(file.stat().st_size for file in (past, *files) if file.exists()))
    written = _dict_in(str(new))
    for key, value in joined.items():
        written.write_value(key, value, 0.0)
    written.close()
    if os.geteuid() == 0:
        # A command that root runs leaves it to whoever runs the portal.
        owner = folder().stat()
        os.chown(new, owner.st_uid, owner.st_gid)
    os.replace(new, past)


def _read(file: Path) -> list[tuple[str, float]]:
    """Also metrics that this process knows nothing of. What a machine that lost its power left half written is not."""
    read = []
    with suppress(FileNotFoundError):
        try:
            for key, value, _, _ in _dict_in.read_all_values_from_file(str(file)):
                # What is no key raises here, and not whenever the past is read.
                json.loads(key)
                read.append((key, value))
        except (RuntimeError, ValueError, struct.error, OSError) as error:
            log.warning("%s is damaged: %s", file, error)
    return read


# What is counted everywhere.

PROCESSES = gauge("linnapp_processes", "Processes that run, by what they do.", {"kind": ()})
LOG_LINES = counter(
    "linnapp_log_lines", "Lines of the log that tell of a fault.", {"level": ("warning", "error", "critical")}
)
# By a part of the name of whatever writes the line; all else are jobs.
WHERE = {".request": "page", ".front.": "front", ".exchange.": "exchange"}
DATABASE_ERRORS = counter(
    "linnapp_database_errors",
    "Errors of the database that were written to the log, by where they were met.",
    {"where": (*WHERE.values(), "job")},
)


def begin(kind: str) -> None:
    """Says what this process does: `web`, `page` or `worker`."""
    PROCESSES.labels(kind).set(1)


class CountedLog(logging.Handler):
    """Writes nothing, and counts what the others write."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == __name__ or record.levelno < logging.WARNING:
            return
        LOG_LINES.labels(record.levelname.lower()).inc()
        error = record.exc_info[1] if record.exc_info else None
        said = record.args if isinstance(record.args, tuple) else ()
        if any(is_of_the_database(each) for each in (error, *said)):
            DATABASE_ERRORS.labels(_where(record.name)).inc()


def is_of_the_database(error: object) -> bool:
    """Django's own, or that of the driver beneath it."""
    return isinstance(error, Error) or type(error).__module__.startswith("psycopg.")


def _where(logger: str) -> str:
    return next((where for part, where in WHERE.items() if part in logger), "job")
