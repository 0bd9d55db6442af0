"""A person's own record, line by line as the pages write it."""

import csv
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.utils import timezone

from installs.tasks import drop_what_is_over
from linnapp.models import Account, AuditEntry, User
from tests.kit.people import PASSWORD, ClientOf
from tests.record.conftest import PHONE, Enter, kinds_of, told

pytestmark = pytest.mark.django_db
RECORD = "/profile/record/"
NEW = "a quite different secret"


def link_in(message: Any) -> str:
    found = re.search(r"http://localhost:8000(/\S+)", str(message.body))
    assert found
    return found[1]


def test_a_sign_in_tells_how_where_and_with_what(enter: Enter, alice: User) -> None:
    page = told(enter(alice).get(RECORD))
    assert "Alice signed in with a password, Firefox on Linux, from 203.0.113.7" in page
    page = told(enter(alice, address="2001:db8::7", agent=PHONE).get(RECORD))
    assert "Safari on iPhone, from 2001:db8::7" in page


def test_a_wrong_password_is_told_by_its_network_and_how_often(enter: Enter, alice: User) -> None:
    for last in (7, 8, 9):
        enter(alice, "wrong", address=f"203.0.113.{last}")
    page = told(enter(alice).get(RECORD))
    assert re.search(r"Wrong password for Alice, from 203\.0\.113\.0/24, 3 times until \d\d:\d\d", page)


def test_signing_out(enter: Enter, alice: User) -> None:
    enter(alice).post("/sign-out/")
    assert kinds_of(alice) == ["SIGN_IN", "SIGN_OUT"]


def test_a_password_given_once_more_and_wrong_is_one_of_the_wrong(client_of: ClientOf, alice: User) -> None:
    client_of(alice).post("/sign-in/again/", {"password": "wrong"})
    assert kinds_of(alice) == ["SIGN_IN_FAILED"]


def test_a_changed_password(client_of: ClientOf, alice: User) -> None:
    client_of(alice).post("/profile/password/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})
    assert kinds_of(alice) == ["SIGN_OUT", "PASSWORD_CHANGED"]
    alice.refresh_from_db()
    assert "Password changed by Alice, who was signed out everywhere, " in told(client_of(alice).get(RECORD))


def test_a_password_set_anew_is_by_whoever_reads_the_mail(client_of: ClientOf, alice: User, bob: User) -> None:
    Client().post("/password/", {"email": alice.email})
    elsewhere = client_of(bob)
    form = elsewhere.get(link_in(mail.outbox[0]), follow=True)
    elsewhere.post(form.redirect_chain[-1][0], {"password1": NEW, "password2": NEW})
    assert kinds_of(alice) == ["ACCOUNT_CREATED", "PASSWORD_RESET", "SIGN_IN"]
    assert kinds_of(bob) == ["SIGN_OUT"]
    page = told(elsewhere.get(RECORD))
    assert "Alice reset the password by e-mail and was signed out everywhere, " in page


def test_a_changed_address(client_of: ClientOf, alice: User) -> None:
    client_of(alice).post("/profile/e-mail/", {"email": "alice@new.example", "action_add": ""})
    link = next(link_in(one) for one in mail.outbox if "alice@new.example" in one.to)
    client_of(alice).post(link)
    assert EmailAddress.objects.get(user=alice).email == "alice@new.example"
    page = told(client_of(alice).get(RECORD))
    assert "E-mail changed from alice@northwind.example to alice@new.example by Alice" in page


def test_seats_and_rights(client_of: ClientOf, alice: User, bob: User, northwind: Account, paula: User) -> None:
    seat = bob.memberships.get()
    client_of(alice).post(f"/a/northwind/team/{seat.pk}/role/", {"role": "OWNER"})
    client_of(paula).post(f"/admin/linnapp/user/{bob.pk}/change/", staff_form(bob))
    client_of(alice).post(f"/a/northwind/team/{seat.pk}/remove/")
    page = told(client_of(bob).get(RECORD))
    assert "Bob is now Owner, changed by Alice, Northwind" in page
    assert "Support changed what Bob may do in this portal to: staff" in page
    assert "Bob removed by Alice, Northwind" in page
    assert "Paula" not in page


def staff_form(person: User) -> dict[str, str]:
    was = {"initial-name": person.name, "initial-is_active": "True", "initial-is_staff": "False"}
    was |= {"initial-is_superuser": "False"}
    return was | {"name": person.name, "is_active": "on", "is_staff": "on", "why": "Joins the team"}


def test_it_is_ones_own_alone(enter: Enter, alice: User, bob: User) -> None:
    enter(bob, "wrong")
    page = told(enter(alice).get(RECORD))
    assert "Bob" not in page
    assert Client().get(RECORD).headers["Location"].startswith("/sign-in/")


def test_it_is_narrowed_searched_and_cut_into_pages(enter: Enter, alice: User, client_of: ClientOf) -> None:
    for number in range(60):
        AuditEntry.objects.create(
            kind="FACTOR_ADDED", person_id=alice.pk, person_name="Alice", actor_name="Alice", side="CUSTOMER",
            facts={"factor": f"Passkey {number}"}, network=f"198.51.100.{number}",
        )  # fmt: skip
    enter(alice)
    client = client_of(alice)
    assert 'rel="next"' in told(client.get(RECORD))
    assert "Passkey" not in told(client.get(RECORD, {"about": "sign-in"}))
    assert "signed in with" not in told(client.get(RECORD, {"about": "factors"}))
    found = told(client.get(RECORD, {"q": "198.51.100.41"}))
    assert "Passkey 41 " in found
    assert "Passkey 42 " not in found
    assert "Firefox on Linux" in told(client.get(RECORD, {"q": "firefox"}))
    assert "Nothing matches." in told(client.get(RECORD, {"q": "nothing is called so"}))


def test_it_is_taken_along_as_files(enter: Enter, alice: User) -> None:
    browser = enter(alice)
    AuditEntry.objects.update(person_name="=cmd()", actor_name="=cmd()")
    rows = list(csv.DictReader(b"".join(browser.get(RECORD, {"format": "csv"})).decode().splitlines()))
    assert rows[0]["What"].startswith("'=cmd() signed in with a password, ")
    assert rows[0]["Whom it concerns"] == rows[0]["By"] == "'=cmd()"
    assert (rows[0]["Device"], rows[0]["Network address"], rows[0]["Times"]) == ("Firefox on Linux", "203.0.113.7", "1")
    [row] = json.loads(b"".join(browser.get(RECORD, {"format": "json"})))
    assert row["network_address"] == "203.0.113.7"


def test_nothing_is_on_record_yet(client_of: ClientOf, alice: User) -> None:
    assert "Nothing recorded yet." in told(client_of(alice).get(RECORD))


def test_a_line_ends_after_400_days(enter: Enter, alice: User) -> None:

    for days in (401, 399):
        enter(alice)
        AuditEntry.objects.filter(at__gt=timezone.now() - timedelta(days=1)).update(
            at=timezone.now() - timedelta(days=days)
        )
    drop_what_is_over.call_local()
    [left] = AuditEntry.objects.all()
    assert left.at > timezone.now() - timedelta(days=400)
