"""What was typed goes on, whatever shows that it is still you: a code, a recovery code, a passkey, a new password."""

import re
from html import unescape
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from linnapp.models import Account, Invitation, KeptPost, User
from tests.kit.people import PASSWORD, ClientOf
from tests.kit.signing_in.factors import (
    FACTOR,
    HOME,
    answered,
    code_of,
    recovery_codes,
    with_app,
    with_passkey,
    wrong_code,
)
from tests.typed.forms import Forms, browser_of, end_sign_in, form_at, link_in, send_kept, sign_in

pytestmark = pytest.mark.django_db
INVITE, INVITED = "/a/northwind/team/invite/", {"email": "fay@x.example", "role": "OWNER"}
BY_CODE, BY_PASSKEY = "/sign-in/again/factor/", "/sign-in/again/passkey/"


def other_way(page: Any, door: str) -> str:
    """As the page that asks offers it, with the way back."""
    [way] = [other["url"] for other in page.context["reauthentication_alternatives"] if other["url"].startswith(door)]
    assert f'href="{way}"' in page.content.decode()
    return str(way)


def sends_once(browser: Client, link: str) -> bool:
    form = next(form for form in Forms(browser.get(link).content.decode()).found if "kept_form" in form[1])
    assert Invitation.objects.count() == 0
    assert send_kept(browser, link).headers["Location"] == "/a/northwind/team/"
    again = browser.post(*form)
    return (again.status_code, Invitation.objects.count(), KeptPost.objects.count()) == (404, 1, 0)


@pytest.mark.parametrize("of", ["the app", "the recovery codes"])
def test_a_code_goes_on_with_what_was_typed(of: str, northwind: Account, alice: User, client_of: ClientOf) -> None:
    secret = with_app(alice)
    browser = client_of(alice, fresh=False)
    door = browser.post(INVITE, INVITED).headers["Location"]
    # No password, in a browser that has not seen the factor.
    assert door.startswith(BY_CODE)
    assert "What you typed is kept for 15 minutes" in browser.get(door).content.decode()
    assert browser.post(door, {"code": wrong_code(secret)}).status_code == 422
    code = code_of(secret) if of == "the app" else recovery_codes(alice)[0]
    assert sends_once(browser, browser.post(door, {"code": code}).headers["Location"])


def test_a_passkey_goes_on_with_what_was_typed(northwind: Account, alice: User, client_of: ClientOf) -> None:
    passkey = with_passkey(alice, client_of(alice))
    browser = client_of(alice, fresh=False)
    asked = browser.get(browser.post(INVITE, INVITED, headers=HOME).headers["Location"], headers=HOME)
    door = other_way(asked, BY_PASSKEY)
    sent = answered(passkey, browser.get(door, headers=HOME))
    assert sends_once(browser, browser.post(door, sent, headers=HOME).headers["Location"])


@pytest.mark.parametrize("with_factor", [False, True])
def test_a_forgotten_password_goes_on_with_what_was_typed(with_factor: bool, northwind: Account, alice: User) -> None:
    page = "/a/northwind/settings/"
    browser = browser_of(alice)
    fields = form_at(browser, page) | {"name": "Northwind & Söhne"}
    end_sign_in(browser)
    door = browser.post(page, fields).headers["Location"]
    [forgotten] = re.findall(r'href="([^"]+)">Forgot your password\?', browser.get(door).content.decode())
    asked = form_at(browser, unescape(forgotten), "/password/") | {"email": alice.email}
    told = browser.post("/password/", asked, follow=True)
    assert "Check your e-mail" in told.content.decode()
    assert f'href="{door}"' in told.content.decode()
    form = browser.get(link_in(mail.outbox[0].body)).headers["Location"]
    new = {"password1": "another long secret", "password2": "another long secret"}
    if with_factor:
        # Made meanwhile, in another browser.
        secret = with_app(alice)
    link = browser.post(form, form_at(browser, form, form.partition("?")[0]) | new).headers["Location"]
    if with_factor:
        assert link == FACTOR
        link = browser.post(FACTOR, form_at(browser, FACTOR) | {"code": code_of(secret)}).headers["Location"]
    assert send_kept(browser, link).headers["Location"] == page
    northwind.refresh_from_db()
    assert northwind.name == "Northwind & Söhne"


@pytest.mark.parametrize("waits", [True, False])
def test_the_page_that_asks_for_the_factor_says_that_what_was_typed_waits(
    waits: bool, northwind: Account, alice: User
) -> None:
    with_app(alice)
    page = "/a/northwind/settings/"
    browser = browser_of(alice)
    fields = form_at(browser, page) | {"name": "Northwind & Söhne"}
    end_sign_in(browser)
    door = browser.post(page, fields).headers["Location"] if waits else f"/sign-in/?next={page}"
    assert sign_in(browser, door, alice, PASSWORD).headers["Location"] == FACTOR
    assert ("What you typed is kept for 15 minutes" in browser.get(FACTOR).content.decode()) is waits
