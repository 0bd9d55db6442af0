"""Folding session rows and refusals into hours: the figures of pages, and the timeline's one line an hour.

An hour is counted anew from its rows each time, so folding twice, or after a stop, counts nothing twice.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Max, Min, Q, Sum
from django.utils import timezone

from installs.models import ExchangeHour, Installation, RefusalGroup, Session
from installs.models.sessions import idle_since
from linnapp import timeline

HOUR = timedelta(hours=1)
# Session rows are kept past their absolute end, until every hour that counts them is folded.
SESSIONS_KEPT = timedelta(hours=48)


def hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def fold() -> None:
    """Counts the hours since the last folded one anew, and tells the timeline of those that are over."""
    now = timezone.now()
    newest = ExchangeHour.objects.aggregate(Max("hour"))["hour__max"]
    hour = max(newest or now - SESSIONS_KEPT + HOUR, now - SESSIONS_KEPT + HOUR)
    hour = hour_of(hour) - HOUR
    while hour <= now:
        fold_hour(hour)
        hour += HOUR
    end_expired(now)


def fold_hour(hour: datetime) -> None:
    counted = _exchanges_of(hour)
    _write_hours(hour, counted, _refusals_of(hour))
    _mark_used(counted)


def _write_hours(hour: datetime, counted: dict[UUID, dict[str, Any]], refused: dict[UUID, int]) -> None:
    rows = [
        ExchangeHour(
            installation_id=installation_id,
            hour=hour,
            exchanges=counted.get(installation_id, {}).get("exchanges", 0),
            refused=refused.get(installation_id, 0),
            addresses=counted.get(installation_id, {}).get("addresses", 0),
        )
        for installation_id in sorted(counted.keys() | refused.keys())
    ]
    ExchangeHour.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["installation", "hour"],
        update_fields=["exchanges", "refused", "addresses"],
    )


def _exchanges_of(hour: datetime) -> dict[UUID, dict[str, Any]]:
    sessions = Session.objects.filter(created_at__gte=hour, created_at__lt=hour + HOUR).order_by()
    counts = sessions.values("installation_id").annotate(
        exchanges=Count("pk"),
        addresses=Count("address", distinct=True),
        first=Min("created_at"),
        last=Max("last_used_at"),
    )
    return {row["installation_id"]: dict(row) for row in counts}


def _refusals_of(hour: datetime) -> dict[UUID, int]:
    groups = RefusalGroup.objects.filter(hour=hour, installation_id__isnull=False).order_by()
    existing = Installation.objects.values("pk")
    counts = groups.filter(installation_id__in=existing).values("installation_id").annotate(refused=Sum("count"))
    return {row["installation_id"]: row["refused"] for row in counts if row["installation_id"]}


def _mark_used(counted: dict[UUID, dict[str, Any]]) -> None:
    for installation in Installation.objects.filter(pk__in=counted):
        seen = counted[installation.pk]
        first = installation.first_exchange_at or seen["first"]
        last = max(installation.last_used_at or seen["last"], seen["last"])
        if (first, last) != (installation.first_exchange_at, installation.last_used_at):
            Installation.objects.filter(pk=installation.pk).update(first_exchange_at=first, last_used_at=last)


@transaction.atomic
def end_expired(now: datetime) -> None:
    """Marks what ended by itself, so that few rows of an installation are ever open; drops what is long over."""
    over = Session.objects.filter(Q(last_used_at__lte=idle_since(now)) | Q(expires_at__lte=now), ended_at=None)
    # Rows that a suspension or an exchange is ending right now are left to it: waiting for each other is a deadlock.
    free = over.select_for_update(skip_locked=True)
    Session.objects.filter(pk__in=free.values("pk")).end(Session.End.EXPIRED)
    Session.objects.filter(created_at__lt=now - SESSIONS_KEPT).delete()


def tell_timeline() -> None:
    """One entry for each installation and hour that is over and was not told yet."""
    over = hour_of(timezone.now())
    untold = ExchangeHour.objects.filter(told=False, hour__lt=over).select_related(
        "installation__application", "installation__account"
    )
    for row in untold:
        _tell(row)


@transaction.atomic
def _tell(row: ExchangeHour) -> None:
    if not ExchangeHour.objects.filter(pk=row.pk, told=False).update(told=True):
        return
    timeline.record(
        timeline.Kind.EXCHANGES,
        by=None,
        side=timeline.Side.CLIENT,
        application=row.installation.application,
        account=row.installation.account,
        subject_id=row.installation_id,
        exchanges=row.exchanges,
        refused=row.refused,
        addresses=row.addresses,
        hour=row.hour.isoformat(),
    )
