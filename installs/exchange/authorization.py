"""AuthorizeByApplication and the look-up of session tokens: protocol.md section 6.

The hot path is plain SQL, on purpose. One SELECT decides and explains. One INSERT … SELECT asserts again that the
installation, the application, the permanent token and the secret still stand, and holds them (FOR SHARE) until the
session row is in: a plain INSERT leaves a session behind a suspension that commits in between.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from installs.exchange.refusals import FAILURE_WINDOW, Reason
from installs.exchange.wire import ExchangeRequest
from installs.installations import acts
from installs.installations.acts import Act
from installs.models import Installation, Session
from installs.models.sessions import idle_since
from linnapp import credentials

USED_AGAIN_AFTER = timedelta(seconds=30)
ATTEMPTS = 2
# Exchanges of one installation that may have counted its sessions and not begun theirs: this near to the cap, each
# takes its turn.
AT_ONCE = 4
UUID_COLUMNS = (1, 7, 8, 12)


class Refused(Exception):
    """A refused exchange. `application_id` and `installation_id` are those the caller proved, None for nothing proved;
    `failures` counts the refusals of the same address in the window before this one; `tail` are the last characters
    of the permanent token that belongs in the place of what was sent, where that is known."""

    def __init__(
        self,
        reason: Reason,
        *,
        application_id: UUID | None,
        installation_id: UUID | None,
        failures: int,
        retry_after: int | None = None,
        tail: str = "",
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.application_id = application_id
        self.installation_id = installation_id
        self.failures = failures
        self.retry_after = retry_after
        self.tail = tail


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Case:
    """What one SELECT knows of an exchange. Field order is the column order of `DECIDE`."""

    secret_id: int | None
    secret_application_id: UUID | None
    application_name: str | None
    application_suspended: bool
    application_retired: bool
    token_id: int | None
    token_ended: bool
    installation_id: UUID | None
    installation_application_id: UUID | None
    installation_state: str | None
    suspended_by_account: bool
    suspended_by_staff: bool
    account_id: UUID | None
    account_name: str | None
    account_email: str | None
    exchanges: int
    live_sessions: int
    failures: int
    secret_ends_at: datetime | None
    token_ends_at: datetime | None

    @property
    def is_pending(self) -> bool:
        return self.installation_state == Installation.State.PENDING


DECIDE = """
SELECT s.id, s.application_id, a.name, a.suspended_by_staff_at IS NOT NULL, a.retired_at IS NOT NULL,
       t.id, COALESCE(t.ends_at <= %(now)s, FALSE), i.id, i.application_id, i.state,
       i.suspended_by_account_at IS NOT NULL, i.suspended_by_staff_at IS NOT NULL,
       c.id, c.name, c.contact_email,
       (SELECT count(*) FROM installs_session x WHERE x.installation_id = i.id AND x.created_at > %(minute_ago)s),
       (SELECT count(*) FROM installs_session x WHERE x.installation_id = i.id AND x.ended_at IS NULL
           AND x.last_used_at > %(idle)s AND x.expires_at > %(now)s),
       COALESCE((SELECT f.failures FROM installs_failurewindow f
           WHERE f.address = %(address)s AND f.last_at > %(window)s), 0),
       s.ends_at, t.ends_at
FROM (SELECT 1 AS one) o
LEFT JOIN linnapp_secret s ON s.digest = %(secret)s AND (s.ends_at IS NULL OR s.ends_at > %(now)s)
LEFT JOIN linnapp_application a ON a.id = s.application_id
LEFT JOIN installs_permanenttoken t ON t.digest = %(token)s
LEFT JOIN installs_installation i ON i.id = t.installation_id
LEFT JOIN linnapp_account c ON c.id = i.account_id
"""

# What must still be so at the moment the session begins. The ends of secret and token are compared with those that were
# decided on, not with the time: a retirement that this statement waited for ends its secret after `now`.
BEGIN = """
INSERT INTO installs_session (id, digest, installation_id, permanent_token_id, secret_id, scope, address,
                              created_at, last_used_at, expires_at, "end")
