"""A mail server that keeps what it is sent, and refuses what it is told to."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage


class Sink:
    """`refusals` are answers to RCPT by address; `ends_after` so many mails it ends a connection;
    without a `greeting` it ends each at once."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refusals: dict[str, str] = {}
        self.ends_after = 0
        self.connections = 0
        self.greeting = "220 sink"
        self.port = 0

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def addresses(self) -> list[str]:
        return sorted(str(mail["To"]) for mail in self.mails)


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        sink: Sink = self.server.sink  # type: ignore[attr-defined]
        sink.connections += 1
        if not sink.greeting:
            return
        self._say(sink.greeting)
        kept = 0
        for line in self.rfile:
            order = line[:4].decode().upper()
            if order == "DATA":
                self._say("354 go on")
                sink.mails.append(self._mail())
                kept += 1
                self._say("250 kept")
                if kept == sink.ends_after:
                    return
            elif order == "RCPT":
                address = line.decode().partition("<")[2].partition(">")[0]
                self._say(sink.refusals.get(address, "250 yes"))
            elif order == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 yes")

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())

    def _mail(self) -> EmailMessage:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        return message_from_bytes(b"".join(lines), policy=policy.default)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextmanager
def mail_sink() -> Iterator[Sink]:
    sink = Sink()
    with _Server(("127.0.0.1", 0), _Session) as server:
        server.sink, sink.port = sink, server.server_address[1]  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield sink
        server.shutdown()
