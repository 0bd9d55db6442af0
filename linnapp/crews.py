"""Threads of the worker process that do one kind of work each, so that none waits behind another: postbacks, mail,
checks of connectors. Rows say what there is to do; a job of the queue only wakes a crew, and without one it looks by
itself, so that a queue that is away costs seconds and loses nothing."""

import logging
import threading
import time
from collections.abc import Callable

from django.db import close_old_connections, connections
from django.utils.module_loading import import_string

from linnapp import work_figures
from linnapp.log_lines import about_alone
from linnapp.supervision import stop_asked

log = logging.getLogger(__name__)
_started: list["Crew"] = []


class Crew:
    """`work` is called in each of the threads, when it is woken and at least every `looks_every` seconds, and returns
    when it finds nothing more to do. Threads share the rows as several machines do: each claims its own."""

    def __init__(self, name: str, work: Callable[[], object], *, looks_every: float, threads: int = 1) -> None:
        self.name = name
        self.work = work
        self.looks_every = looks_every
        self.threads = [
            threading.Thread(target=self._stand_by, name=f"{name}-{number}", daemon=True) for number in range(threads)
        ]
        self.asked = threading.Condition()
        self.calls = 0

    def start(self) -> None:
        _started.append(self)
        for thread in self.threads:
            thread.start()

    def wake(self) -> None:
        with self.asked:
            self.calls += 1
            self.asked.notify_all()

    def _stand_by(self) -> None:
        heard = -1
        while not stop_asked():
            with self.asked:
                # Whoever was woken while at work looks once more.
                if heard == self.calls:
                    self.asked.wait(self.looks_every)
                heard = self.calls
            if not stop_asked():
                self._work()

    def _work(self) -> None:
        close_old_connections()
        with about_alone(job=self.name):
            try:
                self.work()
            except Exception:
                # A database that restarts, or a fault: the rows are looked through again.
                work_figures.CREW_FAILURES.labels(self.name).inc()
                log.exception("the crew “%s” broke off, and goes on in a while", self.name)
                connections.close_all()


def start(names: list[str]) -> None:
    """Starts those that are named by their path, such as `linnapp.outbox.crew`."""
    for name in names:
        import_string(name).start()


def finish(seconds: float) -> None:
    """Asked to stop, waits so long for what they are at."""
    until = time.monotonic() + seconds
    for crew in _started:
        crew.wake()
    for crew in _started:
        for thread in crew.threads:
            thread.join(max(until - time.monotonic(), 0))


def finish_once(asked: threading.Event, seconds: float) -> threading.Thread:
    """A thread, begun, that lasts until they have finished: it waits for the wish to stop, and so long from then on."""

    def wait() -> None:
        asked.wait()
        finish(seconds)

    thread = threading.Thread(target=wait, name="crews-finish", daemon=True)
    thread.start()
    return thread
