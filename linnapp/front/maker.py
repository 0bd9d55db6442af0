"""A process that makes pages, one at a time, with the WSGI application. It is told what to make by the front, and hears
nothing of sockets, slow readers or other requests meanwhile."""

import logging
import math
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from itertools import count
from typing import Any
from wsgiref.types import WSGIApplication

from linnapp.front import channel
from linnapp.supervision import end_with_parent

log = logging.getLogger(__name__)
# Bytes of a long answer that are made in one turn, so that a page that waits meanwhile hardly notices.
PART = 8 * 1024
# What says that it is no longer than this is made whole, such as styles and logos.
WHOLE = 1024 * 1024
# Exchanges go first where processors are scarce.
NICE = 10


@dataclass(frozen=True)
class Place:
    """What WSGI is told of the server."""

    name: str
    port: int
    scheme: str


@dataclass(slots=True)
class Rest:
    """What is still to come of an answer."""

    parts: Iterator[bytes]
    close: Callable[[], object]

    def next(self) -> bytes:
        """The next part, b"" after the last."""
        part = bytearray()
        for piece in self.parts:
            part += piece
            if len(part) >= PART:
                break
        return bytes(part)


@dataclass(slots=True)
class Begun:
    status: int = 500
    headers: list[tuple[str, str]] = field(default_factory=list)

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[..., Any]:
        # Plain text: what Django calls text may be of a class of its own.
        self.status, self.headers = (
            int(status[:3]),
            [(str.__str__(name), str.__str__(value)) for name, value in headers],
        )
        return no_write

    @property
    def length(self) -> float:
        """As it says of itself."""
        said = {name.lower(): value for name, value in self.headers}.get("content-length", "")
        return int(said) if said.isdecimal() else math.inf


class Maker:
    def __init__(self, application: WSGIApplication, place: Place) -> None:
        self.application = application
        self.place = place
        self.rests: dict[int, Rest] = {}
        self.numbers = count(1)

    def answer(self, what: str, value: Any) -> Any:
        """To ASK: status, headers, the first part, and the number of the rest, 0 where that was all. To MORE: the next
        part of that number, b"" where there is none, and then the number is over."""
        if what == channel.ASK:
            return self._page(*value)
        if what == channel.MORE:
            return self._more(value)
        raise ValueError(what)

    def _page(self, method: str, path: str, query: str, meta: dict[str, Any], body: bytes) -> tuple[Any, ...]:
        begun = Begun()
        answer = self.application(self._environ(method, path, query, meta, body), begun.start_response)
        rest = Rest(iter(answer), getattr(answer, "close", nothing))
        try:
            part = next(rest.parts, b"")
            is_all = not getattr(answer, "streaming", False) or begun.length <= WHOLE
            if is_all:
                part += b"".join(rest.parts)
        except BaseException:
            rest.close()
            raise
        if is_all:
            rest.close()
            return begun.status, begun.headers, part, 0
        number = next(self.numbers)
        self.rests[number] = rest
        return begun.status, begun.headers, part, number

    def _more(self, number: int) -> bytes:
        if number not in self.rests:
            return b""
        try:
            part = self.rests[number].next()
        except BaseException:
            self.drop(number)
            raise
        if len(part) < PART:
            self.drop(number)
        return part

    def drop(self, number: int) -> None:
        """Nobody wants the rest of that answer, or there is none."""
        if rest := self.rests.pop(number, None):
            try:
                rest.close()
            except Exception:
                log.exception("An answer could not be closed")

    def _environ(self, method: str, path: str, query: str, meta: dict[str, Any], body: bytes) -> dict[str, Any]:
        # The body is here whole: how it came is nobody's business any more.
        if meta.pop("HTTP_TRANSFER_ENCODING", None) is not None:
            meta["CONTENT_LENGTH"] = str(len(body))
        return meta | {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": self.place.name,
            "SERVER_PORT": str(self.place.port),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": self.place.scheme,
            "wsgi.input": BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": False,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }


def run(end: socket.socket, maker: Maker, front: int) -> None:
    """Until the other end is closed."""
    end_with_parent(front, signal.SIGKILL)
    # Whoever stops all of a group of processes stops the front, which waits for its pages first.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    os.nice(NICE)
    while True:
        try:
            what, value, dropped = channel.receive(end)
        except EOFError:
            return
        for number in dropped:
            maker.drop(number)
        try:
            answer = channel.packed(maker.answer(what, value))
        except Exception:
            log.exception("A page broke where nothing catches it")
            answer = channel.packed(None)
        end.sendall(answer)


def forked(application: WSGIApplication, place: Place, begin: Callable[[], None]) -> tuple[socket.socket, int]:
    """A new process of this kind, which calls `begin` first: our end of its channel, and its id. To be called while
    nothing else runs in this process."""
    ours, theirs = socket.socketpair()
    front = os.getpid()
    if child := os.fork():
        theirs.close()
        return ours, child
    code = 1
    try:
        ours.close()
        begin()
        run(theirs, Maker(application, place), front)
        code = 0
    except Exception:
        log.exception("A process that makes pages broke")
    finally:
        logging.shutdown()
        os._exit(code)


def no_write(data: bytes) -> None:
    raise RuntimeError("Pages return what they say.")


def nothing() -> None:
    return None
