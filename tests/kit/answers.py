"""What a receiver of postbacks may answer, for tests/kit/receivers.py: in order, at fault, and never."""

import itertools
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from urllib.parse import parse_qsl, unquote, urlsplit

from django.utils.http import http_date

from tests.kit.receivers import OK, Broken, Received, Reply

# What begins every TLS record and no HTTP answer, and more that no text has.
JUNK = b"\x16\x03\x01\x02\x00\x01\x00\xff\xfe\x00" * 50
LONG = Reply(body=b"x" * 200)
UUID = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE)

GONE = Reply(410, body=b"gone")
CLOSES_AT_ONCE = Broken(lambda: ())
NOT_HTTP = Broken(lambda: (JUNK,))


def in_turn(*answers: Reply | Broken) -> Callable[[Received], Reply | Broken]:
    """One after the other, request by request; the last one from then on."""
    coming, lock = itertools.chain(answers, itertools.repeat(answers[-1])), threading.Lock()

    def answer(received: Received) -> Reply | Broken:
        with lock:
            return next(coming)

    return answer


def after(seconds: float, status: int = 200) -> Reply:
    return Reply(status, delay=seconds)


def redirects_to(url: str, status: int = 302) -> Reply:
    return Reply(status, {"Location": url})


def too_many(retry_after: int | datetime | str | None = None) -> Reply:
    return Reply(429, _retry_after(retry_after), b"slow down")


def unavailable(retry_after: int | datetime | str | None = None) -> Reply:
    return Reply(503, _retry_after(retry_after), b"come back later")


def _retry_after(when: int | datetime | str | None) -> dict[str, str]:
    """In seconds, as an HTTP date, or as it stands where it is a text."""
    if when is None:
        return {}
    return {"Retry-After": http_date(when.timestamp()) if isinstance(when, datetime) else str(when)}


def never_answers() -> Broken:
    """Takes the request and is silent, for as long as the receiver runs."""
    return Broken(lambda: itertools.repeat(b""), every=3600)


def slow_headers(every: float) -> Broken:
    """A right answer, a byte every so many seconds."""
    return Broken(lambda: _bytes(OK.as_bytes()), every)


def slow_body(every: float, status: int = 200) -> Broken:
    """The head of a right answer at once, then its 200 bytes one by one."""
    head, _, body = Reply(status, body=LONG.body).as_bytes().partition(b"\r\n\r\n")
    return Broken(lambda: itertools.chain((head + b"\r\n\r\n",), _bytes(body)), every)


def endless_body(status: int = 200) -> Broken:
    head = f"HTTP/1.1 {status} Whatever\r\nContent-Type: text/plain\r\n\r\n".encode()
    return Broken(lambda: itertools.chain((head,), itertools.repeat(b"x" * 16_384)))


def endless_headers() -> Broken:
    lines = (f"X-Line-{number}: {'x' * 1000}\r\n".encode() for number in itertools.count())
    return Broken(lambda: itertools.chain((b"HTTP/1.1 200 OK\r\n",), lines))


def resets() -> Broken:
    """Half of a right answer, then a reset."""
    return Broken(lambda: (LONG.as_bytes()[:-100],), every=0.05, reset=True)


def resets_at_once() -> Broken:
    return Broken(lambda: (), reset=True)


def _bytes(text: bytes) -> Iterator[bytes]:
    return (text[at : at + 1] for at in range(len(text)))


# Legacy receivers: each knows one place where the permanent token stands.


def token_in_query(received: Received) -> str:
    return _only(value for _, value in parse_qsl(urlsplit(received.path).query) if UUID.fullmatch(value))


def token_in_path(received: Received) -> str:
    return _only(part for part in map(unquote, urlsplit(received.path).path.split("/")) if UUID.fullmatch(part))


def token_in_form(received: Received) -> str:
    """Whatever the field is called: `Token` here, `token` to many of them."""
    return _only(value for name, value in received.form.items() if name.lower() == "token" and UUID.fullmatch(value))


def _only(found: Iterable[str]) -> str:
    tokens = list(found)
    return tokens[0] if len(tokens) == 1 else ""


def wants(token: Callable[[Received], str]) -> Callable[[Received], Reply]:
    """A legacy receiver: 200 where it finds a token in its own place, else 400."""
    return lambda received: OK if token(received) else Reply(400, body=b"no token")
