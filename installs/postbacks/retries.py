"""What an attempt means for its delivery: delivered, tried again and when, or given up. Values only."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from installs.outbound.retry_after import retry_after

# From each attempt to the next; after the last one the delivery is exhausted. Standard Webhooks' schedule.
SCHEDULE = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
ATTEMPTS = 1 + len(SCHEDULE)
# Receivers that were away together do not all come back to the same second.
JITTER = 0.2
SLOW_DOWN = (429, 503)
GONE = 410


class Verdict(StrEnum):
    DELIVERED = "DELIVERED"
    AGAIN = "AGAIN"
    STOPPED = "STOPPED"
    EXHAUSTED = "EXHAUSTED"


@dataclass(frozen=True)
class Judgement:
    """`again_at` is set where the verdict is AGAIN."""

    verdict: Verdict
    again_at: datetime | None = None


def judge(status: int | None, headers: Mapping[str, str], *, attempt: int, decides: bool, now: datetime) -> Judgement:
    """Of the `attempt`-th attempt, counted from 1; `status` None for no answer, header names in lower case.

    An installation that waits (`decides`) has one attempt, and wants exactly 200.
    """
    if decides:
        return Judgement(Verdict.DELIVERED if status == 200 else Verdict.STOPPED)
    if status is not None and 200 <= status < 300:
        return Judgement(Verdict.DELIVERED)
    if status == GONE:
        return Judgement(Verdict.STOPPED)
    if attempt >= ATTEMPTS:
        return Judgement(Verdict.EXHAUSTED)
    wait = SCHEDULE[attempt - 1] * random.uniform(1 - JITTER, 1 + JITTER)
    if status in SLOW_DOWN:
        wait = max(wait, retry_after(headers.get("retry-after", ""), now))
    return Judgement(Verdict.AGAIN, now + wait)
