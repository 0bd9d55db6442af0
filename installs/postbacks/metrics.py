"""What a monitor reads about postbacks and events, for Prometheus. Read from the database at each look, so that
every process of the portal tells the same, and one that was restarted has forgotten nothing."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, Q
from django.utils import timezone
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from installs.models import AttemptCount, Delivery, Installation, PostbackHost
from installs.models.deliveries import DeliveryQuerySet

DAY = timedelta(hours=24)


def of_postbacks() -> Iterator[Metric]:
    waiting = counted_by_state(Delivery.objects.waiting())
    yield gauge(
        "linnapp_postbacks_waiting",
        "Postbacks, events and tests that wait for an attempt.",
        waiting[Delivery.State.DUE],
    )
    yield gauge("linnapp_postbacks_held", "Postbacks and events held for parked hosts.", waiting[Delivery.State.HELD])
    yield gauge(
        "linnapp_postbacks_oldest_due_seconds",
        "How long the oldest due postback, event or test is due.",
        queue_age(),
    )
    yield attempts()
    yield of_the_last_day()
    parked = PostbackHost.objects.parked().count()
    yield gauge(
        "linnapp_postback_hosts_parked", "Hosts whose postbacks or events are held, for each application.", parked
    )
    pending = Installation.objects.waiting().count()
    yield gauge("linnapp_installations_pending", "Installations that wait for their postback's 200.", pending)


def gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, value=value)


def counted_by_state(rows: DeliveryQuerySet) -> dict[str, int]:
    """A number for every state, 0 too: a series that comes and goes cannot be watched. Not grouped by the state, for
    which SQLite reads all rows there are, along the index that begins with it."""
    states = Delivery.State.values
    return rows.order_by().aggregate(**{state: Count("state", filter=Q(state=state)) for state in states})


def queue_age() -> float:
    """Seconds; 0 where nothing is due."""
    now = timezone.now()
    oldest = Delivery.objects.due(now).values_list("next_attempt_at", flat=True).first()
    return (now - oldest).total_seconds() if oldest else 0.0


def attempts() -> CounterMetricFamily:
    family = CounterMetricFamily(
        "linnapp_postback_attempts",
        "Attempts of postbacks, events and tests ever made, by outcome.",
        labels=["outcome"],
    )
    for row in AttemptCount.objects.order_by("outcome"):
        family.add_metric([row.outcome], row.count)
    return family


def of_the_last_day() -> GaugeMetricFamily:
    words = "Postbacks and events made in the last 24 hours, by the state they are in."
    family = GaugeMetricFamily("linnapp_postbacks_last_day", words, labels=["state"])
    since = timezone.now() - DAY
    for state, number in counted_by_state(Delivery.objects.without_tests().created_since(since)).items():
        family.add_metric([state.lower()], number)
    return family
