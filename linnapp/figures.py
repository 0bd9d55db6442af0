"""What each process counts and measures of its own work, for a monitor: in files of memory, in one folder for all
processes of a machine, so that whichever of them is asked tells the sum of all. Counting costs microseconds and never
fails whoever counts. What a process counted stays when it is gone: its files are folded into those of the past."""

import fcntl
import logging
import os
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import product
from typing import Any

from django.db import Error
from prometheus_client import Counter, Gauge, Histogram, multiprocess, values
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from linnapp.figure_files import SIZES, alone, fold, folder, hand_over, take_room

log = logging.getLogger(__name__)
# A folder that cannot be written is said, and tried again, once in so many seconds.
SAID_EVERY = 60.0
# So long a process that starts waits for its turn among the others, and whoever reads does. Later nobody waits who
# counts: that would be the event loop, with all that it answers.
BEGINS_WITHIN, READS_WITHIN = 2.0, 3.0
# From an exchange alone on its machine to a page that nobody waits for any longer.
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
Labels = Mapping[str, Sequence[str]]
NONE: Labels = {}


class _Own:
    """The name of this process among the others, and the lock that says that it lives: the number of a process comes
    again, and is another's in each container."""

    def __init__(self) -> None:
        self.name, self.process, self.lock = "", 0, -1
        self.said_at = self.failed_at = -SAID_EVERY
        self.failure = ""

    def __call__(self) -> str:
        """Asked for at each figure; a process that was forked is a new one. Raises OSError where there is no room."""
        if self.process != os.getpid():
            self._begin()
        return self.name

    def _begin(self) -> None:
        """Once in a while where it failed before: whatever is counted comes by here, each exchange too."""
        if time.monotonic() - self.failed_at < SAID_EVERY:
            raise OSError(self.failure)
        name = uuid.uuid4().hex
        try:
            lock = self._made(name)
        except OSError as error:
            self.failed_at, self.failure = time.monotonic(), str(error)
            raise
        if self.lock >= 0:
            # Of the process that this one was forked from, which has its own hold of it.
            os.close(self.lock)
        self.name, self.process, self.lock = name, os.getpid(), lock

    def _made(self, name: str) -> int:
        """The lock of a new name, whose files have all the room that they need. Nothing is left where they have not."""
        folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder())
        own = folder() / f"{name}.lock"
        files = [folder() / f"{kind}_{name}.db" for kind in SIZES]
        is_first = self.failed_at < 0
        with alone(BEGINS_WITHIN if is_first else 0.0):
            lock = os.open(own, os.O_CREAT | os.O_RDWR, 0o600)
            try:
                hand_over(lock)
                fcntl.flock(lock, fcntl.LOCK_EX)
                for file, size in zip(files, SIZES.values(), strict=True):
                    take_room(file, size)
            except OSError:
                for each in (*files, own):
                    each.unlink(missing_ok=True)
                os.close(lock)
                raise
            if is_first:
                with suppress(OSError):
                    fold()
        return lock

    def fails(self, error: Exception) -> None:
        now = time.monotonic()
        if now - self.said_at >= SAID_EVERY:
            self.said_at = now
            log.warning("%s cannot be written (%s): this process counts nothing for /metrics", folder(), error)


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
    """The sum of the processes that run or, by the mode `max`, the latest moment of all, those that are gone included;
    `livemax` and `livemin` are the largest and the smallest of those that run."""
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
    with alone(READS_WITHIN):
        # What cannot be folded, on a full disk, is summed as it lies there.
        with suppress(OSError):
            fold()
        files = [str(file) for file in folder().glob("*.db") if os.access(file, os.R_OK)]
        return list(_collector.merge(files))


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
