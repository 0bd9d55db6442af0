"""Connections that go only where the guard let them, and end when the attempt's time is over."""

import http.client
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from installs.outbound import addresses, attempts, certificates
from installs.outbound.answers import Cause, NotSent, Stage
from installs.outbound.attempts import Attempt
from linnapp.words import seconds_in_words

# A kept connection goes no longer than this, in seconds, without a request: servers close theirs after 5 and more.
IDLE_SECONDS = 4
# And lives no longer than this: a name that has moved is looked up again.
LIFE_SECONDS = 60


class Stale(Exception):
    """A kept connection was closed by the server before it answered: the request may go over another."""


class TimedSocket(socket.socket):
    """What a socket waits is what is left of the attempt, each time: not so long for every byte that trickles in."""

    def recv_into(self, *arguments: Any, **named: Any) -> int:
        self.settimeout(attempts.current.get().left())
        return super().recv_into(*arguments, **named)

    def send(self, *arguments: Any) -> int:
        self.settimeout(attempts.current.get().left())
        return super().send(*arguments)

    def sendall(self, *arguments: Any) -> None:
        self.settimeout(attempts.current.get().left())
        super().sendall(*arguments)


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
    return NotSent(Cause.UNREACHABLE, f"There is no way from here to {', '.join(found)}.")


@contextmanager
def faults_of_connection(kept: bool = False) -> Iterator[None]:
    """What goes wrong between a request and its answer, as NotSent; Stale where nothing came over a kept connection."""
    attempt = attempts.current.get()
    try:
        yield
    except TimeoutError as error:
        raise attempt.no_answer() from error
    except (http.client.RemoteDisconnected, ConnectionError, ssl.SSLEOFError) as error:
        if kept:
            raise Stale from error
        raise NotSent(Cause.RESET, "The server closed the connection before it answered.") from error
    except ssl.SSLError as error:
        raise NotSent(Cause.TLS, f"The encrypted connection broke: {words_of(error)}.") from error
    except (http.client.HTTPException, HTTPError) as error:
        raise NotSent(Cause.NOT_HTTP, "What the server answered is not HTTP.") from error
    except OSError as error:
        raise NotSent(Cause.RESET, "The connection broke before the server answered.") from error


def words_of(error: ssl.SSLError) -> str:
    return (error.reason or "no reason given").replace("_", " ").lower()


class _Guarded(HTTPConnection):
    """Opens itself through the guard, and knows which address it is connected to and since when."""

    address = ""
    opened = used = 0.0
    answers = 0

    def _new_conn(self) -> socket.socket:
        connection = open_checked(self.host, int(self.port or 0))
        self.address, self.opened, self.answers = attempts.current.get().address, time.monotonic(), 0
        return connection

    def is_worn(self) -> bool:
        now = time.monotonic()
        return now - self.used > IDLE_SECONDS or now - self.opened > LIFE_SECONDS

    def request(self, *arguments: Any, **named: Any) -> None:
        with faults_of_connection(kept=self.answers > 0):
            super().request(*arguments, **named)
        attempt = attempts.current.get()
        attempt.reach(Stage.ANSWER)
        attempt.address = self.address

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        with faults_of_connection(kept=self.answers > 0):
            response = super().getresponse()
        self.answers, self.used = self.answers + 1, time.monotonic()
        return response


class GuardedHTTP(_Guarded):
    pass


class GuardedHTTPS(_Guarded, HTTPSConnection):
    def connect(self) -> None:
        """TLS with the name that was asked for, over a connection to the address that was checked."""
        plain = self._new_conn()
        attempt = attempts.current.get()
        attempt.reach(Stage.CERTIFICATE)
        secured = self._secured(plain, attempt)
        self.sock, self.is_verified = secured, True
        until = certificates.day(str((secured.getpeercert() or {})["notAfter"]))
        attempt.passed(f"The certificate is for {self.host} and valid until {until}.")

    def _secured(self, plain: socket.socket, attempt: Attempt) -> ssl.SSLSocket:
        try:
            return handshake(plain, self.host, attempt)
        except ssl.SSLCertVerificationError as error:
            said = certificates.sentence(error, self.host, self._certificate(attempt))
            raise NotSent(Cause.CERTIFICATE, said) from error
        except TimeoutError as error:
            raise attempt.no_answer() from error
        except ssl.SSLError as error:
            raise NotSent(Cause.TLS, self._without_encryption(error)) from error
        except OSError as error:
            raise NotSent(Cause.TLS, "The server closed the connection before it was encrypted.") from error

    def _without_encryption(self, error: ssl.SSLError) -> str:
        """OpenSSL calls whatever is no TLS at all, such as an answer over plain http, a wrong version number."""
        if error.reason == "WRONG_VERSION_NUMBER":
            return f"The server does not speak TLS on port {self.port}: it seems to serve plain http there."
        return f"No encrypted connection came about: {words_of(error)}."

    def _certificate(self, attempt: Attempt) -> dict[str, Any]:
        """The refused certificate, seen over a second connection to the same address; nothing is sent over that."""
        try:
            again = connect(self.address, int(self.port or 0), attempt.left(), attempt)
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


class _KeepsWhatIsGood(HTTPConnectionPool):
    """Hands out a kept connection only where it is still good for a request, and none for a fresh attempt."""

    def _get_conn(self, timeout: float | None = None) -> Any:
        if attempts.current.get().fresh:
            return self._new_conn()
        connection: Any = super()._get_conn(timeout)
        if not connection.is_closed and connection.is_worn():
            connection.close()
        return connection


class GuardedHTTPPool(_KeepsWhatIsGood):
    ConnectionCls = GuardedHTTP


class GuardedHTTPSPool(_KeepsWhatIsGood, HTTPSConnectionPool):
    ConnectionCls = GuardedHTTPS


class GuardedAdapter(HTTPAdapter):
    """requests' own, over guarded connections. Used without a session: so there is nothing that reads proxies and
    .netrc from the environment, follows redirects or keeps cookies."""

    def __init__(self, hosts: int, connections: int) -> None:
        super().__init__(pool_connections=hosts, pool_maxsize=connections, max_retries=0)

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = {"http": GuardedHTTPPool, "https": GuardedHTTPSPool}

    def cert_verify(self, *arguments: Any, **named: Any) -> None:
        """GuardedHTTPS verifies every certificate, whatever is asked for here."""
