"""Lists of tables that grow: what they ask of the database is bounded, whatever stands there."""

from copy import copy
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import Model, QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from installs.models import Attempt, Delivery, ExchangeHour, Installation, PermanentToken, UpdateMailing
from linnapp import admin_lookups, pages
from linnapp.models import (
    Application,
    AuditEntry,
    BulkChange,
    BulkRow,
    TimelineEntry,
    User,
    timeline,
    wording,
    words_in_sqlite,
)
from linnapp.timeline import Side
from linnapp.timeline_filter import TimelineFilter
from tests.admin.test_admin import path_of
from tests.kit.people import ClientOf

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_new")]
OF_OTHERS = ["VERSION_CREATED", "APPLICATION_EDITED", "SECRET_CREATED"]
MANY = [TimelineEntry, PermanentToken, Attempt, ExchangeHour, Delivery, Installation, BulkRow, UpdateMailing]
WORDS = ('100%_sure\\"', "Straße", "O'Neil")


@pytest.fixture
def paulas(paula: User, client_of: ClientOf) -> Client:
    return client_of(paula)


def asked(client: Client, model: type[Model], **query: str) -> list[str]:
    """The statements about the model's own rows behind a page of its list."""
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert client.get(path_of(model), query).status_code == 200
    return [one["sql"] for one in caught if f'FROM "{model._meta.db_table}"' in one["sql"]]


