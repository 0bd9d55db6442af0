"""Pages: the WSGI application in a few threads, behind a line with an end. What a page says is taken in parts as its
reader takes them; between two parts no thread and no transaction is held."""

import asyncio
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from wsgiref.types import WSGIApplication

from linnapp.front.reader import Request

log = logging.getLogger(__name__)
# Bytes of an answer that are made at once; most pages are smaller.
PART = 256 * 1024


class Busy(Exception):
    """More pages wait for a thread than may."""


@dataclass(slots=True)
class Page:
    """A page's answer as far as it was made: its head, its first part, and what makes the rest, None where that was
    all."""

    status: int
    headers: list[tuple[str, str]]
    part: bytes
    rest: "Rest | None"


@dataclass(slots=True)
class Rest:
    """What is still to come of an answer. One thread at a time has it: a reader may go while a part is made."""

    parts: Iterator[bytes]
    closing: Callable[[], object]
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def next(self) -> bytes:
        """The next part, b"" after the last. Whoever gets that, or stops before, closes."""
        part = bytearray()
        with self.lock:
            for piece in self.parts:
                part += piece
                if len(part) >= PART:
                    break
        return bytes(part)

    def close(self) -> None:
        with self.lock:
            self.closing()


@dataclass(frozen=True)
class Place:
    """What WSGI is told of the server."""

    name: str
    port: int
    scheme: str


@dataclass(slots=True)
class _Begun:
    status: int = 500
    headers: list[tuple[str, str]] = field(default_factory=list)


class Pages:
    """`most_waiting` pages wait for one of `threads`; the next is refused."""

    def __init__(self, application: WSGIApplication, place: Place, *, threads: int, most_waiting: int) -> None:
        self.application = application
        self.place = place
        self.most = threads + most_waiting
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="page")
        self.under_way = 0

    async def ask(self, request: Request) -> Page:
        """Raises Busy. Where nobody waits for the page any more, the rest of it is closed."""
        if self.under_way >= self.most:
            raise Busy
        page: Page = await self._in_thread(lambda: self._page(request), undo=self._forget)
        return page

    async def more(self, rest: Rest) -> bytes:
        part: bytes = await self._in_thread(rest.next, undo=lambda part: None)
        return part

    def drop(self, rest: Rest) -> None:
        """Closes it in a thread of its own kind: closing may ask the database."""
        self.pool.submit(_quietly, rest.close)

    def _forget(self, page: Page) -> None:
        if page.rest:
            self.drop(page.rest)

    async def _in_thread(self, work: Callable[[], Any], undo: Callable[[Any], None]) -> Any:
        self.under_way += 1
        future = asyncio.wrap_future(self.pool.submit(work))
        future.add_done_callback(self._is_done)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            future.add_done_callback(lambda done: None if done.cancelled() or done.exception() else undo(done.result()))
            raise

    def _is_done(self, future: "asyncio.Future[Any]") -> None:
        self.under_way -= 1

    def _page(self, request: Request) -> Page:
        begun = _Begun()

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], Any]:
            begun.status, begun.headers = int(status[:3]), list(headers)
            return _no_write

        answer = self.application(self._environ(request), start_response)
        rest = Rest(iter(answer), getattr(answer, "close", _nothing))
        try:
            part = rest.next()
        except BaseException:
            rest.close()
            raise
        if len(part) < PART:
            rest.close()
            return Page(begun.status, begun.headers, part, None)
        return Page(begun.status, begun.headers, part, rest)

    def _environ(self, request: Request) -> dict[str, Any]:
        body = bytes(request.body)
        environ: dict[str, Any] = dict(request.meta)
        # The body is here whole: how it came is nobody's business any more.
        if environ.pop("HTTP_TRANSFER_ENCODING", None) is not None:
            environ["CONTENT_LENGTH"] = str(len(body))
        return environ | {
            "REQUEST_METHOD": request.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": request.path,
            "QUERY_STRING": request.query,
            "SERVER_NAME": self.place.name,
            "SERVER_PORT": str(self.place.port),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": self.place.scheme,
            "wsgi.input": BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }

    def close(self) -> None:
        self.pool.shutdown(wait=True, cancel_futures=True)


def _quietly(close: Callable[[], object]) -> None:
    try:
        close()
    except Exception:
        log.exception("An answer could not be closed")


def _no_write(data: bytes) -> None:
    raise RuntimeError("Pages return what they say.")


def _nothing() -> None:
    return None
