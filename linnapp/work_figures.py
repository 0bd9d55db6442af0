"""What a worker tells a monitor of its jobs: those that are due by the clock, those of the queue, and its crews."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from linnapp import figures

RUNS = figures.counter("linnapp_job_runs", "Jobs that ended, by how.", {"job": (), "outcome": ()})
SECONDS = figures.counter("linnapp_job_seconds", "Seconds that jobs took.", {"job": ()})
LAST_SUCCESS = figures.gauge(
    "linnapp_job_last_success_timestamp_seconds", "When a job last ended well.", {"job": ()}, mode="max"
)
CREW_FAILURES = figures.counter(
    "linnapp_crew_failures", "Times that a crew broke off, and went on in a while.", {"crew": ()}
)


@contextmanager
def counted(name: str) -> Iterator[None]:
    """One run of the job of that name, which is of the code; what it raises goes on."""
    began, outcome = time.perf_counter(), "failed"
    # From its first run on each has both: a failure is seen by that it was 0 before.
    RUNS.labels(name, outcome).inc(0)
    try:
        yield
        outcome = "done"
        LAST_SUCCESS.labels(name).set(time.time())
    finally:
        RUNS.labels(name, outcome).inc()
        SECONDS.labels(name).inc(time.perf_counter() - began)


class OfTheQueue:
    """Those that the queue's consumer runs, a thread each: it says when one begins and ends, and goes round nothing."""

    def __init__(self) -> None:
        self.begun: dict[str, Any] = {}

    def begins(self, task: Any) -> None:
        self.begun[task.id] = run = counted(task.name)
        run.__enter__()

    def ends(self, task: Any, value: Any, error: BaseException | None) -> None:
        if run := self.begun.pop(task.id, None):
            if error is None:
                run.__exit__(None, None, None)
            else:
                _thrown(run, error)


def _thrown(run: Any, error: BaseException) -> None:
    """It comes out again, and whoever ran the job has it already."""
    try:
        run.__exit__(type(error), error, error.__traceback__)
    except BaseException as same:
        if same is not error:
            raise
