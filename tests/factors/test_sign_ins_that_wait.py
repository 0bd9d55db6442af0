"""A sign-in that waits for its second factor ends with what it began with."""

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client

from linnapp.models import AuditEntry, User
from tests.kit.people import PASSWORD, ClientOf
from tests.kit.signing_in.factors import (
    FACTOR,
    SECURITY,
    SIGN_IN,
    code_of,
    is_signed_in,
    past_the_password,
    recovery_codes,
    with_app,
)
from tests.people.test_browser_sessions import pressed

pytestmark = pytest.mark.django_db
NEW = "another horse battery"
ACT = "/admin/linnapp/user/{}/act/sign_out/"


def is_over(browser: Client, code: str) -> bool:
    """To sign in again, with where it led; neither the page nor a right code goes on."""
    with_code = browser.post(FACTOR, {"code": code})
    assert not is_signed_in(browser)
    return bool(with_code.headers.get("Location", "").startswith(SIGN_IN))


def owner_with(alice: User) -> Client:
    owner = past_the_password(alice)
    assert owner.post(FACTOR, {"code": recovery_codes(alice)[0]}).status_code == 302
    return owner


def test_it_ends_with_a_new_password(alice: User) -> None:
    secret = with_app(alice)
    waits, owner = past_the_password(alice, next="/profile/"), owner_with(alice)
    typed = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert owner.post("/profile/password/", typed).status_code == 302
    # What a page of the sign-in says.
    asked = waits.get(FACTOR, follow=True)
    assert asked.redirect_chain == [(f"{SIGN_IN}?next=%2Fprofile%2F", 302)]
    assert "Sign in again: your sign-in expired before you used your second factor." in asked.content.decode()
    assert is_over(waits, code_of(secret))
    again = waits.post(SIGN_IN, {"login": alice.email, "password": NEW})
    assert again.headers["Location"] == FACTOR


def test_it_ends_with_a_password_that_was_set_without_signing_anybody_out(alice: User) -> None:
    """As `manage.py changepassword` does."""
    secret = with_app(alice)
    waits = past_the_password(alice)
    alice.set_password(NEW)
    alice.save()
    assert is_over(waits, code_of(secret))


def test_it_ends_where_its_person_signs_out_elsewhere(alice: User) -> None:
    secret = with_app(alice)
    owner, waits = owner_with(alice), past_the_password(alice)
    assert owner.post(f"{SECURITY}browsers/end/").status_code == 302
    assert is_over(waits, code_of(secret))
    assert past_the_password(alice, waits).post(FACTOR, {"code": code_of(secret)}).status_code == 302
    assert is_signed_in(waits)


def test_it_ends_where_a_superuser_signs_its_person_out(alice: User, paula: User, client_of: ClientOf) -> None:
    secret = with_app(alice)
    owner, waits = owner_with(alice), past_the_password(alice)
    pressed(client_of(paula), ACT.format(alice.pk), "Lost the phone")
    assert owner.get("/profile/").status_code == 302
    assert is_over(waits, code_of(secret))


def test_a_superuser_ends_it_also_for_somebody_with_no_open_browser(
    alice: User, paula: User, client_of: ClientOf
) -> None:
    secret = with_app(alice)
    waits, page = past_the_password(alice), f"/admin/linnapp/user/{alice.pk}/change/"
    assert f'href="{ACT.format(alice.pk)}"' in client_of(paula).get(page).content.decode()
    pressed(client_of(paula), ACT.format(alice.pk), "Her password is known")
    assert is_over(waits, code_of(secret))
    assert [told.subject for told in mail.outbox] == ["You were signed out everywhere"]
    assert AuditEntry.objects.concerning(alice).get(kind="PERSON_SIGNED_OUT").reason == "Her password is known"


def test_it_ends_with_the_factor_and_goes_on_with_neither(alice: User) -> None:
    with_app(alice)
    waits = past_the_password(alice, next="/profile/")
    Authenticator.objects.all().delete()
    assert waits.get(FACTOR).headers["Location"] == f"{SIGN_IN}?next=%2Fprofile%2F"
    assert not is_signed_in(waits)
    waits.post(SIGN_IN, {"login": alice.email, "password": PASSWORD})
    assert is_signed_in(waits)
    assert waits.get(SECURITY).status_code == 200
