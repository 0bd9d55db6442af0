"""What a connection sends, as whole requests: bytes in, requests or one fault out. No sockets, no clock.

The grammar is llhttp's, in its strict reading; what llhttp leaves to its caller is here: limits, hosts, targets, and
header names that a proxy does not own.
"""

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

import httptools

MOST_HEAD_BYTES = 64 * 1024
MOST_HEADERS = 200
# Bytes that are read in one go: what is counted is counted in between.
PIECE = 64 * 1024
# The form with the largest file, and somewhat more; the API takes less.
MOST_BODY_BYTES = 16 * 1024 * 1024
# Requests sent ahead of their answers that are kept for their turn.
MOST_WAITING = 128
HOST = re.compile(rb"[A-Za-z0-9._~%!$&'()*+,;=-]*(?::[0-9]*)?|\[[0-9A-Fa-f:.]+\](?::[0-9]*)?")
# Said once: of two, the one that a proxy reads may be the other.
SINGLE = frozenset({"HTTP_HOST", "CONTENT_TYPE", "HTTP_AUTHORIZATION"})
OTHER_SEPARATOR = {"HTTP_COOKIE": "; "}
NAMES = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}


@dataclass(slots=True)
class Request:
    """A request whose head is in order. `meta` has CGI's names; `unread` says that the body is longer than it may be,
    and that the rest of the connection cannot be understood."""

    method: str
    path: str
    query: str
    meta: dict[str, str]
    keep_alive: bool
    body: bytearray = field(default_factory=bytearray, repr=False)
    unread: bool = False


class Fault(Exception):
    """What cannot be read as a request: the status and the sentence it is answered with. It ends the connection."""

    def __init__(self, status: int, sentence: str, path: str = "") -> None:
        super().__init__(sentence)
        self.status = status
        self.path = path


