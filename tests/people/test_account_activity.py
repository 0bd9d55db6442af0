"""The Activity of an account: its Owners read in it who of staff was inside, why, what they looked at and did."""

import csv

import pytest
from django.conf import settings
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from installs.models import Installation
from linnapp.models import Account, Application, StaffAccess, TimelineEntry, User
from linnapp.services import access as accesses
from linnapp.services import people
from tests.kit.people import ClientOf, acting
from tests.people.test_staff_access import REASON, Purpose, enter, page_of

pytestmark = pytest.mark.django_db


def looks() -> list[str]:
    entries = TimelineEntry.objects.of_kinds("STAFF_LOOKED").order_by("id")  # type: ignore[arg-type]
    return [entry.facts["page"] for entry in entries]


def activity(browser: Client, account: Account, query: str = "") -> str:
    answer = browser.get(page_of(account, "activity") + query)
    assert answer.status_code == 200
    return answer.content.decode().replace("&#x27;", "'")


def test_an_owner_reads_who_came_in_and_why_and_what_they_looked_at(
    sam: User, carol: User, cakes: Account, installation: Installation, client_of: ClientOf
) -> None:
    sams = client_of(sam)
    enter(sams, cakes, Purpose.LOOK)
    sams.get(page_of(cakes, "apps"))
    sams.get(page_of(cakes, "apps", installation.pk))
    sams.post(f"/inside/{StaffAccess.objects.get().pk}/leave/")
    page = activity(client_of(carol), cakes)
    assert "Sam of this portal's staff opened this account's pages to look" in page
    assert f"“{REASON}”" in page
    assert "Sam of this portal's staff looked at My apps" in page
    assert "looked at Stock Bridge on Carol's Cakes" in page
    assert "Sam of this portal's staff left" in page


def test_what_was_done_to_its_applications_is_read_there_and_what_they_do_themselves_is_not(
    paula: User, alice: User, northwind: Account, installation: Installation, client_of: ClientOf
) -> None:
    paulas, application = client_of(paula), installation.application
    enter(paulas, northwind, Purpose.WORK)
    paulas.post(page_of(northwind, "applications", application.pk, "general", "logo", "remove"))
    paulas.post(page_of(northwind, "applications", application.pk, "secrets", "new"))
    paulas.post(reverse("application_token_reveal", args=(northwind.slug, application.pk, installation.pk)))
    done = TimelineEntry.objects.filter(facts__access=str(StaffAccess.objects.get().pk)).exclude(
        kind__in=["STAFF_ENTERED", "STAFF_LOOKED"]
    )
    assert {"SECRET_CREATED", "TOKEN_REVEALED"} <= set(done.values_list("kind", flat=True))
    page = activity(client_of(alice), northwind)
    assert page.count("Paula of this portal's staff") == done.count() + 1
    assert "created by Alice, Stock Bridge" not in page
    narrowed = activity(client_of(alice), northwind, f"?access={StaffAccess.objects.get().pk}")
    assert narrowed.count("Paula of this portal's staff") == done.count() + 1
    assert "Account created" not in narrowed


def test_what_staff_did_in_another_account_is_not_told_here(
    paula: User, carol: User, northwind: Account, cakes: Account, installation: Installation, client_of: ClientOf
) -> None:
    entered = accesses.enter(northwind, purpose=Purpose.WORK, by=acting(paula, reason=REASON))
    paulas = client_of(paula)
    paulas.get(page_of(northwind, "applications"))
    paulas.post(
        reverse("application_token_reveal", args=(northwind.slug, installation.application_id, installation.pk))
    )
    assert TimelineEntry.objects.filter(account_id=cakes.pk, facts__access=str(entered.pk)).exists()
    page = activity(client_of(carol), cakes, f"?access={entered.pk}")
    assert REASON not in page
    assert "Paula" not in activity(client_of(carol), cakes)


