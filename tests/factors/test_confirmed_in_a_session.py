"""A session that was signed in without the second factor uses it, and goes on: by a passkey where there is one."""

import re
from html import unescape

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from linnapp.models import User
from tests.factors.having import signed_in_by_factor
from tests.factors.test_staff_need_one import outside_the_demo
from tests.kit.people import ClientOf, grow_old
from tests.kit.signing_in.factors import HOME, answered, code_of, with_app, with_passkey

__all__ = ["outside_the_demo"]
pytestmark = pytest.mark.django_db
SUPPORT = "/support/"
BY_PASSKEY, BY_CODE = "/sign-in/again/passkey/", "/sign-in/again/factor/"
TITLE, NOT_HERE = "Confirm with your second factor", "You signed in without it this time."


def door_of(client: Client) -> str:
    closed = client.get(SUPPORT, headers=HOME)
    link = re.search(r'href="(/sign-in/again/[^"]+)"', closed.content.decode())
    assert (closed.status_code, bool(link)) == (403, True)
    assert link
    return unescape(link[1])


def test_whoever_has_a_passkey_alone_is_led_to_it_and_through(sam: User, client_of: ClientOf) -> None:
    passkey, client = with_passkey(sam, client_of(sam)), client_of(sam)
    Authenticator.objects.filter(user=sam, type=Authenticator.Type.RECOVERY_CODES).delete()
    door = door_of(client)
    page = client.get(door, headers=HOME)
    shown = page.content.decode()
    assert (door.partition("?")[0], page.status_code) == (BY_PASSKEY, 200)
    assert TITLE in shown
    assert NOT_HERE in shown
    assert "secret" not in shown
    assert "Use your password" not in shown
    sent = answered(passkey, page, next=SUPPORT)
    assert client.post(BY_PASSKEY, sent, headers=HOME).headers["Location"] == SUPPORT
    assert client.get(SUPPORT, headers=HOME).status_code == 200


def test_recovery_codes_are_another_way_and_not_the_first(sam: User, client_of: ClientOf) -> None:
    with_passkey(sam, client_of(sam))
    client = client_of(sam)
    door = door_of(client)
    assert door.startswith(BY_PASSKEY)
    other = re.search(rf'href="({BY_CODE}[^"]*)"', client.get(door, headers=HOME).content.decode())
    assert other
    assert NOT_HERE in client.get(unescape(other[1]), headers=HOME).content.decode()
    elsewhere = client.get(SUPPORT)
    assert f'href="{BY_CODE}?' in elsewhere.content.decode()


def test_whoever_has_an_app_alone_writes_its_code(sam: User, client_of: ClientOf) -> None:
    secret, client = with_app(sam), client_of(sam)
    door = door_of(client)
    assert door.startswith(BY_CODE)
    wrong = client.post(BY_CODE, {"code": "1", "next": SUPPORT, "factor": "1"})
    for page in (client.get(door), wrong):
        assert NOT_HERE in page.content.decode()
        assert "Use your password" not in page.content.decode()
    assert wrong.status_code == 422
    sent = client.post(BY_CODE, {"code": code_of(secret), "next": SUPPORT, "factor": "1"})
    assert sent.headers["Location"] == SUPPORT
    assert client.get(SUPPORT).status_code == 200


def test_asked_for_a_fresh_sign_in_a_password_is_a_way(sam: User, client_of: ClientOf) -> None:
    with_app(sam)
    client = signed_in_by_factor(client_of, sam)
    grow_old(client)
    shown = client.get(BY_CODE).content.decode()
    assert "Confirm that it’s you" in shown
    assert "Use your password" in shown
