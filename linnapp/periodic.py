"""What is due by the clock. The worker does it itself, in threads of its own: put into the queue, it would not be done
while that is away, and it is what finds the work that the queue has lost."""

import logging
import threading
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from huey.contrib.djhuey import HUEY

from linnapp import work_figures
from linnapp.crews import Crew
from linnapp.log_lines import about_alone
from linnapp.supervision import stop_asked

log = logging.getLogger(__name__)
MINUTE = timedelta(minutes=1)
# Minutes that passed without a look, as on a machine that stood still, are caught up with, so many of them.
MOST_MISSED = 10
# A clock that is set back by less stands for so long, and nothing is done twice; by more, it goes on from there.
MOST_BACK = 3
# Those that take long (what the queue does not take: bulk changes, imports and exports) keep the others from nothing.
THREADS = 6


class Clock:
    """Jobs by the minute that each is due in, in turn. One of a name runs at a time, and waits once at most."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.seen: datetime | None = None
        self.line: dict[str, Any] = {}
        self.running: set[str] = set()

    def work(self) -> None:
        while not stop_asked() and (job := self.next(timezone.now())):
            with about_alone(job=job.name):
                try:
                    with work_figures.counted(work_figures.name_of(job)):
                        job.execute()
                except Exception:
                    log.exception("%s broke off, and is done again when it is due", job.name)
                finally:
                    self.running.discard(job.name)

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
