"""The job queue carries no work, only calls to look at rows: what it loses, or cannot take, is found by looking."""

import logging
import sqlite3
import time
from collections.abc import Callable
from typing import Any

from redis import RedisError

log = logging.getLogger(__name__)
# A queue that takes longer than this to say nothing is not asked again for a while, in seconds.
PATIENCE, RESTS = 0.5, 10.0
# What a worker says of a queue that is away, again and again, is said once in so many seconds.
SAID_EVERY = 60.0
AWAY = (RedisError, sqlite3.Error, OSError)


class _Rest:
    until = 0.0


def ask(job: Callable[..., Any], *of: Any) -> bool:
    """Puts a job into the queue; whether it could. A queue that is away costs a wait, never the request that asked."""
    began = time.monotonic()
    if began < _Rest.until:
        return False
    try:
        job(*of)
    except Exception as error:
        # Each queue raises its own: Redis, SQLite, the operating system.
        if time.monotonic() - began > PATIENCE:
            _Rest.until = time.monotonic() + RESTS
        log.warning("the job queue is away (%s): what waits is found by looking", type(error).__name__)
        return False
    return True


class QueueIsAway(logging.Filter):
    """Of the log of a worker, whose threads look every fraction of a second: one line a minute, without the traceback,
    in place of all of them."""

    def __init__(self) -> None:
        super().__init__()
        self.said_at: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        # What breaks off in a job itself is told by another logger.
        error = record.exc_info[1] if record.exc_info else None
        if not record.name.startswith("huey.consumer") or not isinstance(error, AWAY):
            return True
        now, last = time.monotonic(), self.said_at.get(record.name)
        if last is not None and now - last < SAID_EVERY:
            return False
        self.said_at[record.name] = now
        record.msg = "the job queue is away (%s): what waits is found by looking"
        record.args = (type(error).__name__,)
        record.exc_info = record.exc_text = None
        return True
