"""What a worker tells a monitor of its jobs: those that are due by the clock, those of the queue, and its crews."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from linnapp import figures

RUNS = figures.counter("linnapp_job_runs", "Jobs that ended, by how.", {"task": (), "outcome": ()})
SECONDS = figures.counter("linnapp_job_seconds", "Seconds that jobs took.", {"task": ()})
LAST_SUCCESS = figures.gauge(
    "linnapp_job_last_success_timestamp_seconds", "When a job last ended well.", {"task": ()}, mode="max"
)
# Of workers that run alone: the series ends with the one that has the clock, and begins with the next.
CLOCK = figures.gauge(
    "linnapp_clock_last_success_timestamp_seconds",
    "When a job that is due by the clock last ended well, in a worker that runs.",
    mode="livemax",
)
LAST_BACKUP = figures.gauge(
    "linnapp_last_backup_timestamp_seconds", "When `manage.py backup` last wrote a whole file.", mode="max"
)
CREW_FAILURES = figures.counter(
    "linnapp_crew_failures", "Times that a crew of a worker broke off, and went on in a while.", {"crew": ()}
)
MAILS = figures.counter(
    "linnapp_mail_attempts",
    "E-mails that a worker took up, by what came of it; those that are put off are tried again.",
    {"outcome": ("sent", "put_off", "failed", "lapsed")},
)
DONE, FAILED = "done", "failed"


@contextmanager
def counted(name: str) -> Iterator[None]:
    """One run of the job of that name, which is one of the code's; what it raises goes on."""
    began, outcome = time.perf_counter(), FAILED
    try:
        yield
        outcome = DONE
    finally:
        count(name, outcome, time.perf_counter() - began)


def count(name: str, outcome: str, seconds: float) -> None:
    RUNS.labels(name, outcome).inc()
    # Each has both from its first run on: a failure is seen by that there was none before.
    RUNS.labels(name, FAILED if outcome == DONE else DONE).inc(0)
    SECONDS.labels(name).inc(seconds)
    if outcome == DONE:
        LAST_SUCCESS.labels(name).set(time.time())


@contextmanager
def counted_by_the_clock(name: str) -> Iterator[None]:
    """One that is due by the clock: jobs of the queue end well also while the clock stands."""
    with counted(name):
        yield
    CLOCK.set_to_current_time()


def name_of(task: Any) -> str:
    """Of huey's: the last part of its module, and its function."""
    return f"{type(task).__module__.rpartition('.')[2]}.{task.name}"


class OfTheQueue:
    """The jobs that the consumer of the queue runs, which says when each begins and ends."""

    def __init__(self) -> None:
        self.begun: dict[str, float] = {}

    def begins(self, task: Any) -> None:
        self.begun[task.id] = time.perf_counter()

    def ends(self, task: Any, value: Any, error: BaseException | None) -> None:
        seconds = time.perf_counter() - self.begun.pop(task.id, time.perf_counter())
        count(name_of(task), FAILED if error else DONE, seconds)
