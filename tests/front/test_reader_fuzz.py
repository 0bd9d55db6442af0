"""Whatever strangers send: requests or one fault, never an exception; the same however the bytes are cut; and never a
request before its last byte has come."""

import random
from itertools import pairwise

from linnapp.front.reader import Fault, Reader
from tests.kit.fuzzing import examples

HEADS = [
    b"GET /api/Auth/GetServerUTCTime HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"HEAD http://a.example/x?y HTTP/1.1\r\nHost: b\r\nX_Y: 1\r\n\r\n",
    b"POST /api/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
    b"POST / HTTP/1.1\r\nHost: [::1]:80\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: u\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
    b"POST /u HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 4\r\n\r\nGET ",
    b"POST /u HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 90\r\n\r\n" + b"x" * 90,
    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nCookie: a=b\r\nCookie: c=d\r\n\r\n",
    b"\r\n\r\n",
]
PARTS = [
    b"\r\n", b"\n", b"\r", b"\0", b" ", b":", b"_", b"%", b"%zz", b"\xff",
    b"Content-Length: 3\r\n", b"Host: c\r\n", b"Connection: close\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: identity\r\n",
    b"HTTP/1.1", b"HTTP/2.0", b"0\r\n\r\n", b"-1", b"ffffffffffffffffff",
    b"GET ", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"//", b"http://",
]  # fmt: skip
MOST = 64
Seen = tuple[list[tuple[object, ...]], int | None]


def stream(dice: random.Random) -> bytes:
    """A few requests, one after the other, with some of their bytes put out of order."""
    data = bytearray(b"".join(dice.choices(HEADS, k=dice.randint(1, 4))))
    for _ in range(dice.randint(0, 4)):
        place = dice.randrange(len(data) + 1)
        kind = dice.randrange(4)
        if kind == 0:
            data[place:place] = dice.choice(PARTS)
        elif kind == 1:
            del data[place : place + dice.randint(1, 8)]
        elif kind == 2:
            data[place : place + 1] = bytes([dice.randrange(256)])
        else:
            data[place:place] = data[place : place + dice.randint(1, 40)]
    return bytes(data)


def pieces_of(data: bytes, dice: random.Random) -> list[bytes]:
    cuts = sorted({0, len(data), *(dice.randrange(len(data) + 1) for _ in range(dice.randint(0, 12)))})
    return [data[begin:end] for begin, end in pairwise(cuts)]


def seen(pieces: list[bytes]) -> Seen:
    reader, status = Reader(lambda path: MOST), None
    for piece in pieces:
        try:
            reader.feed(piece)
        except Fault as fault:
            assert status is None, "two faults on one connection"
            status = fault.status
        assert len(reader.path) <= len(b"".join(pieces))
    # Of a body that is not read to its end, how much came along is chance.
    return [
        (
            request.method,
            request.path,
            request.query,
            tuple(request.meta.items()),
            request.keep_alive,
            request.unread,
            None if request.unread else bytes(request.body),
        )
        for request in reader.whole
    ], status


def test_bytes_are_read_alike_however_they_come() -> None:
    dice = random.Random(0)
    for _ in range(examples(2000)):
        data = stream(dice)
        at_once = seen([data])
        assert seen(pieces_of(data, dice)) == at_once, data
        assert seen([data[place : place + 1] for place in range(len(data))]) == at_once, data


def test_no_request_is_taken_before_its_last_byte() -> None:
    dice = random.Random(1)
    for _ in range(examples(200)):
        requests = dice.choices(HEADS[:-1], k=3)
        requests = [request for request in requests if b"Connection: close" not in request and len(request) < 140]
        reader = Reader(lambda path: MOST * 2)
        for number, request in enumerate(requests):
            for byte in request:
                assert len(reader.whole) == number
                reader.feed(bytes([byte]))
            assert len(reader.whole) == number + 1
