"""A load client that costs the machine little: connections that stay open, driven by one loop without threads."""

import selectors
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle

CONNECTIONS = 16
EXCHANGE = "/api/Auth/AuthorizeByApplication"
END_OF_HEADERS = b"\r\n\r\n"


@dataclass
class Figures:
    seconds: float
    client_seconds: float
    latencies: list[float] = field(repr=False)

    @property
    def a_second(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """Milliseconds within which this share of the answers came."""
        return 1000 * sorted(self.latencies)[int(share * (len(self.latencies) - 1))]


@dataclass
class Connection:
    socket: socket.socket
    statuses: str
    sent_at: float = 0.0
    received: bytes = b""

    def send(self, request: bytes) -> None:
        self.received, self.sent_at = b"", time.perf_counter()
        self.socket.sendall(request)

    def answer_is_whole(self) -> bool:
        """Reads what there is; raises for a status that is none of those expected."""
        self.received += self.socket.recv(65536)
        head, found, body = self.received.partition(END_OF_HEADERS)
        if not found:
            return False
        if head[9:12].decode() not in self.statuses:
            raise RuntimeError(f"not {self.statuses}: {self.received[:500].decode(errors='replace')}")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        return len(body) >= length


def drive(port: int, wanted: list[bytes], seconds: float, statuses: str = "200") -> Figures:
    """Sends the requests in turn over CONNECTIONS connections, each as soon as it has its answer, for so long. Any
    answer with another status ends it."""
    requests = cycle(wanted)
    with selectors.DefaultSelector() as ready:
        for _ in range(CONNECTIONS):
            connection = Connection(socket.create_connection(("127.0.0.1", port), timeout=30), statuses)
            connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            ready.register(connection.socket, selectors.EVENT_READ, connection)
        try:
            return _measure(ready, requests, seconds)
        finally:
            for key in list(ready.get_map().values()):
                key.data.socket.close()


def _measure(ready: selectors.BaseSelector, requests: Iterator[bytes], seconds: float) -> Figures:
    latencies: list[float] = []
    began, client_began = time.perf_counter(), time.process_time()
    for key in list(ready.get_map().values()):
        key.data.send(next(requests))
    while time.perf_counter() - began < seconds:
        for key, _ in ready.select():
            if key.data.answer_is_whole():
                latencies.append(time.perf_counter() - key.data.sent_at)
                key.data.send(next(requests))
    return Figures(time.perf_counter() - began, time.process_time() - client_began, latencies)


def posted(port: int, body: str, path: str = EXCHANGE, kind: str = "application/json", **headers: str) -> bytes:
    """A request as it goes over the wire."""
    return _written(port, f"POST {path}", {"Content-Type": kind, "Content-Length": str(len(body))} | headers, body)


def got(port: int, path: str, **headers: str) -> bytes:
    return _written(port, f"GET {path}", headers, "")


def _written(port: int, what: str, headers: dict[str, str], body: str) -> bytes:
    lines = [f"{what} HTTP/1.1", f"Host: localhost:{port}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()
