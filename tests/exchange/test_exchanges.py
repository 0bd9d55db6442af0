"""Folding exchanges into hours, and telling the timeline: nothing is counted or told twice, and nothing is lost."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from installs.exchange import hours
from installs.installations import lifecycle
from installs.models import ExchangeHour, Installation, RefusalGroup, Session
from linnapp import batches, credentials, timeline
from linnapp.models import Account, Application, TimelineEntry, User, Version
from tests.kit.people import acting

HOUR = timedelta(hours=1)


@pytest.fixture
def this_hour() -> datetime:
    return hours.hour_of(timezone.now())


def exchange(
    installation: Installation, at: datetime, *, address: str = "192.0.2.1", used: datetime | None = None
) -> Session:
    return Session.objects.create(
        digest=credentials.digest(credentials.new_credential()),
        installation=installation,
        permanent_token=lifecycle.current_token(installation),
        secret=installation.application.secrets.live()[0],
        address=address,
        created_at=at,
        last_used_at=used or at,
        expires_at=at + timedelta(days=1),
    )


def refuse(installation: Installation, hour: datetime, count: int) -> None:
    RefusalGroup.objects.create(
        key=uuid4().hex,
        hour=hour,
        reason="OVER_QUOTA",
        application_id=installation.application_id,
        installation_id=installation.pk,
        count=count,
        last_at=hour,
    )


def counted(installation: Installation) -> list[tuple[datetime, int, int, int]]:
    rows = ExchangeHour.objects.filter(installation=installation).order_by("hour")
    return list(rows.values_list("hour", "exchanges", "refused", "addresses"))


def told(installation: Installation) -> list[dict[str, object]]:
    entries = TimelineEntry.objects.filter(kind="EXCHANGES", subject_id=installation.pk).order_by("id")
    return [entry.facts for entry in entries]


def test_exchanges_and_refusals_are_counted_by_the_hour(installation: Installation, this_hour: datetime) -> None:
    last = this_hour - HOUR
    exchange(installation, last + timedelta(minutes=5))
    exchange(installation, last + timedelta(minutes=59, seconds=59), address="192.0.2.2")
    exchange(installation, this_hour)
    refuse(installation, last, 3)
    hours.fold()
    assert counted(installation) == [(last, 2, 3, 2), (this_hour, 1, 0, 1)]


def test_folding_twice_counts_once(installation: Installation, this_hour: datetime) -> None:
    exchange(installation, this_hour - HOUR)
    hours.fold()
    hours.fold()
    assert counted(installation) == [(this_hour - HOUR, 1, 0, 1)]


def test_an_hour_grows_until_it_is_over(installation: Installation, this_hour: datetime) -> None:
    exchange(installation, this_hour)
    hours.fold()
    exchange(installation, this_hour)
    hours.fold()
    assert counted(installation) == [(this_hour, 2, 0, 1)]


def test_first_exchange_and_last_use_are_noted(installation: Installation, this_hour: datetime) -> None:
    first = exchange(installation, this_hour - 2 * HOUR)
    last = exchange(installation, this_hour - HOUR, used=this_hour - timedelta(minutes=20))
    hours.fold()
    installation.refresh_from_db()
    assert installation.first_exchange_at == first.created_at
    assert installation.last_used_at == last.last_used_at


def test_a_session_used_long_after_it_began_moves_last_used(installation: Installation, this_hour: datetime) -> None:
    session = exchange(installation, this_hour - 6 * HOUR, used=timezone.now() - timedelta(minutes=5))
    exchange(installation, this_hour)
    hours.fold()
    now = timezone.now()
    Session.objects.filter(pk=session.pk).update(last_used_at=now)
    hours.fold()
    installation.refresh_from_db()
    assert installation.last_used_at == now


def test_a_worker_that_was_down_for_days_counts_what_it_missed(installation: Installation, this_hour: datetime) -> None:
    long_ago = this_hour - timedelta(days=4)
    exchange(installation, long_ago - HOUR)
    ExchangeHour.objects.create(installation=installation, hour=long_ago - HOUR, exchanges=1, addresses=1)
    exchange(installation, long_ago)
    exchange(installation, long_ago + timedelta(days=1))
    hours.fold()
    assert counted(installation) == [
        (long_ago - HOUR, 1, 0, 1),
        (long_ago, 1, 0, 1),
        (long_ago + timedelta(days=1), 1, 0, 1),
    ]
    assert Session.objects.count() == 0


def test_an_hour_whose_sessions_are_gone_keeps_its_count(installation: Installation, this_hour: datetime) -> None:
    long_ago = this_hour - timedelta(days=4)
    ExchangeHour.objects.create(installation=installation, hour=long_ago, exchanges=7, refused=2, addresses=1)
    refuse(installation, long_ago, 2)
    hours.fold()
    assert counted(installation) == [(long_ago, 7, 2, 1)]


def test_sessions_are_dropped_by_whole_hours_only(installation: Installation, this_hour: datetime) -> None:
    edge = hours.kept_since(timezone.now())
    exchange(installation, edge - timedelta(seconds=1))
    kept = exchange(installation, edge)
    hours.fold()
    hours.fold()
    assert list(Session.objects.all()) == [kept]
    assert counted(installation) == [(edge - HOUR, 1, 0, 1), (edge, 1, 0, 1)]


def test_refusals_of_an_installation_that_is_unknown_break_nothing(
    installation: Installation, this_hour: datetime
) -> None:
    RefusalGroup.objects.create(
        key="k", hour=this_hour, reason="UNINSTALLED", installation_id=uuid4(), count=1, last_at=this_hour
    )
    hours.fold()
    assert ExchangeHour.objects.count() == 0


def test_sessions_that_ended_by_themselves_are_marked(installation: Installation, this_hour: datetime) -> None:
    idle = exchange(installation, timezone.now() - HOUR)
    live = exchange(installation, timezone.now())
    hours.fold()
    idle.refresh_from_db()
    live.refresh_from_db()
    assert idle.end == Session.End.EXPIRED
    assert live.ended_at is None


def test_an_hour_is_told_once_and_only_when_it_is_over(installation: Installation, this_hour: datetime) -> None:
    before = this_hour - 2 * HOUR
    exchange(installation, before)
    exchange(installation, timezone.now())
    hours.fold()
    hours.tell_timeline()
    hours.fold()
    hours.tell_timeline()
    assert [(facts["hour"], facts["exchanges"], facts["refused"]) for facts in told(installation)] == [
        (before.isoformat(), 1, 0)
    ]


def test_the_application_has_one_line_for_an_hour_of_all_its_installations(
    application: Application,
    version: Version,
    installation: Installation,
    depot: Account,
    dave: User,
    this_hour: datetime,
) -> None:
    other = lifecycle.install(application, account=depot, version=version, by=acting(dave)).installation
    hour = this_hour - 2 * HOUR
    exchange(installation, hour)
    exchange(other, hour)
    exchange(other, hour)
    refuse(other, hour, 4)
    hours.fold()
    hours.tell_timeline()
    hours.tell_timeline()
    entry = TimelineEntry.objects.get(kind="APPLICATION_EXCHANGES")
    line = timeline.line(entry, timeline.Side.DEVELOPER)
    assert line.sentence == "3 exchanges, 4 refused, on 2 installations"
    assert line.hour == timeline.ExchangesOfHour(hour, 3, 4)
    assert (entry.application_id, entry.subject_id) == (application.pk, None)
    assert len(told(installation)) == len(told(other)) == 1


def test_an_hour_that_is_told_in_parts_has_one_line_of_all(
    application: Application,
    version: Version,
    installation: Installation,
    depot: Account,
    dave: User,
    this_hour: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = lifecycle.install(application, account=depot, version=version, by=acting(dave)).installation
    for row in (installation, other, other):
        exchange(row, this_hour - 2 * HOUR)
    hours.fold()
    monkeypatch.setattr(batches, "MOST", 1)
    # The worker is asked to stop after the first of them.
    asked = iter([False, True])
    monkeypatch.setattr(batches, "stop_asked", lambda: next(asked, False))
    hours.tell_timeline()
    assert not TimelineEntry.objects.filter(kind="APPLICATION_EXCHANGES").exists()
    hours.tell_timeline()
    entry = TimelineEntry.objects.get(kind="APPLICATION_EXCHANGES")
    assert timeline.line(entry, timeline.Side.DEVELOPER).sentence == "3 exchanges, 0 refused, on 2 installations"
    assert TimelineEntry.objects.filter(kind="EXCHANGES").count() == 2
