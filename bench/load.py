"""A load client that costs the machine little: connections that stay open, driven by one loop without threads."""

import selectors
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle

CONNECTIONS = 16
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
    sent_at: float = 0.0
    received: bytes = b""

    def send(self, request: bytes) -> None:
        self.received, self.sent_at = b"", time.perf_counter()
        self.socket.sendall(request)

    def answer_is_whole(self) -> bool:
        """Reads what there is; raises for anything but 200."""
        self.received += self.socket.recv(65536)
        head, found, body = self.received.partition(END_OF_HEADERS)
        if not found:
            return False
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"not a 200: {self.received[:500].decode(errors='replace')}")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        return len(body) >= length


def drive(port: int, bodies: list[str], seconds: float) -> Figures:
    """Sends the bodies in turn over CONNECTIONS connections, each as soon as it has its answer, for so long."""
    requests = cycle([request(port, body) for body in bodies])
    with selectors.DefaultSelector() as ready:
        for _ in range(CONNECTIONS):
            connection = Connection(socket.create_connection(("127.0.0.1", port), timeout=30))
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


def request(port: int, body: str) -> bytes:
    head = (
        "POST /api/Auth/AuthorizeByApplication HTTP/1.1",
        f"Host: localhost:{port}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    )
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode()
