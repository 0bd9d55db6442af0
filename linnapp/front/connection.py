"""One connection: requests come in whole, are answered one after the other, and leave as fast as they are taken."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol, cast

from linnapp import credentials
from linnapp.addresses import counted_as, is_trusted, read
from linnapp.calls import Call, Reply
from linnapp.front import answers
from linnapp.front.crowd import Crowd
from linnapp.front.health import Closed, Health
from linnapp.front.kept import Kept
from linnapp.front.monitored import Monitored
from linnapp.front.pace import Pace
from linnapp.front.pages import Busy, Page, Pages, Rest
from linnapp.front.reader import MOST_BODY_BYTES, Fault, Reader, Request
from linnapp.front_figures import Standing, count_busy, time_page
from linnapp.middleware import MachineApi

log = logging.getLogger(__name__)
# Bytes of an answer that wait here for their reader; what the system keeps for it comes on top.
HIGH_WATER = 16 * 1024
# Seconds in which the rest of a request that nobody reads is let go by, so that its sender sees the answer.
LINGER = 2.0
BUSY_SECONDS = 2
# Bytes of a request that is read even when much is held for others.
SMALL = 64 * 1024
MACHINES = MachineApi.PATH
MOST_MACHINE_BYTES = 1024 * 1024
Endpoint = Callable[[Call], Awaitable[Reply]]


class Door(Protocol):
    """The machines' endpoints, which do not pass the threads of pages."""

    def endpoint(self, path: str) -> Endpoint | None: ...

    def refused(self, status: int, sentence: str) -> Reply:
        """What a machine's request that never came to an endpoint is told."""
        ...

    @property
    def waiting(self) -> int:
        """How many wait to be asked of the database."""
        ...

    async def close(self) -> None: ...


def most_body(path: str) -> int:
    return MOST_MACHINE_BYTES if MACHINES.match(path) else MOST_BODY_BYTES


def is_of_program(request: Request) -> bool:
    """As `MachineApi` tells them apart, where it is closed to both and so need not know which pages there are."""
    if MACHINES.match(request.path):
        return True
    accepts = request.meta.get("HTTP_ACCEPT", "").lower()
    if "text/html" in accepts or "HTTP_HX_REQUEST" in request.meta:
        return False
    sends = request.meta.get("CONTENT_TYPE", "").lower()
    is_json = "json" in accepts or "json" in sends
    return is_json or "HTTP_AUTHORIZATION" in request.meta or bool(MachineApi.CALL.fullmatch(request.path))


class Front:
    """What the connections of a web process share."""

    def __init__(
        self, door: Door, monitored: Monitored, pages: Pages, crowd: Crowd, busy_page: bytes, health: Health
    ) -> None:
        self.door = door
        self.monitored = monitored
        self.pages = pages
        self.crowd = crowd
        self.kept = Kept()
        self.busy_page = busy_page
        self.health = health
        self.is_leaving = False

    def standing(self) -> Standing:
        crowd, pages = self.crowd, self.pages
        return Standing(
            waiting=len(crowd.waiting),
            answered=len(crowd.members) - len(crowd.waiting),
            limit=crowd.limits.connections,
            held=crowd.bytes_held,
            asks=self.door.waiting,
            in_line=len(pages.line),
            rests=sum(len(worker.rests) for worker in pages.workers),
            busy=len(pages.workers) - len(pages.idle),
            idle=len(pages.idle),
        )

    def drain(self) -> None:
        """Before it stops: whoever sends requests here is told to send them elsewhere, and those that come meanwhile
        are answered, the last of their connections."""
        self.is_leaving = self.health.is_draining = True

    def connection(self) -> "Connection":
        return Connection(self)

    def let_go(self) -> None:
        """Who waits with nothing begun is sent away."""
        for member in list(self.crowd.waiting):
            cast(Connection, member).let_go()


