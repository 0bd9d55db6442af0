"""What one look at the database knows of an exchange, and what follows from it, in the order in which a caller proves
who they are. No statement is made here."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Self
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from installs.exchange.refusals import Reason
from installs.exchange.sent import NOTHING_SENT, SecretSent, Sent, TokenSent
from installs.exchange.wire import ExchangeRequest
from installs.models import Installation
from linnapp import credentials

# Exchanges of one installation that may have counted its sessions and not begun theirs, in each web process two of a
# group and one that is asked alone: this near to the cap, each takes its turn.
AT_ONCE = max(4, 3 * settings.WEB_WORKERS)
# Of them, those that begin with one statement; the others of a group that are of the same installation take turns too.
OF_ONE_INSTALLATION = 2
# A credential that ends this soon may end before the statement that reads it: such an exchange goes alone.
SOON = timedelta(minutes=1)
UUIDS = (
    "secret_application_id",
    "named_id",
    "sent_session_id",
    "installation_id",
    "installation_application_id",
    "account_id",
)


class Refused(Exception):
    """A refused exchange. `application_id` and `installation_id` are those the caller proved, None for nothing proved;
    `failures` counts the refusals of the same address in the window before this one; `tail` are the last characters
    of the permanent token that belongs in the place of what was sent, where that is known. `sent` is for the record:
    the caller is told nothing of it."""

    def __init__(
        self,
        reason: Reason,
        *,
        application_id: UUID | None,
        installation_id: UUID | None,
        failures: int,
        retry_after: int | None = None,
        tail: str = "",
        sent: Sent = NOTHING_SENT,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.application_id = application_id
        self.installation_id = installation_id
        self.failures = failures
        self.retry_after = retry_after
        self.tail = tail
        self.sent = sent


@dataclass(frozen=True, slots=True)
class Authorized:
    """A session and the facts that the answer of the protocol is made of."""

    session_id: UUID
    session_token: str
    expires_at: datetime
    installation_id: UUID
    account_id: UUID
    account_name: str
    account_email: str
    application_name: str
    # The key of its permanent token, where the one before that still works.
    first_use_of: int | None = None


class Case(NamedTuple):
    """What one look knows of an exchange, by the names of its columns. `number` is its place in a group, `ahead` how
    many before it there sent a permanent token of the same installation; `sent_tail` is of the permanent token whose
    session token was sent instead, `named_id` an application whose secret was not sent with it. It `is_first_use`
    while the permanent token that this one replaces still works."""

    number: int
    secret_id: int | None
    secret_application_id: UUID | None
    secret_ends_at: Any
    secret_ended: bool
    named_id: UUID | None
    sent_session_id: UUID | None
    application_name: str | None
    application_suspended: bool
    application_retired: bool
    publisher_suspended: bool
    token_id: int | None
    token_ends_at: Any
    token_ended: bool
    is_first_use: bool
    installation_id: UUID | None
    installation_application_id: UUID | None
    installation_state: str | None
    suspended_by_account: bool
    suspended_by_staff: bool
    account_suspended: bool
    account_id: UUID | None
    account_name: str | None
    account_email: str | None
    exchanges: int
    live_sessions: int
    failures: int
    sent_tail: str | None
    ahead: int
    begun: bool

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:
        for name in UUIDS:
            if isinstance(row[name], str):
                row[name] = UUID(row[name])
        return cls(*(row[name] for name in cls._fields))

    @property
    def is_pending(self) -> bool:
        return self.installation_state == Installation.State.PENDING

    @property
    def has_ended(self) -> bool:
        """Whether the secret or the permanent token that was found has ended by now, and had not at the moment that it
        was looked for."""
        now = timezone.now()
        return (not self.secret_ended and ends_by(self.secret_ends_at, now)) or (
            not self.token_ended and ends_by(self.token_ends_at, now)
        )

    @property
    def takes_a_turn(self) -> bool:
        """Whether this one comes near the session cap, or others of its installation are before it: they begin one
        after the other then, and count each other."""
        near = self.live_sessions + self.ahead + AT_ONCE >= settings.SESSIONS_PER_INSTALLATION
        return near or self.ahead >= OF_ONE_INSTALLATION

    def begins_among_others(self, soon: datetime) -> bool:
        """Whether one that is not refused may begin together with others. PostgreSQL asks the same in its own words,
        `statements.AMONG_OTHERS`, of those that take no turn."""
        return (
            self.exchanges + self.ahead < settings.EXCHANGES_PER_MINUTE
            and not ends_by(self.secret_ends_at, soon)
            and not ends_by(self.token_ends_at, soon)
        )


def ends_by(ends_at: datetime | str | None, moment: datetime) -> bool:
    """SQLite keeps moments in UTC, without saying so, and as text where they come out of an expression."""
    if ends_at is None:
        return False
    if isinstance(ends_at, str):
        ends_at = datetime.fromisoformat(ends_at)
    if timezone.is_naive(ends_at):
        ends_at = ends_at.replace(tzinfo=UTC)
    return ends_at <= moment


def refusal_of(request: ExchangeRequest, case: Case) -> Refused | None:
    """For the first thing that is wrong, in the order in which a caller proves who they are; None where nothing is.

    Whoever proved neither ID nor secret gets one message, whatever was wrong, after the same one statement: the
    answer tells nobody which Application IDs, secrets or permanent tokens exist.
    """
    found = _refusal_of(request, case)
    if found is not None:
        found.sent = sent_with(request, case)
    return found


def _refusal_of(request: ExchangeRequest, case: Case) -> Refused | None:
    application_id = case.secret_application_id
    is_theirs = application_id is not None and credentials.same(application_id.hex, request.application_id)
    if not is_theirs or case.secret_ended:
        return refused(Reason.UNPROVEN, case)
    if case.application_retired:
        return refused(Reason.APPLICATION_RETIRED, case)
    if case.application_suspended:
        return refused(Reason.APPLICATION_SUSPENDED, case)
    if case.publisher_suspended:
        return refused(Reason.PUBLISHER_SUSPENDED, case)
    if case.token_id is None:
        return _sent_something_else(request, case)
    if case.installation_application_id != application_id:
        return refused(Reason.OTHER_APPLICATION, case)
    return _refusal_of_installation(case)


def sent_with(request: ExchangeRequest, case: Case) -> Sent:
    """What the record keeps of a refusal: which credentials stood in which places, none of their values."""
    owner = case.secret_application_id
    if owner is None:
        secret = SecretSent.UNKNOWN
    elif not credentials.same(owner.hex, request.application_id):
        secret = SecretSent.ANOTHER_APPLICATIONS
    else:
        secret = SecretSent.RETIRED if case.secret_ended else SecretSent.LIVE
    # With an Application ID that is none, or with a secret that is retired, the secret is what names it.
    named_id = case.named_id or (None if secret == SecretSent.LIVE else owner)
    return Sent(named_id, secret, case.secret_id, _token_sent(request, case), case.token_id, case.sent_session_id)


def _token_sent(request: ExchangeRequest, case: Case) -> TokenSent:
    if case.token_id is not None:
        return TokenSent.ENDED if case.token_ended else TokenSent.PERMANENT
    if case.sent_session_id is not None:
        return TokenSent.SESSION
    if request.token and request.token == request.application_secret:
        return TokenSent.SECRET
    if request.token and request.token == request.application_id:
        return TokenSent.APPLICATION_ID
    return TokenSent.UNKNOWN


def _refusal_of_installation(case: Case) -> Refused | None:
    if case.installation_state == Installation.State.UNINSTALLED:
        return refused(Reason.UNINSTALLED, case)
    # While an installation waits, its permanent token ends at the moment until which it waits.
    if case.installation_state == Installation.State.FAILED or (case.token_ended and case.is_pending):
        return refused(Reason.INSTALLATION_FAILED, case)
    if case.token_ended:
        return refused(Reason.TOKEN_ENDED, case)
    if case.suspended_by_staff:
        return refused(Reason.SUSPENDED_BY_STAFF, case)
    if case.account_suspended:
        return refused(Reason.ACCOUNT_SUSPENDED, case)
    if case.suspended_by_account:
        return refused(Reason.SUSPENDED_BY_ACCOUNT, case)
    if case.exchanges >= settings.EXCHANGES_PER_MINUTE:
        return refused(Reason.OVER_QUOTA, case, retry_after=60)
    return None


def _sent_something_else(request: ExchangeRequest, case: Case) -> Refused:
    """Only for the developer who proved ID and secret: which of their own values stands in the place of the token."""
    if case.sent_tail is not None:
        return refused(Reason.SESSION_TOKEN_SENT, case, tail=case.sent_tail)
    if request.token and request.token in (request.application_id, request.application_secret):
        return refused(Reason.OTHER_CREDENTIAL_SENT, case)
    return refused(Reason.UNKNOWN_TOKEN, case)


def refused(reason: Reason, case: Case, retry_after: int | None = None, tail: str = "") -> Refused:
    """With the rows the caller proved: the application by its secret, the installation where it is of that one."""
    proven = None if reason == Reason.UNPROVEN else case.secret_application_id
    is_theirs = proven is not None and case.installation_application_id == proven
    return Refused(
        reason,
        application_id=proven,
        installation_id=case.installation_id if is_theirs else None,
        failures=case.failures,
        retry_after=retry_after,
        tail=tail,
    )
