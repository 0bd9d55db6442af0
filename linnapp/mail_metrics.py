"""What a monitor reads about mail that waits, read from the database at each look."""

from collections.abc import Iterator

from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

from linnapp.models import OutgoingMail


def of_mail() -> Iterator[Metric]:
    """Along the index of state and time: few wait or failed, however many were sent."""
    mails, now = OutgoingMail.objects, timezone.now()
    yield GaugeMetricFamily(
        "linnapp_mails_waiting", "E-mails that wait to be sent.", mails.waiting().order_by().count()
    )
    oldest = mails.waiting().filter(due_at__lte=now).order_by("due_at").values_list("due_at", flat=True).first()
    yield GaugeMetricFamily(
        "linnapp_mails_oldest_due_seconds",
        "How long the oldest due e-mail has been due.",
        (now - oldest).total_seconds() if oldest else 0.0,
    )
    yield GaugeMetricFamily("linnapp_mails_failed", "E-mails that failed.", mails.failed().order_by().count())
