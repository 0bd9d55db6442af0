"""Slow clients, many at a time, from a process of their own: bodies that stop after a byte, heads that stop after a
line, readers who take a kilobyte a second. Who is sent away comes again.

    python -m tests.kit.slow PORT SECONDS BODIES HEADS READERS [PATH COOKIE]
"""

import contextlib
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from tests.kit.portal import ROOT

HEAD = "GET / HTTP/1.1\r\nHost: localhost:{port}\r\nX-Slow: "
BODY = (
    "POST {path} HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{"
)
READER = "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nCookie: {cookie}\r\n\r\n"
EXCHANGE = "/api/Auth/AuthorizeByApplication"
SIPS_EVERY = 1.0
OPENED_A_TURN = 50


@dataclass(eq=False)
class Slow:
    """One place in the crowd: what it says, and its connection at the moment."""

    text: bytes
    reads: bool
    connection: socket.socket | None = None

    def open(self, port: int) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", port), timeout=5)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(self.text)
        connection.setblocking(False)
        self.connection = connection
        return connection

    def close(self) -> None:
        if self.connection:
            self.connection.close()
            self.connection = None

    def sip(self, size: int) -> bool:
        """Whether the connection is still there after so much was taken of it."""
        assert self.connection is not None
        try:
            return bool(self.connection.recv(size))
        except BlockingIOError:
            return True
        except OSError:
            return False


def crowd(port: int, bodies: int, heads: int, readers: int, path: str, cookie: str) -> list[Slow]:
    texts = (BODY.format(path=EXCHANGE, port=port), HEAD.format(port=port))
    reader = READER.format(path=path, port=port, cookie=cookie)
    wanted = [(texts[0], bodies, False), (texts[1], heads, False), (reader, readers, True)]
    return [Slow(text.encode(), reads) for text, count, reads in wanted for _ in range(count)]


def keep(port: int, slow: list[Slow], seconds: float) -> int:
    """Keeps all of them there for so long; how often one of them was opened."""
    opened, until, sipped = 0, time.monotonic() + seconds, 0.0
    with selectors.DefaultSelector() as ready:
        while time.monotonic() < until:
            for one in [one for one in slow if one.connection is None][:OPENED_A_TURN]:
                with contextlib.suppress(OSError):
                    connection = one.open(port)
                    opened += 1
                    if not one.reads:
                        ready.register(connection, selectors.EVENT_READ, one)
            for key, _ in ready.select(0.05):
                # An answer, or the end: for these both are the same.
                ready.unregister(key.fileobj)
                key.data.close()
            if time.monotonic() - sipped > SIPS_EVERY:
                sipped = time.monotonic()
                for one in slow:
                    if one.reads and one.connection and not one.sip(1024):
                        one.close()
    for one in slow:
        one.close()
    return opened


@contextlib.contextmanager
def slow_clients(
    port: int, *, bodies: int, heads: int, readers: int = 0, path: str = "/sign-in/", cookie: str = "", seconds: float
) -> Iterator[None]:
    """Beside whatever is done within; they go after so many seconds at the latest."""
    command = [sys.executable, "-m", "tests.kit.slow", str(port), str(seconds), str(bodies), str(heads), str(readers)]
    process = subprocess.Popen([*command, path, cookie], cwd=ROOT)
    try:
        yield
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    port, seconds, bodies, heads, readers, path, cookie = sys.argv[1:]
    keep(int(port), crowd(int(port), int(bodies), int(heads), int(readers), path, cookie), float(seconds))