SELECT %(id)s, %(digest)s, i.id, t.id, s.id, %(scope)s, %(address)s, %(now)s, %(now)s, %(expires)s, ''
FROM installs_permanenttoken t
JOIN installs_installation i ON i.id = t.installation_id
JOIN linnapp_application a ON a.id = i.application_id
JOIN linnapp_secret s ON s.application_id = a.id
WHERE t.id = %(token_id)s AND (t.ends_at = %(token_ends_at)s OR (t.ends_at IS NULL AND %(token_ends_at)s IS NULL))
  AND s.id = %(secret_id)s AND (s.ends_at = %(secret_ends_at)s OR (s.ends_at IS NULL AND %(secret_ends_at)s IS NULL))
  AND {works}
""".replace("{works}", acts.as_sql(Act.EXCHANGE, installation="i", application="a"))
# A crash may lose the last moments' sessions, and clients authorise again: this one statement does not wait for the
# disk. The setting is local to its transaction. Rows are locked in the order in which suspending, uninstalling and
# retiring lock theirs: another order ends in deadlocks.
NOT_DURABLE = "  AND set_config('synchronous_commit', 'off', true) = 'off'\n"
HOLD = NOT_DURABLE + "FOR SHARE OF a FOR SHARE OF i FOR SHARE OF s FOR SHARE OF t"
# At the cap, exchanges of one installation take turns, so that each counts the sessions of those before it.
HOLD_ALONE = NOT_DURABLE + "FOR SHARE OF a FOR NO KEY UPDATE OF i FOR SHARE OF s FOR SHARE OF t"
END_LEAST_RECENTLY_USED = """
UPDATE installs_session SET ended_at = %(now)s, "end" = 'REPLACED'
WHERE id IN (SELECT x.id FROM installs_session x WHERE x.installation_id = %(installation_id)s AND x.ended_at IS NULL
             ORDER BY x.last_used_at DESC, x.id LIMIT 1000 OFFSET %(kept)s)
