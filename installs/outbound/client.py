"""Sending: one request, one answer, within the limits."""

from collections.abc import Callable, Mapping

from installs.outbound import addresses, attempts, wire
from installs.outbound.answers import CUT, Answer, NotSent, Step
from installs.outbound.attempts import Attempt
from installs.outbound.connections import Connection, Stale
from installs.outbound.heads import Head
from installs.outbound.keeping import Kept
from installs.outbound.targets import Target
from installs.outbound.wire import Body

# Seconds to connect, and for the whole by the clock on the wall, looking the name up included.
CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 10.0
# Bytes of an answer's body that are kept.
KEPT_BYTES = 16 * 1024
# Of the headers: how many, and characters of a name, a value and the reason.
KEPT_HEADERS, NAME_LENGTH, VALUE_LENGTH, REASON_LENGTH = 50, 100, 1000, 100
# Firewalls count a missing Accept against a request. A body that came compressed would have to be unpacked to be read,
# however large it is then.
ALWAYS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "linnapp"}


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
        needs_body: bool = False,
    ) -> None:
        """A kept connection may be closed while a request is on its way, and nobody knows whether it arrived: it is
        sent once more over a new one. Without `repeats_all` only what asks and changes nothing goes over kept ones.
        A status that arrived counts, whatever comes of the body, unless the client `needs_body`."""
        self._kept = Kept(hosts, connections)
        self._kept_to_portal = Kept(1, connections) if reaches_portal else None
        self._connect_seconds = connect_seconds
        self._total_seconds = total_seconds
        self._repeats_all = repeats_all
        self._needs_body = needs_body

    def post(
        self,
        url: str,
        *,
        body: bytes,
        headers: Mapping[str, str],
        tell: Callable[[Step], None] | None = None,
        alone: bool = False,
    ) -> Answer:
        """Raises NotSent. `tell` hears of each step as it is done, over a connection opened for that. What goes `alone`
        has a connection that carried nothing before and carries nothing afterwards."""
        return self.send("POST", url, body=body, headers=headers, tell=tell, alone=alone)

    def send(
        self,
        method: str,
        url: str,
        *,
        body: bytes,
        headers: Mapping[str, str],
        tell: Callable[[Step], None] | None = None,
        alone: bool = False,
    ) -> Answer:
        attempt = Attempt(
            CONNECT_SECONDS if self._connect_seconds is None else self._connect_seconds,
            TOTAL_SECONDS if self._total_seconds is None else self._total_seconds,
            tell,
            fresh=alone or tell is not None or not (self._repeats_all or method in ASKING),
            alone=alone,
        )
        working = attempts.current.set(attempt)
        try:
            target = Target.of(url, to_portal=self._kept_to_portal is not None)
            attempt.to_portal = target.is_portal
            answer = self._answer(method, target, wire.request(method, target, written(headers, body), body), attempt)
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
        for kept in filter(None, (self._kept, self._kept_to_portal)):
            kept.close()

    def _answer(self, method: str, target: Target, request: bytes, attempt: Attempt) -> Answer:
        try:
            return self._exchange(method, target, request, attempt)
        except Stale:
            attempt.fresh = True
        return self._exchange(method, target, request, attempt)

    def _exchange(self, method: str, target: Target, request: bytes, attempt: Attempt) -> Answer:
        kept = self._kept_to_portal if attempt.to_portal and self._kept_to_portal else self._kept
        connection = None if attempt.fresh else kept.take(target)
        if connection is None:
            connection = Connection(target)
        try:
            head = connection.ask(request, to_head=method == "HEAD")
            body = connection.body(head)
            if self._needs_body and body.fault:
                raise body.fault
            answer = of(connection, head, body, attempt)
        except BaseException:
            connection.close()
            raise
        if head.is_clean and body.is_whole and not attempt.alone and connection.is_done():
            kept.keep(target, connection)
        else:
            connection.close()
        return answer


def refuse_not_allowed(url: str, *, to_portal: bool = False) -> None:
    """Raises NotSent for a URL that nothing would be sent to: by how it reads, or by what its name resolves to now.
    Every sending looks again, because a name may lead elsewhere by then."""
    target = Target.of(url, to_portal=to_portal)
    if not target.is_portal:
        addresses.refuse_bad(target.host, addresses.resolve(target.host, CONNECT_SECONDS))


def written(headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    """All headers but Host, as they go out: a name that is given, in whatever case, takes the place of ours."""
    given = {name.lower() for name in headers}
    ours = {name: value for name, value in ALWAYS.items() if name.lower() not in given}
    return {**ours, **headers, "Content-Length": str(len(body))}


def of(connection: Connection, head: Head, body: Body, attempt: Attempt) -> Answer:
    """The bounded beginning of what came."""
    headers = [(printable(name, NAME_LENGTH), printable(value, VALUE_LENGTH)) for name, value in head.headers]
    return Answer(
        status=head.status,
        reason=printable(head.reason, REASON_LENGTH),
        headers=tuple(headers[:KEPT_HEADERS]),
        body=body.content[:KEPT_BYTES],
        is_cut=len(body.content) > KEPT_BYTES or not body.is_whole,
        milliseconds=attempt.milliseconds,
        address=attempt.address,
        is_broken=body.fault is not None,
        wants_certificate=connection.wants_certificate,
    )


def printable(text: str, length: int) -> str:
    bounded = text if len(text) <= length else text[: length - 1] + CUT
    if bounded.isprintable():
        return bounded
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in bounded)