def plan(rows: QuerySet[Any], *off: str) -> str:
    """As it is where a table is large: PostgreSQL reads a small one as a whole, whatever its indexes. `off` are more
    of its ways that are taken only where there is no other."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for way in ("seqscan", *off):
                cursor.execute(f"SET LOCAL enable_{way} = off")
    return rows.explain()


def is_sorted_by_an_index(rows: QuerySet[Any]) -> bool:
    """But for the rows of one moment."""
    found = plan(rows.values("pk"), "bitmapscan", "sort").replace("Incremental Sort", "")
    return "Sort  (" not in found and "TEMP B-TREE FOR ORDER BY" not in found


def about(application: Application, **asked: str) -> QuerySet[Any]:
    entries = TimelineEntry.objects.about_application(application.pk).of_application_as_a_whole()
    found: QuerySet[Any] = TimelineFilter(asked, queryset=entries, reader=Side.DEVELOPER).qs
    return found


def test_days_long_past_are_read_without_what_came_after(application: Application) -> None:
    """Keys stand in the order of moments, so that a day is a range of them, whichever index is read."""
    now = timezone.now()
    moments = [now - timedelta(days=day) for day in range(400, 0, -1)]
    TimelineEntry.objects.bulk_create(
        TimelineEntry(application_id=application.pk, kind="VERSION_CREATED", side="DEVELOPER", at=at)
        for at in moments
        for _ in range(10)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE linnapp_timelineentry")
    day = timezone.localdate(moments[50]).isoformat()
    rows = about(application, since=day, until=day).order_by("-id")
    assert [timezone.localdate(entry.at).isoformat() for entry in rows.all()] == [day] * 10
    bounds = ("id >= $", "id <= ") if connection.vendor == "postgresql" else (">? AND ", "<?)")
    found = " ".join(line for line in plan(rows[:51]).splitlines() if "Index Cond" in line or "SEARCH" in line)
    assert all(bound in found for bound in bounds), found


def test_what_an_application_is_told_of_a_kind_is_found_by_its_kind(application: Application) -> None:
    """Neither among all that it has, nor among all of the kind."""
    hours = "APPLICATION_EXCHANGES"
    for key, kind, number in (
        (application.pk, hours, 3000),
        (uuid4(), hours, 6000),
        *((uuid4(), kind, 100) for kind in OF_OTHERS),
    ):
        row = TimelineEntry(application_id=key, kind=kind, side="CLIENT")
        TimelineEntry.objects.bulk_create(copy(row) for _ in range(number))
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE linnapp_timelineentry")
    for subject in ("versions", "details", "credentials"):
        assert "timeline_application_kinds" in plan(about(application, about=subject).order_by("-pk")[:51])


def test_the_whole_timeline_is_narrowed_by_kind_and_by_side(paulas: Client) -> None:
    entry = TimelineEntry(kind="APPLICATION_EDITED", side="CUSTOMER")
    TimelineEntry.objects.bulk_create(copy(entry) for _ in range(3000))
    of_others = AuditEntry(kind="PASSWORD_CHANGED", side="CUSTOMER")
    AuditEntry.objects.bulk_create(copy(of_others) for _ in range(3000))
    with connection.cursor() as cursor:
        for table in ("linnapp_timelineentry", "linnapp_auditentry"):
            cursor.execute(f"ANALYZE {table}")
    page = paulas.get(path_of(TimelineEntry), {"kind": "VERSION_CREATED"}).context["cl"]
    assert "timeline_kinds" in plan(page.queryset)
    page = paulas.get(path_of(TimelineEntry), {"side__exact": "STAFF"}).context["cl"]
    assert "timeline_side" in plan(page.queryset) or "timeline_staff" in plan(page.queryset)
    page = paulas.get(path_of(AuditEntry), {"kind": "MEMBER_ADDED"}).context["cl"]
    assert "audit_by_kind" in plan(page.queryset)


@pytest.mark.parametrize("word", [*WORDS, "sure"])
def test_words_of_the_timeline_find_what_they_found(word: str, application: Application, paulas: Client) -> None:
    """Whatever a pattern or JSON makes of them, in a name, in a reason and in a fact."""
    for text in WORDS:
        for where in ({"actor_name": text}, {"reason": f"so {text}!"}, {"facts": {"host": text}}):
            TimelineEntry.objects.create(
                application_id=application.pk, kind="VERSION_CREATED", side="DEVELOPER", **where
            )
    assert len(about(application, q=word)) == 3
    listed = paulas.get(path_of(TimelineEntry), {"q": word}).context["cl"].result_list
    assert sorted(bool(row.reason) for row in listed) == [False, True]


def test_words_of_the_timeline_and_of_the_record_are_found_by_trigrams(paulas: Client) -> None:
    some = [
        {"kind": "VERSION_CREATED", "side": "DEVELOPER", "actor_name": f"Person {number}"} for number in range(8000)
    ]
    TimelineEntry.objects.bulk_create(TimelineEntry(**row) for row in some)
    AuditEntry.objects.bulk_create(AuditEntry(**row) for row in some)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for index in ("timeline_names", "timeline_facts", "audit_words"):
                cursor.execute("SELECT gin_clean_pending_list(%s::regclass)", [index])
            cursor.execute("ANALYZE linnapp_timelineentry, linnapp_auditentry")
    entries = TimelineFilter({"q": "zzqqzz"}, queryset=TimelineEntry.objects.all(), reader=Side.DEVELOPER).qs
    found = plan(entries, "indexscan")
    assert "timeline_names" in found
    assert "timeline_facts" in found
    for model, index in ((TimelineEntry, "timeline_names"), (AuditEntry, "audit_words")):
        rows = paulas.get(path_of(model), {"q": "zzqqzz"}).context["cl"].queryset
        found = plan(rows.order_by(), "indexscan")
        assert index in found
        if connection.vendor == "sqlite":
            # By what the trigrams found, and not row by row.
            assert "USING INTEGER PRIMARY KEY (rowid=?)" in found


def test_trigrams_follow_what_is_written_over_and_what_is_deleted() -> None:
    """Asked by themselves, without the condition beside them that decides."""
    kept = AuditEntry.objects.create(kind="MEMBER_ADDED", side="CUSTOMER", person_name="Zoë Quillfeather")
    gone = AuditEntry.objects.create(kind="MEMBER_ADDED", side="CUSTOMER", actor_name="Zoë Quillfeather")
    hour = TimelineEntry.objects.create(kind="EXCHANGES", side="CLIENT", actor_name="Zoë Quillfeather")
    assert set(AuditEntry.objects.with_words("quill")) == {kept, gone}
    assert list(TimelineEntry.objects.with_words("quill")) == []
    AuditEntry.objects.filter(pk=kept.pk).update(person_name="deleted person", count=2)
    gone.delete()
    assert list(AuditEntry.objects.with_words("quill")) == []
    assert list(AuditEntry.objects.with_words("eted per")) == [kept]
    # Of two letters there is no trigram: all may have them.
    assert list(AuditEntry.objects.with_words("el")) == [kept]
    TimelineEntry.objects.filter(pk=hour.pk).update(kind="RENAMED", actor_name="Alice")
    assert list(TimelineEntry.objects.with_words("alice")) == [hour]


@pytest.mark.django_db(transaction=True)
def test_trigrams_of_what_stands_already_are_made_and_made_up_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a migration that made the table anew, or one that broke off; a few rows at a time."""
    if connection.vendor != "sqlite":
        return
    monkeypatch.setattr(words_in_sqlite, "ROWS_AT_ONCE", 2)
    with connection.cursor() as cursor:
        for when in words_in_sqlite.TRIGGERS:
            cursor.execute(f"DROP TRIGGER timeline_names_{when}")
    rows = [TimelineEntry.objects.create(kind="RENAMED", side="STAFF", actor_name="Quillfeather") for _ in range(5)]
    assert not TimelineEntry.objects.with_words("quill").exists()
    wording.make(connection, timeline.NAMES)
    assert set(TimelineEntry.objects.with_words("quill")) == set(rows)
    with CaptureQueriesContext(connection) as caught:
        wording.make(connection, timeline.NAMES)
    assert len(caught) == 1


