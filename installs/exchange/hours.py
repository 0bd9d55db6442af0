"""Folding session rows and refusals into hours: the figures of pages, and the timeline's one line an hour.

An hour is counted anew from its rows each time, so folding twice, or after a stop, counts nothing twice.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Max, Min, Q, Sum
from django.utils import timezone

from installs.exchange import hour_lines, kinds
from installs.exchange.hour_lines import Counted
from installs.models import ExchangeHour, Installation, RefusalGroup, Session
from installs.models.sessions import idle_since
from linnapp import timeline
from linnapp.actors import NOBODY
from linnapp.models import Application, TimelineEntry

# Of one hour, sessions that are counted at once, and installations that are written in one transaction.
COUNTED_TOGETHER, WRITTEN_TOGETHER = 50_000, 100
ALL_KEYS = 1 << 128
FIGURES = ["exchanges", "refused", "addresses"]
HOUR = timedelta(hours=1)
# An hour is told a little after it is over: its last exchanges are folded by then.
TOLD_AFTER = timedelta(minutes=3)
# Session rows are kept past their absolute end, until every hour that counts them is folded.
SESSIONS_KEPT = timedelta(hours=48)


def hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def fold() -> None:
    """Counts anew the hours since the last folded one, and marks and drops what is over."""
    now = timezone.now()
    hour = _first_to_fold(now)
    while hour <= now:
        fold_hour(hour)
        hour += HOUR
    _mark_in_use()
    end_expired(now)


def _first_to_fold(now: datetime) -> datetime:
    """The hour before the newest one folded, which may have been folded before it was over.

    Never one whose session rows are gone, for it would be counted as empty; but rows older than they are kept wait
    for a worker that was down, and are counted before they go.
    """
    oldest = Session.objects.aggregate(oldest=Min("created_at"))["oldest"]
    whole_since = min(hour_of(oldest), kept_since(now)) if oldest else kept_since(now)
    newest = ExchangeHour.objects.aggregate(newest=Max("hour"))["newest"]
    return max(newest - HOUR, whole_since) if newest else whole_since


def kept_since(now: datetime) -> datetime:
    """Sessions are dropped by whole hours, so that no hour is ever counted from a part of its rows."""
    return hour_of(now) - SESSIONS_KEPT


def fold_hour(hour: datetime) -> None:
    """By parts, each of some installations: neither memory nor a transaction grows with how many there are."""
    refused = _refusals_of(hour)
    for first, last in _parts_of(hour):
        counted = _exchanges_of(hour, first, last)
        keys = sorted(counted.keys() | {key for key in refused if first <= key <= last})
        for start in range(0, len(keys), WRITTEN_TOGETHER):
            some = keys[start : start + WRITTEN_TOGETHER]
            rows = [_row(hour, key, counted.get(key), refused.get(key, 0)) for key in some]
            if changed := _changed(hour, rows):
                _write_hours(hour, changed, counted)
            # Each row by itself: installations locked until the last is written would make their exchanges wait.
            _mark_used({key: counted[key] for key in some if key in counted})


def _parts_of(hour: datetime) -> list[tuple[UUID, UUID]]:
    """Ranges of keys of installations, as many as it takes for the sessions of each to be few. Keys are random."""
    sessions = Session.objects.filter(created_at__gte=hour, created_at__lt=hour + HOUR).count()
    size = ALL_KEYS // (sessions // COUNTED_TOGETHER + 1) + 1
    begins = range(0, ALL_KEYS, size)
    return [(UUID(int=begin), UUID(int=min(begin + size, ALL_KEYS) - 1)) for begin in begins]


def _row(hour: datetime, installation_id: UUID, counted: Counted | None, refused: int) -> ExchangeHour:
    exchanges, addresses = (counted.exchanges, len(counted.by_address)) if counted else (0, 0)
    return ExchangeHour(
        installation_id=installation_id, hour=hour, exchanges=exchanges, refused=refused, addresses=addresses
    )


def _changed(hour: datetime, rows: list[ExchangeHour]) -> list[ExchangeHour]:
    """Most hours are counted again as they stand: for those nothing is locked."""
    stands = ExchangeHour.objects.filter(hour=hour, installation__in=[row.installation_id for row in rows])
    before = {found[0]: found[1:] for found in stands.values_list("installation_id", *FIGURES)}
    return [row for row in rows if before.get(row.installation_id) != tuple(getattr(row, of) for of in FIGURES)]


@transaction.atomic
def _write_hours(hour: datetime, rows: list[ExchangeHour], counted: dict[UUID, Counted]) -> None:
    """The hours with what they open to: one is not there without the other."""
    ExchangeHour.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["installation", "hour"], update_fields=FIGURES
    )
    hour_lines.write(hour, [counted[row.installation_id] for row in rows if row.exchanges])


def _exchanges_of(hour: datetime, first: UUID, last: UUID) -> dict[UUID, Counted]:
    within = Session.objects.filter(created_at__gte=hour, created_at__lt=hour + HOUR)
    within = within.filter(installation_id__gte=first, installation_id__lte=last).order_by()
    alike = within.values_list("installation_id", "secret_id", "address")
    found: dict[UUID, Counted] = {}
    for key, secret_id, address, *figures in alike.annotate(
        exchanges=Count("pk"), first=Min("created_at"), last=Max("last_used_at")
    ):
        found.setdefault(key, Counted(key)).add(secret_id, address, *figures)
    return found


def _refusals_of(hour: datetime) -> dict[UUID, int]:
    groups = RefusalGroup.objects.exchanges().filter(hour=hour, installation_id__isnull=False).order_by()
    existing = Installation.objects.values("pk")
    counts = groups.filter(installation_id__in=existing).values("installation_id").annotate(refused=Sum("count"))
    return {row["installation_id"]: row["refused"] for row in counts if row["installation_id"]}


def _mark_used(counted: dict[UUID, Counted]) -> None:
    rows = Installation.objects.filter(pk__in=counted).only("pk", "first_exchange_at", "last_used_at")
    for installation in rows:
        seen = counted[installation.pk]
        first = installation.first_exchange_at or seen.first
        last = max(installation.last_used_at or seen.last, seen.last)
        if (first, last) != (installation.first_exchange_at, installation.last_used_at):
            Installation.objects.filter(pk=installation.pk).update(first_exchange_at=first, last_used_at=last)


def _mark_in_use() -> None:
    """A session that began hours ago may be in use still: *last used* follows it, though its hour is long folded."""
    running = Session.objects.filter(ended_at=None).order_by().values("installation_id")
    for row in running.annotate(last=Max("last_used_at")):
        earlier = Q(last_used_at=None) | Q(last_used_at__lt=row["last"])
        Installation.objects.filter(earlier, pk=row["installation_id"]).update(last_used_at=row["last"])


@transaction.atomic
def end_expired(now: datetime) -> None:
    """Marks what ended by itself, so that few rows of an installation are ever open; drops what is long over."""
    over = Session.objects.filter(Q(last_used_at__lte=idle_since(now)) | Q(expires_at__lte=now), ended_at=None)
    # Rows that a suspension or an exchange is ending right now are left to it: waiting for each other is a deadlock.
    free = over.select_for_update(skip_locked=True)
    Session.objects.filter(pk__in=free.values("pk")).end(Session.End.EXPIRED)
    Session.objects.filter(created_at__lt=kept_since(now)).delete()


def tell_timeline() -> None:
    """For each hour that is over and was not told yet: a line of each installation, and one of the application."""
    over = hour_of(timezone.now() - TOLD_AFTER)
    untold = ExchangeHour.objects.filter(told=False, hour__lt=over).order_by("hour", "installation__application", "pk")
    rows = untold.select_related("installation__application__account", "installation__account")
    for _, of_hour in groupby(rows, key=lambda row: (row.hour, row.installation.application_id)):
        _tell(list(of_hour))


@transaction.atomic
def _tell(rows: list[ExchangeHour]) -> None:
    """Rows of one hour and one application. Each is claimed by a conditional UPDATE: told once, by one worker."""
    claimed = [row for row in rows if ExchangeHour.objects.filter(pk=row.pk, told=False).update(told=True)]
    record_hour(claimed)


def record_hour(rows: list[ExchangeHour]) -> list[TimelineEntry]:
    """Timeline entries for rows of one hour and one application."""
    entries = [_record_installation(row) for row in rows]
    if rows:
        entries.append(_record_application(rows))
    return entries


def _record_installation(row: ExchangeHour) -> TimelineEntry:
    figures = {"exchanges": row.exchanges, "refused": row.refused, "addresses": row.addresses}
    hour = row.hour.isoformat()
    return timeline.record_about(row.installation, kinds.EXCHANGES, by=NOBODY, hour=hour, **figures)


def _record_application(rows: list[ExchangeHour]) -> TimelineEntry:
    application = rows[0].installation.application
    return timeline.record(
        kinds.APPLICATION_EXCHANGES,
        by=NOBODY,
        application=application,
        exchanges=sum(row.exchanges for row in rows),
        refused=sum(row.refused for row in rows) + _refused_of_none(application, rows[0].hour),
        installations=len(rows),
        hour=rows[0].hour.isoformat(),
        by_secret=hour_lines.by_secret(application, rows[0].hour),
    )


def _refused_of_none(application: Application, hour: datetime) -> int:
    """What proved to be of the application, and of none of its installations."""
    groups = RefusalGroup.objects.exchanges().of_application(application.pk)
    return groups.filter(hour=hour, installation_id=None).total()


@dataclass(frozen=True)
class Running:
    """What the timeline has no line for yet: the hour that runs, or the one that was over a moment ago with it."""

    since: datetime
    exchanges: int
    refused: int


def running(application: Application, installation_id: UUID | None) -> Running | None:
    """Two queries. Of one installation, or of them all; None where nothing was asked for. A minute old at most."""
    since = hour_of(timezone.now() - TOLD_AFTER)
    hours, refusals = ExchangeHour.objects.since(since), RefusalGroup.objects.exchanges().since(since)
    if installation_id:
        hours, refusals = hours.filter(installation=installation_id), refusals.of_installation(installation_id)
    else:
        hours, refusals = hours.of_application(application), refusals.of_application(application.pk)
    found = Running(since, hours.exchanges(), refusals.total())
    return found if found.exchanges or found.refused else None