def test_a_page_is_listed_once_and_the_list_has_an_end(
    sam: User, northwind: Account, application: Application, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = client_of(sam)
    enter(browser, northwind, Purpose.LOOK)
    browser.get(page_of(northwind, "team"))
    with CaptureQueriesContext(connection) as queries:
        browser.get(page_of(northwind, "team"))
    assert not [query["sql"] for query in queries if query["sql"].startswith("INSERT")]
    assert looks() == ["Team of Northwind"]
    monkeypatch.setattr(accesses, "MOST_LOOKED_AT", 2)
    for page in ("applications", "store", "apps", "settings"):
        browser.get(page_of(northwind, page))
    assert looks() == ["Team of Northwind", "Applications of Northwind", accesses.MORE]


def test_refusals_and_what_is_sent_are_no_looks_and_files_are(
    sam: User, northwind: Account, application: Application, client_of: ClientOf
) -> None:
    browser = client_of(sam)
    enter(browser, northwind, Purpose.LOOK)
    browser.get(page_of(northwind, "applications", application.pk, "general"))
    browser.post(page_of(northwind, "settings"), {"name": "Other"})
    assert looks() == []
    browser.get(page_of(northwind, "activity") + "?format=csv")
    assert looks() == ["activity-of-northwind.csv"]


@pytest.mark.parametrize("what", ["activity", "activity/?format=csv", "apps", "team", "settings", "applications"])
def test_whoever_says_that_it_is_a_part_of_a_page_is_on_record_too(
    what: str, sam: User, northwind: Account, client_of: ClientOf
) -> None:
    browser = client_of(sam)
    enter(browser, northwind, Purpose.LOOK)
    here = page_of(northwind, what) if "?" not in what else page_of(northwind) + what
    for _ in range(2):
        answer = browser.get(here, headers={"hx-request": "true"})
        assert answer.status_code == 200
    assert len(looks()) == 1, looks()


def test_so_is_what_is_exported_to_work(
    paula: User, northwind: Account, application: Application, client_of: ClientOf
) -> None:
    browser = client_of(paula)
    enter(browser, northwind, Purpose.WORK)
    modules = page_of(northwind, "applications", application.pk, "modules")
    for path in (f"{modules}export/", modules):
        assert browser.get(path, headers={"hx-request": "true"}).status_code == 200
    assert looks()[0].endswith(".json")
    assert len(looks()) == 2


def test_a_part_of_a_page_that_is_on_record_adds_nothing_and_goes_by_its_address_alone(
    sam: User, northwind: Account, client_of: ClientOf
) -> None:
    browser, here = client_of(sam), page_of(northwind, "applications")
    enter(browser, northwind, Purpose.LOOK)
    assert "<title>" not in browser.get(here, headers={"hx-request": "true"}).content.decode()
    assert looks() == ["application list"]
    browser.get(here)
    browser.get(here, headers={"hx-request": "true"})
    assert looks() == ["application list", "Applications of Northwind"]


def test_a_member_reads_nothing_of_what_they_open_themselves(
    alice: User, northwind: Account, client_of: ClientOf
) -> None:
    client_of(alice).get(page_of(northwind, "team"))
    assert looks() == []


def test_it_is_for_owners_and_leads_from_team_settings_and_the_mail(
    sam: User, alice: User, bob: User, northwind: Account, client_of: ClientOf
) -> None:
    enter(client_of(sam), northwind, Purpose.LOOK)
    entered = StaffAccess.objects.get()
    here = page_of(northwind, "activity")
    assert client_of(bob).get(here).status_code == 404
    assert here not in client_of(bob).get(page_of(northwind, "team")).content.decode()
    assert f"{here}?access={entered.pk}" in client_of(alice).get(page_of(northwind, "team")).content.decode()
    assert here in client_of(alice).get(page_of(northwind, "settings")).content.decode()
    assert f"{settings.SITE_URL}{here}?access={entered.pk}" in mail.outbox[0].body


def test_an_address_that_a_sentence_begins_with_stays_as_it_is(
    alice: User, northwind: Account, client_of: ClientOf
) -> None:
    people.invite(northwind, email="newdev@northwind.example", role="DEVELOPER", by=acting(alice))
    page = activity(client_of(alice), northwind)
    assert "newdev@northwind.example invited as Developer" in page
    assert "Newdev@" not in page
    assert "Account created" in page


def test_many_pages_in_a_row_are_folded(sam: User, alice: User, northwind: Account, client_of: ClientOf) -> None:
    browser = client_of(sam)
    enter(browser, northwind, Purpose.LOOK)
    for page in ("applications", "store", "apps", "team"):
        browser.get(page_of(northwind, page))
    assert "<summary>Sam of this portal's staff looked at 4 pages</summary>" in activity(client_of(alice), northwind)


def test_it_is_narrowed_cut_into_pages_and_given_as_a_file(
    alice: User, sam: User, northwind: Account, client_of: ClientOf
) -> None:
    for number in range(60):
        people.invite(northwind, email=f"eve{number}@example.com", role="DEVELOPER", by=acting(alice))
    enter(client_of(sam), northwind, Purpose.LOOK)
    browser = client_of(alice)
    assert 'rel="next"' in activity(browser, northwind)
    assert "eve1@example.com" not in activity(browser, northwind, "?about=staff")
    assert "opened this account's pages" not in activity(browser, northwind, "?about=team")
    answer = browser.get(page_of(northwind, "activity") + "?format=csv")
    rows = list(csv.reader(b"".join(answer).decode().splitlines()))
    assert rows[0][:5] == ["When", "What", "Reason", "Application", "Account"]
    assert rows[0][5:] == ["By", "On behalf of", "Details"]
    assert rows[1][1:3] == ["Sam of this portal's staff opened this account's pages to look", REASON]
    assert rows[1][5:7] == ["Sam of this portal's staff", "Northwind"]
    assert len(rows) == 63
