"""Pages as the front asks for them: each in one of a few processes, behind a line with an end. What a page says is
taken in parts as its reader takes them; between two parts no process, cursor or transaction is held."""

import asyncio
import os
import signal
import socket
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from linnapp.front import channel
from linnapp.front.reader import Request

# Seconds after which a page is not worth waiting for: its process is ended, and with it whatever holds it up.
LONGEST = 60.0
# Long answers of one process that are taken at the same time; the next is told to come again.
MOST_RESTS = 100
# While pages wait, one turn of so many is for the rest of long answers.
TURNS = 4
# More long answers than so many in one process have this part of its time: their readers may be many, and slow.
FEW, SHARE = 4, 10
READING = frozenset({"GET", "HEAD", "OPTIONS"})
GONE = "process_gone"


NOBODY: "deque[asyncio.Future[Any]]" = deque()


class Busy(Exception):
    """More pages wait than may, or the process that made this one is gone. It says why in a word or two."""


class Gone(Busy):
    """The process ended while it made the page."""


@dataclass(slots=True, eq=False)
class Worker:
    """A process that makes pages, one at a time. `wanted` are those who wait for this very one, which has the rest of
    their answer."""

    process: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    wanted: "deque[asyncio.Future[Worker]]" = field(default_factory=deque)
    rests: set[int] = field(default_factory=set)
    dropped: list[int] = field(default_factory=list)
    turns: int = 0
    rested_at: float = 0.0

    async def say(self, what: str, value: Any) -> Any:
        """Raises OSError or EOFError where the process is gone."""
        dropped, self.dropped = self.dropped, []
        self.writer.write(channel.packed((what, value, dropped)))
        async with asyncio.timeout(LONGEST):
            size = channel.LENGTH.unpack(await self.reader.readexactly(channel.LENGTH.size))[0]
            return channel.unpacked(await self.reader.readexactly(size))


@dataclass(slots=True)
class Rest:
    """What is still to come of an answer, and where."""

    worker: Worker
    number: int


@dataclass(slots=True)
class Page:
    """A page's answer as far as it was made: `rest` is None where that was all."""

    status: int
    headers: list[tuple[str, str]]
    part: bytes
    rest: Rest | None


