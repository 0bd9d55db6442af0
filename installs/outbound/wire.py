"""One connection's bytes: a request written, the head and the body of its answer read, and nothing read too much.

The buffer is our own, so that what a server sent beyond its answer is seen and not lost: see Wire.is_silent.
"""

import re
import select
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from installs.outbound import attempts, heads
from installs.outbound.answers import Cause, NotSent
from installs.outbound.heads import Head, NotHTTP
from installs.outbound.targets import Target

PIECE = 16 * 1024
# Bytes of an answer's body that are read at most.
READ_BYTES = 64 * 1024
# Of the line that begins a chunk, and of all that may follow the last one.
CHUNK_LINE, TRAILERS = 4096, 16 * 1024
_HEX = b"0123456789abcdefABCDEF"
_CLEAN_SIZE = re.compile(rb"[0-9a-fA-F]+(?:[\t ]*;[\t\x20-\x7e\x80-\xff]*)?\r\n")


class Closed(Exception):
    """The server closed the connection before a byte of its answer."""


class NotWhole(Exception):
    """It closed the connection in the middle of it."""


@dataclass(frozen=True)
class Body:
    """`is_whole` where it came to its end; `fault` says why it did not, None where it was left after READ_BYTES."""

    content: bytes
    is_whole: bool
    fault: NotSent | None = None


def request(method: str, target: Target, headers: Mapping[str, str], body: bytes) -> bytes:
    """Raises ValueError for what would write a line of its own into the head."""
    lines = [f"{method} {target.path} HTTP/1.1", f"Host: {target.host_and_port}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if any("\r" in line or "\n" in line for line in lines) or " " in method:
        raise ValueError("A header holds a line end.")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def _fault(error: Exception) -> NotSent:
    if isinstance(error, NotSent):
        return error
    if isinstance(error, TimeoutError):
        return attempts.current.get().no_answer()
    if isinstance(error, NotHTTP):
        return NotSent(Cause.NOT_HTTP, "The server's answer is not HTTP.")
    return NotSent(Cause.RESET, "The server closed the connection before its answer was whole.")


class Wire:
    """`is_clean` as long as no line ended, or was written, in a way that others read differently: where an answer ends
    is beyond doubt only then, and nothing else may go over the connection afterwards."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.is_clean = True
        self._buffer = bytearray()
        self._waiting = select.poll()
        self._waiting.register(connection, select.POLLIN)

    def write(self, content: bytes) -> None:
        self.socket.sendall(content)

    def head(self, *, to_head: bool = False) -> Head:
        """The head of the final answer, past all interim ones. Raises Closed, NotWhole, NotHTTP, and whatever the
        socket raises when the time is over."""
        # Of an endless row of interim ones no more is read than the first lines, so that it costs time and little else.
        while heads.is_interim((lines := self._lines())[0]):
            self._doubt_unless(heads.is_spelled(lines))
        return heads.read(lines, to_head=to_head)

    def body(self, head: Head) -> Body:
        """Whatever happens meanwhile, what came of it is kept: the status has arrived."""
        content = bytearray()
        try:
            for piece in self._pieces(head):
                content += piece
                if len(content) >= READ_BYTES:
                    return Body(bytes(content[:READ_BYTES]), is_whole=False)
        except (NotSent, NotHTTP, NotWhole, OSError) as error:
            return Body(bytes(content), is_whole=False, fault=_fault(error))
        return Body(bytes(content), is_whole=True)

    def is_silent(self) -> bool:
        """Whether nothing has come that nobody asked for, neither bytes nor the end of the connection: what lies there
        would be read as the next answer."""
        return self.is_drained() and not self._waiting.poll(0)

    def is_drained(self) -> bool:
        """The same of what was received so far: it asks the system nothing."""
        return not (self._buffer or (isinstance(self.socket, ssl.SSLSocket) and self.socket.pending()))

    def close(self) -> None:
        self.socket.close()

    def _doubt_unless(self, clean: bool) -> None:
        self.is_clean &= clean

    def _more(self) -> bool:
        piece = self.socket.recv(PIECE)
        self._buffer += piece
        return bool(piece)

    def _lines(self) -> list[bytes]:
        """A status line and what follows it, up to the empty line, which is left out."""
        self._refuse_junk()
        lines, left = [], heads.MOST_BYTES
        while (line := self._line(left)) not in (b"\r\n", b"\n"):
            lines.append(line)
            left -= len(line)
        self._doubt_unless(line == b"\r\n")
        if not lines:
            raise NotHTTP
        return lines

    def _refuse_junk(self) -> None:
        """What begins as no answer does is not waited for to its line's end."""
        while len(self._buffer) < len(heads.BEGINS):
            if not self._more():
                if not self._buffer:
                    raise Closed
                break
        if not self._buffer.startswith(heads.BEGINS):
            raise NotHTTP

    def _line(self, most: int) -> bytes:
        """With its end, a line feed. Raises NotWhole, and NotHTTP for one that is longer."""
        seen = 0
        while (end := self._buffer.find(b"\n", seen)) < 0:
            seen = len(self._buffer)
            if seen >= most:
                raise NotHTTP
            if not self._more():
                raise NotWhole
        if end >= most:
            raise NotHTTP
        return self._taken(end + 1)

    def _taken(self, number: int) -> bytes:
        taken = bytes(self._buffer[:number])
        del self._buffer[:number]
        return taken

    def _pieces(self, head: Head) -> Iterator[bytes]:
        if head.is_chunked:
            yield from self._chunks()
        elif head.length is not None:
            yield from self._exactly(head.length)
        else:
            while self._buffer or self._more():
                yield self._taken(len(self._buffer))

    def _exactly(self, number: int) -> Iterator[bytes]:
        while number:
            if not self._buffer and not self._more():
                raise NotWhole
            piece = self._taken(min(number, len(self._buffer)))
            number -= len(piece)
            yield piece

    def _chunks(self) -> Iterator[bytes]:
        while size := self._size_of_chunk():
            yield from self._exactly(size)
            end = self._line(CHUNK_LINE)
            if end.strip(b"\r\n"):
                raise NotHTTP
            self._doubt_unless(end == b"\r\n")
        left = TRAILERS
        while (line := self._line(left)).strip(b"\r\n"):
            self._doubt_unless(heads.is_clean_line(line))
            left -= len(line)
        self._doubt_unless(line == b"\r\n")

    def _size_of_chunk(self) -> int:
        line = self._line(CHUNK_LINE)
        self._doubt_unless(_CLEAN_SIZE.fullmatch(line) is not None)
        size = line.partition(b";")[0].strip()
        if not size or len(size) > 16 or size.strip(_HEX):
            raise NotHTTP
        return int(size, 16)
