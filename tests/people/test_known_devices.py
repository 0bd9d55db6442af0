"""The cookie of a device that somebody signed in with before."""

import re

import pytest
from django.core import mail
from django.test import Client

from linnapp.models import KnockCount, User
from linnapp.services import knocks
from tests.kit.people import PASSWORD, ClientOf

pytestmark = pytest.mark.django_db
SIGN_IN = "/sign-in/"
NEW = "another long secret"


def sign_in(browser: Client, person: User, password: str = PASSWORD) -> int:
    return browser.post(SIGN_IN, {"login": person.email, "password": password}).status_code


def device_of(*people: User) -> Client:
    """A browser that these signed in with, and out again."""
    browser = Client()
    for person in people:
        assert sign_in(browser, person) == 302
        browser.post("/sign-out/")
    return browser


def counted_as_known() -> bool:
    return KnockCount.objects.filter(limit=knocks.WRONG_OF_DEVICE.name, count__gt=0).exists()


def test_it_is_set_by_signing_in_and_is_for_this_host_and_no_script(client: Client, alice: User) -> None:
    sign_in(client, alice, "wrong")
    assert "device" not in client.cookies
    sign_in(client, alice)
    cookie = client.cookies["device"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert cookie["domain"] == ""
    assert cookie["max-age"] == 400 * 24 * 3600
    assert alice.email not in cookie.value


def test_it_has_a_limit_of_its_own(alice: User) -> None:
    own, stranger = device_of(alice), Client()
    assert [sign_in(own, alice, "wrong") for _ in range(6)] == [422] * 5 + [429]
    assert sign_in(own, alice) == 429
    assert sign_in(stranger, alice) == 302


def test_it_knows_several_people_apart(alice: User, carol: User, dave: User) -> None:
    shared = device_of(alice, carol)
    sign_in(shared, dave, "wrong")
    assert not counted_as_known()
    for person in (alice, carol):
        assert [sign_in(shared, person, "wrong") for _ in range(6)] == [422] * 5 + [429]


def test_one_that_was_made_up_or_is_anothers_helps_nobody(alice: User, carol: User) -> None:
    key, mark = device_of(alice).cookies["device"].value.split(".")
    foreign = device_of(carol).cookies["device"].value
    for value in (f"x{key}.{mark}", f"{key}.{mark[::-1]}", f"{key}.", key, "", ".", "." * 50, foreign, "é.ü"):
        browser = Client()
        browser.cookies["device"] = value
        sign_in(browser, alice, "wrong")
        assert not counted_as_known()
        KnockCount.objects.all().delete()


def test_a_changed_password_makes_strangers_of_all_but_the_browser_that_changed_it(alice: User) -> None:
    other, browser = device_of(alice), Client()
    sign_in(browser, alice)
    typed = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert browser.post("/profile/password/", typed).status_code == 302
    sign_in(other, alice, "wrong")
    assert not counted_as_known()
    browser.post("/sign-out/")
    sign_in(browser, alice, "wrong")
    assert counted_as_known()


def test_whoever_is_locked_out_comes_in_by_a_new_password_at_once(alice: User) -> None:
    browser = Client()
    for _ in range(5):
        sign_in(browser, alice, "wrong")
    assert sign_in(browser, alice) == 429
    browser.post("/password/", {"email": alice.email})
    found = re.search(r"http://localhost:8000(/\S+)", str(mail.outbox[-1].body))
    assert found
    form = browser.get(found[1], follow=True).redirect_chain[-1][0]
    assert browser.post(form, {"password1": NEW, "password2": NEW}).status_code == 302
    assert sign_in(browser, alice, NEW) == 302


def test_signing_up_makes_no_device_known_before_the_address_is_confirmed(client: Client) -> None:
    typed = {"name": "Erin", "company": "Emporium", "email": "erin@emporium.example", "password1": NEW}
    client.post("/sign-up/", typed)
    assert "device" not in client.cookies
    found = re.search(r"http://localhost:8000(/\S+)", str(mail.outbox[0].body))
    assert found
    client.post(found[1])
    assert "device" in client.cookies


def test_confirming_ones_password_leaves_the_counts_as_they_are(alice: User, client_of: ClientOf) -> None:
    client = client_of(alice)
    for _ in range(8):
        assert client.post("/sign-in/again/", {"password": PASSWORD}).status_code == 302
    assert not KnockCount.objects.filter(count__gt=0).exists()
