"""What comes of an attempt: the steps on its way, an answer, or the reason why there is none."""

from dataclasses import dataclass
from enum import StrEnum

# The end of a header or reason that was longer than what is kept.
CUT = "…"


class Stage(StrEnum):
    NAME = "name"
    ADDRESS = "address"
    CONNECTION = "connection"
    CERTIFICATE = "certificate"
    ANSWER = "answer"


class Cause(StrEnum):
    URL_NOT_ALLOWED = "url_not_allowed"
    CLEARTEXT = "cleartext"
    NAME_NOT_FOUND = "name_not_found"
    ADDRESS_NOT_ALLOWED = "address_not_allowed"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    # No connection within the connect time.
    NO_CONNECTION = "no_connection"
    CERTIFICATE = "certificate"
    TLS = "tls"
    # Wanted of the portal, which has none.
    CLIENT_CERTIFICATE = "client_certificate"
    # Closed before a whole answer was there.
    RESET = "reset"
    NOT_HTTP = "not_http"
    # No whole answer within the total time.
    NO_ANSWER = "no_answer"


@dataclass(frozen=True)
class Step:
    """One step of an attempt: its stage, a plain sentence, and the time since the attempt began."""

    name: Stage
    words: str
    milliseconds: int
    passed: bool


@dataclass(frozen=True)
class Answer:
    """Whatever the server answered, a redirect and an error too.

    `headers` are in their order, bounded in number and length (CUT at the end says so); `body` is the beginning of what
    came, as it was sent, and `is_cut` says that there was more; `is_broken` where that did not come, in time or at all;
    `address` is the IP address that answered, and `wants_certificate` that it asked for one of ours.
    """

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    is_cut: bool
    milliseconds: int
    address: str
    is_broken: bool = False
    wants_certificate: bool = False


class NotSent(Exception):
    """There is no answer that can be used. Its text is one plain sentence for a person.

    It names host, port and IP address at most: path, query and body may hold a permanent token.
    """

    def __init__(self, cause: Cause, sentence: str) -> None:
        super().__init__(sentence)
        self.cause = cause
        self.milliseconds = 0