"""


def authorize(request: ExchangeRequest, *, address: str) -> Authorized:
    """A session for a permanent token, or Refused. Two statements; three near the session cap. What changes between
    deciding and beginning is decided anew, so that the caller learns the reason."""
    for _ in range(ATTEMPTS):
        now = timezone.now()
        case = _case(request, address, now)
        _refuse_unless_right(request, case)
        if case.exchanges >= settings.EXCHANGES_PER_MINUTE:
            raise _refused(Reason.OVER_QUOTA, case, retry_after=60)
        session = _begin_session(request, case, address, now)
        if session:
            return session
    raise _refused(Reason.CHANGED_MEANWHILE, case)


def _case(request: ExchangeRequest, address: str, now: datetime) -> Case:
    parameters = _plain(
        now=now,
        idle=idle_since(now),
        minute_ago=now - timedelta(minutes=1),
        window=now - FAILURE_WINDOW,
        address=address,
        secret=credentials.digest(request.application_secret),
        token=credentials.digest(request.token),
    )
    with connection.cursor() as cursor:
        cursor.execute(DECIDE, parameters)
        row = list(cursor.fetchone())
    for position in UUID_COLUMNS:
        row[position] = _uuid(row[position])
    return Case(*row)


def _refuse_unless_right(request: ExchangeRequest, case: Case) -> None:
    """Raises Refused for the first thing that is wrong, in the order in which a caller proves who they are.

    Whoever proved neither ID nor secret gets one message, whatever was wrong, after the same one statement: the
    answer tells nobody which Application IDs, secrets or permanent tokens exist.
    """
    application_id = case.secret_application_id
    if application_id is None or not credentials.same(application_id.hex, request.application_id):
        raise _refused(Reason.UNPROVEN, case)
    if case.application_retired:
        raise _refused(Reason.APPLICATION_RETIRED, case)
    if case.application_suspended:
        raise _refused(Reason.APPLICATION_SUSPENDED, case)
    if case.token_id is None:
        raise _sent_something_else(request, case)
    if case.installation_application_id != application_id:
        raise _refused(Reason.OTHER_APPLICATION, case)
    if case.installation_state == Installation.State.UNINSTALLED:
        raise _refused(Reason.UNINSTALLED, case)
    # While an installation waits, its permanent token ends at the moment until which it waits.
    if case.installation_state == Installation.State.FAILED or (case.token_ended and case.is_pending):
        raise _refused(Reason.INSTALLATION_FAILED, case)
    if case.token_ended:
        raise _refused(Reason.TOKEN_ENDED, case)
    if case.suspended_by_staff:
        raise _refused(Reason.SUSPENDED_BY_STAFF, case)
    if case.suspended_by_account:
        raise _refused(Reason.SUSPENDED_BY_ACCOUNT, case)


def _sent_something_else(request: ExchangeRequest, case: Case) -> Refused:
    """Only for the developer who proved ID and secret: which of their own values stands in the place of the token."""
    own = Session.objects.filter(installation__application_id=cast(UUID, case.secret_application_id))
    session = own.filter(digest=credentials.digest(request.token)).select_related("permanent_token").first()
    if session:
        return _refused(Reason.SESSION_TOKEN_SENT, case, tail=session.permanent_token.tail)
    if request.token and request.token in (request.application_id, request.application_secret):
        return _refused(Reason.OTHER_CREDENTIAL_SENT, case)
    return _refused(Reason.UNKNOWN_TOKEN, case)


def _refused(reason: Reason, case: Case, retry_after: int | None = None, tail: str = "") -> Refused:
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


def _begin_session(request: ExchangeRequest, case: Case, address: str, now: datetime) -> Authorized | None:
    """None where something changed since the case was read: no session began then."""
    token = credentials.new_credential()
    session = Authorized(
        session_id=uuid.uuid4(),
        session_token=token,
        expires_at=now + timedelta(seconds=settings.SESSION_ABSOLUTE_SECONDS),
        installation_id=cast(UUID, case.installation_id),
        account_id=cast(UUID, case.account_id),
        account_name=str(case.account_name),
        account_email=str(case.account_email),
        application_name=str(case.application_name),
    )
    parameters = _plain(
        id=session.session_id,
        digest=credentials.digest(token),
        scope=request.scope,
        address=address,
        now=now,
        expires=session.expires_at,
        token_id=case.token_id,
        token_ends_at=case.token_ends_at,
        secret_id=case.secret_id,
        secret_ends_at=case.secret_ends_at,
    )
    if case.live_sessions + AT_ONCE < settings.SESSIONS_PER_INSTALLATION:
        begun = _insert(parameters, HOLD)
    else:
        begun = _insert_and_end_oldest(parameters, session.installation_id, now)
    return session if begun else None


def _insert(parameters: dict[str, Any], hold: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(BEGIN + hold if connection.vendor == "postgresql" else BEGIN, parameters)
        return bool(cursor.rowcount == 1)


@transaction.atomic
def _insert_and_end_oldest(parameters: dict[str, Any], installation_id: UUID, now: datetime) -> bool:
    begun = _insert(parameters, HOLD_ALONE)
    with connection.cursor() as cursor:
        kept = settings.SESSIONS_PER_INSTALLATION
        cursor.execute(END_LEAST_RECENTLY_USED, _plain(now=now, installation_id=installation_id, kept=kept))
    return begun


def session_for(session_token: str) -> Session | None:
    """The live session of a session token, with its installation and account; None for any other value.

    Ended means: idle or old, its secret or permanent token ended, its installation or application not active.
    Marks the session as used again, at most every 30 s.
    """
    now = timezone.now()
    session = (
        Session.objects.live()
        .filter(acts.as_q(Act.CALL, "installation"), digest=credentials.digest(session_token))
        .filter(Q(permanent_token__ends_at=None) | Q(permanent_token__ends_at__gt=now))
        .filter(Q(secret__ends_at=None) | Q(secret__ends_at__gt=now))
        .select_related("installation__account")
        .first()
    )
    if session and now - session.last_used_at > USED_AGAIN_AFTER:
        Session.objects.filter(pk=session.pk).update(last_used_at=now)
    return session


# Django's own conversions belong to the ORM: plain SQL brings along the little that SQLite needs.


def _plain(**parameters: Any) -> dict[str, Any]:
    if connection.vendor == "postgresql":
        return parameters
    return {name: _for_sqlite(value) for name, value in parameters.items()}


def _for_sqlite(value: Any) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value.hex if isinstance(value, UUID) else value


def _uuid(value: Any) -> UUID | None:
    return value if value is None or isinstance(value, UUID) else UUID(value)
