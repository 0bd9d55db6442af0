"""How the postbacks of applications do at this moment: what is retried, held, and was given up lately."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Min, OuterRef, Q
from django.utils import timezone

from installs.models import Delivery, Installation, PostbackHost
from installs.models.deliveries import DeliveryQuerySet, goes_out
from linnapp.models import Application
from linnapp.models.folded import there_is

GIVEN_UP_WITHIN = timedelta(days=7)


@dataclass(frozen=True)
class Health:
    """What did not arrive. `given_up` are those that can be asked for again: what an uninstalled account did not get,
    or what decided an installation, is told elsewhere or mends nothing."""

    retrying: int
    held: int
    given_up: int
    next_attempt_at: datetime | None

    @property
    def is_well(self) -> bool:
        return not (self.retrying or self.held or self.given_up)


def of_each(applications: Collection[Application]) -> dict[UUID, Health]:
    """Of those applications that are not well, in one query however many they are."""
    state, since = Delivery.State, timezone.now() - GIVEN_UP_WITHIN
    retrying = Q(state=state.DUE, tried__gt=0)
    lately = Q(state__in=Delivery.FAILED, ended_at__gte=since, decides=False)
    # Looked for by its key, and only of what was given up lately: as a join each row has its installation read.
    active = Installation.objects.filter(pk=OuterRef("installation"), state=Installation.State.ACTIVE)
    given_up = lately & Q(there_is(active))
    rows = Delivery.objects.filter(application__in=applications).owed().not_delivered().order_by()
    counted = rows.values_list("application").annotate(
        retrying=Count("pk", retrying),
        held=Count("pk", Q(state=state.HELD) & goes_out()),
        given_up=Count("pk", given_up),
        next_attempt_at=Min("next_attempt_at", filter=retrying),
    )
    found = {row[0]: Health(*row[1:]) for row in counted}
    return {key: health for key, health in found.items() if not health.is_well}


def events_given_up(application: Application) -> DeliveryQuerySet:
    """Lately, and such as can be asked for again."""
    since = timezone.now() - GIVEN_UP_WITHIN
    rows = Delivery.objects.of_application(application).events().failed()
    return rows.sendable().filter(ended_at__gte=since)


def held_by_host(application: Application) -> list[tuple[PostbackHost, int]]:
    """The parked hosts of an application, and how many postbacks or events are held for each."""
    parked = list(PostbackHost.objects.parked().filter(application=application).order_by("parked_at"))
    if not parked:
        return []
    held = Delivery.objects.of_application(application).waiting_for_hosts().order_by()
    counted = held.values_list("host", "kind").annotate(count=Count("pk"))
    counts = {(host, kind): count for host, kind, count in counted}
    return [(row, counts.get((row.host, row.kind), 0)) for row in parked]
