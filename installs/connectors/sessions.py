"""The session of a connector instance, in its row. Claims are conditional UPDATEs: no lock is held over the network."""

from datetime import timedelta
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from installs.connectors.client import RENEWED_WITHIN_SECONDS, Session
from installs.connectors.reading import Authorised, NotAuthorised
from installs.models import Connector
from linnapp import credentials

# So long is a fault the answer to all who wait for the same renewal.
FAULT_STANDS = timedelta(seconds=2)


class RowSessions:
    """The `Sessions` of client.py."""

    def __init__(self, connector_id: UUID) -> None:
        self.rows = Connector.objects.filter(pk=connector_id)

    def current(self) -> Session:
        row = self.rows.only("session_encrypted", "session_ends_at", "generation").first()
        if row is None:
            raise NotAuthorised("The connector was deleted meanwhile.", "Make it anew.")
        return Session(row.session_token if row.keeps_session else "", row.generation)

    def claim(self, generation: int) -> bool:
        now = timezone.now()
        free = Q(renewing_until=None) | Q(renewing_until__lt=now)
        # A fault of a moment ago is told to whoever waits, and not asked for once more by each of them.
        told = Q(last_error_at=None) | Q(last_error_at__lt=now - FAULT_STANDS)
        claimed = self.rows.filter(free, told, generation=generation)
        return claimed.update(renewing_until=now + timedelta(seconds=RENEWED_WITHIN_SECONDS)) == 1

    def put(self, generation: int, authorised: Authorised) -> bool:
        now = timezone.now()
        kept = self.rows.filter(generation=generation).update(
            session_encrypted=credentials.encrypt(authorised.token),
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
        self.rows.filter(generation=generation).update(
            renewing_until=None,
            state=Connector.State.FAILING,
            last_error=f"{fault} {fault.fix}",
            last_error_at=timezone.now(),
        )

    def fault(self, generation: int) -> NotAuthorised | None:
        row = self.rows.filter(
            generation=generation, renewing_until=None, last_error_at__gt=timezone.now() - FAULT_STANDS
        ).first()
        return NotAuthorised(row.last_error, "") if row else None
