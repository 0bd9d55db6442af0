"""What ends by itself: people who never confirmed their address, browser sessions, invitations."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from installs import tasks
from installs.models import StaffNote
from linnapp.models import Account, Application, Invitation, Membership, TimelineEntry, User
from linnapp.services import ends, people
from tests.kit.people import acting

pytestmark = pytest.mark.django_db
NEW = {
    "name": "Erin",
    "company": "Erin's Emporium",
    "email": "erin@emporium.example",
    "password1": "long enough secret",
}
WEEK = timedelta(days=7, minutes=1)


@pytest.fixture
def erin(client: Client) -> User:
    client.post("/sign-up/", NEW)
    return User.objects.get(email=NEW["email"])


def joined(person: User, ago: timedelta) -> None:
    User.objects.filter(pk=person.pk).update(date_joined=timezone.now() - ago)


def is_there(person: User) -> bool:
    return User.objects.filter(pk=person.pk).exists()


def test_who_never_confirmed_the_address_ends_after_a_week_with_the_account_of_the_sign_up(erin: User) -> None:
    told = TimelineEntry.objects.count()
    joined(erin, timedelta(days=6, hours=23))
    tasks.drop_what_is_over.call_local()
    assert is_there(erin)
    joined(erin, WEEK)
    tasks.drop_what_is_over.call_local()
    left = User.objects.count() + Account.objects.count() + Membership.objects.count() + EmailAddress.objects.count()
    assert left == 0
    assert TimelineEntry.objects.count() == told
    connection.check_constraints()


def test_the_address_can_sign_up_again(erin: User, client: Client) -> None:
    joined(erin, WEEK)
    assert ends.drop_unconfirmed() == 1
    client.post("/sign-up/", NEW)
    assert Account.objects.get().slug == "erins-emporium"


def test_who_ever_confirmed_or_signed_in_stays(erin: User, alice: User) -> None:
    joined(erin, WEEK)
    joined(alice, WEEK)
    EmailAddress.objects.filter(user=erin).update(verified=True)
    assert ends.drop_unconfirmed() == 0
    EmailAddress.objects.filter(user=erin).update(verified=False)
    User.objects.filter(pk=erin.pk).update(last_login=timezone.now())
    assert ends.drop_unconfirmed() == 0


def test_who_was_made_by_staff_stays(erin: User) -> None:
    """They have no address yet: it is confirmed by signing in."""
    joined(erin, WEEK)
    EmailAddress.objects.all().delete()
    assert ends.drop_unconfirmed() == 0
    EmailAddress.objects.create(user=erin, email=erin.email, primary=True)
    User.objects.filter(pk=erin.pk).update(is_staff=True)
    assert ends.drop_unconfirmed() == 0


def test_who_was_made_by_an_operator_stays_when_they_first_come_to_sign_in(client: Client) -> None:
    made = User.objects.create_user("olga@operators.example", NEW["password1"], name="Olga")
    account = people.create_account(name="Operators", owner=made)
    joined(made, WEEK)
    client.post("/sign-in/", {"login": made.email, "password": NEW["password1"]})
    assert EmailAddress.objects.filter(user=made, verified=False).exists()
    tasks.drop_what_is_over.call_local()
    assert is_there(made)
    assert Account.objects.filter(pk=account.pk).exists()


def test_who_has_what_is_there_for_others_stays(erin: User, alice: User) -> None:
    joined(erin, WEEK)
    account = Account.objects.get(memberships__user=erin)
    held = [
        Application.objects.create(account=account, name="Made", type="SYSTEM"),
        Membership.objects.create(account=account, user=alice, role=Membership.Role.DEVELOPER),
        people.invite(account, email="bob@northwind.example", role="DEVELOPER", by=acting(alice))[0],
        StaffNote.objects.create(account=account, text="Asked by telephone.", by=alice),
    ]
    for left, row in enumerate(held, start=1):
        assert ends.drop_unconfirmed() == 0, f"with {len(held) - left + 1} of them"
        row.delete()
    assert ends.drop_unconfirmed() == 1


def test_those_who_stay_keep_nobody_else(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ends, "TOGETHER", 1)
    for number in range(3):
        client.post("/sign-up/", NEW | {"email": f"erin-{number}@emporium.example"})
    people_of_sign_up = list(User.objects.order_by("pk"))
    for person in people_of_sign_up:
        joined(person, WEEK)
    Application.objects.create(account=people_of_sign_up[0].accounts.get(), name="Made", type="SYSTEM")
    assert ends.drop_unconfirmed() == 2
    assert is_there(people_of_sign_up[0])


def test_browser_sessions_end(alice: User) -> None:
    browsers = [Client(), Client()]
    for browser in browsers:
        browser.force_login(alice)
    over = Session.objects.get(session_key=browsers[0].session.session_key)
    Session.objects.filter(pk=over.pk).update(expire_date=timezone.now() - timedelta(seconds=1))
    tasks.drop_what_is_over.call_local()
    assert not Session.objects.filter(pk=over.pk).exists()
    assert browsers[1].get("/profile/").status_code == 200


def test_invitations_end_a_month_after_they_were_over(northwind: Account, alice: User) -> None:
    for number, days in enumerate((-1, 29, 31)):
        made, _ = people.invite(northwind, email=f"{number}@nowhere.example", role="DEVELOPER", by=acting(alice))
        Invitation.objects.filter(pk=made.pk).update(expires_at=timezone.now() - timedelta(days=days))
    tasks.drop_what_is_over.call_local()
    assert sorted(Invitation.objects.values_list("email", flat=True)) == ["0@nowhere.example", "1@nowhere.example"]


@pytest.mark.usefixtures("as_new")
def test_invitations_that_are_over_are_found_by_an_index() -> None:
    over = Invitation.objects.filter(expires_at__lt=timezone.now()).order_by("expires_at")
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        assert "invitations_by_end" in over.explain()


def test_a_fault_with_one_of_them_keeps_none_of_the_others(
    erin: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> int:
        raise RuntimeError("no such table")

    joined(erin, WEEK)
    monkeypatch.setattr(tasks, "DROPS", (broken, *tasks.DROPS))
    tasks.drop_what_is_over.call_local()
    assert not is_there(erin)
    assert "broke off, and goes on within the hour" in caplog.text
