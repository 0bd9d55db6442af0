"""Answers as bytes: status line, head and length. No sockets."""

import time
from collections.abc import Iterable, Sequence
from http import HTTPStatus

Headers = Sequence[tuple[str, str]]
PHRASES = {status.value: status.phrase for status in HTTPStatus}
# Answers to these have no body, whatever their headers say of one.
EMPTY = frozenset({204, 304})
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Clock:
    """The Date header, made once a second."""

    def __init__(self) -> None:
        self._second = 0
        self._line = b""

    def line(self) -> bytes:
        second = int(time.time())
        if second != self._second:
            now = time.gmtime(second)
            day, month = DAYS[now.tm_wday], MONTHS[now.tm_mon - 1]
            clock = f"{now.tm_hour:02}:{now.tm_min:02}:{now.tm_sec:02}"
            self._second = second
            self._line = f"Date: {day}, {now.tm_mday:02} {month} {now.tm_year} {clock} GMT\r\n".encode()
        return self._line


date = Clock()


def head(status: int, headers: Iterable[tuple[str, str]], *, keep_alive: bool, old: bool = False) -> bytes:
    """`old` is an HTTP/1.0 client, which is told where the connection stays; a new one is told where it ends."""
    lines = [f"HTTP/1.1 {status} {PHRASES.get(status, '')}\r\n"]
    lines += [f"{name}: {value}\r\n" for name, value in headers]
    if not keep_alive:
        lines.append("Connection: close\r\n")
    elif old:
        lines.append("Connection: keep-alive\r\n")
    return "".join(lines).encode("latin-1") + date.line() + b"\r\n"


def chunk(part: bytes) -> bytes:
    """The empty one is the last."""
    return b"%x\r\n%b\r\n" % (len(part), part)


CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
