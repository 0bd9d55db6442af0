"""What holds for every second factor: who may change it, what is told, what is kept, and what else goes on."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core import mail
from django.db import connection
from django.test import Client
from pytest_django import Settings

from linnapp.models import User
from linnapp.services.factors import has_factor
from tests.factors.having import signed_in_by_factor
from tests.kit.engines import tables_with_rows
from tests.kit.people import PASSWORD, ClientOf
from tests.kit.signing_in.factors import (
    FACTOR,
    SECURITY,
    SIGN_IN,
    at_home,
    code_of,
    is_signed_in,
    past_the_password,
    recovery_codes,
    with_app,
    with_passkey,
)

pytestmark = pytest.mark.django_db
APP = f"{SECURITY}app/"


def test_a_stolen_session_changes_no_factor(alice: User, client_of: ClientOf) -> None:
    """Its sign-in is old: it is asked for a password, a code or a passkey that the thief has not."""
    with_app(alice)
    with_passkey(alice, signed_in_by_factor(client_of, alice))
    kept = set(Authenticator.objects.values_list("pk"))
    passkey = Authenticator.objects.get(type="webauthn")
    thief = client_of(alice, fresh=False)
    for address in (
        f"{APP}remove/",
        f"{SECURITY}passkeys/add/",
        f"{SECURITY}passkeys/{passkey.pk}/",
        f"{SECURITY}passkeys/{passkey.pk}/remove/",
        f"{SECURITY}recovery-codes/new/",
    ):
        for answer in (thief.get(address), thief.post(address, {"name": "Mine"})):
            assert answer.headers["Location"].startswith("/sign-in/again/"), address
    assert set(Authenticator.objects.values_list("pk")) == kept
    assert Authenticator.objects.get(pk=passkey.pk).data["name"] == "Laptop"
    Authenticator.objects.all().delete()
    for answer in (thief.get(APP), thief.post(APP, {"code": "1"})):
        assert answer.headers["Location"].startswith("/sign-in/again/")


@pytest.mark.django_db(transaction=True)
def test_each_change_is_told_by_mail(alice: User, client_of: ClientOf) -> None:
    browser = client_of(alice)
    page = browser.get(APP)
    secret = page.context["secret"]
    browser.post(APP, {"code": code_of(secret), "pending": page.context["pending"]})
    with_passkey(alice, browser)
    browser.post(f"{APP}remove/")
    browser.post(f"{SECURITY}passkeys/{Authenticator.objects.get(type='webauthn').pk}/remove/")
    assert [(message.to, message.subject) for message in mail.outbox] == [
        ([alice.email], "An authenticator app was added to your sign-in"),
        ([alice.email], "A passkey was added to your sign-in"),
        ([alice.email], "Your authenticator app was removed"),
        ([alice.email], "A passkey was removed from your sign-in"),
    ]
    assert all("If this wasn't you, set a new password now" in message.body for message in mail.outbox)
    assert not any(secret in message.body for message in mail.outbox)
    assert not Authenticator.objects.exists()


def test_what_opens_an_account_is_encrypted_in_the_database(alice: User, client_of: ClientOf) -> None:
    browser = client_of(alice)
    pending = browser.get(APP).context["secret"]
    secret = with_app(alice)
    browser.post(f"{SECURITY}recovery-codes/new/")
    values = [pending, secret, *recovery_codes(alice)]
    session = browser.session
    assert not [value for value in values if value in str(dict(session.items()))]
    with connection.cursor() as cursor:
        for table in tables_with_rows():
            cursor.execute(f'SELECT * FROM "{table}"')
            written = str(cursor.fetchall())
            assert not [value for value in values if value in written], table


def test_whoever_is_asked_for_a_factor_may_sign_in_as_somebody_else(alice: User, carol: User) -> None:
    with_app(alice)
    browser = past_the_password(alice)
    assert browser.get(SIGN_IN).headers["Location"] == FACTOR
    assert browser.post("/sign-in/leave/").headers["Location"] == SIGN_IN
    assert browser.get(FACTOR).headers["Location"] == SIGN_IN
    browser.post(SIGN_IN, {"login": carol.email, "password": PASSWORD})
    assert browser.session["_auth_user_id"] == str(carol.pk)


def test_recovery_codes_alone_are_no_factor_and_end_with_the_last_one(alice: User, client_of: ClientOf) -> None:
    with_app(alice)
    assert has_factor(alice)
    signed_in_by_factor(client_of, alice).post(f"{APP}remove/")
    assert not Authenticator.objects.exists()
    assert not has_factor(alice)
    assert client_of(alice).get(f"{SECURITY}recovery-codes/").status_code == 404
    assert client_of(alice).post(f"{SECURITY}recovery-codes/new/").status_code == 404
    browser = Client()
    browser.post(SIGN_IN, {"login": alice.email, "password": PASSWORD})
    assert is_signed_in(browser)


def test_an_address_is_changed_beside_a_factor(alice: User, client_of: ClientOf) -> None:
    with_app(alice)
    browser = signed_in_by_factor(client_of, alice)
    answer = browser.post("/profile/e-mail/", {"email": "new@northwind.example", "action_add": "1"})
    assert answer.status_code == 302
    assert EmailAddress.objects.filter(user=alice, email="new@northwind.example").exists()


def test_a_new_password_by_mail_leaves_the_factor_in_force(alice: User) -> None:
    with_app(alice)
    alice.set_password("another horse battery")
    alice.save()
    browser = Client()
    answer = browser.post(SIGN_IN, {"login": alice.email, "password": "another horse battery"})
    assert answer.headers["Location"] == FACTOR


def test_the_click_of_the_demo_goes_past_a_factor(alice: User, settings: Settings) -> None:
    settings.DEMO = True
    with_app(alice)
    browser = at_home()
    browser.post("/demo/sign-in/", {"email": alice.email, "next": "/profile/"})
    assert is_signed_in(browser)
    settings.DEMO = False
    other = at_home()
    assert other.post("/demo/sign-in/", {"email": alice.email}).status_code == 404
    assert not is_signed_in(other)
