"""Cases end a year after they were solved, with all that was written in them. The timeline stays."""

from datetime import timedelta

from django.utils import timezone

from installs.models import HelpCase
from linnapp import batches

KEPT = timedelta(days=365)


def drop_old() -> int:
    """Batch after batch, until none is left or this process is asked to stop; the number of cases. One that somebody is
    writing in is left for the next hour: it may be opened again."""
    return batches.drop(HelpCase.objects.over(timezone.now() - KEPT).order_by("since"))
