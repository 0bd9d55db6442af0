"""A form whose sign-in was over: kept for its person, sent once, and of no use to anybody else."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.utils import timezone

from linnapp.models import Account, Application, KeptPost, Membership, User
from linnapp.services import typed
from tests.kit.people import PASSWORD
from tests.typed.forms import Forms, browser_of, end_sign_in, form_at, sign_in

SETTINGS = "/a/northwind/settings/"
LOST = {"name": "Northwind & Söhne\r\n", "contact_email": "help@northwind.example"}
pytestmark = pytest.mark.django_db


def stopped(browser: Client, page: str = SETTINGS, **more: str) -> str:
    """Sends the form of a page whose sign-in was ended; where that leads."""
    fields = form_at(browser, page) | LOST | more
    end_sign_in(browser)
    return str(browser.post(page, fields).headers["Location"])


def kept_form(browser: Client, address: str) -> tuple[str, dict[str, str]]:
    return next(form for form in Forms(browser.get(address).content.decode()).found if "kept_form" in form[1])


def test_what_was_typed_goes_on_after_the_sign_in_and_once(alice: User, northwind: Account) -> None:
    browser = browser_of(alice)
    door = stopped(browser)
    assert re.fullmatch(r"/sign-in/\?next=/sign-in/go-on/[\w-]{32}/", door.replace("%2F", "/"))
    page = browser.get(door).content.decode()
    assert "what you typed is kept for 15 minutes" in page
    assert "Söhne" not in page
    link = sign_in(browser, door, alice, PASSWORD).headers["Location"]
    action, fields = kept_form(browser, link)
    assert action == SETTINGS
    northwind.refresh_from_db()
    assert northwind.name == "Northwind"
    assert browser.post(action, fields).headers["Location"] == SETTINGS
    northwind.refresh_from_db()
    assert (northwind.name, northwind.contact_email) == ("Northwind & Söhne", LOST["contact_email"])
    northwind.name = "Northwind"
    northwind.save()
    again = browser.post(action, fields)
    assert (again.status_code, KeptPost.objects.count()) == (404, 0)
    assert "was sent already" in again.content.decode()
    assert browser.get(link).status_code == 404
    northwind.refresh_from_db()
    assert northwind.name == "Northwind"


def test_what_is_kept_is_shown_to_no_cache_and_not_packed(alice: User, northwind: Account) -> None:
    """It may hold a secret, beside what a stranger chose."""
    browser = browser_of(alice)
    link = sign_in(browser, stopped(browser), alice, PASSWORD).headers["Location"]
    shown = browser.get(link, headers={"Accept-Encoding": "gzip"})
    assert "Söhne" in shown.content.decode()
    assert "no-store" in shown.headers["Cache-Control"]
    assert "Content-Encoding" not in shown.headers


def test_what_is_kept_can_be_read_with_the_keys_alone(alice: User, northwind: Account) -> None:
    stopped(browser_of(alice))
    row = KeptPost.objects.get()
    written = " ".join(str(value) for value in vars(row).values())
    assert row.person == alice
    assert not [part for part in ("northwind", "Söhne", "settings", "help@") if part in written.lower()]


def test_another_person_who_signs_in_there_gets_nothing(alice: User, northwind: Account, dave: User) -> None:
    browser = browser_of(alice)
    door = stopped(browser)
    Membership.objects.create(account=northwind, user=dave, role=Membership.Role.OWNER)
    link = sign_in(browser, door, dave, PASSWORD).headers["Location"]
    answer = browser.get(link)
    assert answer.status_code == 404
    assert not [part for part in ("Söhne", SETTINGS, "alice") if part in answer.content.decode()]
    fields = form_at(browser, "/profile/") | {"kept_form": link.rstrip("/").rpartition("/")[2], "name": "Mallory"}
    assert browser.post("/profile/", fields).status_code == 404
    dave.refresh_from_db()
    assert (dave.name, KeptPost.objects.count()) == ("Dave", 1)
    # It waits for whom it was kept.
    back = sign_in(browser_without(browser), f"/sign-in/?next={link}", alice, PASSWORD)
    assert back.headers["Location"] == link


def browser_without(browser: Client) -> Client:
    """The same browser, signed out."""
    end_sign_in(browser)
    return browser


def test_a_link_to_what_is_kept_opens_in_its_browser_alone(alice: User, northwind: Account) -> None:
    """Whoever got hold of a mark could lay a form before its owner otherwise."""
    door = stopped(browser_of(alice))
    elsewhere = browser_of(None)
    link = sign_in(elsewhere, door, alice, PASSWORD).headers["Location"]
    assert elsewhere.get(link).status_code == 404
    assert KeptPost.objects.count() == 1


@pytest.mark.parametrize(
    "mark", ["", "1", "1:2:3", "٣:a:b", f"{'9' * 30}:a:b", "\0:a:b", "of another", "of an old password", "too old"]
)
def test_without_a_mark_of_somebody_nothing_is_kept(
    mark: str, alice: User, northwind: Account, dave: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = browser_of(alice)
    fields = form_at(browser, SETTINGS)
    own = fields["drawn_for"]
    if mark == "of another":
        mark = f"{dave.pk}:{own.partition(':')[2]}"
    elif mark == "of an old password":
        mark = own
        alice.set_password("another long secret")
        alice.save()
    elif mark == "too old":
        mark, now = own, timezone.now().timestamp()
        monkeypatch.setattr("django.core.signing.time.time", lambda: now + 15 * 24 * 3600)
    end_sign_in(browser)
    answer = browser.post(SETTINGS, fields | LOST | {"drawn_for": mark})
    door = answer.headers["Location"]
    if mark:
        # Whoever typed it is told so, once they signed in.
        assert door.replace("%2F", "/").startswith("/sign-in/?next=/sign-in/go-on/again/")
    else:
        assert door == f"/sign-in/?next={SETTINGS}"
    assert KeptPost.objects.count() == 0


def test_with_the_mark_but_without_the_token_nothing_is_kept(alice: User, northwind: Account) -> None:
    browser = browser_of(alice)
    fields = form_at(browser, SETTINGS) | {"csrfmiddlewaretoken": "x" * 64}
    end_sign_in(browser)
    assert browser.post(SETTINGS, fields | LOST).status_code == 403
    assert KeptPost.objects.count() == 0


@pytest.mark.once
def test_a_thousand_posts_of_strangers_add_no_row(alice: User, northwind: Account) -> None:
    stranger = browser_of(None)
    token = form_at(stranger, "/sign-in/")["csrfmiddlewaretoken"]
    before = (KeptPost.objects.count(), Session.objects.count())
    for number in range(1_000):
        sent = {"csrfmiddlewaretoken": token, "drawn_for": f"{alice.pk}:x:{number}", "name": "x" * 100}
        assert stranger.post(SETTINGS, sent).status_code == 302
    assert (KeptPost.objects.count(), Session.objects.count()) == before


def test_three_of_a_browser_are_kept_the_newest(alice: User, northwind: Account, dave: User) -> None:
    assert laid(dave, "his")
    for number in range(5):
        assert laid(alice, f"key {number}")
    assert [bool(typed.kept(alice, f"key {number}")) for number in range(5)] == [False, False, True, True, True]
    assert typed.kept(dave, "his")


def laid(person: User, key: str, browser: str = "own") -> bool:
    return typed.keep(person, typed.Place(key, browser, ""), typed.Typed("/", "", [], [], by_person=True))


def test_another_browser_takes_the_place_of_nothing(alice: User, northwind: Account) -> None:
    browser = browser_of(alice)
    fields = form_at(browser, SETTINGS)
    end_sign_in(browser)
    doors = [browser.post(SETTINGS, fields | LOST).headers["Location"] for _ in range(3)]
    answers = []
    for _ in range(8):
        stranger = Client()
        answers.append(stranger.post(SETTINGS, fields | LOST).headers["Location"])
    assert KeptPost.objects.count() == 9
    assert "/go-on/again/" in answers[-1].replace("%2F", "/")
    link = sign_in(browser, doors[0], alice, PASSWORD).headers["Location"]
    assert browser.post(*kept_form(browser, link)).status_code == 302


def test_after_15_minutes_it_is_over(alice: User, northwind: Account) -> None:
    browser = browser_of(alice)
    door = stopped(browser)
    KeptPost.objects.update(made_at=timezone.now() - timedelta(minutes=15, seconds=1))
    assert "is kept" not in browser.get(door).content.decode()
    link = sign_in(browser, door, alice, PASSWORD).headers["Location"]
    assert browser.get(link).status_code == 404
    laid(alice, "newer")
    typed.drop_over()
    assert typed.kept(alice, "newer")
    assert KeptPost.objects.count() == 1


def test_more_than_a_megabyte_is_not_read_at_all(alice: User, northwind: Account) -> None:
    browser = browser_of(alice)
    fields = form_at(browser, SETTINGS) | {"name": "x" * 1_100_000}
    end_sign_in(browser)
    assert browser.post(SETTINGS, fields).status_code == 400
    assert KeptPost.objects.count() == 0


def test_permission_is_asked_anew(alice: User, bob: User, northwind: Account) -> None:
    browser = browser_of(alice)
    door = stopped(browser)
    Membership.objects.filter(user=bob).update(role=Membership.Role.OWNER)
    Membership.objects.filter(user=alice).delete()
    link = sign_in(browser, door, alice, PASSWORD).headers["Location"]
    assert browser.post(*kept_form(browser, link)).status_code == 404
    northwind.refresh_from_db()
    assert northwind.name == "Northwind"


def test_one_that_is_stopped_twice_waits_behind_the_same_link(alice: User, northwind: Account) -> None:
    browser = browser_of(alice)
    door = stopped(browser)
    link = sign_in(browser, door, alice, PASSWORD).headers["Location"]
    action, fields = kept_form(browser, link)
    end_sign_in(browser)
    assert browser.post(action, fields).headers["Location"] == door
    assert KeptPost.objects.count() == 1
    sign_in(browser, door, alice, PASSWORD)
    assert browser.post(*kept_form(browser, link)).status_code == 302
    northwind.refresh_from_db()
    assert northwind.name == "Northwind & Söhne"


def test_no_view_and_no_address_holds_the_mark(alice: User, application: Application) -> None:
    browser = browser_of(alice)
    page = f"/a/northwind/applications/{application.pk}/refused/"
    fields = form_at(browser, page, "/search/")
    assert fields["drawn_for"]
    answer = browser.post(page, fields | {"q": "alice"})
    assert answer.status_code == 302
    assert "drawn_for" not in answer.headers["Location"]


@pytest.mark.django_db(transaction=True)
def test_of_two_that_send_it_at_once_one_does(alice: User) -> None:
    laid(alice, "key")

    def take(_: int) -> bool:
        try:
            return typed.take(alice, "key")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(take, range(8))) == [False] * 7 + [True]
