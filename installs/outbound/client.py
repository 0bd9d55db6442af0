"""Sending: one request, one answer, within the limits."""

from collections.abc import Callable, Mapping
from typing import Any

from requests import PreparedRequest, RequestException
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError, ReadTimeoutError

from installs.outbound import addresses, attempts
from installs.outbound.answers import CUT, Answer, Cause, NotSent, Step
from installs.outbound.attempts import Attempt
from installs.outbound.connections import GuardedAdapter, Stale
from installs.outbound.targets import Target

# Seconds to connect, and for the whole by the clock on the wall, looking the name up included.
CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 10.0
# Bytes of an answer's body that are read at most, and kept.
READ_BYTES = 64 * 1024
KEPT_BYTES = 16 * 1024
# Of the headers: how many, and characters of a name, a value and the reason.
KEPT_HEADERS, NAME_LENGTH, VALUE_LENGTH, REASON_LENGTH = 50, 100, 1000, 100
# A body that came compressed would have to be unpacked to be read, however large it is then.
ALWAYS = {"Accept-Encoding": "identity", "User-Agent": "linnapp"}


# Methods that change nothing, however often they arrive.
ASKING = {"GET", "HEAD"}


class Client:
    """Keeps its connections to hosts and uses them again; one, shared by all threads, is enough for a process.

    Every connection was opened to a checked address; a kept one goes on to that address for a minute at most, whatever
    its name says meanwhile. `connections` are kept per host, of at most `hosts` hosts; more are opened as needed.
    One that `reaches_portal` goes to the portal's own API too, over connections kept for nothing else.
    """

    def __init__(
        self,
        *,
        hosts: int = 100,
        connections: int = 16,
        connect_seconds: float | None = None,
        total_seconds: float | None = None,
        reaches_portal: bool = False,
        repeats_all: bool = True,
    ) -> None:
        """A kept connection may be closed while a request is on its way, and nobody knows whether it arrived: it is
        sent once more over a new one. Without `repeats_all` only what asks and changes nothing goes over kept ones."""
        self._adapter = GuardedAdapter(hosts, connections)
        self._portal_adapter = GuardedAdapter(1, connections) if reaches_portal else None
        self._connect_seconds = connect_seconds
        self._total_seconds = total_seconds
        self._repeats_all = repeats_all

    def post(
        self, url: str, *, body: bytes, headers: Mapping[str, str], tell: Callable[[Step], None] | None = None
    ) -> Answer:
        """Raises NotSent. `tell` hears of each step as it is done, over a connection opened for that."""
        return self.send("POST", url, body=body, headers=headers, tell=tell)

    def send(
        self,
        method: str,
        url: str,
        *,
        body: bytes,
        headers: Mapping[str, str],
        tell: Callable[[Step], None] | None = None,
    ) -> Answer:
        attempt = Attempt(
            CONNECT_SECONDS if self._connect_seconds is None else self._connect_seconds,
            TOTAL_SECONDS if self._total_seconds is None else self._total_seconds,
            tell,
            fresh=tell is not None or not (self._repeats_all or method in ASKING),
        )
        working = attempts.current.set(attempt)
        try:
            target = Target.of(url, to_portal=self._portal_adapter is not None)
            attempt.to_portal = target.is_portal
            answer = self._answer(prepared(method, target, body, headers), attempt)
        except NotSent as fault:
            fault.milliseconds = attempt.milliseconds
            # What led to it names the whole URL, and quotes what the server sent: nothing for a log.
            fault.__cause__ = fault.__context__ = None
            attempt.failed(str(fault))
            raise
        finally:
            attempts.current.reset(working)
        attempt.passed(f"The server answered {answer.status} {answer.reason}".rstrip() + ".")
        return answer

    def close(self) -> None:
        for adapter in filter(None, (self._adapter, self._portal_adapter)):
            adapter.close()

    def _answer(self, request: PreparedRequest, attempt: Attempt) -> Answer:
        try:
            return self._exchange(request, attempt)
        except Stale:
            attempt.fresh = True
        return self._exchange(request, attempt)

    def _exchange(self, request: PreparedRequest, attempt: Attempt) -> Answer:
        adapter = self._portal_adapter if attempt.to_portal and self._portal_adapter else self._adapter
        try:
            response = adapter.send(request, stream=True)
            return read(response.raw, attempt)
        except ReadTimeoutError as error:
            raise attempt.no_answer() from error
        except (RequestException, HTTPError) as error:
            raise NotSent(Cause.RESET, "The server closed the connection before its answer was whole.") from error


def refuse_not_allowed(url: str, *, to_portal: bool = False) -> None:
    """Raises NotSent for a URL that nothing would be sent to: by how it reads, or by what its name resolves to now.
    Every sending looks again, because a name may lead elsewhere by then."""
    target = Target.of(url, to_portal=to_portal)
    if not target.is_portal:
        addresses.refuse_bad(target.host, addresses.resolve(target.host, CONNECT_SECONDS))


def prepared(method: str, target: Target, body: bytes, headers: Mapping[str, str]) -> PreparedRequest:
    """Made by hand from what was checked: requests' own preparing would read the URL once more, its own way."""
    request = PreparedRequest()
    request.method, request.url, request.body = method, target.url, body
    request.headers = CaseInsensitiveDict({**ALWAYS, **headers, "Content-Length": str(len(body))})
    return request


def read(response: Any, attempt: Attempt) -> Answer:
    """The bounded beginning of an answer; the connection is kept where that was all of it, closed otherwise."""
    try:
        body = read_body(response)
        headers = [
            (printable(name, NAME_LENGTH), printable(value, VALUE_LENGTH)) for name, value in response.headers.items()
        ]
        answer = Answer(
            status=response.status,
            reason=printable(response.reason or "", REASON_LENGTH),
            headers=tuple(headers[:KEPT_HEADERS]),
            body=body[:KEPT_BYTES],
            is_cut=len(body) > KEPT_BYTES,
            milliseconds=attempt.milliseconds,
            address=attempt.address,
        )
    except BaseException:
        response.close()
        raise
    if len(body) < READ_BYTES:
        response.release_conn()
    else:
        response.close()
    return answer


def read_body(response: Any) -> bytes:
    """All of it, or as much as is read at most. Only a read at the end raises where less came than was announced."""
    body = b""
    while len(body) < READ_BYTES and (more := response.read(READ_BYTES - len(body), decode_content=False)):
        body += more
    return body


def printable(text: str, length: int) -> str:
    bounded = text if len(text) <= length else text[: length - 1] + CUT
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in bounded)
