"""The endpoints for a front that reads requests whole and calls in a running loop. Nothing here blocks that loop."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from installs.exchange import endpoints
from installs.exchange.authorization import Exchange
from installs.exchange.connections import database
from installs.exchange.data_calls import StockLocationsCall, Use
from installs.exchange.endpoints import SERVED, Served
from installs.exchange.first_uses import FirstUse
from installs.exchange.line import Line
from installs.exchange.profiles import ProfileCall
from installs.exchange.session_tokens import Carrying
from installs.exchange.steps import Ask, Unavailable
from linnapp.calls import Call, Reply
from linnapp.log_lines import about

# Seconds in which the uses of sessions are gathered, to be written together.
USES_GATHER = 1.0
# At a time, so that nothing is held for long.
MOST_USES = 500
BY_PATH = {f"/api/{path}".lower(): served for path, served in SERVED.items()}
SLASHES = re.compile("/{2,}")
Answerer = Callable[[Call], Awaitable[Reply]]
log = logging.getLogger(__name__)


class Door:
    """`endpoint` says who answers a path, None for one that is not of the exchange."""

    def __init__(self) -> None:
        self.database = database()
        kinds: tuple[type[Ask[Any]], ...] = (Exchange, FirstUse, StockLocationsCall, ProfileCall, Carrying)
        self._lines: dict[type[Ask[Any]], Line[Any]] = {kind: Line(kind, self.database) for kind in kinds}
        self._answerers = {path: partial(self._answer, served) for path, served in BY_PATH.items()}
        self._uses: set[Use] = set()
        self._writing: asyncio.Task[None] | None = None

    def endpoint(self, path: str) -> Answerer | None:
        """In any letter case, with any slash of it doubled and some behind it: as the URL conf reads paths."""
        path = SLASHES.sub("/", path) if "//" in path else path
        path = path[:-1] if path.endswith("/") else path
        if not path.isascii():
            return None
        if answerer := self._answerers.get(path.lower()):
            return answerer
        served = endpoints.stand_in_of(path)
        return partial(self._answer, served) if served else None

    def refused(self, status: int, sentence: str) -> Reply:
        """What a request is told that could not be read as a call."""
        return endpoints.unread(status, sentence)

    @property
    def waiting(self) -> int:
        """Of all lines together."""
        return sum(line.length for line in self._lines.values())

    async def close(self) -> None:
        """Answers whoever waits, writes what was gathered, and gives the connections back."""
        for line in self._lines.values():
            await line.emptied()
        if self._writing is not None:
            self._writing.cancel()
        await self._write_uses()
        await self.database.close()

    async def _answer(self, served: Served, call: Call) -> Reply:
        try:
            return await self._answered(served, call)
        except Exception:
            with about(reference=call.reference):
                log.exception("%s %s broke", call.method, call.path)
            return endpoints.server_error(call)

    async def _answered(self, served: Served, call: Call) -> Reply:
        answering = served.answer(call)
        try:
            ask = next(answering)
            while True:
                try:
                    answer = await self._ask(ask)
                except Unavailable as away:
                    ask = answering.throw(away)
                else:
                    ask = answering.send(answer)
        except StopIteration as done:
            replied: Reply = done.value
            return replied

    async def _ask(self, ask: Ask[Any]) -> Any:
        if not isinstance(ask, Use):
            return await self._lines[type(ask)].answer(ask)
        self._uses.add(ask)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_uses_soon())
        return True

    async def _write_uses_soon(self) -> None:
        await asyncio.sleep(USES_GATHER)
        self._writing = None
        await self._write_uses()

    async def _write_uses(self) -> None:
        uses, self._uses = list(self._uses), set()
        for first in range(0, len(uses), MOST_USES):
            together = uses[first : first + MOST_USES]
            try:
                await self.database.run_apart(partial(Use.together, together))
            except Exception:
                # The next call of each session notes its use again.
                log.exception("%d uses of sessions were not written", len(together))
