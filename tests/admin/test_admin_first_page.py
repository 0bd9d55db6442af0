"""The admin's first page: the lists that people work with, the day in figures, and what staff without lists read."""

import html
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from installs.admin import figures
from installs.models import Delivery, ExchangeHour, Installation, RefusalGroup, Review
from linnapp.models import Account, Application, OutgoingMail, User
from linnapp.services import access
from tests.kit.people import ClientOf, acting

pytestmark = pytest.mark.django_db
FIGURE = re.compile(r'<li><a href="([^"]+)"><strong>([^<]+)</strong> ([^<]+)</a></li>')
ROOM = re.compile(r"<caption>([^<]+)</caption>")


def first_page(client: Client) -> str:
    page = client.get("/admin/")
    assert page.status_code == 200
    return page.content.decode()


def told(client: Client) -> dict[str, tuple[str, str]]:
    """Figures of the first page: what each says, and where it leads."""
    return {label: (value, html.unescape(url)) for url, value, label in FIGURE.findall(first_page(client))}


@pytest.fixture
def a_day(installation: Installation, application: Application, northwind: Account, paula: User) -> None:
    """For each figure what counts, and beside it what does not."""
    now = timezone.now()
    for hours, exchanges in ((1, 30), (3, 12), (30, 500)):
        ExchangeHour.objects.create(
            installation=installation, hour=now - timedelta(hours=hours), exchanges=exchanges, refused=1
        )
    for number, (reason, hours, count) in enumerate(
        (("UNPROVEN", 1, 7), ("TOKEN_ENDED", 2, 9), ("UNPROVEN", 40, 100), ("OVER_QUOTA", 2, 1))
    ):
        when = now - timedelta(hours=hours)
        RefusalGroup.objects.create(key=str(number), reason=reason, hour=when, last_at=when, count=count)
    for state in Delivery.State.values:
        Delivery.objects.create(
            application=application, event="test", state=state, url="https://x.example/", nonce=state
        )
    Review.objects.create(application=application, name="Stock Bridge", decision="RETURNED")
    Review.objects.create(application=application, name="Stock Bridge")
    Installation.objects.filter(pk=installation.pk).update(installed_at=now - timedelta(hours=30))
    User.objects.filter(email__startswith="carol").update(date_joined=now - timedelta(days=2))
    access.enter(northwind, purpose="WORK", by=acting(paula, reason="A reason"))
    for mailed in OutgoingMail.State.values:
        OutgoingMail.objects.create(message_id=mailed, recipient="erin@x.example", state=mailed)
    OutgoingMail.objects.create(message_id="vain", recipient="erin@x.example", said="No mail leaves: a reason.")


def test_each_figure_leads_to_a_list_of_exactly_what_it_counts(a_day: None, paula: User, client_of: ClientOf) -> None:
    client = client_of(paula)
    found = told(client)
    people = User.objects.filter(date_joined__gte=timezone.now() - timedelta(hours=24)).count()
    assert {label: value for label, (value, _) in found.items()} == {
        "Exchanges": "42",
        "Refused": "17",
        "Postbacks waiting": "2",
        "Reviews open": "1",
        "Not connected for a day": "1",
        "New sign-ups": str(people),
        "Staff inside now": "1",
        "E-mails waiting": "2",
        "E-mails that failed and wait to be tried again": "1",
        "E-mails failed": "1",
    }
    assert people < User.objects.count()
    of_the_day = first_page(client).partition("As it stands now")[0]
    assert [label for _, _, label in FIGURE.findall(of_the_day)] == ["Exchanges", "Refused", "New sign-ups"]
    rows = {label: client.get(url).context["cl"].result_count for label, (_, url) in found.items()}
    # An hour with its exchanges, and a group of refusals with its count, is a row.
    assert rows == {label: int(value) for label, (value, _) in found.items()} | {"Exchanges": 2, "Refused": 3}


