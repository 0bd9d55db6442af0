"""The log is kept for so long, and no longer: a delivery goes with its attempts. The timeline stays."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from installs.models import Attempt, Delivery
from installs.models.deliveries import DeliveryQuerySet
from installs.postbacks import kinds
from linnapp import batches, timeline
from linnapp.actors import NOBODY
from linnapp.models import TimelineEntry
from linnapp.words import span_in_words

KEPT = timedelta(days=90)
# A row that a worker may be at is left for the next day.
NOT_CLAIMED_FOR = timedelta(hours=1)
FACTS = ("application__account", "installation__application__account", "installation__account")
GIVEN_UP = f"it has waited for {span_in_words(KEPT)}"


def drop_old() -> int:
    """Batch after batch until none is left or this process is asked to stop; the number of deliveries."""
    before = timezone.now() - KEPT
    return batches.work_off(lambda number: _drop_batch(before, number))


def _drop_batch(before: datetime, number: int) -> int:
    free = Q(claimed_until=None) | Q(claimed_until__lt=timezone.now() - NOT_CLAIMED_FOR)
    old = Delivery.objects.filter(free, created_at__lt=before).order_by("created_at")
    # Looked for before the transaction, in which SQLite's one writer has nothing else to do.
    found = list(old.values_list("pk", flat=True)[:number])
    return len(found) if found and _drop(old, found) else 0


@transaction.atomic
def _drop(old: DeliveryQuerySet, found: list[UUID]) -> int:
    still = old.order_by().filter(pk__in=found).select_for_update(skip_locked=True, of=("self",))
    states = dict(still.values_list("pk", "state"))
    rows = Delivery.objects.filter(pk__in=states)
    # Few of many: asked only where there are some.
    if set(states.values()) & set(Delivery.WAITING):
        timeline.record_all(_given_up(row) for row in rows.without_tests().waiting().select_related(*FACTS))
    Attempt.objects.filter(delivery__in=states).delete()
    rows.delete()
    return len(states)


def _given_up(row: Delivery) -> TimelineEntry:
    facts: dict[str, Any] = {"event": row.get_event_display().lower(), "host": row.host, "outcome": GIVEN_UP}
    kind = kinds.POSTBACK_ENDED
    if row.is_event:
        kind, facts["number"] = kinds.EVENT_ENDED, row.number
    if row.installation is None:
        return timeline.entry(kind, by=NOBODY, application=row.application, account=row.application.account, **facts)
    return timeline.entry_about(row.installation, kind, by=NOBODY, **facts)
