"""Two tabs of one browser share a session: what one request keeps, another that began before it does not erase."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.conf import settings
from django.contrib import messages
from django.contrib.messages.storage import default_storage
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DjangosOwn
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils.crypto import get_random_string

from installs.application.views.version_creation import Draft, draft_of, keep_draft
from linnapp.models import Account, Application, User
from linnapp.pages import SHOWN, may_show, show_once
from linnapp.services import applications, people
from linnapp.sessions import LongMessages, SessionStore, merged
from tests.kit.people import ClientOf, acting

# What cannot be made shorter fills a cookie.
LONG = "Not done: " + get_random_string(3000)


@pytest.fixture
def alices(alice: User, northwind: Account, client_of: ClientOf) -> Client:
    return client_of(alice)


def begun(alices: Client) -> HttpRequest:
    """A request that was received, and has read its session to know who sent it."""
    request = HttpRequest()
    request.session = alices.session
    assert "_auth_user_id" in request.session
    return request


def application_of(account: Account, by: User, name: str) -> Application:
    return applications.create_application(account=account, name=name, kind=Application.Type.SYSTEM, by=acting(by))[0]


def test_a_secret_made_in_one_tab_is_shown_though_another_tab_keeps_one_meanwhile(
    alices: Client, northwind: Account
) -> None:
    slow = begun(alices)
    alices.post(reverse("application_new", args=[northwind.slug]), {"name": "Parcel Sync", "type": "SYSTEM"})
    show_once(slow, "token", 7)
    slow.session.save()
    made = Application.objects.get()
    page = alices.get(reverse("application_general", args=[northwind.slug, made.pk])).content.decode()
    assert made.secrets.get().value() in page
    assert may_show(begun(alices), "token", 7)


def test_drafts_of_two_applications_written_in_two_tabs_are_both_kept(
    alices: Client, alice: User, northwind: Account
) -> None:
    one, other = application_of(northwind, alice, "One"), application_of(northwind, alice, "Other")
    slow = begun(alices)
    fields = {"number": "1.0.0", "notes": "Of the one.", "revision": one.manifest_revision}
    alices.post(reverse("version_notes", args=[northwind.slug, one.pk]), fields)
    keep_draft(slow, other, Draft("2.0.0", "Of the other.", 1))
    slow.session.save()
    assert "Of the one." in alices.get(reverse("version_release", args=[northwind.slug, one.pk])).content.decode()
    assert draft_of(begun(alices), other) == Draft("2.0.0", "Of the other.", 1)


def test_a_draft_that_was_dropped_comes_back_with_no_other_tab(alices: Client, alice: User, northwind: Account) -> None:
    application = application_of(northwind, alice, "One")
    first = begun(alices)
    keep_draft(first, application, Draft("1.0.0", "Notes.", 1))
    first.session.save()
    slow, dropping = begun(alices), begun(alices)
    keep_draft(dropping, application, None)
    dropping.session.save()
    show_once(slow, "token", 7)
    slow.session.save()
    assert draft_of(begun(alices), application) is None


def test_messages_too_long_for_a_cookie_are_kept_of_both_tabs_and_shown_once(alices: Client) -> None:
    requests = [begun(alices), begun(alices)]
    for number, request in enumerate(requests):
        storage = default_storage(request)
        request._messages = storage  # type: ignore[attr-defined]
        messages.error(request, f"{number}. {LONG}")
        storage.update(HttpResponse())
        request.session.save()
    page = alices.get(reverse("profile")).content.decode()
    assert page.count(LONG) == 2
    assert page.index("0. Not done") < page.index("1. Not done")
    assert "Not done" not in alices.get(reverse("profile")).content.decode()


def say(request: HttpRequest, text: str) -> None:
    """As a request does that ends with a message and shows none."""
    storage = default_storage(request)
    request._messages = storage  # type: ignore[attr-defined]
    messages.error(request, text)
    storage.update(HttpResponse())
    request.session.save()


def kept_messages(client: Client) -> list[str]:
    return [key for key, _ in client.session.items() if key.startswith(LongMessages.PREFIX)]


def test_requests_side_by_side_add_their_own_message_and_do_not_double_the_others(alices: Client) -> None:
    """Doubled by each pair of requests, a few dozen would fill the row, and the database with it."""
    for number in range(3):
        say(begun(alices), f"{number}. {LONG}")
    for number in range(3, 9, 2):
        both = [begun(alices), begun(alices)]
        for place, request in enumerate(both):
            say(request, f"{number + place}. {LONG}")
    assert len(kept_messages(alices)) == 9
    page = alices.get(reverse("profile")).content.decode()
    assert [page.count(f"{number}. Not done") for number in range(9)] == [1] * 9
    assert kept_messages(alices) == []


def test_messages_that_nobody_looks_at_have_an_end(alices: Client) -> None:
    for number in range(LongMessages.MOST + 5):
        say(begun(alices), f"{number}. {LONG}")
    assert len(kept_messages(alices)) == LongMessages.MOST
    page = alices.get(reverse("profile")).content.decode()
    assert "4. Not done" not in page.replace("24. Not done", "").replace("14. Not done", "")
    assert "24. Not done" in page


def test_a_session_that_was_ended_is_not_brought_back_under_another_key(alices: Client) -> None:
    slow, leaving = begun(alices), begun(alices)
    slow.session.get("_auth_user_id")
    leaving.session.flush()
    with pytest.raises(UpdateError):
        slow.session.cycle_key()


def test_what_was_kept_while_somebody_signed_in_goes_with_them(alices: Client) -> None:
    slow, signing_in = begun(alices), begun(alices)
    show_once(slow, "token", 7)
    slow.session.save()
    signing_in.session.cycle_key()
    signing_in.session.save()
    assert may_show(signing_in, "token", 7)
    assert SHOWN + "token:7" in SessionStore(signing_in.session.session_key)
    with pytest.raises(UpdateError):
        begun_before_and_saved_after(slow)


def begun_before_and_saved_after(request: HttpRequest) -> None:
    show_once(request, "token", 8)
    request.session.save()


def test_whoever_signed_out_is_not_signed_in_again_by_a_request_that_began_before(alices: Client) -> None:
    slow = begun(alices)
    key = alices.session.session_key
    alices.post(reverse("account_logout"))
    with pytest.raises(UpdateError):
        begun_before_and_saved_after(slow)
    assert not SessionStore(key).exists(str(key))


@pytest.mark.django_db
def test_a_session_that_was_cleared_unread_is_empty() -> None:
    first = SessionStore()
    first["account"] = "northwind"
    first.save()
    cleared = SessionStore(first.session_key)
    cleared.clear()
    cleared["new"] = 1
    cleared.save()
    assert dict(SessionStore(first.session_key).items()) == {"new": 1}


@pytest.mark.django_db
def test_sessions_of_before_are_read() -> None:
    before = DjangosOwn()
    before["_auth_user_id"] = "1"
    before.save()
    assert SessionStore(before.session_key)["_auth_user_id"] == "1"


@pytest.mark.django_db(transaction=True)
def test_requests_at_once_lose_nothing() -> None:
    kept = SessionStore()
    kept["of"] = "both"
    kept.save()
    together = Barrier(2)

    def keep(who: str) -> None:
        for number in range(10):
            session = SessionStore(kept.session_key)
            session[f"{who} {number}"] = number
            together.wait(timeout=30)
            session.save()
        connection.close()

    with ThreadPoolExecutor(2) as tabs:
        list(tabs.map(keep, ["one", "other"]))
    assert len(SessionStore(kept.session_key).keys()) == 21


def test_what_was_changed_elsewhere_is_not_taken_out() -> None:
    assert merged(now={"a": 2, "b": 1}, was={"a": 1, "b": 1}, mine={}) == {"a": 2}
    assert merged(now={"a": 2}, was={"a": 1}, mine={"a": 1, "c": 3}) == {"a": 2, "c": 3}
    assert merged(now={}, was={"a": 1}, mine={"a": 1}) == {}


def test_what_is_no_longer_shown_is_not_kept(alices: Client) -> None:
    request = begun(alices)
    request.session[SHOWN + "secret:1"] = "2020-01-01T00:00:00+00:00"
    show_once(request, "secret", 2)
    assert [key for key, _ in request.session.items() if key.startswith(SHOWN)] == [SHOWN + "secret:2"]


# The account last worked on.


def test_opening_a_page_remembers_its_account_in_a_cookie_that_no_script_reads(
    alices: Client, northwind: Account
) -> None:
    cookie = alices.get(reverse("my_apps", args=[northwind.slug])).cookies[settings.LAST_ACCOUNT_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    again = alices.get(reverse("my_apps", args=[northwind.slug]))
    assert settings.LAST_ACCOUNT_COOKIE_NAME not in again.cookies


def test_what_a_page_asks_for_by_itself_does_not_remember_its_account(
    alices: Client, alice: User, northwind: Account
) -> None:
    other = people.create_account(name="Another", owner=alice)
    alices.get(reverse("my_apps", args=[northwind.slug]))
    poll = alices.get(reverse("my_apps", args=[other.slug]), headers={"HX-Request": "true"})
    refused = alices.get(reverse("my_apps", args=["nobodys"]))
    changed = alices.post(reverse("application_new", args=[other.slug]), {"name": ""})
    for answer in (poll, refused, changed):
        assert settings.LAST_ACCOUNT_COOKIE_NAME not in answer.cookies
    assert alices.get(reverse("home")).headers["Location"] == f"/a/{northwind.slug}/start/"
    followed = alices.get(reverse("my_apps", args=[other.slug]), headers={"HX-Request": "true", "HX-Boosted": "true"})
    assert settings.LAST_ACCOUNT_COOKIE_NAME in followed.cookies


def test_nobody_is_led_to_the_account_of_the_person_before_them(
    alices: Client, bob: User, alice: User, northwind: Account
) -> None:
    other = people.create_account(name="Another", owner=alice)
    people.invite(other, email=bob.email, role="DEVELOPER", by=acting(alice))
    other.memberships.create(user=bob, role="DEVELOPER")
    alices.get(reverse("my_apps", args=[northwind.slug]))
    alices.force_login(bob)
    assert alices.get(reverse("home")).headers["Location"] == f"/a/{other.slug}/start/"
    alices.cookies[settings.LAST_ACCOUNT_COOKIE_NAME] = northwind.slug
    assert alices.get(reverse("home")).headers["Location"] == f"/a/{other.slug}/start/"
    assert alices.post(reverse("account_logout")).cookies[settings.LAST_ACCOUNT_COOKIE_NAME]["max-age"] == 0
