"""What folds and tells hours asks the database as often for many installations as for few, and waits for none that
somebody holds while it holds others."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from installs.exchange import hours
from installs.exchange.refusals import Reason
from installs.exchange.sent import Asked
from installs.models import ExchangeHour, Installation, PermanentToken, RefusalGroup, Session
from linnapp import batches
from linnapp.models import Account, Application, TimelineEntry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_one_batch")]


@pytest.fixture
def in_one_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """How many rows a batch has follows from the time that the last one took: here all have room in the first."""
    work_off = batches.work_off
    monkeypatch.setattr(batches, "work_off", lambda step, first: work_off(step, first=1_000))


def others(installation: Installation, count: int) -> list[Installation]:
    """Installations of the same application on accounts of their own, each in use by a session."""
    base = Account.objects.count()
    names = [f"other-{base + number}" for number in range(count)]
    accounts = Account.objects.bulk_create(Account(name=name, slug=name) for name in names)
    facts = {key: getattr(installation, key) for key in ("application", "version", "state")}
    rows = Installation.objects.bulk_create(Installation(**facts, account=account) for account in accounts)
    token, secret = PermanentToken.objects.all()[0], installation.application.secrets.all()[0]
    Session.objects.bulk_create(
        Session(
            digest=f"{row.pk.hex}{row.pk.hex}",
            installation=row,
            permanent_token=token,
            secret=secret,
            last_used_at=timezone.now(),
            expires_at=timezone.now() + timedelta(hours=1),
        )
        for row in rows
    )
    return rows


def statements(work: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as asked:
        work()
    return len(asked)


def used_later() -> None:
    Session.objects.update(last_used_at=timezone.now())


def test_marking_what_is_in_use_takes_as_many_statements_for_many(installation: Installation) -> None:
    rows = others(installation, 2)
    few = statements(hours._mark_in_use)
    rows += others(installation, 40)
    used_later()
    assert statements(hours._mark_in_use) == few
    assert all(Installation.objects.get(pk=row.pk).last_used_at for row in rows)
    assert statements(hours._mark_in_use) < few


@contextmanager
def at_most(values: int) -> Iterator[None]:
    """No statement takes more values: SQLite and PostgreSQL refuse too many, and memory grows with them."""

    def execute(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        assert len(params or ()) <= values, f"{len(params)} values: {sql[:200]}"
        return execute(sql, params, many, context)

    with connection.execute_wrapper(execute):
        yield


def test_what_is_in_use_is_marked_some_installations_at_a_time(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hours, "COMPARED_TOGETHER", 2)
    rows = others(installation, 31)
    with at_most(20):
        hours._mark_in_use()
    used = Installation.objects.filter(pk__in=[row.pk for row in rows])
    assert not used.filter(last_used_at=None).exists()


def test_refusals_are_read_with_the_installations_that_are_counted(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hours, "COUNTED_TOGETHER", 4)
    hour = hours.hour_of(timezone.now())
    rows = others(installation, 31)
    Session.objects.update(created_at=hour)
    for row in rows:
        RefusalGroup.objects.create(
            key=row.pk.hex,
            hour=hour,
            asked=Asked.EXCHANGE,
            reason=Reason.SUSPENDED_BY_STAFF,
            installation_id=row.pk,
            application_id=row.application_id,
            last_at=hour,
            count=2,
        )
    parts: list[int] = []
    refusals = hours._refusals_of

    def counted(*part: Any) -> dict[UUID, int]:
        found = refusals(*part)
        parts.append(len(found))
        return found

    monkeypatch.setattr(hours, "_refusals_of", counted)
    hours.fold_hour(hour)
    assert sum(parts) == 31
    assert len(parts) == len(hours._parts_of(hour))
    assert max(parts) < 31
    assert set(ExchangeHour.objects.filter(hour=hour, installation__in=rows).values_list("refused", flat=True)) == {2}


def test_folding_an_hour_takes_as_many_statements_for_many(installation: Installation) -> None:
    hour = hours.hour_of(timezone.now())
    others(installation, 2)
    few = statements(lambda: hours.fold_hour(hour))
    rows = others(installation, 40)
    assert statements(lambda: hours.fold_hour(hour)) == few
    assert Installation.objects.get(pk=rows[0].pk).first_exchange_at is not None


def test_telling_an_hour_takes_as_many_statements_for_many(installation: Installation) -> None:
    hour = hours.hour_of(timezone.now()) - timedelta(hours=3)

    def told(count: int) -> int:
        rows = others(installation, count)
        ExchangeHour.objects.bulk_create(ExchangeHour(installation=row, hour=hour, exchanges=1) for row in rows)
        return statements(hours.tell_timeline)

    assert told(2) == told(40)
    assert TimelineEntry.objects.filter(kind="EXCHANGES").count() == 42
    assert TimelineEntry.objects.filter(kind="APPLICATION_EXCHANGES").count() == 2
    assert not ExchangeHour.objects.filter(told=False).exists()


def test_telling_an_hour_takes_as_many_statements_for_many_applications(installation: Installation) -> None:
    hour, facts = hours.hour_of(timezone.now()) - timedelta(hours=3), {"version": installation.version}

    def told(count: int) -> int:
        owner, base = installation.application.account, Application.objects.count()
        names = [f"Application {base + number}" for number in range(count)]
        applications = Application.objects.bulk_create(Application(account=owner, name=name) for name in names)
        rows = Installation.objects.bulk_create(
            Installation(**facts, application=one, account=installation.account, state=Installation.State.ACTIVE)
            for one in applications
        )
        ExchangeHour.objects.bulk_create(
            ExchangeHour(installation=row, application_id=row.application_id, hour=hour, exchanges=2, refused=1)
            for row in rows
        )
        return statements(hours.tell_timeline)

    assert told(2) == told(30)
    lines = TimelineEntry.objects.filter(kind="APPLICATION_EXCHANGES")
    assert lines.values("application_id").distinct().count() == lines.count() == 32
    assert {(row.facts["exchanges"], row.facts["refused"], row.facts["installations"]) for row in lines} == {(2, 1, 1)}


def test_applications_whose_rows_are_read_in_parts_have_one_line_each(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hours, "TOLD_TOGETHER", 3)
    hour = hours.hour_of(timezone.now()) - timedelta(hours=3)
    rows = others(installation, 7)
    ExchangeHour.objects.bulk_create(ExchangeHour(installation=row, hour=hour, exchanges=1) for row in rows)
    hours.tell_timeline()
    (line,) = TimelineEntry.objects.filter(kind="APPLICATION_EXCHANGES")
    assert (line.facts["exchanges"], line.facts["installations"]) == (7, 7)
    assert line.pk > max(TimelineEntry.objects.filter(kind="EXCHANGES").values_list("pk", flat=True))
    assert not ExchangeHour.objects.filter(told=False).exists()


def test_ending_the_sessions_of_a_secret_reads_an_index(installation: Installation) -> None:
    names = connection.introspection.get_constraints(connection.cursor(), "installs_session")
    assert names["sessions_of_secret"]["columns"] == ["secret_id"]
