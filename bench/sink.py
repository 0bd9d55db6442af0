"""A receiver that costs the machine little: answers each POST after a while and says when requests came.

`python -m bench.sink PORT MILLISECONDS`. GET tells the figures, DELETE forgets them. What is posted below /quick is
answered at once, and not counted.
"""

import asyncio
import json
import sys
import time

END_OF_HEADERS = b"\r\n\r\n"
ID = b"\r\nwebhook-id:"
LENGTH = b"\r\ncontent-length:"


class Figures:
    def __init__(self) -> None:
        self.requests = 0
        self.ids: set[bytes] = set()
        self.first_arrival = self.last_answer = 0.0
        self.cpu_began = time.process_time()

    def arrived(self, delivery: bytes) -> None:
        self.first_arrival = self.first_arrival or time.perf_counter()
        self.requests += 1
        self.ids.add(delivery)

    def answered(self) -> None:
        self.last_answer = time.perf_counter()

    def as_json(self) -> bytes:
        return json.dumps(
            {
                "requests": self.requests,
                "deliveries": len(self.ids),
                "seconds": self.last_answer - self.first_arrival,
                "sink_seconds": time.process_time() - self.cpu_began,
            }
        ).encode()


class Sink(asyncio.Protocol):
    figures = Figures()

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, found, rest = self.received.partition(END_OF_HEADERS)
        head = head.lower()
        length = int(member(head, LENGTH) or 0)
        if found and len(rest) >= length:
            self.received = rest[length:]
            self.answer(head)

    def answer(self, head: bytes) -> None:
        if head.startswith(b"get "):
            self.write(Sink.figures.as_json())
        elif head.startswith(b"delete "):
            Sink.figures = Figures()
            self.write(b"")
        elif head.startswith(b"post /quick"):
            self.write(b"")
        else:
            Sink.figures.arrived(member(head, ID))
            self.after_the_delay()

    def after_the_delay(self) -> None:
        if self.delay:
            asyncio.get_running_loop().call_later(self.delay, self.received_well)
        else:
            self.received_well()

    def received_well(self) -> None:
        self.write(b"")
        Sink.figures.answered()

    def write(self, body: bytes) -> None:
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))


def member(head: bytes, name: bytes) -> bytes:
    return head.partition(name)[2].partition(b"\r\n")[0].strip()


async def serve(port: int, delay: float) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Sink(delay), "127.0.0.1", port, backlog=512)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]) / 1000))