class Pages:
    """`most_waiting` requests wait for a process; the next is refused. `broken` is called when a process is gone: this
    front cannot make another."""

    def __init__(self, most_waiting: int, broken: Callable[[], object]) -> None:
        self.most_waiting = most_waiting
        self.broken = broken
        self.workers: list[Worker] = []
        self.idle: set[Worker] = set()
        self.line: deque[asyncio.Future[Worker]] = deque()
        self.tasks: set[asyncio.Task[Any]] = set()
        self.loop = asyncio.get_running_loop()

    async def begin(self, processes: Sequence[tuple[socket.socket, int]]) -> None:
        for end, process in processes:
            reader, writer = await asyncio.open_connection(sock=end)
            self.workers.append(Worker(process, reader, writer))
        self.idle.update(self.workers)

    async def ask(self, request: Request) -> Page:
        """Raises Busy. Where nobody waits for the page any more, the rest of it is dropped."""
        if not self.idle and len(self.line) >= self.most_waiting:
            raise Busy("line_full")
        try:
            return await self._ask(request)
        except Gone:
            # Nothing was changed by a request that only reads: another process may have better luck.
            if request.method not in READING:
                raise
            return await self._ask(request)

    async def _ask(self, request: Request) -> Page:
        worker = await self._any()
        asked = (request.method, request.path, request.query, request.meta, bytes(request.body))
        answer = await self._say(worker, channel.ASK, asked, unwanted=self._drop_page)
        if answer is None:
            raise Busy("page_broke")
        status, headers, part, number = answer
        if not number:
            return Page(status, headers, part, None)
        if len(worker.rests) >= MOST_RESTS:
            worker.dropped.append(number)
            raise Busy("long_answers")
        worker.rests.add(number)
        return Page(status, headers, part, Rest(worker, number))

    async def more(self, rest: Rest) -> bytes:
        """The next part, b"" after the last. Raises Busy where there is none because the page broke."""
        worker = rest.worker
        await self._this(worker)
        part: bytes | None = await self._say(worker, channel.MORE, rest.number)
        if not part:
            worker.rests.discard(rest.number)
        if part is None:
            raise Busy("page_broke")
        return part

    def drop(self, rest: Rest) -> None:
        """Said with whatever its process is asked next."""
        rest.worker.rests.discard(rest.number)
        rest.worker.dropped.append(rest.number)

    def _drop_page(self, worker: Worker, answer: Any) -> None:
        if answer and answer[3]:
            worker.dropped.append(answer[3])

    async def _say(
        self, worker: Worker, what: str, value: Any, unwanted: Callable[[Worker, Any], None] = lambda *_: None
    ) -> Any:
        """To a worker that was taken, which is given back. What has begun is heard to its end, also when whoever asked
        is gone: the next must not be given this one's answer."""
        conversation = self._keep(self._converse(worker, what, value))
        try:
            return await asyncio.shield(conversation)
        except asyncio.CancelledError:
            conversation.add_done_callback(
                lambda done: None if done.cancelled() or done.exception() else unwanted(worker, done.result())
            )
            raise

    async def _converse(self, worker: Worker, what: str, value: Any) -> Any:
        began = self.loop.time()
        try:
            answer = await worker.say(what, value)
        except Exception as error:
            self._lose(worker)
            # What took too long would take too long again.
            raise (Busy("too_long") if isinstance(error, TimeoutError) else Gone(GONE)) from error
        if what == channel.MORE and len(worker.rests) > FEW:
            now = self.loop.time()
            worker.rested_at = now + (now - began) * (SHARE - 1)
        self._give(worker)
        return answer

    def _keep(self, work: "Awaitable[Any]") -> "asyncio.Task[Any]":
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def _lose(self, worker: Worker) -> None:
        """The process is gone, or is ended now; who waits for it is told, who waits for any has the others."""
        with suppress(ProcessLookupError):
            os.kill(worker.process, signal.SIGKILL)
        if worker in self.workers:
            self.workers.remove(worker)
        waiting = [*worker.wanted, *([] if self.workers else self.line)]
        for future in waiting:
            if not future.done():
                future.set_exception(Busy(GONE))
        self.broken()

    # Who is next: those who want any worker; one time in a few, those who want the rest of a long answer from this one.

    async def _any(self) -> Worker:
        while self.idle:
            worker = self.idle.pop()
            if not worker.reader.at_eof():
                return worker
            self._lose(worker)
        if not self.workers:
            raise Busy(GONE)
        return await self._waited(self.line)

    async def _this(self, worker: Worker) -> None:
        if worker not in self.workers:
            raise Busy(GONE)
        if worker in self.idle and self._is_rested(worker):
            self.idle.remove(worker)
            return
        if worker in self.idle:
            self._look_later(worker)
        await self._waited(worker.wanted)

    def _is_rested(self, worker: Worker) -> bool:
        return self.loop.time() >= worker.rested_at

    def _look_later(self, worker: Worker) -> None:
        self.loop.call_at(worker.rested_at, self._look, worker)

    def _look(self, worker: Worker) -> None:
        if worker in self.idle and worker.wanted:
            self.idle.remove(worker)
            self._give(worker)

    async def _waited(self, line: "deque[asyncio.Future[Worker]]") -> Worker:
        turn: asyncio.Future[Worker] = asyncio.get_running_loop().create_future()
        line.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and not turn.exception():
                self._give(turn.result())
            elif turn in line:
                line.remove(turn)
            raise

    def _give(self, worker: Worker) -> None:
        worker.turns = (worker.turns + 1) % TURNS
        rests = worker.wanted if self._is_rested(worker) else NOBODY
        for line in (self.line, rests) if worker.turns else (rests, self.line):
            while line:
                turn = line.popleft()
                if not turn.done():
                    turn.set_result(worker)
                    return
        self.idle.add(worker)
        if worker.wanted:
            self._look_later(worker)

    async def close(self) -> None:
        """The processes end by themselves once nobody is at the other end."""
        for worker in self.workers:
            worker.writer.close()
