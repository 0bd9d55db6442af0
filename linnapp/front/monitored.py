"""/metrics as a web process answers it itself. The processes that make pages may all wait for a database that hangs,
and that is what a monitor is there to tell."""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from django.db import Error
from prometheus_client import CONTENT_TYPE_LATEST
from prometheus_client.core import Metric

from linnapp.calls import Reply
from linnapp.health.monitors import is_monitor
from linnapp.health.parts import Fault, OwnConnection

PATH, METHODS = "/metrics", ("GET", "HEAD")
# Seconds for all that is asked of the database. Prometheus waits for ten, unless it is told otherwise.
WITHIN = 5.0
HEADERS = (("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"))
log = logging.getLogger(__name__)


class Figures(Protocol):
    """Who knows what there is to tell, each at once but for `asked`, which asks the database."""

    def asked(self) -> list[Metric]: ...

    def told_of(self, database: Sequence[Metric]) -> Iterable[Metric]: ...

    def of_the_queue(self) -> Iterable[Metric]: ...

    def written(self, moment: Sequence[Metric]) -> bytes: ...


class Monitored:
    def __init__(self, figures: Figures) -> None:
        self.figures = figures
        self.own = OwnConnection()
        self._database = ThreadPoolExecutor(1, thread_name_prefix="metrics-database", initializer=self.own.begin)
        self._others = ThreadPoolExecutor(1, thread_name_prefix="metrics")
        self._asking: asyncio.Future[list[Metric]] | None = None

    def answers(self, method: str, path: str, meta: Mapping[str, str]) -> bool:
        """All others are told what they are told of any path, by the URL conf."""
        return path == PATH and method in METHODS and is_monitor(meta)

    async def reply(self) -> Reply:
        loop = asyncio.get_running_loop()
        queue = loop.run_in_executor(self._others, lambda: list(self.figures.of_the_queue()))
        of_the_database = await self._of_the_database()
        moment = [*self.figures.told_of(of_the_database), *await queue]
        try:
            body = await loop.run_in_executor(self._others, self.figures.written, moment)
        except OSError as error:
            log.warning("The figures of processes could not be read: %s", error)
            return Reply(503, b"The figures of processes could not be read.\n", HEADERS, "text/plain; charset=utf-8")
        return Reply(200, body, HEADERS, CONTENT_TYPE_LATEST)

    async def _of_the_database(self) -> list[Metric]:
        """Empty where it is away, or has not told all in time. Who comes while it is asked is told the same."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.get_running_loop().run_in_executor(self._database, self._asked)
        asking = self._asking
        await asyncio.wait({asking}, timeout=WITHIN)
        if asking.done():
            return asking.result()
        log.warning("The database told nothing for /metrics within %.0f seconds", WITHIN)
        self.own.break_off()
        return []

    def _asked(self) -> list[Metric]:
        """Over a connection that is opened for it, so that one that was lost since the last time is no fault."""
        try:
            self.own.open()
            return self.figures.asked()
        except (Error, Fault) as error:
            log.warning("The database told nothing for /metrics: %s", error)
            return []
        finally:
            self.own.close()

    def close(self) -> None:
        self.own.break_off()
        for threads in (self._database, self._others):
            threads.shutdown(wait=False, cancel_futures=True)
