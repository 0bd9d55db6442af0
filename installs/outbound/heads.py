"""What stands before the body of an answer, as servers really write it: RFC 9112, and read generously.

A status whose head came to its end counts, whatever is wrong with a line of it: what was malformed costs only that the
connection is not used again. How the body ends is decided here too, once, for whoever reads it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from installs.outbound import texts

# Of one head: more than any server sends, and little enough to keep in memory for every thread.
MOST_BYTES = 256 * 1024
# Of its lines, how many are looked at, and of its headers, how many are put into letters.
MOST_LINES, MOST_TOLD = 1000, 100
# An answer begins with this, or is none.
BEGINS = b"HTTP/"
SWITCHING = 101
_STATUS_LINE = re.compile(rb"HTTP/(1\.[0-9]) +([1-9][0-9][0-9])(?: (.*))?", re.DOTALL)
_CLEAN_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n")
_NUMBER = re.compile(r"[0-9]{1,18}")


class NotHTTP(Exception):
    """What came is no answer at all."""


@dataclass(frozen=True)
class Head:
    """`length` is of the body, in bytes, None where it ends with the connection or with its last chunk. `is_clean`
    where nothing leaves in doubt where this answer ends, so that another may follow it."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    length: int | None
    is_chunked: bool
    is_clean: bool


def is_interim(status_line: bytes) -> bool:
    """Whether the answer is still to come. After 101 none does: the server speaks something else from there. Raises
    NotHTTP."""
    status = int(_read_status(status_line)[2])
    return status < 200 and status != SWITCHING


def is_spelled(lines: Sequence[bytes]) -> bool:
    """Whether the lines of a head, without the empty one, leave nothing in doubt."""
    return lines[0].endswith(b"\r\n") and all(map(is_clean_line, lines[1:]))


def is_clean_line(line: bytes) -> bool:
    return _CLEAN_LINE.fullmatch(line) is not None


def read(lines: Sequence[bytes], *, to_head: bool = False) -> Head:
    """Of a status line and the lines after it, each with its end, without the empty one. Raises NotHTTP.

    `to_head` where HEAD was asked: then no body follows.
    """
    first, is_whole, lines = _read_status(lines[0]), len(lines) <= MOST_LINES, lines[:MOST_LINES]
    version, status, reason = first[1], int(first[2]), first[3] or b""
    fields = _fields(lines[1:])
    named = _by_name(fields)
    length, is_chunked, is_framed = _framing(named, status, to_head)
    closes = version == b"1.0" or "close" in _words(named.get("connection", ()))
    charset = texts.charset_of(", ".join(named.get("content-type", ())))
    told = tuple(
        (texts.of_header(name, charset), texts.of_header(value, charset)) for name, value in fields[:MOST_TOLD]
    )
    return Head(
        status,
        texts.of_header(reason.strip(), charset),
        told,
        length,
        is_chunked,
        is_whole and is_framed and is_spelled(lines) and not closes,
    )


def _read_status(line: bytes) -> re.Match[bytes]:
    if found := _STATUS_LINE.fullmatch(line.rstrip(b"\r\n")):
        return found
    raise NotHTTP


def _fields(lines: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
    """Names and values. A line that begins with a space goes on with the one before; what has no colon, or nothing
    before it, says nothing."""
    found: list[tuple[bytes, list[bytes]]] = []
    for line in lines:
        name, colon, value = line.rstrip(b"\r\n").partition(b":")
        if line[:1] in (b" ", b"\t"):
            if found:
                found[-1][1].append(line.strip())
        elif colon and name.strip():
            found.append((name.strip(), [value.strip()]))
    return [(name, b" ".join(parts)) for name, parts in found]


def _by_name(fields: Sequence[tuple[bytes, bytes]]) -> dict[str, list[str]]:
    named: dict[str, list[str]] = {}
    for name, value in fields:
        named.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return named


def _words(values: Sequence[str]) -> list[str]:
    return [word.strip().lower() for word in ",".join(values).split(",")] if values else []


def _framing(named: dict[str, list[str]], status: int, to_head: bool) -> tuple[int | None, bool, bool]:
    """Length, whether it is in chunks, and whether that is beyond doubt.

    Of lengths that contradict each other the smallest counts: more may never come, and nobody is to wait for it.
    """
    codings, said = _words(named.get("transfer-encoding", ())), _words(named.get("content-length", ()))
    lengths = {int(word) for word in said if _NUMBER.fullmatch(word)}
    agrees = len(lengths) == 1 and all(map(_NUMBER.fullmatch, said))
    if to_head:
        return 0, False, True
    if status < 200 or status in (204, 304):
        return 0, False, status != SWITCHING and not codings and (not said or (agrees and lengths == {0}))
    if codings:
        return None, codings[-1] == "chunked", codings == ["chunked"] and not said
    return min(lengths, default=None), False, agrees
