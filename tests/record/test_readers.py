"""Who reads whose record: Owners that of their people, as far as it is theirs to read; the platform all of it."""

import csv
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from linnapp.actors import Side
from linnapp.models import Account, AuditEntry, Membership, StaffAccess, User
from linnapp.services import access, people
from tests.kit.people import ClientOf, acting
from tests.record.conftest import Enter, told

pytestmark = pytest.mark.django_db
TEAM = "/a/northwind/team/record/"
ADMIN = "/admin/linnapp/auditentry/"


def test_an_owner_reads_how_their_people_sign_in_and_not_from_where(
    enter: Enter, client_of: ClientOf, alice: User, bob: User, northwind: Account
) -> None:
    enter(bob)
    enter(bob, "wrong")
    page = told(client_of(alice).get(TEAM))
    assert "Bob signed in with a password, Firefox on Linux" in page
    assert "Wrong password for Bob" in page
    assert "203.0.113" not in page
    assert "Nothing matches." in told(client_of(alice).get(TEAM, {"q": "203.0.113.7"}))
    file = b"".join(client_of(alice).get(TEAM, {"format": "csv"})).decode()
    rows = list(csv.DictReader(file.splitlines()))
    assert [row["Whom it concerns"] for row in rows] == ["Bob", "Bob", "Alice"]
    assert "Account created by" in rows[2]["What"]
    assert "Network address" not in rows[0]
    assert "203.0.113" not in file


def test_they_read_who_may_do_what_here_and_nothing_of_elsewhere(
    client_of: ClientOf, alice: User, bob: User, northwind: Account, cakes: Account, carol: User, paula: User
) -> None:
    people.invite(northwind, email="erin@emporium.example", role="DEVELOPER", by=acting(alice, Side.CUSTOMER))
    people.change_role(bob.memberships.get(), role="OWNER", by=acting(alice, Side.CUSTOMER))
    invitation, _ = people.invite(cakes, email=bob.email, role="DEVELOPER", by=acting(carol))
    people.accept(invitation, by=acting(bob, Side.CUSTOMER))
    access.enter(northwind, purpose=StaffAccess.Purpose.LOOK, by=acting(paula, reason="Asked to"))
    page = told(client_of(alice).get(TEAM))
    assert "erin@emporium.example invited as Developer by Alice" in page
    assert "Bob is now Owner, changed by Alice" in page
    assert "Paula of this portal's staff opened this account's pages to look" in page
    assert "Carol" not in page
    assert "joined as" not in page
    assert "Bob joined as Developer" in told(client_of(carol).get("/a/carols-cakes/team/record/"))


def test_they_read_nothing_of_people_of_other_accounts(
    enter: Enter, client_of: ClientOf, alice: User, dave: User, northwind: Account, depot: Account
) -> None:
    enter(dave)
    enter(dave, "wrong")
    browser = client_of(alice)
    assert "Dave" not in told(browser.get(TEAM))
    assert "Dave" not in b"".join(browser.get(TEAM, {"format": "csv"})).decode()
    assert "Dave signed in" in told(client_of(dave).get(f"/a/{depot.slug}/team/record/"))


def test_they_read_nothing_of_before_somebody_joined_and_after_they_left(
    enter: Enter, client_of: ClientOf, alice: User, bob: User, northwind: Account
) -> None:
    enter(bob)
    Membership.objects.filter(user=bob).update(created_at=timezone.now() + timedelta(minutes=1))
    assert "Bob signed in" not in told(client_of(alice).get(TEAM))
    Membership.objects.filter(user=bob).update(created_at=timezone.now() - timedelta(days=1))
    assert "Bob signed in" in told(client_of(alice).get(TEAM))
    client_of(alice).post(f"/a/northwind/team/{bob.memberships.get().pk}/remove/")
    page = told(client_of(alice).get(TEAM))
    assert "Bob removed by Alice" in page
    assert "Bob signed in" not in page


def test_what_staff_are_allowed_in_the_portal_is_no_team_s_to_read(
    client_of: ClientOf, alice: User, bob: User, northwind: Account
) -> None:
    AuditEntry.objects.create(kind="PERSON_RIGHTS", person_id=bob.pk, person_name="Bob", side="STAFF")
    assert "may do in this portal" not in told(client_of(alice).get(TEAM))
    assert "may do in this portal" in told(client_of(bob).get("/profile/record/"))


def test_it_is_for_owners_and_leads_from_their_team(
    client_of: ClientOf, alice: User, bob: User, dave: User, depot: Account, northwind: Account, paula: User
) -> None:
    assert {name: client_of(person).get(TEAM).status_code for name, person in
            (("a developer", bob), ("an Owner of another", dave), ("staff outside", paula))} == {
        "a developer": 404, "an Owner of another": 404, "staff outside": 404}  # fmt: skip
    assert Client().get(TEAM).status_code == 302
    assert TEAM in told(client_of(alice).get("/a/northwind/team/"))
    assert TEAM not in told(client_of(bob).get("/a/northwind/team/"))


def test_the_platform_reads_all_with_addresses_and_takes_it_along(
    enter: Enter, client_of: ClientOf, alice: User, paula: User
) -> None:
    enter(alice)
    enter(User(email="nobody@nowhere.example"), "wrong")
    browser = client_of(paula)
    page = told(browser.get(ADMIN))
    assert "Failed sign-in with an unknown address or passkey" in page
    assert "203.0.113.7" in page
    assert "1 audit entry" in told(browser.get(ADMIN, {"kind": "SIGN_IN"}))
    assert "1 audit entry" in told(browser.get(ADMIN, {"q": "Alice"}))
    file = b"".join(browser.get(f"{ADMIN}export/csv/")).decode()
    assert "Firefox on Linux" in file


def test_staff_need_a_permission_for_it(client_of: ClientOf, sam: User, enter: Enter, alice: User) -> None:
    enter(alice)
    sam.user_permissions.add(Permission.objects.get(codename="view_timelineentry"))
    assert client_of(sam).get(ADMIN).status_code == 403
    assert "signed in with" not in told(client_of(sam).get("/admin/linnapp/timelineentry/"))


def test_a_page_takes_as_many_statements_for_many_lines_as_for_few(
    enter: Enter, client_of: ClientOf, alice: User, bob: User, northwind: Account
) -> None:
    browser, numbers = client_of(alice), []
    for agents in (("Firefox/1", "Chrome/1"), [f"Firefox/1 {system}" for system in ("Linux", "Windows", "iPad")]):
        for agent in agents:
            enter(bob, agent=agent)
        with CaptureQueriesContext(connection) as statements:
            browser.get(TEAM)
        numbers.append(len(statements))
    assert numbers[0] == numbers[1]
