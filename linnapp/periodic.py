"""What is due by the clock. The worker does it itself, in threads of its own: put into the queue, it would not be done
while that is away, and it is what finds the work that the queue has lost."""

import logging
import threading
import time
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from huey.contrib.djhuey import HUEY

from linnapp import work_figures
from linnapp.crews import Crew
from linnapp.log_lines import about_alone
from linnapp.supervision import stop_asked
from linnapp.words import measured_in_words, span_in_words

log = logging.getLogger(__name__)
MINUTE = timedelta(minutes=1)
# Minutes that passed without a look, as on a machine that stood still, are caught up with, so many of them.
MOST_MISSED = 10
# A clock that is set back by less stands for so long, and nothing is done twice; by more, it goes on from there.
MOST_BACK = 3
# Those that take long (what the queue does not take: bulk changes, imports and exports) keep the others from nothing.
THREADS = 6
# A clock that jumps by more is believed once it has stood for so long: jobs end sessions and drop rows by it, and what
# an hour ahead ends is not back with the hour.
JUMP, BELIEVED_AFTER = timedelta(minutes=5), timedelta(minutes=5)


class Trust:
    """Whether the machine's clock goes on as time passes. `ahead` are seconds by which it is before the monotonic one,
    which nobody sets."""

    def __init__(self) -> None:
        self.ahead: float | None = None
        # Since when, by the monotonic clock, and how far ahead it is since it jumped.
        self.doubt: tuple[float, float] | None = None

    def in_clock(self, now: datetime, passed: float) -> bool:
        """`passed` is what the monotonic clock says, in seconds."""
        ahead = now.timestamp() - passed
        if self.ahead is None or self._is_near(ahead, self.ahead):
            self.ahead, self.doubt = ahead, None
        elif self.doubt is None or not self._is_near(ahead, self.doubt[1]):
            self.doubt = passed, ahead
            jump = timedelta(seconds=abs(ahead - self.ahead))
            log.warning(
                "This machine's clock jumped %s by %s: what is due by it waits until the new time has lasted for %s",
                "ahead" if ahead > self.ahead else "back", measured_in_words(jump), span_in_words(BELIEVED_AFTER),
            )  # fmt: skip
        elif passed - self.doubt[0] >= BELIEVED_AFTER.total_seconds():
            self.ahead, self.doubt = ahead, None
        return self.doubt is None

    def _is_near(self, ahead: float, other: float) -> bool:
        return abs(ahead - other) < JUMP.total_seconds()


class Clock:
    """Jobs by the minute that each is due in, in turn. One of a name runs at a time, and waits once at most."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.trust = Trust()
        self.seen: datetime | None = None
        self.line: dict[str, Any] = {}
        self.running: set[str] = set()

    def work(self) -> None:
        while not stop_asked() and self.is_trusted() and (job := self.next(timezone.now())):
            with about_alone(job=job.name):
                try:
                    with work_figures.counted_by_the_clock(work_figures.name_of(job)):
                        job.execute()
                except Exception:
                    log.exception("%s broke off, and is done again when it is due", job.name)
                finally:
                    self.running.discard(job.name)

    def is_trusted(self) -> bool:
        with self.lock:
            return self.trust.in_clock(timezone.now(), time.monotonic())

    def next(self, now: datetime) -> Any:
        with self.lock:
            self._line_up(now.replace(second=0, microsecond=0))
            name = next((name for name in self.line if name not in self.running), None)
            if name is None:
                return None
            self.running.add(name)
            return self.line.pop(name)

    def _line_up(self, minute: datetime) -> None:
        seen = self.seen
        if seen is None or minute < seen - MOST_BACK * MINUTE:
            seen = minute - MINUTE
        at = max(seen + MINUTE, minute - MOST_MISSED * MINUTE)
        while at <= minute:
            for job in HUEY.read_periodic(at):
                self.line.setdefault(job.name, job)
            at += MINUTE
        self.seen = max(seen, minute)


crew = Crew("clock", Clock().work, looks_every=1.0, threads=THREADS)
