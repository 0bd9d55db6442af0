"""Cases end a year after they were solved, with all that was written in them. The timeline stays."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from installs.models import HelpCase
from linnapp.supervision import stop_asked

KEPT = timedelta(days=365)
# Of one transaction: each goes with its messages.
BATCH = 20


def drop_old() -> int:
    """Batch after batch, until none is left or this process is asked to stop; the number of cases."""
    before, dropped = timezone.now() - KEPT, 0
    while not stop_asked() and (batch := _drop_batch(before)):
        dropped += batch
    return dropped


@transaction.atomic
def _drop_batch(before: datetime) -> int:
    """One that somebody is writing in is left for the next hour: it may be opened again."""
    old = HelpCase.objects.over(before).order_by("since").select_for_update(skip_locked=True)
    keys = list(old.values_list("pk", flat=True)[:BATCH])
    HelpCase.objects.filter(pk__in=keys).delete()
    return len(keys)