class Reader:
    """One connection's requests. `most_body` says how many bytes a path may be sent. `whole` are those that wait for
    their answer; `has_begun` and `expects_continue` are of the one that is not whole yet; once it `is_over`, nothing
    more is read."""

    def __init__(self, most_body: Callable[[str], int]) -> None:
        self.most_body = most_body
        self.whole: deque[Request] = deque()
        self.is_over = False
        self.expects_continue = False
        self.has_begun = False
        self._parser = httptools.HttpRequestParser(self)
        self._fault: Fault | None = None
        self._request: Request | None = None
        self._most = 0
        self._since_body = 0
        # Of a body that follows an offer of another protocol: llhttp leaves it to its caller.
        self._continues = self._is_mute = False
        self._begin()

    @property
    def path(self) -> str:
        """The target of the request that is under way, as it was sent; empty where it has not come."""
        return self._target.decode("latin-1")

    @property
    def buffered(self) -> int:
        """Bytes of heads and bodies that are held, or about."""
        under_way = self._head_bytes + (len(self._request.body) if self._request else 0)
        return under_way + sum(len(request.body) for request in self.whole)

    def feed(self, data: bytes) -> None:
        """Takes what came; requests that are whole now stand in `whole`. Raises Fault after them, once."""
        for begin in range(0, len(data), PIECE):
            self._take(data[begin : begin + PIECE] if len(data) > PIECE else data)

    def _take(self, data: bytes) -> None:
        if self.is_over:
            return
        self._since_body += len(data)
        try:
            self._parse(data)
        except httptools.HttpParserError as error:
            self._refuse(error)
        if self._since_body > MOST_HEAD_BYTES:
            self._fail(431, "The headers of the request are larger than 64 kB.")
        if self._fault:
            self.is_over = True
            fault, self._fault = self._fault, None
            raise fault

    def _parse(self, data: bytes) -> None:
        while data and not self.is_over:
            try:
                self._parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as upgrade:
                # Another protocol is offered; we stay with this one: what follows is its body, or the next request.
                data = data[upgrade.args[0] :]
                self._parser = httptools.HttpRequestParser(self)
                if self._continues:
                    self._read_its_body()

    def _read_its_body(self) -> None:
        """By a head that says nothing but how the body comes."""
        self._continues, self._is_mute = False, True
        length = self._headers.get("CONTENT_LENGTH")
        framing = f"Content-Length: {length}" if length else "Transfer-Encoding: chunked"
        self._parser.feed_data(f"POST / HTTP/1.1\r\n{framing}\r\n\r\n".encode())
        self._is_mute = False

    def _refuse(self, error: Exception) -> None:
        """What llhttp does not read."""
        self._fail(400, f"The request cannot be read: {_in_words(error)}.")

    def _fail(self, status: int, sentence: str) -> None:
        if self._fault is None and not self.is_over:
            self._fault = Fault(status, sentence, self.path)

    def _begin(self) -> None:
        self._target = b""
        self._headers: dict[str, str] = {}
        self._head_bytes = self._count = 0
        self._is_headed = False
        self._request = None
        self.expects_continue = False

    # What the parser calls, in the order of a request.

    def on_message_begin(self) -> None:
        if self._is_mute:
            return
        self._begin()
        self.has_begun = True

    def on_url(self, part: bytes) -> None:
        if not self._is_mute:
            self._target += part
            self._head_bytes += len(part)

    def on_header(self, name: bytes, value: bytes) -> None:
        # A name with an underscore reads like another's with a hyphen: X_Forwarded_For is nobody's but a stranger's.
        # What stands behind a body says nothing any more.
        if self._is_headed or self._is_mute or b"_" in name:
            return
        self._count += 1
        self._head_bytes += len(name) + len(value)
        if self._count > MOST_HEADERS:
            self._fail(431, f"The request has more than {MOST_HEADERS} headers.")
            return
        lower = name.lower()
        known = NAMES.get(lower) or f"HTTP_{lower.decode('latin-1').upper().replace('-', '_')}"
        text = value.decode("latin-1")
        if known in self._headers:
            if known in SINGLE:
                self._fail(400, f"The header {name.decode('latin-1')} was sent twice.")
            text = f"{self._headers[known]}{OTHER_SEPARATOR.get(known, ',')}{text}"
        self._headers[known] = text

    def on_headers_complete(self) -> None:
        if self._is_mute:
            return
        self._is_headed = True
        self._since_body = 0
        if self.is_over or self._fault:
            return
        parser, headers = self._parser, self._headers
        version = parser.get_http_version()
        if version not in {"1.1", "1.0"}:
            self._fail(505, "Use HTTP/1.1.")
            return
        path, query = self._placed(version)
        request = Request(parser.get_method().decode("latin-1"), path, query, headers, parser.should_keep_alive())
        headers["SERVER_PROTOCOL"] = f"HTTP/{version}"
        self._request = request
        self._most = self.most_body(path)
        coding = headers.get("HTTP_TRANSFER_ENCODING", "")
        if coding and (coding.strip().lower() != "chunked" or version == "1.0"):
            self._fail(501, "Transfer-Encoding is not chunked. Send the body without it.")
        elif int(headers.get("CONTENT_LENGTH") or 0) > self._most:
            self._stop_reading(request)
        else:
            self.expects_continue = version == "1.1" and headers.get("HTTP_EXPECT", "").lower() == "100-continue"

    def _placed(self, version: str) -> tuple[str, str]:
        """Path, decoded into one character a byte as WSGI wants it, and query. A host in the target goes before the
        one in the head."""
        target, headers = self._target, self._headers
        host = headers.get("HTTP_HOST", "").encode("latin-1")
        if not target.startswith(b"/") and target != b"*":
            scheme, separator, rest = target.partition(b"://")
            if not separator or scheme.lower() not in {b"http", b"https"}:
                self._fail(400, "The target of the request is not a path.")
            authority, slash, rest = rest.partition(b"/")
            authority, question, query = authority.partition(b"?")
            target = (slash + rest) if slash else b"/" + question + query
            host = authority
            headers["HTTP_HOST"] = host.decode("latin-1")
        elif version == "1.1" and "HTTP_HOST" not in headers:
            self._fail(400, "The Host header is missing.")
        if not HOST.fullmatch(host):
            self._fail(400, "The Host header is not a host name.")
        path, _, query = target.partition(b"#")[0].partition(b"?")
        return unquote_to_bytes(path).decode("latin-1"), query.decode("latin-1")

    def on_body(self, part: bytes) -> None:
        self._since_body = 0
        request = self._request
        if request is None or self.is_over or self._fault:
            return
        request.body += part
        if len(request.body) > self._most:
            self._stop_reading(request)

    def on_message_complete(self) -> None:
        self._since_body = 0
        if self._is_mute:
            return
        if self._parser.should_upgrade() and self._has_body():
            self._continues = True
            return
        if self._request is not None and not self.is_over and not self._fault:
            self.whole.append(self._request)
            if len(self.whole) >= MOST_WAITING:
                self._request.keep_alive = False
            # What follows a request that ends its connection is nobody's.
            self.is_over = not self._request.keep_alive
        self._request = None
        self.expects_continue = self.has_begun = False

    def _has_body(self) -> bool:
        return "HTTP_TRANSFER_ENCODING" in self._headers or int(self._headers.get("CONTENT_LENGTH") or 0) > 0

    def _stop_reading(self, request: Request) -> None:
        """The body is longer than it may be: the request is answered as it is, and nothing after it is read."""
        request.unread, request.keep_alive = True, False
        self.whole.append(request)
        self._request = None
        self.has_begun = False
        self.is_over = True


def _in_words(error: Exception) -> str:
    text = str(error).partition("\n")[0].strip().rstrip(".")
    return text[:1].lower() + text[1:] if text else "it is not HTTP"
