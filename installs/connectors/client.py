"""The reference way to authorise against a Linnworks API, and to call it.

    caller = Caller(base_url, credentials, sessions, door)
    answer = caller.call("POST", "/api/Inventory/GetStockLocations")

1. The six credentials are posted to AuthorizeByApplication as a form. The answer, JSON or a form, holds the session
   token in the member that Response authentication token key names, in any letter case.
2. Calls go to the `Server` of that answer, and to the base URL where it names none: in Linnworks' own layout one host
   authorises and another serves. Each carries the session token, raw, in its Authorization header; the six credentials
   go to the base URL alone. The session token and its `Server` are kept together, so that no call takes one to another.
3. On 401 the session has ended: one caller authorises again, all others wait for what comes of it, and each makes its
   call once more, at the `Server` that is answered then. The permanent token stays the same.
4. On 429 it waits as long as Retry-After says, once, if that is bearable.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlencode

from django.utils import timezone

from installs.connectors import reading
from installs.connectors.faults import NotAuthorised, Why
from installs.connectors.reading import Authorised
from installs.outbound import Answer, NotSent
from installs.outbound.retry_after import retry_after

AUTHORIZE = "/api/Auth/AuthorizeByApplication"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# Longer than a renewal takes, two requests of 10 seconds and the wait between them: after it, a caller that renews and
# was killed is one that never began. All others wait for longer than that.
RENEWED_WITHIN_SECONDS = 30.0
RENEWED_FOR_OTHERS_SECONDS = 40.0
# Of a Retry-After.
LONGEST_WAIT_SECONDS = 20.0
LONGEST_WAIT_TO_AUTHORISE_SECONDS = 8.0
LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Credentials:
    """The six of the source page; a repr shows none that opens anything."""

    scope: str
    application_id: str
    grant_type: str
    token_key: str
    token: str = field(repr=False)
    application_secret: str = field(repr=False)

    @property
    def hidden(self) -> tuple[str, ...]:
        """What no page, log or message may hold."""
        return self.application_secret, self.token, self.application_id


@dataclass(frozen=True)
class Session:
    """`generation` counts the renewals so far; `token` is "" where there is no session; `server` is where it is used,
    "" for the base URL. `is_doubted` where something was wrong since it was made."""

    token: str = field(repr=False)
    generation: int
    server: str = ""
    is_doubted: bool = False


class Sessions(Protocol):
    """Where callers of one instance, in any number of processes, keep the session that they share."""

    def current(self) -> Session:
        """Raises NotAuthorised where the caller's credentials do not stand any more."""
        ...

    def claim(self, generation: int) -> bool:
        """Whether this caller renews the session of this generation; to one of them only it says yes."""
        ...

    def put(self, generation: int, authorised: Authorised) -> bool:
        """What the claim came to: the next generation. False where there is one already, and this is not kept."""
        ...

    def give_up(self, generation: int, fault: NotAuthorised) -> None:
        """The claim came to nothing: those who wait for it are told the same."""
        ...

    def note(self, generation: int, fault: NotAuthorised) -> None:
        """The session of this generation is of no use, found by a caller without a claim."""
        ...

    def vouch(self, generation: int) -> None:
        """A call with the session of this generation was answered after all."""
        ...

    def fault(self, generation: int) -> NotAuthorised | None:
        """What the last claim of this generation came to, where that was nothing, a moment ago."""
        ...


Send = Callable[[str, str, bytes, dict[str, str]], Answer]


class Caller:
    """`send` makes one request (method, URL, body, headers) and raises NotSent: the door out. One that is not `patient`
    waits for no Retry-After."""

    def __init__(
        self, base_url: str, credentials: Credentials, sessions: Sessions, send: Send, *, patient: bool = True
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.credentials = credentials
        self.sessions = sessions
        self.send = send
        self.patient = patient

    def call(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
        """The answer, whatever it is; raises NotAuthorised where there is no session to be had, NotSent where the
        call itself got no answer."""
        session = self.sessions.current()
        if not session.token:
            session = self.renewed(session.generation)
        answer = self.call_with(session, method, path, body, headers)
        if answer.status == 401:
            session = self.renewed(session.generation)
            answer = self.call_with(session, method, path, body, headers)
            if answer.status == 401:
                self.sessions.note(session.generation, reading.of_new_session())
        elif session.is_doubted and answer.status < 400:
            self.sessions.vouch(session.generation)
        return answer

    def call_with(
        self, session: Session, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> Answer:
        """One call with the token of this session, raw in its header, where it is used. Raises NotSent."""
        url = (session.server or self.base_url) + path
        return self._patiently(method, url, body, (headers or {}) | {"Authorization": session.token})

    def renewed(self, generation: int) -> Session:
        """A session younger than this generation: made by this caller, or by whichever came first."""
        give_up_at = time.monotonic() + RENEWED_FOR_OTHERS_SECONDS
        while time.monotonic() < give_up_at:
            session = self.sessions.current()
            if session.generation > generation and session.token:
                return session
            if self.sessions.claim(generation):
                return self._renew(generation)
            if fault := self.sessions.fault(generation):
                raise fault
            time.sleep(LOOK_SECONDS)
        raise NotAuthorised(Why.RENEWED_TOO_LONG, "Another caller has been renewing the session for too long.")

    def authorise(self) -> Authorised:
        """One exchange of the permanent token. Keeps nothing."""
        try:
            answer = self.exchange()
        except NotSent as error:
            raise reading.of_not_sent(error) from None
        given = self.credentials
        return reading.read(answer, given.token_key, self.base_url, given.hidden)

    def exchange(self) -> Answer:
        """The six credentials, sent to be exchanged; whatever was answered. Raises NotSent."""
        given = self.credentials
        form = {
            "ApplicationId": given.application_id,
            "ApplicationSecret": given.application_secret,
            "Token": given.token,
            "Scope": given.scope,
            "grant_type": given.grant_type,
        }
        body = urlencode(form).encode()
        return self._patiently("POST", self.base_url + AUTHORIZE, body, FORM, LONGEST_WAIT_TO_AUTHORISE_SECONDS)

    def _renew(self, generation: int) -> Session:
        try:
            authorised = self.authorise()
        except NotAuthorised as fault:
            self.sessions.give_up(generation, fault)
            raise
        except Exception as error:
            kind = type(error).__name__
            words = f"Authorising failed because of a fault here ({kind})."
            self.sessions.give_up(generation, NotAuthorised(Why.FAULT_HERE, words))
            raise
        if not self.sessions.put(generation, authorised):
            # Another was quicker, which is as well; or the credentials stand no longer, which this raises.
            self.sessions.current()
        return Session(authorised.token, generation + 1, authorised.server)

    def _patiently(
        self, method: str, url: str, body: bytes, headers: dict[str, str], longest: float = LONGEST_WAIT_SECONDS
    ) -> Answer:
        answer = self.send(method, url, body, headers)
        if answer.status != 429 or not self.patient:
            return answer
        named = {name.lower(): value for name, value in answer.headers}
        wait = retry_after(named.get("retry-after", ""), timezone.now()).total_seconds()
        if wait > longest:
            return answer
        time.sleep(max(wait, 1))
        return self.send(method, url, body, headers)
