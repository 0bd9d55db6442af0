"""What sending needs of a delivery and of the rows around it, as values: whole objects of five models cost three times
as much a row."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from installs.models.deliveries import Delivery
from installs.models.installations import Installation

# Nothing wide: descriptions, snapshots and logs stay where they are.
FIELDS = (
    *("pk", "kind", "event", "number", "url", "host", "payload", "tracking", "decides", "tried", "claimed_until"),
    *("application_id", "application__name", "application__account_id", "application__account__name"),
    *("installation_id", "installation__state", "installation__waits_until"),
    *("installation__account_id", "installation__account__name"),
)


class Owed(NamedTuple):
    """A claimed delivery. `account` is the installing one; of a test, and of an event of an application as a whole,
    there is no installation."""

    pk: UUID
    kind: str
    event: str
    number: int | None
    url: str
    host: str
    payload: str
    tracking: str
    decides: bool
    tried: int
    claimed_until: datetime
    application_id: UUID
    application: str
    publisher_id: UUID
    publisher: str
    installation_id: UUID | None
    state: str | None
    waits_until: datetime | None
    account_id: UUID | None
    account: str | None

    @property
    def is_event(self) -> bool:
        return self.kind == Delivery.Kind.EVENT

    @property
    def is_test(self) -> bool:
        return self.event == Delivery.Event.TEST

    @property
    def is_live(self) -> bool:
        """Its installation, as `Installation.is_live` has it."""
        if self.installation_id is None or self.state == Installation.State.ACTIVE:
            return self.installation_id is not None
        return Installation(state=self.state or "", waits_until=self.waits_until).is_live


def owed(keys: Collection[UUID], claimed_until: datetime) -> list[Owed]:
    """Those of these that this claim holds; in any order."""
    rows = Delivery.objects.claimed(keys, claimed_until).values_list(*FIELDS)
    return [Owed(*row) for row in rows]
