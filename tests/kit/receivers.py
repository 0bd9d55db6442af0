"""Receivers of postbacks: real servers on loopback, each with a socket and threads of its own.

    with receiving() as receiver:
        ...                                 # send to receiver.url
        (postback,) = receiver.wait_for(1)

What one answers is a Reply, a Broken answer, or a function of what it received: tests/kit/answers.py has those that
postbacks meet.
"""

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import TCPServer, ThreadingMixIn
from typing import Any
from urllib.parse import parse_qsl

from django.utils.datastructures import CaseInsensitiveMapping

BODILESS = {204, 304}
# Closing a socket that lingers for no time sends a reset in the place of an orderly end.
RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Received:
    """A request as it came in; the path with its query, as it was sent."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    # As time.time() says it.
    at: float

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass(frozen=True)
class Reply:
    """An answer in order; `delay` is how many seconds pass before it."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    delay: float = 0

    def as_bytes(self, method: str = "POST") -> bytes:
        body = b"" if self.status in BODILESS else self.body
        phrase = HTTPStatus(self.status).phrase if self.status in set(HTTPStatus) else "Unknown"
        length = {} if self.status in BODILESS else {"Content-Length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in (length | dict(self.headers)).items())
        return f"HTTP/1.1 {self.status} {phrase}\r\n{head}\r\n".encode() + (b"" if method == "HEAD" else body)


@dataclass(frozen=True)
class Broken:
    """An answer piece by piece, `every` so many seconds one, after which the connection is closed, or reset, or stays
    for the next request."""

    pieces: Callable[[], Iterable[bytes]]
    every: float = 0
    reset: bool = False
    stays: bool = False


Answer = Reply | Broken | Callable[[Received], Reply | Broken]
OK = Reply()


class Stopped(ConnectionAbortedError):
    """The receiver is over while a connection of it was still at work."""


class Receiver:
    """What a server on loopback has received so far. Safe to read from any thread while it runs."""

    def __init__(self, url: str, host_and_port: str) -> None:
        self.url = url
        self.host_and_port = host_and_port
        # Accepted, whether a request came over them or not: fewer than `received` where they were reused.
        self.connections = 0
        # What went wrong in a function that answers.
        self.faults: list[Exception] = []
        self._received: list[Received] = []
        self._news = threading.Condition()

    @property
    def port(self) -> int:
        return int(self.host_and_port.rpartition(":")[2])

    @property
    def received(self) -> list[Received]:
        with self._news:
            return list(self._received)

    def wait_for(self, count: int = 1, seconds: float = 5) -> list[Received]:
        """All that was received, once that is `count` requests or more; fails when the time is over before."""
        with self._news:
            enough = self._news.wait_for(lambda: len(self._received) >= count, seconds)
            assert enough, f"{len(self._received)} of {count} requests within {seconds} s: {self._received}"
            return list(self._received)

    def take(self, received: Received) -> None:
        with self._news:
            self._received.append(received)
            self._news.notify_all()


@contextmanager
def receiving(
    answer: Answer = OK, *, tls: Path | ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> Iterator[Receiver]:
    """A server on a free port; its connections, however they hang, end with it. `tls` is a PEM file of private key
    and certificate, one of tests/kit/certificates.py: the address is then https://localhost:PORT. Or all that a server
    has of TLS."""
    server = _Server(host, answer, tls)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="receiver")
    thread.start()
    try:
        yield server.receiver
    finally:
        server.shutdown()
        thread.join()
        server.end_connections()
        server.server_close()
    if server.receiver.faults:
        raise server.receiver.faults[0]


@contextmanager
def nobody_listens(host: str = "127.0.0.1") -> Iterator[str]:
    """An address that refuses connections for as long as this lasts."""
    with closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as taken:
        taken.bind((host, 0))
        yield f"http://{_netloc(host, taken.getsockname()[1])}"


def _netloc(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class _Server(ThreadingMixIn, TCPServer):
    # Not daemons: server_close() waits for them, so that nothing is left behind.
    daemon_threads = False
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(self, host: str, answer: Answer, tls: Path | ssl.SSLContext | None) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.answer = answer
        self.stopping = threading.Event()
        self.open: set[socket.socket] = set()
        self.lock = threading.Lock()
        self.context = serving(tls) if isinstance(tls, Path) else tls
        super().__init__((host, 0), _Connection)
        port = self.server_address[1]
        netloc = f"localhost:{port}" if tls else _netloc(host, port)
        self.receiver = Receiver(f"{'https' if tls else 'http'}://{netloc}", netloc)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.context:
            # The handshake is the connection's own thread's: a client that hangs there must hold up nobody else.
            connection = self.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        with self.lock:
            self.open.add(connection)
            self.receiver.connections += 1
        return connection, address

    def close_request(self, request: Any) -> None:
        with self.lock:
            self.open.discard(request)
            request.close()

    def end_connections(self) -> None:
        self.stopping.set()
        with self.lock:
            for connection in self.open:
                with suppress(OSError):
                    # Past TLS, whose own goodbye would wait for what another thread is reading.
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def pause(self, seconds: float | None) -> None:
        """Raises Stopped as soon as the receiver is over; None waits for just that."""
        if seconds != 0 and self.stopping.wait(seconds):
            raise Stopped

    def handle_error(self, request: Any, client_address: Any) -> None:
        # What a connection meets is its client's business; see _Connection.handle for the faults of answers.
        return


def serving(tls: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls)
    return context


class _Connection(BaseHTTPRequestHandler):
    # Kept open for the next request, unless either side says otherwise.
    protocol_version = "HTTP/1.1"
    server: _Server

    def handle(self) -> None:
        with suppress(OSError):  # refused certificates, hung-up clients, and Stopped
            if isinstance(self.connection, ssl.SSLSocket):
                self.connection.do_handshake()
            super().handle()

    def do_POST(self) -> None:
        received = self._read()
        self.server.receiver.take(received)
        try:
            answer = self.server.answer
            answer = answer(received) if callable(answer) else answer
        except Exception as fault:
            self.server.receiver.faults.append(fault)
            answer = Reply(500)
        if isinstance(answer, Broken):
            self._break(answer)
        else:
            self._reply(answer)

    do_GET = do_HEAD = do_PUT = do_DELETE = do_PATCH = do_POST  # noqa: N815

    def _read(self) -> Received:
        chunked = self.headers.get("Transfer-Encoding", "").lower() == "chunked"
        body = b"".join(self._chunks()) if chunked else self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = CaseInsensitiveMapping(dict(self.headers.items()))
        return Received(self.command, self.path, headers, body, time.time())

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _reply(self, reply: Reply) -> None:
        self.server.pause(reply.delay)
        self.wfile.write(reply.as_bytes(self.command))
        if {name.lower(): value.lower() for name, value in reply.headers.items()}.get("connection") == "close":
            self.close_connection = True

    def _break(self, answer: Broken) -> None:
        self.close_connection = not answer.stays
        for piece in answer.pieces():
            self.wfile.write(piece)
            self.server.pause(answer.every)
        if answer.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            # The connection is closed for good once its reader is closed too.
            self.rfile.close()
            self.server.close_request(self.connection)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing on stderr: tests read `received`."""
