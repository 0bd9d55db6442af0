"""What the front and a process that makes pages say to each other over a pair of sockets: frames of a length and a
value. Both ends are this very program, started together."""

import marshal
import socket
import struct
from typing import Any

LENGTH = struct.Struct("!I")
# What is asked of a process that makes pages. With each goes a list of those rests that nobody wants any more.
ASK, MORE = "ask", "more"


def packed(value: Any) -> bytes:
    """Text, bytes, numbers, None, and tuples, lists and dicts of them."""
    data = marshal.dumps(value)
    return LENGTH.pack(len(data)) + data


def unpacked(data: bytes) -> Any:
    return marshal.loads(data)


def receive(channel: socket.socket) -> Any:
    """The next value; raises EOFError where the other end is gone."""
    return unpacked(_exactly(channel, LENGTH.unpack(_exactly(channel, LENGTH.size))[0]))


def _exactly(channel: socket.socket, size: int) -> bytes:
    data = bytearray(size)
    view, have = memoryview(data), 0
    while have < size:
        got = channel.recv_into(view[have:])
        if not got:
            raise EOFError
        have += got
    return bytes(data)
