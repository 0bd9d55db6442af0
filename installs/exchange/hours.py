"""Folding session rows and refusals into hours: the figures of pages, and the timeline's one line an hour.

An hour is counted anew from its rows each time, so folding twice, or after a stop, counts nothing twice.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Max, Min, OuterRef, Q, Subquery, Sum
from django.utils import timezone

from installs.exchange import hour_lines, kinds
from installs.exchange.hour_lines import NEVER, Counted
from installs.models import ExchangeHour, Installation, RefusalGroup, Session
from installs.models.sessions import ExchangeHourQuerySet, SessionQuerySet, idle_since
from linnapp import batches, timeline
from linnapp.actors import NOBODY
from linnapp.models import Application, TimelineEntry
from linnapp.supervision import stop_asked

# Of one hour, sessions that are counted at once, and installations whose figures are compared at once. What is counted
# at once is in memory, a kilobyte for each.
COUNTED_TOGETHER, COMPARED_TOGETHER = 10_000, 1_000
# Rows that are told with one reading of what their applications did.
TOLD_TOGETHER = 1_000
ALL_KEYS = 1 << 128
# Rows of the smallest batch, of which each costs as little as the next: where a statement takes as long as all that is
# to be done, batches that begin with fewer stay so small that an hour of many installations is hardly ever through. In
# PostgreSQL nobody waits but for these rows; SQLite has one writer.
AT_LEAST = {"postgresql": 50, "sqlite": 10}
FIGURES = ["exchanges", "refused", "addresses"]
SUMS = ["exchanges", "refused"]
FACTS = ("installation__application__account", "installation__account")
HOUR = timedelta(hours=1)
T = TypeVar("T")
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
    while hour <= now and not stop_asked():
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
    for first, last in _parts_of(hour):
        counted, refused = _exchanges_of(hour, first, last), _refusals_of(hour, first, last)
        keys = sorted(counted.keys() | refused.keys())
        for start in range(0, len(keys), COMPARED_TOGETHER):
            some = keys[start : start + COMPARED_TOGETHER]
            rows = [_row(hour, key, counted.get(key), refused.get(key, 0)) for key in some]
            _in_batches(_changed(hour, rows), partial(_write_hours, hour, counted))
            _mark_used({key: Seen(counted[key].first, counted[key].last) for key in some if key in counted})


def _in_batches(what: Sequence[T], step: Callable[[Sequence[T]], object]) -> None:
    batches.work_through(what, step, first=AT_LEAST[connection.vendor])


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
    found = stands.filter(application__isnull=False).values_list("installation_id", *FIGURES)
    before = {figures[0]: figures[1:] for figures in found}
    changed = [row for row in rows if before.get(row.installation_id) != tuple(getattr(row, of) for of in FIGURES)]
    installed = Installation.objects.filter(pk__in=[row.installation_id for row in changed])
    applications = dict(installed.values_list("pk", "application_id"))
    for row in changed:
        row.application_id = applications.get(row.installation_id)
    return changed


@transaction.atomic
def _write_hours(hour: datetime, counted: dict[UUID, Counted], rows: Sequence[ExchangeHour]) -> None:
    """The hours with what they open to: one is not there without the other."""
    ExchangeHour.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["installation", "hour"], update_fields=[*FIGURES, "application"]
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


def _refusals_of(hour: datetime, first: UUID, last: UUID) -> dict[UUID, int]:
    groups = RefusalGroup.objects.exchanges().filter(hour=hour).order_by()
    groups = groups.filter(installation_id__gte=first, installation_id__lte=last)
    existing = Installation.objects.values("pk")
    counts = groups.filter(installation_id__in=existing).values("installation_id").annotate(refused=Sum("count"))
    return {row["installation_id"]: row["refused"] for row in counts if row["installation_id"]}


@dataclass(frozen=True)
class Seen:
    """Of one installation: its first exchange, where that is known, and the last sign of life."""

    first: datetime | None
    last: datetime

    def differs(self, first: datetime | None, last: datetime | None) -> bool:
        """From what stands of the installation."""
        return (self.first is not None and first is None) or last is None or last < self.last


def _mark_used(seen: dict[UUID, Seen]) -> None:
    """Writes first and last use, where what stands is another. A few at a time, those that nobody holds together: an
    installation that is locked makes its exchanges wait."""
    stands = Installation.objects.filter(pk__in=seen).order_by("pk")
    known = stands.values_list("pk", "first_exchange_at", "last_used_at")
    _in_batches([key for key, *uses in known if seen[key].differs(*uses)], partial(_write_used, seen))


def _write_used(seen: dict[UUID, Seen], keys: Sequence[UUID]) -> None:
    written = _write_free(seen, keys)
    # By itself: whoever holds one and waits for another of these would wait in a circle.
    for key in [key for key in keys if key not in written]:
        _write_free(seen, [key], waits=True)


@transaction.atomic
def _write_free(seen: dict[UUID, Seen], keys: Sequence[UUID], *, waits: bool = False) -> set[UUID]:
    rows = Installation.objects.filter(pk__in=keys).only("pk", "first_exchange_at", "last_used_at")
    held = list(rows.order_by("pk").select_for_update(no_key=True, skip_locked=not waits))
    for row in held:
        row.first_exchange_at = row.first_exchange_at or seen[row.pk].first
        row.last_used_at = max(row.last_used_at or seen[row.pk].last, seen[row.pk].last)
    Installation.objects.bulk_update(held, ["first_exchange_at", "last_used_at"])
    return {row.pk for row in held}


def _mark_in_use() -> None:
    """A session that began hours ago may be in use still: *last used* follows it, though its hour is long folded. Some
    installations at a time, in the order of an index."""
    after = UUID(int=0)
    while not stop_asked():
        running = Session.objects.filter(ended_at=None, installation_id__gt=after).order_by("installation_id")
        used = dict(running.values_list("installation_id").annotate(last=Max("last_used_at"))[:COMPARED_TOGETHER])
        _mark_used({key: Seen(None, last) for key, last in used.items()})
        if len(used) < COMPARED_TOGETHER:
            break
        after = max(used)


def end_expired(now: datetime) -> None:
    """Marks what ended by itself, so that few rows of an installation are ever open; drops what is long over."""
    over = Session.objects.filter(Q(last_used_at__lte=idle_since(now)) | Q(expires_at__lte=now), ended_at=None)
    batches.work_through_pages(over.order_by(), partial(_end, over))
    batches.drop(Session.objects.filter(created_at__lt=kept_since(now)).order_by("created_at"))


@transaction.atomic
def _end(over: SessionQuerySet, keys: Sequence[UUID]) -> None:
    # Rows that a suspension or an exchange is ending right now are left to it: waiting for each other is a deadlock.
    free = over.filter(pk__in=keys).select_for_update(skip_locked=True)
    Session.objects.filter(pk__in=free.values("pk")).end(Session.End.EXPIRED)


def tell_timeline() -> None:
    """For each hour that is over and was not told yet: a line of each installation, and one of the application."""
    over = hour_of(timezone.now() - TOLD_AFTER)
    untold = ExchangeHour.objects.filter(told=False, hour__lt=over)
    without = untold.filter(application=None)
    if without.exists():
        batches.work_through_pages(without.order_by("hour", "pk"), _fill_in)
    known, after = untold.filter(application__isnull=False), NEVER
    # Hour by hour, each found behind the one before: what was told a moment ago is not looked through again.
    while not stop_asked() and (hour := known.filter(hour__gt=after).aggregate(first=Min("hour"))["first"]):
        _tell(hour)
        after = hour


def _fill_in(keys: Sequence[int]) -> None:
    """What a worker of an earlier release wrote without its application."""
    application = Installation.objects.filter(pk=OuterRef("installation")).values("application")
    ExchangeHour.objects.filter(pk__in=keys).update(application=Subquery(application))


def _tell(hour: datetime) -> None:
    """Of all applications, some rows at a time, in one order: of two workers one tells all of an hour, and the other
    finds none of it untold."""
    wanted = _untold(hour).order_by("application_id", "pk").values_list("pk", "application_id")
    while not stop_asked():
        page = list(wanted[: batches.PAGE])
        for start in range(0, len(page), TOLD_TOGETHER):
            if stop_asked():
                return
            following = dict(page[start + TOLD_TOGETHER : start + TOLD_TOGETHER + 1])
            _tell_together(hour, [key for key, _ in page[start : start + TOLD_TOGETHER]], set(following.values()))
        if len(page) < batches.PAGE:
            break


def _tell_together(hour: datetime, keys: Sequence[int], go_on: Container[UUID | None]) -> None:
    """An application's line is written with the last of its installations, and tells what all of them tell; of those
    that go on that one is not here. Rows come by their keys: in one statement with the condition PostgreSQL takes them
    for few, and joins all of the hour for each thousand."""
    rows = list(ExchangeHour.objects.filter(pk__in=keys).order_by("application_id", "pk").select_related(*FACTS))
    lasts = {row.installation.application_id: row for row in rows if row.application_id not in go_on}
    # The hour is over: what is summed up before anything is locked stands.
    told = _lines_of_applications(hour, lasts, _figures_of(lasts, hour))
    lines = dict(zip((row.pk for row in lasts.values()), told, strict=True))
    _in_batches(rows, partial(_tell_some, hour, lines))


def _untold(hour: datetime) -> ExchangeHourQuerySet:
    return ExchangeHour.objects.filter(hour=hour, told=False, application__isnull=False)


@transaction.atomic
def _tell_some(hour: datetime, lines: dict[int, TimelineEntry], rows: Sequence[ExchangeHour]) -> None:
    """`lines` are those of applications, by the last row of each. Rows are locked by their keys alone: of what is not
    told the database knows no numbers that stand."""
    locked = ExchangeHour.objects.filter(pk__in=[row.pk for row in rows]).order_by("application_id", "pk")
    found = locked.select_for_update().values_list("pk", "told", *FIGURES)
    stands = {key: figures for key, told, *figures in found if not told}
    mine = [row for row in rows if row.pk in stands]
    ExchangeHour.objects.filter(pk__in=stands).update(told=True)
    ended = {row.application_id for row in mine if row.pk in lines}
    if ended:
        ended -= set(_untold(hour).filter(application__in=ended).values_list("application_id", flat=True).distinct())
    entries = []
    for row in mine:
        row.exchanges, row.refused, row.addresses = stands[row.pk]
        entries.append(_line_of_installation(row))
        if row.pk in lines and row.application_id in ended:
            entries.append(lines[row.pk])
    timeline.record_all(entries)


def record_hour(rows: list[ExchangeHour]) -> list[TimelineEntry]:
    """Timeline entries for rows of one hour and one application, which are all that it has of that hour."""
    entries = [_line_of_installation(row) for row in rows]
    timeline.record_all(entries)
    if rows:
        application, sums = rows[0].installation.application_id, [sum(getattr(row, of) for row in rows) for of in SUMS]
        figures = {application: (*sums, len(rows))}
        (entry,) = _lines_of_applications(rows[0].hour, {application: rows[0]}, figures)
        entry.save(force_insert=True)
        entries.append(entry)
    return entries


def _line_of_installation(row: ExchangeHour) -> TimelineEntry:
    figures = {"exchanges": row.exchanges, "refused": row.refused, "addresses": row.addresses}
    hour = row.hour.isoformat()
    return timeline.entry_about(row.installation, kinds.EXCHANGES, by=NOBODY, hour=hour, **figures)


def _figures_of(applications: Iterable[UUID], hour: datetime) -> dict[UUID, Sequence[int]]:
    """Exchanges, refusals and installations of each."""
    rows = ExchangeHour.objects.filter(hour=hour, application__in=applications).order_by()
    sums = [Sum(of) for of in SUMS]
    return {key: figures for key, *figures in rows.values_list("application_id").annotate(*sums, Count("pk"))}


def _lines_of_applications(
    hour: datetime, some: Mapping[UUID, ExchangeHour], figures: Mapping[UUID, Sequence[int]]
) -> Iterator[TimelineEntry]:
    """Of each of these applications, by a row of it; as many statements for many as for one."""
    by_secret, refused = hour_lines.by_secret(some, hour), _refused_of_none(some, hour)
    for key, row in some.items():
        exchanges, refused_of_each, installations = figures[key]
        yield timeline.entry(
            kinds.APPLICATION_EXCHANGES,
            by=NOBODY,
            application=row.installation.application,
            account=row.installation.application.account,
            exchanges=exchanges,
            refused=refused_of_each + refused.get(key, 0),
            installations=installations,
            hour=hour.isoformat(),
            by_secret=by_secret[key],
        )


def _refused_of_none(applications: Iterable[UUID], hour: datetime) -> dict[UUID, int]:
    """What proved to be of each application, and of none of its installations."""
    groups = RefusalGroup.objects.exchanges().filter(hour=hour, installation_id=None, application_id__in=applications)
    return dict(groups.order_by().values_list("application_id").annotate(total=Sum("count")))


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
