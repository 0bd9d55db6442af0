"""Where asks wait in the front's loop, to be answered together: one group is in flight while the next gathers, so that
the busier it is, the larger the groups and the less each of them costs."""

import asyncio
import logging
import time
from collections import deque
from typing import Any, Generic, TypeVar

from installs.exchange.connections import Database
from installs.exchange.statements import MOST_TOGETHER
from installs.exchange.steps import Ask, Steps, Unavailable

Answer = TypeVar("Answer")
# Those who wait to be asked alone; past it the database counts as away. Seconds that one of them waits for its turn.
MOST_ALONE = 256
ALONE_SECONDS = 5.0
log = logging.getLogger(__name__)


class Line(Generic[Answer]):
    """Asks of one kind. A caller that hung up, and so cancelled its wait, is dropped before the statement."""

    def __init__(self, kind: type[Ask[Answer]], database: Database) -> None:
        self._kind = kind
        self._database = database
        self._waiting: deque[tuple[Ask[Answer], asyncio.Future[Answer]]] = deque()
        self._flushing: asyncio.Task[None] | None = None
        self._alone: set[asyncio.Task[None]] = set()

    async def answer(self, ask: Ask[Answer]) -> Answer:
        """Raises Unavailable, and whatever the ask's own statement raises."""
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((ask, answered))
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())
        return await answered

    async def emptied(self) -> None:
        """Returns when nobody waits any more."""
        while tasks := [task for task in (self._flushing, *self._alone) if task is not None]:
            await asyncio.wait(tasks)

    async def _flush(self) -> None:
        # One turn later, so that those who came together join.
        await asyncio.sleep(0)
        try:
            while group := self._next_group():
                await self._answer_group(group)
        finally:
            self._flushing = None

    def _next_group(self) -> list[tuple[Ask[Answer], asyncio.Future[Answer]]]:
        group: list[tuple[Ask[Answer], asyncio.Future[Answer]]] = []
        while self._waiting and len(group) < MOST_TOGETHER:
            ask, answered = self._waiting.popleft()
            if not answered.done():
                group.append((ask, answered))
        return group

    async def _answer_group(self, group: list[tuple[Ask[Answer], asyncio.Future[Answer]]]) -> None:
        asks = [ask for ask, _ in group]
        try:
            answers = await self._database.run(lambda: self._kind.together(asks))
        except Unavailable as away:
            # Nobody waits in turn for a database that is away: all that wait by now learn it at once.
            for _, answered in [*group, *self._waiting]:
                fail(answered, away)
            return
        except Exception:
            # Somebody's value, perhaps: it fails nobody else.
            log.exception("%d were not answered together and are asked one by one", len(group))
            answers = [None] * len(group)
        for (ask, answered), its_answer in zip(group, answers, strict=True):
            if its_answer is None:
                self._begin_alone(ask, answered)
            elif not answered.done():
                answered.set_result(its_answer)

    def _begin_alone(self, ask: Ask[Answer], answered: asyncio.Future[Answer]) -> None:
        if len(self._alone) >= MOST_ALONE:
            fail(answered, Unavailable())
            return
        task = asyncio.create_task(self._answer_alone(ask, answered))
        self._alone.add(task)
        task.add_done_callback(self._alone.discard)

    async def _answer_alone(self, ask: Ask[Answer], answered: asyncio.Future[Answer]) -> None:
        until = time.monotonic() + ALONE_SECONDS

        def when_its_turn_comes() -> Steps[Answer]:
            if answered.done() or time.monotonic() > until:
                raise Unavailable
            return ask.alone()

        try:
            its_answer = await self._database.run_apart(when_its_turn_comes)
        except Exception as error:
            fail(answered, error)
        else:
            if not answered.done():
                answered.set_result(its_answer)


def fail(answered: asyncio.Future[Any], error: BaseException) -> None:
    if not answered.done():
        answered.set_exception(error)
