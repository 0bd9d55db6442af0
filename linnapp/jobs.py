"""The job queue carries no work, only calls to look at rows: what it loses, or cannot take, is found by looking."""

import logging
from collections.abc import Callable
from typing import Any

log = logging.getLogger(__name__)


def ask(job: Callable[..., Any], *of: Any) -> bool:
    """Puts a job into the queue; whether it could. A queue that is away costs a wait, never the request that asked."""
    try:
        job(*of)
    except Exception as error:
        # Each queue raises its own: Redis, SQLite, the operating system.
        log.warning("the job queue is away (%s): what waits is found by looking", type(error).__name__)
        return False
    return True
