"""Connections that go only where the guard let them, and end when the attempt's time is over."""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings

from installs.outbound import addresses, attempts, certificates
from installs.outbound.answers import Cause, NotSent, Stage
from installs.outbound.attempts import Attempt
from installs.outbound.heads import Head, NotHTTP
from installs.outbound.targets import Target
from installs.outbound.wire import Body, Closed, NotWhole, Wire
from linnapp.words import seconds_in_words

# A kept connection goes no longer than this, in seconds, without a request: servers close theirs after 5 and more.
IDLE_SECONDS = 4
# And lives no longer than this: a name that has moved is looked up again.
LIFE_SECONDS = 60


class Stale(Exception):
    """A kept connection was closed by the server before it answered, or what came over it was no answer but the rest
    of an older one: the request may go over another."""


class TimedSocket(socket.socket):
    """What a socket waits is what is left of the attempt, each time: not so long for every byte that trickles in."""

    def recv(self, *arguments: Any) -> bytes:
        self._wait_at_most(attempts.current.get().left())
        return super().recv(*arguments)

    def sendall(self, *arguments: Any) -> None:
        self._wait_at_most(attempts.current.get().left())
        super().sendall(*arguments)

    def _wait_at_most(self, seconds: float) -> None:
        """To a hundredth: setting it is a call of the system, and gives other threads the turn."""
        if abs((self.gettimeout() or 0) - seconds) > seconds / 100:
            self.settimeout(seconds)


class TimedTLSSocket(TimedSocket, ssl.SSLSocket):
    pass


def open_checked(host: str, port: int) -> TimedSocket:
    """A connection to one of the host's addresses, all of which were checked; none is looked up a second time."""
    attempt = attempts.current.get()
    attempt.reach(Stage.NAME)
    found = addresses.resolve(host, attempt.left())
    attempt.passed(f"{host} is {'an IP address' if found == [host] else ', '.join(found[:4])}.")
    attempt.reach(Stage.ADDRESS)
    if attempt.to_portal:
        attempt.passed("It is this portal itself.")
    else:
        addresses.refuse_bad(host, found)
        attempt.passed(addresses.approval(found))
    attempt.reach(Stage.CONNECTION)
    connection = connect_first(found[:4], port, attempt)
    attempt.passed(f"Connected to {attempt.address}, port {port}.")
    return connection


def connect_first(found: list[str], port: int, attempt: Attempt) -> TimedSocket:
    """The first address that accepts; each of those left gets its share of the time to connect."""
    last = min(time.monotonic() + attempt.connect_seconds, attempt.ends)
    for number, address in enumerate(found):
        share = max((last - time.monotonic()) / (len(found) - number), 0.001)
        try:
            return connect(address, port, share, attempt)
        except OSError as error:
            fault = error
    raise not_connected(fault, found, attempt)


