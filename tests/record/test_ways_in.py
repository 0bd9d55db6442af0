"""How somebody signed in, in the words of the record: by each page that signs in."""

import re
from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from linnapp.models import AuditEntry, User
from tests.kit.people import ClientOf
from tests.kit.signing_in.factors import (
    BY_PASSKEY,
    FACTOR,
    HOME,
    Passkey,
    answered,
    answered_alone,
    at_home,
    code_of,
    past_the_password,
    recovery_codes,
    with_app,
    with_passkey,
)
from tests.record.conftest import Enter, kinds_of, told

pytestmark = pytest.mark.django_db
RECORD = "/profile/record/"
NEW = "a quite different secret"


def by_code(alice: User, client_of: ClientOf) -> Client:
    secret, browser = with_app(alice), past_the_password(alice)
    browser.post(FACTOR, {"code": code_of(secret)})
    return browser


def by_recovery_code(alice: User, client_of: ClientOf) -> Client:
    with_app(alice)
    browser = past_the_password(alice)
    browser.post(FACTOR, {"code": recovery_codes(alice)[0]})
    return browser


def by_password_and_passkey(alice: User, client_of: ClientOf) -> Client:
    passkey, browser = with_passkey(alice, client_of(alice)), past_the_password(alice, at_home())
    browser.post(FACTOR, answered(passkey, browser.get(FACTOR)))
    return browser


def by_passkey(alice: User, client_of: ClientOf) -> Client:
    passkey, browser = with_passkey(alice, client_of(alice)), at_home()
    browser.post(BY_PASSKEY, answered_alone(passkey, browser))
    return browser


def by_reset(alice: User, client_of: ClientOf) -> Client:
    browser = Client()
    browser.post("/password/", {"email": alice.email})
    form = browser.get(link_in_mail(), follow=True).redirect_chain[-1][0]
    browser.post(form, {"password1": NEW, "password2": NEW})
    return browser


def link_in_mail() -> str:
    found = re.search(r"http://localhost:8000(/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


WAYS = [
    (by_code, "a password and an authenticator app"),
    (by_recovery_code, "a password and a recovery code"),
    (by_password_and_passkey, "a password and a passkey"),
    (by_passkey, "a passkey"),
    (by_reset, "a new password"),
]


@pytest.mark.parametrize(("sign_in", "way"), WAYS, ids=[each[0].__name__ for each in WAYS])
def test_each_way_in_is_named(
    sign_in: Callable[[User, ClientOf], Client], way: str, alice: User, client_of: ClientOf
) -> None:
    page = told(sign_in(alice, client_of).get(RECORD, headers=HOME))
    assert f"Alice signed in with {way}, Unknown device, from 127.0.0.1" in page
    assert kinds_of(alice).count("SIGN_IN") == 1


def test_a_password_alone(enter: Enter, alice: User) -> None:
    assert "Alice signed in with a password, Firefox on Linux" in told(enter(alice).get(RECORD))


def test_the_first_confirmed_address_is_no_change_and_its_link_a_way_in(client: Client) -> None:
    typed = {"name": "Erin", "company": "Emporium", "email": "erin@emporium.example", "password1": NEW}
    client.post("/sign-up/", typed)
    client.post(link_in_mail())
    erin = User.objects.get(email="erin@emporium.example")
    assert kinds_of(erin) == ["EMAIL_CONFIRMED", "SIGN_IN"]
    assert "Erin signed in with a link in an e-mail" in told(client.get(RECORD))


def test_the_demo_s_one_click(settings: Settings, alice: User, client: Client) -> None:
    settings.DEMO = True
    client.post("/demo/sign-in/", {"email": alice.email})
    assert "Alice signed in with the demo’s sign-in" in told(client.get(RECORD))


def test_a_passkey_that_opens_nothing_is_whose_it_was_and_nobody_s_for_strangers(
    alice: User, client_of: ClientOf
) -> None:
    """Whom an answer says it is of anybody may write: it is theirs only with a passkey that they have."""
    passkey = with_passkey(alice, client_of(alice))
    before = kinds_of(alice)
    stranger = Passkey(alice)
    for wrong in (stranger, Passkey(alice, credential_id=passkey.credential_id)):
        browser = at_home()
        assert browser.post(BY_PASSKEY, answered_alone(wrong, browser)).status_code == 422
    assert kinds_of(alice) == [*before, "SIGN_IN_FAILED"]
    assert kinds_of_nobody() == ["SIGN_IN_UNKNOWN"]


def kinds_of_nobody() -> list[str]:
    return list(AuditEntry.objects.filter(person_id=None).values_list("kind", flat=True))
