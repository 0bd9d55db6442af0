"""The least a receiver of postbacks and events is: a server on loopback that hands each message to one function. No
ORM."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Any
from urllib.parse import parse_qsl

LOOPBACK = "127.0.0.1"
MOST_BYTES = 64 * 1024
# What is larger is still read, up to this, because a connection closed over unread bytes loses the answer too.
MOST_BYTES_READ = 1024 * 1024


@dataclass(frozen=True)
class Message:
    """What was posted; the names of headers in small letters."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True))

    @property
    def event(self) -> "Event | None":
        """None for what is no event, a postback among it. Anybody can post here: nothing of its shape is believed."""
        if not self.headers.get("content-type", "").startswith("application/json"):
            return None
        try:
            read = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return Event(read) if isinstance(read, dict) else None


class Event:
    """The members of an event as texts, "" for what is not there."""

    def __init__(self, read: dict[str, Any]) -> None:
        self.type = self._text(read, "type")
        self.number = self._text(read, "data", "number")
        self.application_id = self._text(read, "data", "application", "id")
        self.installation_id = self._text(read, "data", "installation", "id")
        self.account = self._text(read, "data", "account", "name")
        self.state = self._text(read, "data", "installation", "state") or self._text(
            read, "data", "application", "state"
        )
        self.version = self._text(read, "data", "installation", "version")
        self.previous_version = self._text(read, "data", "installation", "previous_version")
        self.by = self._text(read, "data", "by")
        self.reason = self._text(read, "data", "reason")

    @staticmethod
    def _text(read: Any, *path: str) -> str:
        for name in path:
            read = read.get(name) if isinstance(read, dict) else None
        return "" if read is None else str(read)


@dataclass(frozen=True)
class Answer:
    status: int
    sentence: str


class Receiver(ThreadingTCPServer):
    """Listens as soon as it is made. `answer` and `tell`, which takes what never became a message, are called by
    a thread for each connection. Raises OSError for a port that cannot be had."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int, answer: Callable[[Message], Answer], tell: Callable[[str], None]) -> None:
        self.answer = answer
        self.tell = tell
        super().__init__((LOOPBACK, port), _Request)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.server_address[1]}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        self.tell(
            "A connection broke off before it was answered."
            if isinstance(error, OSError)
            else f"The request could not be answered: {error}"
        )


class _Request(BaseHTTPRequestHandler):
    server: Receiver
    # Seconds that the sender may keep silent.
    timeout = 10

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit() and len(length) < 10):
            self.refuse(Answer(411, "Give the length of the body in Content-Length."))
        elif int(length) > MOST_BYTES:
            self.rfile.read(min(int(length), MOST_BYTES_READ))
            self.refuse(Answer(413, f"The body is larger than {MOST_BYTES // 1024} kB, which no postback is."))
        else:
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.give(self.server.answer(Message(self.path, headers, self.rfile.read(int(length)))))

    def do_GET(self) -> None:
        self.refuse(Answer(405, "Send postbacks here by POST."))

    def refuse(self, answer: Answer) -> None:
        self.server.tell(f"{self.command} answered {answer.status}: {answer.sentence}")
        self.give(answer)

    def give(self, answer: Answer) -> None:
        text = b"" if answer.status in {204, 304} else f"{answer.sentence}\n".encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_error(self, format: str, *args: object) -> None:  # noqa: A002
        self.server.tell(
            "The request was not a whole POST over plain http. A PostbackUrl to this address begins with http://"
        )

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Whoever answers says what came, without the permanent token that a path may hold."""