def test_the_most_frequent_causes_of_refusals_stand_below_and_lead_to_theirs(
    a_day: None, paula: User, client_of: ClientOf
) -> None:
    client = client_of(paula)
    page = first_page(client)
    causes = re.findall(r'<a href="([^"]+)">([^<]+) \((\d+)\)</a>', page)
    assert [(words, count) for _, words, count in causes] == [
        ("permanent token replaced", "9"),
        ("unproven", "7"),
        ("more exchanges in a minute than allowed", "1"),
    ]
    for url, _, _ in causes:
        assert client.get(html.unescape(url)).context["cl"].result_count == 1


def test_an_installation_of_today_has_time_to_connect(
    installation: Installation, paula: User, client_of: ClientOf
) -> None:
    client = client_of(paula)
    assert told(client)["Not connected for a day"][0] == "0"
    assert "Not connected for a day: installed more than 24 hours ago" in first_page(client)


def test_no_figure_counts_further_than_it_says(
    a_day: None, paula: User, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    User.objects.update(date_joined=timezone.now())
    monkeypatch.setattr(figures, "MOST_COUNTED", 1)
    found = {label: value for label, (value, _) in told(client_of(paula)).items()}
    assert (found["Postbacks waiting"], found["New sign-ups"]) == ("1+", "1+")
    # Of groups that no index orders by time only the newest are read: the last is of today, the one before is not.
    assert found["Refused"] == "1"
    RefusalGroup.objects.update(hour=timezone.now())
    assert told(client_of(paula))["Refused"][0] == "101+"


def test_the_first_page_costs_the_same_however_much_there_is(
    a_day: None, paula: User, client_of: ClientOf, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = client_of(paula)
    with django_assert_max_num_queries(15):
        client.get("/admin/")


def test_what_people_work_with_stands_first_and_the_rest_is_folded(paula: User, client_of: ClientOf) -> None:
    page = first_page(client_of(paula))
    assert ROOM.findall(page) == ["Applications", "Installations", "Accounts and people", "What happened"]
    working, _, folded = page.partition('<details class="internals module">')
    for path in ("linnapp/application", "installs/review", "installs/delivery", "linnapp/timelineentry"):
        assert f'href="/admin/{path}/"' in working
    for path in ("installs/session", "installs/failurewindow", "linnapp/keycanary", "linnapp/knockcount"):
        assert f'href="/admin/{path}/"' not in working
        assert f'href="/admin/{path}/"' in folded
    assert page.index("/admin/linnapp/application/") < page.index("/admin/linnapp/version/")


def test_staff_see_the_lists_and_figures_of_their_permissions_alone(
    a_day: None, sam: User, client_of: ClientOf
) -> None:
    sam.user_permissions.add(Permission.objects.get(codename="view_review"))
    client = client_of(sam)
    assert set(told(client)) == {"Reviews open"}
    page = first_page(client)
    assert ROOM.findall(page) == ["Applications", "What happened"]
    assert "Export files" in page
    assert "Timeline" not in page
    assert "Internals" not in page
    assert "mostly because" not in page


def test_staff_who_find_nothing_in_the_admin_have_no_entry_for_it(sam: User, client_of: ClientOf) -> None:
    client = client_of(sam)
    assert 'href="/admin/"' not in client.get("/profile/").content.decode()
    page = first_page(client)
    assert "There is nothing here that you may see" in page
    assert "Search everything" not in page
    sam.user_permissions.add(Permission.objects.get(codename="view_review"))
    assert 'href="/admin/"' in client_of(sam).get("/profile/").content.decode()


def test_the_pages_of_one_package_keep_the_rooms_without_the_day(paula: User, client_of: ClientOf) -> None:
    page = client_of(paula).get("/admin/linnapp/").content.decode()
    assert ROOM.findall(page) == ["Applications", "Accounts and people", "What happened"]
    assert "The last 24 hours" not in page