class Connection(asyncio.Protocol):
    def __init__(self, front: Front) -> None:
        self.front = front
        self.loop = asyncio.get_running_loop()
        self.reader = Reader(most_body)
        self.pace = Pace(self.loop.time())
        self.peer = self.address = ""
        self.fault: Fault | None = None
        self.answering: asyncio.Task[None] | None = None
        self.room: asyncio.Future[None] | None = None
        self.has_said_all = self.is_over = False
        self.answered_bytes = 0

    # What the loop says.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(HIGH_WATER)
        peer = transport.get_extra_info("peername")
        self.peer = str(peer[0]) if isinstance(peer, tuple) else ""
        known = read(self.peer)
        self.address = counted_as(known) if known and not is_trusted(known) else ""
        self.front.crowd.enter(self)

    def data_received(self, data: bytes) -> None:
        if self.is_over:
            return
        reader = self.reader
        try:
            reader.feed(data)
        except Fault as fault:
            self.fault = fault
        self.pace.received(len(data), self.loop.time(), has_begun=reader.has_begun)
        if self.answering:
            # Whoever sends ahead of the answers waits, and with them what they send.
            self.transport.pause_reading()
        elif reader.whole or self.fault:
            self._begin_answering()
        elif self.front.crowd.is_full and reader.buffered > SMALL:
            self._refuse_for_want_of_room()
        elif reader.expects_continue:
            self._invite()

    def eof_received(self) -> bool:
        """A client may have said all, and wait for its answer."""
        self.has_said_all = True
        return self.answering is not None

    def pause_writing(self) -> None:
        self.room = self.loop.create_future()

    def resume_writing(self) -> None:
        if self.room and not self.room.done():
            self.room.set_result(None)
        self.room = None

    def connection_lost(self, error: Exception | None) -> None:
        self.is_over = True
        self.front.crowd.leave(self)
        if self.answering:
            self.answering.cancel()

    # What the crowd asks.

    @property
    def held(self) -> int:
        return self.reader.buffered + self.answered_bytes + self.unsent

    @property
    def unsent(self) -> int:
        return self.transport.get_write_buffer_size()

    def close_slow(self) -> None:
        """Said where somebody may read it; who never began knows nothing of us."""
        if self.is_over:
            self.abort()
            return
        if self.reader.has_begun:
            self._write_refusal(Fault(408, "The request did not come in time.", self.reader.path))
        self.is_over = True
        self.transport.close()

    def abort(self) -> None:
        self.is_over = True
        self.transport.abort()

    def let_go(self) -> None:
        if not self.reader.has_begun:
            self.is_over = True
            self.transport.close()

    # Answers.

    def _begin_answering(self) -> None:
        self.front.crowd.answers(self)
        self.pace.answers(self.loop.time())
        self.answering = self.loop.create_task(self._answer_all())

    async def _answer_all(self) -> None:
        reader = self.reader
        while reader.whole and not self.is_over:
            request = reader.whole.popleft()
            self.answered_bytes = len(request.body)
            is_last = self.has_said_all and not reader.whole
            keep_alive = request.keep_alive and not self.front.is_leaving and not is_last
            try:
                keep_alive = await self._answer(request, keep_alive)
            except Busy as busy:
                # In the middle of an answer: its reader sees that it is not whole.
                count_busy(str(busy))
                return self.abort()
            except Exception:
                log.exception("%s %s could not be answered", request.method, request.path)
                return self.abort()
            self.answered_bytes = 0
            if not keep_alive:
                return self._end(linger=request.unread)
            if reader.whole:
                # Whoever sends many ahead has one answered in each turn of the loop.
                await asyncio.sleep(0)
        if self.fault:
            self._write_refusal(self.fault)
            return self._end(linger=True)
        if self.has_said_all:
            return self._end(linger=False)
        self.answering = None
        self._wait()
        return None

    def _wait(self) -> None:
        """For the next request, from where the last one ended."""
        now = self.loop.time()
        self.pace.answered(now)
        self.pace.received(0, now, has_begun=self.reader.has_begun)
        self.front.crowd.waits(self)
        if self.is_over:
            return
        self.transport.resume_reading()
        if self.reader.expects_continue:
            self._invite()

    def _invite(self) -> None:
        self.reader.expects_continue = False
        self._write(answers.CONTINUE)

    async def _answer(self, request: Request, keep_alive: bool) -> bool:
        """Whether the connection goes on after it."""
        request.meta["REMOTE_ADDR"] = self.peer
        endpoint = self.front.door.endpoint(request.path)
        if reply := self.front.health.reply(request):
            self._write_reply(request, reply, keep_alive, credentials.new_reference())
        elif closed := self.front.health.closed(request):
            is_of_machines = endpoint is not None or is_of_program(request)
            reply = self._closed_to_machines(closed) if is_of_machines else closed.as_page()
            self._write_reply(request, reply, keep_alive, credentials.new_reference())
        elif endpoint:
            reference = credentials.new_reference()
            call = Call(request.method, request.path, request.query, request.meta, bytes(request.body), reference)
            self._write_reply(request, await endpoint(call), keep_alive, reference)
        elif self.front.monitored.answers(request.method, request.path, request.meta):
            self._write_reply(request, await self.front.monitored.reply(), keep_alive, credentials.new_reference())
        else:
            keep_alive = await self._answer_page(request, keep_alive)
        if self.room:
            await self.room
        return keep_alive

    async def _answer_page(self, request: Request, keep_alive: bool) -> bool:
        page = self.front.kept.get(request)
        if page is None:
            if self.front.crowd.is_full:
                return self._write_busy(request, keep_alive, "memory")
            began = self.loop.time()
            try:
                page = await self.front.pages.ask(request)
            except Busy as busy:
                return self._write_busy(request, keep_alive, str(busy))
            time_page(page.status, self.loop.time() - began)
            self.front.kept.keep(request, page)
        return await self._write_page(request, page, keep_alive)

    async def _write_page(self, request: Request, page: Page, keep_alive: bool) -> bool:
        headers = list(page.headers)
        has_length = any(name.lower() == "content-length" for name, _ in headers)
        is_empty = request.method == "HEAD" or page.status in answers.EMPTY
        is_chunked = False
        old = request.meta["SERVER_PROTOCOL"] == "HTTP/1.0"
        if not has_length and not page.rest and not is_empty:
            headers.append(("Content-Length", str(len(page.part))))
        elif page.rest and not has_length and not is_empty:
            # An old client knows the end of such an answer by the end of its connection.
            is_chunked, keep_alive = not old, keep_alive and not old
            headers += [("Transfer-Encoding", "chunked")] if is_chunked else []
        head = answers.head(page.status, headers, keep_alive=keep_alive, old=old)
        if is_empty:
            self._write(head)
            if page.rest:
                self.front.pages.drop(page.rest)
            return keep_alive
        self._write(head + (answers.chunk(page.part) if is_chunked else page.part))
        if page.rest:
            await self._write_rest(page.rest, is_chunked)
        return keep_alive

    async def _write_rest(self, rest: Rest, is_chunked: bool) -> None:
        """Each part is asked for when its reader has taken the one before."""
        part = b"x"
        try:
            while part:
                if self.room:
                    await self.room
                part = await self.front.pages.more(rest)
                if part or is_chunked:
                    self._write(answers.chunk(part) if is_chunked else part)
        finally:
            if part:
                self.front.pages.drop(rest)

    def _closed_to_machines(self, closed: Closed) -> Reply:
        reply = self.front.door.refused(503, closed.SENTENCE)
        return replace(reply, headers=(*reply.headers, closed.retry_after))

    def _write_reply(self, request: Request, reply: Reply, keep_alive: bool, reference: str) -> None:
        headers = [*reply.headers, ("X-Request-Id", reply.reference or reference)]
        if reply.content_type:
            headers = [("Content-Type", reply.content_type), *headers, ("Content-Length", str(len(reply.body)))]
        old = request.meta["SERVER_PROTOCOL"] == "HTTP/1.0"
        head = answers.head(reply.status, headers, keep_alive=keep_alive, old=old)
        self._write(head if request.method == "HEAD" else head + reply.body)

    def _write_busy(self, request: Request, keep_alive: bool, why: str) -> bool:
        count_busy(why)
        headers = (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Cache-Control", "no-store"),
            ("Retry-After", str(BUSY_SECONDS)),
            ("Content-Length", str(len(self.front.busy_page))),
        )
        head = answers.head(503, headers, keep_alive=keep_alive)
        self._write(head if request.method == "HEAD" else head + self.front.busy_page)
        return keep_alive

    def _refuse_for_want_of_room(self) -> None:
        self.is_over = True
        count_busy("memory")
        self._write_refusal(Fault(503, "The portal is busy. Try again in a moment.", self.reader.path))
        self._end(linger=True)

    def _write_refusal(self, fault: Fault) -> None:
        if MACHINES.match(fault.path):
            reply = self.front.door.refused(fault.status, str(fault))
        else:
            reply = Reply(fault.status, f"{fault}\n".encode(), content_type="text/plain; charset=utf-8")
        headers = [("Content-Type", reply.content_type), *reply.headers, ("Content-Length", str(len(reply.body)))]
        if fault.status == 503:
            headers.append(("Retry-After", str(BUSY_SECONDS)))
        self._write(answers.head(fault.status, headers, keep_alive=False) + reply.body)

    def _write(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.pace.written += len(data)
            self.transport.write(data)

    def _end(self, *, linger: bool) -> None:
        """Ends the connection. With what its sender still sends unread, the system would take the answer back: so it
        is let go by for a moment."""
        self.is_over = True
        if not linger or self.transport.is_closing():
            self.transport.close()
            return
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.transport.resume_reading()
        self.loop.call_later(LINGER, self.transport.close)
