"""The first lines of somebody's record: how they came here, in words that are true of it."""

import re

import pytest
from django.core import mail
from django.test import Client

from linnapp.models import Account, AuditEntry, TimelineEntry, User
from tests.kit.people import ClientOf
from tests.record.conftest import kinds_of, told

pytestmark = pytest.mark.django_db
NEW = "another horse battery"
ERIN = {"name": "Erin", "company": "Erin's Emporium", "email": "erin@emporium.example", "password1": NEW}
RECORD = "/profile/record/"


def confirmed(browser: Client) -> User:
    """Erin signs up in one browser, and confirms the address in this one."""
    Client().post("/sign-up/", ERIN)
    found = re.search(r"http://localhost:8000(/\S+)", str(mail.outbox[-1].body))
    assert found
    form = browser.post(found[1], follow=True)
    browser.post(form.redirect_chain[-1][0], {"password1": NEW, "password2": NEW})
    return User.objects.get(email=ERIN["email"])


def test_whoever_confirms_in_another_browser_reads_of_no_reset() -> None:
    browser = Client()
    erin = confirmed(browser)
    assert kinds_of(erin) == ["EMAIL_CONFIRMED", "PASSWORD_SET", "SIGN_IN"]
    page = told(browser.get(RECORD))
    assert "E-mail erin@emporium.example confirmed by Erin, " in page
    assert "Erin set a password with a link in an e-mail, " in page
    assert "was signed out everywhere" not in page


def test_the_next_one_is_a_reset() -> None:
    erin = confirmed(Client())
    browser = Client()
    browser.post("/password/", {"email": erin.email})
    found = re.search(r"http://localhost:8000(/\S+)", str(mail.outbox[-1].body))
    assert found
    form = browser.get(found[1], follow=True)
    browser.post(form.redirect_chain[-1][0], {"password1": f"{NEW} two", "password2": f"{NEW} two"})
    assert kinds_of(erin)[-2:] == ["PASSWORD_RESET", "SIGN_IN"]


def test_whoever_leaves_by_themselves_left(client_of: ClientOf, alice: User, bob: User, northwind: Account) -> None:
    browser, seat = client_of(bob), bob.memberships.get()
    browser.post(f"/a/northwind/team/{seat.pk}/remove/")
    assert "Bob left, Northwind" in told(browser.get(RECORD))
    assert "Bob left" in told(client_of(alice).get("/a/northwind/team/record/"))
    [line] = TimelineEntry.objects.filter(account_id=northwind.pk, kind__in=["MEMBER_LEFT", "MEMBER_REMOVED"])
    assert line.kind == "MEMBER_LEFT"
    assert not AuditEntry.objects.filter(kind="MEMBER_REMOVED").exists()