def connect(address: str, port: int, seconds: float, attempt: Attempt) -> TimedSocket:
    connection = TimedSocket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        connection.connect((address, port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError:
        connection.close()
        raise
    attempt.address = address
    return connection


def not_connected(error: OSError, found: list[str], attempt: Attempt) -> NotSent:
    if isinstance(error, ConnectionRefusedError):
        return NotSent(Cause.REFUSED, "The server refused the connection.")
    if isinstance(error, TimeoutError):
        within = seconds_in_words(attempt.connect_seconds)
        return NotSent(Cause.NO_CONNECTION, f"No connection to {', '.join(found)} within {within}.")
    return NotSent(Cause.UNREACHABLE, f"This portal cannot reach {', '.join(found)}.")


@contextmanager
def faults_of_connection(kept: bool) -> Iterator[None]:
    """What goes wrong between a request and its answer, as NotSent; Stale where nothing came over a kept connection."""
    attempt = attempts.current.get()
    try:
        yield
    except TimeoutError as error:
        raise attempt.no_answer() from error
    except (Closed, ConnectionError, ssl.SSLEOFError) as error:
        if kept:
            raise Stale from error
        if attempt.wants_certificate:
            raise wants_certificate(attempt) from error
        raise NotSent(Cause.RESET, "The server closed the connection before it answered.") from error
    except NotWhole as error:
        raise NotSent(Cause.RESET, "The server closed the connection before its answer was whole.") from error
    except NotHTTP as error:
        if kept:
            raise Stale from error
        raise NotSent(Cause.NOT_HTTP, "The server's answer is not HTTP.") from error
    except ssl.SSLError as error:
        if attempt.wants_certificate:
            raise wants_certificate(attempt) from error
        raise NotSent(Cause.TLS, f"The encrypted connection broke: {words_of(error)}.") from error
    except OSError as error:
        raise NotSent(Cause.RESET, "The connection broke before the server answered.") from error


def wants_certificate(attempt: Attempt) -> NotSent:
    """In TLS 1.3 it is refused after the request went out; nothing but its encryption has looked at that."""
    attempt.reach(Stage.CERTIFICATE)
    return NotSent(Cause.CLIENT_CERTIFICATE, certificates.WANTED)


def words_of(error: ssl.SSLError) -> str:
    return (error.reason or "no reason given").replace("_", " ").lower()


class Connection:
    """To the host of a target, through the guard; it knows which address it is connected to, and since when.

    Raises NotSent where it does not come about.
    """

    def __init__(self, target: Target) -> None:
        self.host, self.port = target.host, target.port
        attempt = attempts.current.get()
        plain = open_checked(self.host, self.port)
        self.address, self.opened, self.used, self.answers = attempt.address, time.monotonic(), 0.0, 0
        self.wire = Wire(self._secured(plain, attempt) if target.scheme == "https" else plain)
        self.wants_certificate = attempt.wants_certificate

    def ask(self, request: bytes, *, to_head: bool) -> Head:
        """Raises NotSent, and Stale."""
        attempt = attempts.current.get()
        with faults_of_connection(kept=self.answers > 0):
            self.wire.write(request)
            attempt.reach(Stage.ANSWER)
            attempt.address = self.address
            head = self.wire.head(to_head=to_head)
        # In TLS 1.2 it may have asked just now.
        self.wants_certificate |= attempt.wants_certificate
        self.answers += 1
        return head

    def body(self, head: Head) -> Body:
        body = self.wire.body(head)
        self.used = time.monotonic()
        return body

    def is_done(self) -> bool:
        """Whether the answer ended where it seemed to, and nothing came with it. What comes after it is seen before the
        next request goes out (`is_good`)."""
        return self.wire.is_clean and self.wire.is_drained()

    def is_good(self) -> bool:
        """Whether another request may go over it."""
        now = time.monotonic()
        is_worn = now - self.used > IDLE_SECONDS or now - self.opened > LIFE_SECONDS
        return not is_worn and self.wire.is_silent()

    def close(self) -> None:
        self.wire.close()

    def _secured(self, plain: socket.socket, attempt: Attempt) -> ssl.SSLSocket:
        """TLS with the name that was asked for, over a connection to the address that was checked."""
        attempt.reach(Stage.CERTIFICATE)
        secured = self._shaken(plain, attempt)
        until = certificates.day(str((secured.getpeercert() or {})["notAfter"]))
        attempt.passed(f"The certificate is for {self.host} and valid until {until}.")
        return secured

    def _shaken(self, plain: socket.socket, attempt: Attempt) -> ssl.SSLSocket:
        try:
            return handshake(plain, self.host, attempt)
        except ssl.SSLCertVerificationError as error:
            said = certificates.sentence(error, self.host, self._certificate(attempt))
            raise NotSent(Cause.CERTIFICATE, said) from error
        except TimeoutError as error:
            raise attempt.no_answer() from error
        except ssl.SSLError as error:
            raise self._without_encryption(error, attempt) from error
        except OSError as error:
            if attempt.wants_certificate:
                raise wants_certificate(attempt) from error
            raise NotSent(Cause.TLS, "The server closed the connection before it was encrypted.") from error

    def _without_encryption(self, error: ssl.SSLError, attempt: Attempt) -> NotSent:
        """OpenSSL calls whatever is no TLS at all, such as an answer over plain http, a wrong version number."""
        if attempt.wants_certificate:
            return wants_certificate(attempt)
        if error.reason == "WRONG_VERSION_NUMBER":
            return NotSent(
                Cause.TLS, f"The server does not speak TLS on port {self.port}: it seems to serve plain http there."
            )
        return NotSent(Cause.TLS, f"The encrypted connection failed: {words_of(error)}.")

    def _certificate(self, attempt: Attempt) -> dict[str, Any]:
        """The refused certificate, seen over a second connection to the same address; nothing is sent over that."""
        try:
            again = connect(self.address, self.port, attempt.left(), attempt)
            with handshake(again, self.host, attempt, to_look_at=True) as secured:
                return dict(secured.getpeercert() or {})
        except (OSError, NotSent):
            return {}


def handshake(plain: socket.socket, host: str, attempt: Attempt, *, to_look_at: bool = False) -> ssl.SSLSocket:
    context = certificates.trusting(settings.OUTBOUND_CA_FILE, TimedTLSSocket, to_look_at=to_look_at)
    try:
        plain.settimeout(attempt.left())
        return context.wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise
