"""However many installations an application has, its pages read the rows that they show: which index each list has."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from installs.application import figures
from installs.installations import numbers
from installs.models import Delivery, ExchangeHour, Installation
from installs.postbacks import health
from installs.templatetags.installs import facts_of
from linnapp.models import Account, Application, User, Version
from linnapp.models.capped import CountUpTo
from tests.kit.people import ClientOf

pytestmark = pytest.mark.usefixtures("as_new")
# PostgreSQL counts by an index alone only what was vacuumed, which a test's own rows are not.
ONLY_IN_PART = connection.vendor == "postgresql"
URL = "https://hooks.example.com/made"


@pytest.fixture
def many(installation: Installation) -> Installation:
    """2,000 others of the application, a few of which failed or are suspended, each with a postback and an hour; and as
    many of two other applications."""
    now = timezone.now()
    accounts = Account.objects.bulk_create(
        Account(name=f"Account {number}", slug=f"a-{number}", name_folded=f"account {number}") for number in range(2000)
    )
    facts = {"application": installation.application, "version": installation.version}
    rows = [
        Installation(
            **facts, account=account, last_used_at=now, first_exchange_at=now, installed_at=now - timedelta(number)
        )
        for number, account in enumerate(accounts)
    ]
    for row in rows[:5]:
        row.state = Installation.State.FAILED
    for row in rows[5:10]:
        row.suspended_by_account_at = now
    Installation.objects.bulk_create(rows)
    for name in ("Other", "Third"):
        other = Application.objects.create(account=installation.application.account, name=name, type="SYSTEM")
        facts |= {"application": other}
        Installation.objects.bulk_create(Installation(**facts, account=account) for account in accounts)
    made = {"application": installation.application, "event": "installed", "state": "DELIVERED", "url": URL}
    Delivery.objects.bulk_create(
        Delivery(**made, installation=row, nonce=f"n{number}", host="hooks.example.com")
        for number, row in enumerate(rows)
    )
    ExchangeHour.objects.bulk_create(
        ExchangeHour(installation=row, application_id=row.application_id, hour=now, exchanges=2) for row in rows
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return installation


def plans(asked: CaptureQueriesContext, part: str) -> str:
    """How the database does the statements that hold this."""
    word = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    found = [one["sql"] for one in asked.captured_queries if part in one["sql"]]
    assert found, [one["sql"] for one in asked.captured_queries]
    lines = []
    with connection.cursor() as cursor:
        for statement in found:
            cursor.execute(f"{word} {statement}")
            lines += [str(row[-1]) for row in cursor.fetchall()]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({"sort": "used"}, "installations_by_use"),
        ({"state": "failed"}, "installations_unfinished"),
        ({"state": "suspended"}, "installations_stopped"),
    ],
)
def test_a_list_reads_the_rows_that_it_shows(
    many: Installation, alice: User, client_of: ClientOf, query: dict[str, str], index: str
) -> None:
    page = reverse("application_installations", args=["northwind", many.application_id])
    shown = client_of(alice).get(page, query).context["list"]
    plan = shown.queryset[:51].explain()
    assert index in plan, plan
    found = 2001 if "sort" in query else 5
    assert shown.total == f"{found:,}"


def test_versions_in_use_are_looked_for_among_those_of_the_application(
    many: Installation, alice: User, client_of: ClientOf
) -> None:
    page = reverse("application_installations", args=["northwind", many.application_id])
    with CaptureQueriesContext(connection) as asked:
        chips = client_of(alice).get(page).context["filters"]
    assert [label for label, _, _ in dict(chips)["Version"]][1:] == [f"{many.version.label} (2001)"]
    plan = plans(asked, 'EXISTS(SELECT 1 AS "a" FROM "installs_installation"')
    assert re.search(r"linnapp_version.*\(application_id|Cond: \(application_id|Filter: .*application_id", plan), plan
    counted = plans(asked, "GROUP BY 1")
    assert ONLY_IN_PART or "COVERING INDEX installations_by_version" in counted, counted


def test_behind_is_counted_by_version(many: Installation, alice: User, client_of: ClientOf) -> None:
    facts = {"application": many.application, "kind": Version.Kind.RELEASED, "snapshot": many.version.snapshot}
    Version.objects.create(**facts, major=9, minor=0, patch=0)
    page = reverse("version_list", args=["northwind", many.application_id])
    with CaptureQueriesContext(connection) as asked:
        context = client_of(alice).get(page).context
    assert context["behind"] == 1996
    assert context["behind"] == Installation.objects.behind().of_application(many.application).count()
    # Once for all that the page tells of them, those that wait by themselves.
    counted = [one["sql"] for one in asked if re.search(r'COUNT\(\*\).*"installs_installation"', one["sql"])]
    assert len(counted) == 3, counted
    assert all(" OR " not in one for one in counted if "GROUP BY" in one)
    listed = reverse("application_installations", args=["northwind", many.application_id])
    shown = client_of(alice).get(listed, {"state": "behind"}).context["list"]
    assert "EXISTS" not in str(shown.queryset.query)
    assert shown.total == "1,996"


def test_a_week_is_added_up_by_indexes(many: Installation) -> None:
    with CaptureQueriesContext(connection) as asked:
        week = figures.week(many.application)
    assert (week.active, week.exchanges) == (1991, 4000)
    assert week.active == Installation.objects.active().of_application(many.application).count()
    added = plans(asked, 'SUM("installs_exchangehour"')
    assert ONLY_IN_PART or "COVERING INDEX exchange_hours_added_up" in added, added
    assert ONLY_IN_PART or "COVERING INDEX deliveries_counted" in added, added


def test_all_of_a_stopped_application_are_suspended(many: Installation) -> None:
    application = Application.objects.select_related("account").get(pk=many.application_id)
    assert numbers.suspended_of(application).count() == 5
    Account.objects.filter(slug="a-20").update(suspended_by_staff_at=timezone.now())
    assert (
        numbers.suspended_of(application).count()
        == 6
        == Installation.objects.of_application(application).suspended().count()
    )
    Application.objects.update(suspended_by_staff_at=timezone.now())
    application.refresh_from_db()
    assert (
        numbers.suspended_of(application).count()
        == 1996
        == Installation.objects.of_application(application).suspended().count()
    )
    assert figures.week(application).active == 0


def test_hosts_are_looked_for_by_their_index(many: Installation, alice: User, client_of: ClientOf) -> None:
    page = reverse("postback_list", args=["northwind", many.application_id])
    with CaptureQueriesContext(connection) as asked:
        assert client_of(alice).get(page, {"q": "Hooks.Ex"}).context["list"].total == "more than 1,000"
    assert "deliveries_by_host" in plans(asked, "WITH RECURSIVE")
    with CaptureQueriesContext(connection) as asked:
        found = client_of(alice).get(page, {"q": "Account 1999"}).context["list"]
    assert len(found.rows) == 1
    plan = found.queryset[:51].explain()
    assert re.search(r"deliveries_by_installation|installs_delivery_installation_id", plan), plan
    assert not client_of(alice).get(page, {"q": "nowhere"}).context["list"].rows


def test_versions_count_what_waits_too(many: Installation, alice: User, client_of: ClientOf) -> None:
    waits = Installation.objects.filter(account__slug__in=("a-20", "a-21", "a-22"), application=many.application)
    waits.update(state="PENDING", waits_until=timezone.now() + timedelta(minutes=1))
    waits.filter(account__slug="a-22").update(waits_until=timezone.now())
    page = reverse("version_list", args=["northwind", many.application_id])
    rows = client_of(alice).get(page).context["rows"]
    assert {row.version.label: row.installations for row in rows}[many.version.label] == 1995
    assert rows[0].of == Installation.objects.of_application(many.application).live().count() == 1995


def test_suspended_ones_are_read_in_the_order_of_their_index(
    many: Installation, alice: User, client_of: ClientOf
) -> None:
    """Without a list of keys, as long as no account of theirs is suspended; with it, once one is."""
    page = reverse("application_installations", args=["northwind", many.application_id])
    shown = client_of(alice).get(page, {"state": "suspended"}).context["list"]
    assert (len(shown.rows), shown.total) == (5, "5")
    assert "UNION" not in str(shown.queryset.query)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
    plan = shown.queryset[:51].explain()
    assert "installations_stopped" in plan, plan
    Account.objects.filter(slug__in=("a-7", "a-20")).update(suspended_by_staff_at=timezone.now())
    shown = client_of(alice).get(page, {"state": "suspended"}).context["list"]
    assert ({row.account.slug for row in shown.rows}, shown.total) == ({"a-5", "a-6", "a-7", "a-8", "a-9", "a-20"}, "6")
    assert [label for label, _, _ in shown.chips("state", [])] == ["All"]


def test_what_an_account_has_by_name_is_found_by_keys(many: Installation, carol: User, client_of: ClientOf) -> None:
    """Rows with all that they show are read of the page alone, and not of all that is sorted."""
    page = reverse("my_apps", args=[many.account.slug])
    with CaptureQueriesContext(connection) as asked:
        rows = client_of(carol).get(page, {"sort": "name"}).context["list"].rows
    assert [row.pk for row in rows] == [many.pk]
    read = [one["sql"] for one in asked if re.search('^SELECT "installs_installation".*"script_url"', one["sql"])]
    assert len(read) == 1
    assert '"installs_installation"."id" IN (' in read[0], read


def test_an_account_s_apps_are_searched_without_what_others_installed(
    many: Installation, carol: User, client_of: ClientOf
) -> None:
    Application.objects.filter(pk=many.application_id).update(name="Needle")
    page = reverse("my_apps", args=[many.account.slug])
    for text in ("needle", "northwind"):
        shown = client_of(carol).get(page, {"q": text}).context["list"]
        assert [row.pk for row in shown.rows] == [many.pk]
        plan = shown.queryset[:51].explain()
        assert not re.search(r"BitmapAnd|by_version|application_id_", plan), plan
    assert not client_of(carol).get(page, {"q": "haystack"}).context["list"].rows


def test_updates_of_an_account_are_looked_for_row_by_row(many: Installation, carol: User, client_of: ClientOf) -> None:
    facts = {"application": many.application, "kind": Version.Kind.RELEASED, "snapshot": many.version.snapshot}
    Version.objects.bulk_create(Version(**facts, major=9, minor=minor, patch=0) for minor in range(50))
    page = reverse("my_apps", args=[many.account.slug])
    shown = client_of(carol).get(page, {"state": "update"}).context["list"]
    assert [row.pk for row in shown.rows] == [many.pk]
    plan = shown.queryset[:51].explain()
    if connection.vendor == "postgresql":
        assert "ROW(major, minor, patch) > ROW(" in plan, plan
        assert "hashed SubPlan" not in plan, plan
    else:
        assert "versions_installable (application_id=? AND major>?)" in plan, plan
    Version.objects.filter(major=9).update(withdrawn_at=timezone.now())
    assert not client_of(carol).get(page, {"state": "update"}).context["list"].rows
    Version.objects.filter(pk=many.version_id).update(withdrawn_at=timezone.now())
    assert not client_of(carol).get(page, {"state": "update"}).context["list"].rows
    Version.objects.filter(major=9, minor=3).update(withdrawn_at=None)
    assert len(client_of(carol).get(page, {"state": "update"}).context["list"].rows) == 1


def test_health_reads_installations_of_what_was_given_up_alone(many: Installation) -> None:
    now = timezone.now()
    some = list(Delivery.objects.order_by("nonce")[:6])
    for row, state in zip(some, ("EXHAUSTED", "STOPPED", "EXHAUSTED", "DUE", "HELD", "DELIVERED"), strict=True):
        row.state, row.ended_at, row.tried = state, now, 1
    some[2].ended_at = now - timedelta(days=8)
    Delivery.objects.bulk_update(some, ["state", "ended_at", "tried"])
    Installation.objects.filter(pk__in=[row.installation_id for row in some]).update(state="ACTIVE")
    Installation.objects.filter(pk=str(some[1].installation_id)).update(state="UNINSTALLED")
    with CaptureQueriesContext(connection) as asked:
        found = health.of_each([many.application])[many.application_id]
    assert (found.given_up, found.retrying, found.held) == (1, 1, 1)
    assert "JOIN" not in asked.captured_queries[0]["sql"]


def test_installations_beside_a_name_are_counted_up_to_a_limit(
    many: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert facts_of([many.application])[many.application_id].counted == "1,996 installations"
    monkeypatch.setattr("installs.application.beside_name.MOST_COUNTED", 1000)
    monkeypatch.setattr("installs.application.beside_name.CountUpTo", lambda rows: CountUpTo(rows, 1000))
    facts = facts_of([many.application])[many.application_id]
    assert (facts.counted, facts.number) == ("more than 1,000 installations", "more than 1,000")


def test_accounts_to_install_on_are_found_by_their_seats(many: Installation, alice: User) -> None:
    plan = Account.objects.installable_by(alice, many.application.account_id).order_by("name").explain()
    assert not re.search(r"Seq Scan on linnapp_account|SCAN linnapp_account\b", plan), plan
