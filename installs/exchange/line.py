"""Where asks wait in the front's loop, to be answered together: one group is in flight while the next gathers, so that
the busier it is, the larger the groups and the less each of them costs."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass
from math import inf
from typing import Any, Generic, TypeVar

from installs.exchange import steps
from installs.exchange.connections import Database
from installs.exchange.statements import MOST_TOGETHER
from installs.exchange.steps import HELD_SECONDS, Ask, Not, Steps, Unavailable

Answer = TypeVar("Answer")
# Those who wait to be asked alone; past it the database counts as away. Seconds that one of them waits for its turn.
MOST_ALONE = 256
ALONE_SECONDS = 5.0
log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class Waiting(Generic[Answer]):
    """`until` is the moment at which one that needs what somebody holds is given up; `held` how often it was held."""

    ask: Ask[Answer]
    answered: asyncio.Future[Answer]
    until: float = inf
    held: int = 0

    def is_told(self, answer: Answer) -> None:
        if not self.answered.done():
            self.answered.set_result(answer)

    def fails(self, error: BaseException) -> None:
        if not self.answered.done():
            self.answered.set_exception(error)


class Line(Generic[Answer]):
    """Asks of one kind. A caller that hung up, and so cancelled its wait, is dropped before the statement."""

    def __init__(self, kind: type[Ask[Answer]], database: Database) -> None:
        self._kind = kind
        self._database = database
        self._waiting: deque[Waiting[Answer]] = deque()
        self._flushing: asyncio.Task[None] | None = None
        # One by one, and those that stand aside for a moment.
        self._apart: set[asyncio.Task[None]] = set()
        self._alone = 0

    @property
    def length(self) -> int:
        return len(self._waiting)

    async def answer(self, ask: Ask[Answer]) -> Answer:
        """Raises Unavailable, and whatever the ask's own statement raises."""
        waiting: Waiting[Answer] = Waiting(ask, asyncio.get_running_loop().create_future())
        self._join(waiting)
        return await waiting.answered

    async def emptied(self) -> None:
        """Returns when nobody waits any more."""
        while tasks := [task for task in (self._flushing, *self._apart) if task is not None]:
            await asyncio.wait(tasks)

    def _join(self, waiting: Waiting[Answer]) -> None:
        self._waiting.append(waiting)
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())

    async def _flush(self) -> None:
        # One turn later, so that those who came together join.
        await asyncio.sleep(0)
        try:
            while group := self._next_group():
                await self._answer_group(group)
        finally:
            self._flushing = None

    def _next_group(self) -> list[Waiting[Answer]]:
        group: list[Waiting[Answer]] = []
        while self._waiting and len(group) < MOST_TOGETHER:
            waiting = self._waiting.popleft()
            if not waiting.answered.done():
                group.append(waiting)
        return group

    async def _answer_group(self, group: list[Waiting[Answer]]) -> None:
        asks = [waiting.ask for waiting in group]
        try:
            answers = await self._database.run(lambda: self._kind.together(asks))
        except Unavailable as away:
            # Nobody waits in turn for a database that is away: all that wait by now learn it at once.
            for waiting in [*group, *self._waiting]:
                waiting.fails(away)
            return
        except Exception:
            # Somebody's value, perhaps: it fails nobody else.
            log.exception("%d were not answered together and are asked one by one", len(group))
            answers = [Not.TOGETHER] * len(group)
        for waiting, its_answer in zip(group, answers, strict=True):
            self._tell(waiting, its_answer)

    def _tell(self, waiting: Waiting[Answer], its_answer: Answer | Not) -> None:
        if its_answer is Not.NOW:
            self._beside(self._ask_again(waiting))
        elif its_answer is not Not.TOGETHER:
            waiting.is_told(its_answer)
        elif self._alone < MOST_ALONE:
            self._alone += 1
            self._beside(self._ask_alone(waiting))
        else:
            waiting.fails(Unavailable())

    def _beside(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._apart.add(task)
        task.add_done_callback(self._apart.discard)

    async def _ask_again(self, waiting: Waiting[Answer]) -> None:
        """Who needs what somebody holds stands aside, and joins those who come next."""
        now = time.monotonic()
        waiting.until = min(waiting.until, now + HELD_SECONDS)
        if now >= waiting.until:
            waiting.fails(Unavailable())
            return
        waiting.held += 1
        await asyncio.sleep(steps.pause(waiting.held))
        self._join(waiting)

    async def _ask_alone(self, waiting: Waiting[Answer]) -> None:
        until = time.monotonic() + ALONE_SECONDS

        def when_its_turn_comes() -> Steps[Answer | Not]:
            if waiting.answered.done() or time.monotonic() > until:
                raise Unavailable
            return waiting.ask.alone()

        try:
            its_answer = await self._database.run_apart(when_its_turn_comes)
        except Exception as error:
            waiting.fails(error)
        else:
            self._tell(waiting, its_answer)
        finally:
            self._alone -= 1
