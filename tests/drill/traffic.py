"""Programs and a reader of pages that ask all the time while something is away, and what each of them saw."""

import http.client
import json
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from bench.exchanges import CREDENTIALS
from bench.load import END_OF_HEADERS, EXCHANGE
from bench.pages import signed_in

CALL = "/api/Inventory/GetStockLocations"
JSON = {"Content-Type": "application/json"}
READER = "alice@northwind.example"
# An integration gives up after so many seconds.
PATIENCE = 30
LAST_PART = b"0\r\n\r\n"
LENGTH, CLOSES = re.compile(rb"(?i)\r\ncontent-length: *(\d+)"), re.compile(rb"(?i)\r\nconnection: *close")
# Session tokens that are asked about when all is over, at most: of all that were answered, evenly.
LOOKED_AT = 300


@dataclass(frozen=True)
class Seen:
    """What one request met: `at` in seconds since the traffic began, how many it took, and how it ended: a status, or
    the name of the fault of a connection. `session` is the token that an exchange answered. `again`: a connection that
    was kept ended, and it was asked once more on another."""

    kind: str
    at: float
    seconds: float
    ended: str
    session: str = ""
    again: bool = False

    @property
    def good(self) -> bool:
        return self.ended == "200"


@dataclass
class Traffic:
    """Exchanges at an even pace by so many threads, each on a connection of its own, and pages by one more. As programs
    and browsers do, each asks once more, on a fresh connection, where one that was kept ended without a word; these are
    counted apart. Anything else that fails is counted as failed."""

    url: str
    bodies: Sequence[str]
    a_second: float = 20
    threads: int = 4
    pages: bool = True
    # Of whoever reads them, where the portal is asked through a proxy.
    password: str = ""
    seen: list[Seen] = field(default_factory=list)
    enough: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Traffic":
        self.began = time.monotonic()
        self.running = [threading.Thread(target=self._exchange, args=(number,)) for number in range(self.threads)]
        if self.pages:
            browser = signed_in(self.url, READER, self.password)
            cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
            home = browser.get(self.url, timeout=PATIENCE).url.removeprefix(self.url)
            self.running.append(threading.Thread(target=self._read, args=(home, cookies)))
        for thread in self.running:
            thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.enough.set()
        for thread in self.running:
            thread.join()

    @property
    def now(self) -> float:
        return time.monotonic() - self.began

    def _exchange(self, number: int) -> None:
        pause, asked = self.threads / self.a_second, number
        with Connection(self.url) as connection:
            due = time.monotonic() + pause * number / self.threads
            while not self.enough.wait(max(0, due - time.monotonic())):
                self.seen.append(
                    self._asked(connection, "exchange", "POST", EXCHANGE, self.bodies[asked % len(self.bodies)])
                )
                asked += self.threads
                # Late is late: what was not asked meanwhile is not made up for.
                due = max(due + pause, time.monotonic())

    def _read(self, home: str, cookies: str) -> None:
        with Connection(self.url) as connection:
            while not self.enough.wait(0.2):
                self.seen.append(self._asked(connection, "page", "GET", home, None, Cookie=cookies))

    def _asked(
        self, connection: "Connection", kind: str, method: str, path: str, body: str | None, **headers: str
    ) -> Seen:
        at, began, session = self.now, time.monotonic(), ""
        try:
            status, answer = connection.ask(method, path, body, JSON | headers if body else headers)
            if kind == "exchange" and status == 200:
                session = json.loads(answer)["Token"]
            ended = str(status)
        except (OSError, http.client.HTTPException) as fault:
            ended = type(fault).__name__
            # Nobody knocks without a pause where nobody is.
            self.enough.wait(0.2)
        return Seen(kind, at, time.monotonic() - began, ended, session, connection.asked_again)

    def forgotten(self) -> list[Seen]:
        """The exchanges, of as many as are looked at, whose session token does not open a call."""
        answered = [one for one in self.seen if one.session]
        chosen = answered[:: max(1, len(answered) // LOOKED_AT)]
        with Connection(self.url) as connection:
            answers = [connection.ask("GET", CALL, None, {"Authorization": one.session})[0] for one in chosen]
        return [one for one, status in zip(chosen, answers, strict=True) if status != 200]


class Connection:
    """One that stays open, to whatever answers at this address. It reads no more of an answer than it must: what the
    programs of a drill compute, the portal on the same machine lacks."""

    def __init__(self, url: str) -> None:
        self.host = url.partition("://")[2]
        name, _, port = self.host.partition(":")
        self.address = name, int(port or 80)
        self.open: socket.socket | None = None
        # Of the last request.
        self.asked_again = False

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *raised: object) -> None:
        self._close()

    def ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> tuple[int, bytes]:
        self.asked_again = False
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}", *(f"{name}: {headers[name]}" for name in headers)]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        request = ("\r\n".join(lines) + "\r\n\r\n" + (body or "")).encode()
        if self.open:
            try:
                return self._ask(request)
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                self.asked_again = True
        return self._ask(request)

    def _ask(self, request: bytes) -> tuple[int, bytes]:
        if self.open is None:
            self.open = socket.create_connection(self.address, timeout=PATIENCE)
            self.open.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.open.sendall(request)
            head, body = self._read(self.open)
        except Exception:
            self._close()
            raise
        if CLOSES.search(head):
            self._close()
        return int(head[9:12]), body

    def _read(self, answering: socket.socket) -> tuple[bytes, bytes]:
        received = b""
        while True:
            head, found, body = received.partition(END_OF_HEADERS)
            if found:
                length = LENGTH.search(head)
                # In parts, as a proxy passes a page on: nobody here reads what is in them.
                if len(body) >= int(length[1]) if length else body.endswith(LAST_PART):
                    return head, body
            more = answering.recv(65536)
            if not more:
                raise http.client.IncompleteRead(received) if received else http.client.RemoteDisconnected
            received += more

    def _close(self) -> None:
        if self.open:
            self.open.close()
            self.open = None


@dataclass(frozen=True)
class Account:
    """What was seen of one kind of request: how many, how many were asked once more, how those that failed ended, the
    longest time from one good answer to the next, and the slowest of the good ones, in seconds."""

    asked: int
    again: int
    failed: Counter[str]
    gap: float
    slowest: float

    def __str__(self) -> str:
        failed = ", ".join(f"{count} {name}" for name, count in self.failed.most_common()) or "none failed"
        again = f", {self.again} asked again" if self.again else ""
        return f"{self.asked} ({failed}{again}); {self.gap:.1f} s without; slowest {1000 * self.slowest:.0f} ms"


def account_of(seen: Iterable[Seen], kind: str) -> Account:
    rows = sorted((one for one in seen if one.kind == kind), key=lambda one: one.at)
    good = [one for one in rows if one.good]
    ends = [one.at + one.seconds for one in good]
    gaps = [later - earlier for earlier, later in pairwise(ends)]
    return Account(
        asked=len(rows),
        again=sum(one.again for one in rows),
        failed=Counter(one.ended for one in rows if not one.good),
        gap=max(gaps, default=0.0),
        slowest=max((one.seconds for one in good), default=0.0),
    )


def credentials(ask: Any) -> list[str]:
    """The bodies of exchanges that the demo data allows, by what `ask` runs inside the portal."""
    return [json.dumps(row) for row in json.loads(ask(CREDENTIALS))]