def test_a_list_of_the_admin_counts_no_further_than_its_pages_go(
    paulas: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (pages, admin_lookups):
        monkeypatch.setattr(module, "MOST_COUNTED", 60)
    TimelineEntry.objects.bulk_create(TimelineEntry(kind="VERSION_CREATED") for _ in range(130))
    page = paulas.get(path_of(TimelineEntry))
    assert "more than 60 timeline" in page.content.decode()
    assert page.context["cl"].paginator.num_pages == 2
    assert all("LIMIT" in one for one in asked(paulas, TimelineEntry) if "COUNT" in one)
    assert len(paulas.get(path_of(TimelineEntry), {"p": "2"}).context["cl"].result_list) == 10
    assert paulas.get(path_of(TimelineEntry), {"p": "3"}).status_code == 302
    few = paulas.get(path_of(TimelineEntry), {"kind": "APPLICATION_CREATED"}).content.decode()
    assert "more than" not in few


def test_rows_that_are_passed_over_are_not_read(installation: Installation, paulas: Client) -> None:
    """Far on in a list only keys are: no column, no joined table, no sum."""
    now = timezone.now()
    ExchangeHour.objects.bulk_create(
        ExchangeHour(installation=installation, hour=now - timedelta(hours=ago)) for ago in range(120)
    )
    statements = asked(paulas, ExchangeHour, p="2")
    assert [one for one in statements if "OFFSET" in one and "JOIN" in one] == []
    rows = paulas.get(path_of(ExchangeHour), {"p": "2"}).context["cl"].result_list
    newest = ExchangeHour.objects.order_by("-pk")[50:100]
    assert [row.pk for row in rows] == [row.pk for row in newest]


@pytest.mark.parametrize("model", MANY)
def test_a_table_that_grows_is_sorted_by_its_indexes_alone(model: type[Model], paulas: Client) -> None:
    page = paulas.get(path_of(model)).context["cl"]
    assert is_sorted_by_an_index(page.queryset)
    for column in range(len(page.list_display)):
        assert is_sorted_by_an_index(paulas.get(path_of(model), {"o": str(column)}).context["cl"].queryset)


def test_bulk_changes_are_told_by_as_many_statements_as_one(paula: User, paulas: Client) -> None:
    def make(count: int) -> None:
        for _ in range(count):
            change = BulkChange.objects.create(
                table="linnapp.Application", act="suspend", title="Suspend", person=paula, person_name="Paula", total=3
            )
            states = (BulkRow.State.WAITING, BulkRow.State.DONE, BulkRow.State.DONE)
            BulkRow.objects.bulk_create(
                BulkRow(change=change, position=at, target=str(at), state=state) for at, state in enumerate(states)
            )

    counts = []
    for more in (1, 20):
        make(more)
        with CaptureQueriesContext(connection) as caught:
            page = paulas.get(path_of(BulkChange)).content.decode()
        counts.append(len(caught))
    assert page.count("2 of 3.") == 21
    assert counts[0] == counts[1]
