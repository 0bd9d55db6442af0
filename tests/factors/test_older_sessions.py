"""A session that began with a password, before there was a second factor: what it can do once there is one."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from linnapp.models import User
from tests.factors.having import give_factor, signed_in_by_factor, use
from tests.kit.people import PASSWORD, ClientOf
from tests.kit.signing_in.factors import (
    HOME,
    SECURITY,
    SIGN_IN,
    Passkey,
    code_of,
    made,
    recovery_codes,
    with_app,
    with_passkey,
)

pytestmark = pytest.mark.django_db
AGAIN, CODE_AGAIN, ADD = "/sign-in/again/", "/sign-in/again/factor/", f"{SECURITY}passkeys/add/"
Types = Authenticator.Type


@pytest.fixture
def older(paula: User, settings: Any) -> Client:
    """Signed in by password just now; the app is made elsewhere after it."""
    settings.STAFF_NEED_FACTOR = True
    browser = Client()
    browser.post(SIGN_IN, {"login": paula.email, "password": PASSWORD})
    assert browser.post(AGAIN, {"password": PASSWORD}).status_code == 302
    return browser


def factors_of(person: User) -> list[str]:
    return sorted(Authenticator.objects.filter(user=person).values_list("type", flat=True))


def test_changes_no_factor_with_a_password(paula: User, older: Client) -> None:
    with_app(paula)
    passkey = give_factor(paula, Types.WEBAUTHN)
    before = factors_of(paula)
    edit = f"{SECURITY}passkeys/{passkey.pk}/"
    pages = (ADD, f"{SECURITY}app/remove/", edit, f"{edit}remove/", f"{SECURITY}recovery-codes/new/")
    for _ in range(2):
        for page in pages:
            answer = older.post(page, {"name": "Mine"}, headers=HOME)
            assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (302, CODE_AGAIN), page
        # And once more, with the password given in between.
        refused = older.post(f"{AGAIN}?next=/profile/", {"password": PASSWORD})
        assert refused.headers["Location"] == f"{CODE_AGAIN}?next=%2Fprofile%2F"
    assert factors_of(paula) == before
    assert older.get("/admin/").status_code == 403


def test_a_password_in_the_dialog_makes_it_no_fresher(paula: User, older: Client) -> None:
    mark = drawn_for(older)
    with_app(paula)
    older.post("/sign-in/here/", {"password": PASSWORD}, headers={"X-Drawn-For": mark})
    assert older.get(ADD, headers=HOME).status_code == 302


def drawn_for(browser: Client) -> str:
    return str(browser.get("/profile/").content.decode().partition('name="drawn_for" value="')[2].partition('"')[0])


def test_goes_on_once_a_code_was_given(paula: User, older: Client) -> None:
    secret = with_app(paula)
    assert older.post(CODE_AGAIN, {"code": code_of(secret)}).status_code == 302
    assert older.get("/admin/").status_code == 200
    assert older.post(AGAIN, {"password": PASSWORD}).status_code == 302
    with_passkey(paula, older)
    assert older.post(f"{SECURITY}app/remove/").headers["Location"] == SECURITY
    # By the code that was used, nothing more; by the passkey made there, everything.
    assert older.get("/admin/").status_code == 200


def test_a_passkey_that_was_being_made_counts_no_more(paula: User, older: Client) -> None:
    page, passkey = older.get(ADD, headers=HOME), Passkey(paula)
    with_app(paula)
    assert older.post(ADD, made(passkey, page), headers=HOME).headers["Location"].startswith(CODE_AGAIN)
    assert Types.WEBAUTHN not in factors_of(paula)


def test_the_first_one_is_made_by_password_and_opens_what_asks_for_it(paula: User, older: Client) -> None:
    with_passkey(paula, older)
    assert older.get("/admin/").status_code == 200


def test_proof_ends_with_the_factor_it_came_from(paula: User, older: Client, client_of: ClientOf) -> None:
    secret = with_app(paula)
    older.post(CODE_AGAIN, {"code": code_of(secret)})
    assert older.get("/admin/").status_code == 200
    Authenticator.objects.filter(user=paula, type=Types.TOTP).delete()
    give_factor(paula)
    assert older.get("/admin/").status_code == 403
    assert older.post(f"{SECURITY}app/remove/").headers["Location"].startswith(CODE_AGAIN)
    assert signed_in_by_factor(client_of, paula).get("/admin/").status_code == 200


def test_nobody_elses_factor_is_proof(paula: User, alice: User, older: Client) -> None:
    give_factor(paula)
    use(older, give_factor(alice))
    assert older.get("/admin/").status_code == 403
    use(older, Authenticator.objects.get(user=paula))
    assert older.get("/admin/").status_code == 200


def test_new_recovery_codes_are_proof_where_they_were_made(paula: User, older: Client) -> None:
    with_app(paula)
    old_code, elsewhere = recovery_codes(paula)[:2]
    other = Client()
    other.post(SIGN_IN, {"login": paula.email, "password": PASSWORD})
    for browser, code in ((older, old_code), (other, elsewhere)):
        browser.post("/sign-in/factor/" if browser is other else CODE_AGAIN, {"code": code})
        assert browser.get("/admin/").status_code == 200
    assert older.post(f"{SECURITY}recovery-codes/new/").headers["Location"] == f"{SECURITY}recovery-codes/"
    assert older.get("/admin/").status_code == 200
    assert other.get("/admin/").status_code == 403
