"""The session of a connector instance, in its row. Claims are conditional UPDATEs: no lock is held over the network."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from installs.connectors.client import RENEWED_WITHIN_SECONDS, Session
from installs.connectors.faults import NotAuthorised, Why
from installs.connectors.reading import Authorised
from installs.models import Connector
from linnapp import credentials
from linnapp.services.locking import refuse_suspended

# So long is a fault the answer to all who wait for the same renewal.
FAULT_STANDS = timedelta(seconds=2)
SUSPENDED_STOPS = "its connectors send nothing"
READ = (
    *("session_encrypted", "session_server", "session_ends_at", "generation", "state"),
    *("account__name", "account__suspended_by_staff_at"),
)


class RowSessions:
    """The `Sessions` of client.py, for a connector as it was read: once it is changed, disabled or deleted, there is
    no session for these credentials, and none is kept; none is given while its account is suspended."""

    def __init__(self, connector: Connector) -> None:
        self.pk = connector.pk
        self.rows = Connector.objects.filter(pk=connector.pk, revision=connector.revision)

    def current(self) -> Session:
        """Raises NotPossible while the account is suspended, however long ago the caller was made."""
        row = self.rows.select_related("account").only(*READ).first()
        if row is None:
            raise self._gone()
        refuse_suspended(row.account, SUSPENDED_STOPS)
        token = row.session_token if row.keeps_session else ""
        return Session(token, row.generation, row.session_server, is_doubted=row.state == Connector.State.FAILING)

    def claim(self, generation: int) -> bool:
        now = timezone.now()
        # A fault of a moment ago is told to whoever waits, and not asked for once more by each of them.
        told = Q(last_error_at=None) | Q(last_error_at__lt=now - FAULT_STANDS)
        claimed = self.rows.filter(_unclaimed(), told, generation=generation)
        return claimed.update(renewing_until=now + timedelta(seconds=RENEWED_WITHIN_SECONDS)) == 1

    def put(self, generation: int, authorised: Authorised) -> bool:
        now = timezone.now()
        kept = self.rows.filter(generation=generation).update(
            session_encrypted=credentials.encrypt(authorised.token),
            session_server=authorised.server,
            session_ends_at=now + timedelta(seconds=authorised.seconds),
            generation=generation + 1,
            renewing_until=None,
            state=Connector.State.WORKING,
            last_success_at=now,
            last_error="",
            last_error_at=None,
        )
        return kept == 1

    def give_up(self, generation: int, fault: NotAuthorised) -> None:
        self.rows.filter(generation=generation).update(renewing_until=None, **_failing(fault))

    def note(self, generation: int, fault: NotAuthorised) -> None:
        """A fault of somebody who claimed nothing; nothing is noted while another renews."""
        self.rows.filter(_unclaimed(), generation=generation).update(renewing_until=None, **_failing(fault))

    def vouch(self, generation: int) -> None:
        self.rows.filter(_unclaimed(), generation=generation).update(
            state=Connector.State.WORKING, last_success_at=timezone.now(), last_error="", last_error_at=None
        )

    def fault(self, generation: int) -> NotAuthorised | None:
        row = self.rows.filter(
            generation=generation, renewing_until=None, last_error_at__gt=timezone.now() - FAULT_STANDS
        ).first()
        return NotAuthorised(Why.TOLD_BEFORE, row.last_error) if row else None

    def _gone(self) -> NotAuthorised:
        if Connector.objects.filter(pk=self.pk).exists():
            return NotAuthorised(Why.CONNECTOR_CHANGED, "The connector has been changed or disabled.")
        return NotAuthorised(Why.CONNECTOR_DELETED, "The connector has been deleted.")


def _unclaimed() -> Q:
    return Q(renewing_until=None) | Q(renewing_until__lt=timezone.now())


def _failing(fault: NotAuthorised) -> dict[str, object]:
    words = f"{fault} {fault.fix}".strip()
    return {"state": Connector.State.FAILING, "last_error": words, "last_error_at": timezone.now()}
