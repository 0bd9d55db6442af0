"""Tracking: free text of the Installation URL, kept on every way to consent, and never read here."""

import re
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from installs.installations import lifecycle
from installs.installations.links import LONGEST_TRACKING, NothingToInstall, read_link
from installs.models import Installation
from linnapp.models import Account, Application, TimelineEntry, User, Version
from tests.kit.consenting import address, read, sent
from tests.kit.people import PASSWORD, ClientOf

# What a token of a real client looks like, at the limit.
LONGEST = ("eyJhbGciOiJIUzI1NiJ9." + "A-_z09." * 400)[:LONGEST_TRACKING]
NASTY = "\"><script>alert(1)</script>&Tracking=b#c d+e%20'☃\n"
KEPT = pytest.mark.parametrize("tracking", ["abc", LONGEST, NASTY, "é" * 1024], ids=["short", "longest", "nasty", "é"])


def tracked(application: Application, tracking: str, key: str = "Tracking") -> str:
    return f"{reverse('authorize', args=[application.pk])}?{key}={quote(tracking, safe='')}"


def tracking_in(location: str) -> str:
    return parse_qs(urlsplit(location).query)["Tracking"][0]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tracking of each consent, as the service is told it."""
    seen: list[str] = []
    whole = lifecycle.install

    def install(*args: object, tracking: str, **options: object) -> object:
        seen.append(tracking)
        return whole(*args, tracking=tracking, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(lifecycle, "install", install)
    return seen


def action_of(page: str) -> str:
    """Where the consent form is sent to."""
    found = re.search(r'<form method="post" action="(/Authorization[^"]*)"', page)
    assert found
    return found[1].replace("&amp;", "&")


@KEPT
def test_it_is_kept_through_signing_in_and_the_form(
    application: Application, version: Version, cakes: Account, carol: User, tracking: str, told: list[str]
) -> None:
    browser = Client()
    to_sign_in = browser.get(tracked(application, tracking)).headers["Location"]
    back_to = parse_qs(urlsplit(to_sign_in).query)["next"][0]
    form = {"login": carol.email, "password": PASSWORD, "next": back_to}
    back = browser.post(reverse("account_login"), form)
    assert back.status_code == 302
    assert tracking_in(back.headers["Location"]) == tracking
    page = browser.get(back.headers["Location"]).content.decode()
    answer = browser.post(action_of(page), sent(version, cakes))
    assert answer.status_code == 302
    assert told == [tracking]


@pytest.mark.parametrize("key", ["Tracking", "tracking", "TRACKING", "tRaCkInG"])
@pytest.mark.usefixtures("version", "cakes")
def test_its_key_is_read_in_any_letter_case(
    client_of: ClientOf, application: Application, carol: User, key: str
) -> None:
    page = client_of(carol).get(tracked(application, "abc", key)).content.decode()
    assert tracking_in(action_of(page)) == "abc"


@KEPT
def test_it_is_kept_when_the_sign_in_ran_out_while_reading(
    application: Application, version: Version, cakes: Account, tracking: str
) -> None:
    answer = Client().post(tracked(application, tracking), sent(version, cakes))
    assert answer.status_code == 302
    assert tracking_in(parse_qs(urlsplit(answer.headers["Location"]).query)["next"][0]) == tracking
    assert Installation.objects.count() == 0


@KEPT
@pytest.mark.usefixtures("version", "cakes")
def test_it_is_kept_when_somebody_else_signs_in_instead(
    client_of: ClientOf, application: Application, carol: User, tracking: str
) -> None:
    client = client_of(carol)
    page = client.get(tracked(application, tracking))
    form = re.search(r'name="next" value="([^"]*)"', page.content.decode())
    assert form
    next_url = form[1].replace("&amp;", "&").replace("&#x27;", "'")
    answer = client.post(reverse("account_logout"), {"next": next_url})
    assert tracking_in(answer.headers["Location"]) == tracking


@KEPT
@pytest.mark.usefixtures("version")
def test_it_is_kept_when_another_account_is_chosen_or_the_box_was_forgotten(
    client_of: ClientOf, application: Application, version: Version, cakes: Account, carol: User, tracking: str
) -> None:
    client = client_of(carol)
    query = {"account": cakes.slug, "Tracking": tracking}
    chosen = client.get(reverse("authorize", args=[application.pk]), query).content.decode()
    assert tracking_in(action_of(chosen)) == tracking
    forgotten = client.post(action_of(chosen), sent(version, cakes, agreed="")).content.decode()
    assert tracking_in(action_of(forgotten)) == tracking


def test_it_is_kept_through_signing_up_and_confirming_the_address(application: Application, version: Version) -> None:
    browser = Client()
    back_to = parse_qs(urlsplit(browser.get(tracked(application, LONGEST)).headers["Location"]).query)["next"][0]
    form = {
        "name": "Erin",
        "company": "Erin's Eggs",
        "email": "erin@erinseggs.example",
        "password1": "correct horse battery staple",
        "next": back_to,
    }
    assert browser.post(reverse("account_signup"), form).status_code == 302
    found = re.search(r"/verify/\S+/", str(mail.outbox[-1].body))
    assert found
    confirmed = browser.post(found[0])
    assert confirmed.status_code == 302
    assert tracking_in(confirmed.headers["Location"]) == LONGEST
    page = browser.get(confirmed.headers["Location"])
    assert "Erin's Eggs" in read(page)
    assert f'name="version" value="{version.pk}"' in page.content.decode()


@pytest.mark.usefixtures("version", "cakes")
def test_it_is_never_echoed_unescaped(client_of: ClientOf, application: Application, carol: User) -> None:
    page = client_of(carol).get(tracked(application, NASTY)).content.decode()
    assert "<script>alert" not in page
    assert "alert(1)" not in read(client_of(carol).get(tracked(application, NASTY)))


def test_it_is_stored_nowhere(
    client_of: ClientOf, application: Application, version: Version, cakes: Account, carol: User
) -> None:
    client = client_of(carol)
    assert client.post(tracked(application, "MARKER"), sent(version, cakes)).status_code == 302
    stored = [*Installation.objects.values(), *TimelineEntry.objects.values(), dict(client.session)]
    assert "MARKER" not in str(stored)


@pytest.mark.parametrize("signed_in", [True, False])
def test_more_than_two_kilobytes_is_a_clear_error(
    client_of: ClientOf, application: Application, version: Version, cakes: Account, carol: User, signed_in: bool
) -> None:
    client = client_of(carol if signed_in else None)
    for answer in (
        client.get(tracked(application, LONGEST + "x")),
        client.post(tracked(application, "é" * 1025), sent(version, cakes)),
    ):
        assert answer.status_code == 414
        assert "This link is too long" in read(answer)
        assert "and the most is 2,048" in read(answer)
    assert Installation.objects.count() == 0


def test_the_first_of_several_counts() -> None:
    link = read_link("4f5793dd43d141e88f28b6eb99fc530f", [("x", "1"), ("TRACKING", "a"), ("tracking", "b")])
    assert link.tracking == "a"


def test_without_tracking_the_link_stays_plain() -> None:
    assert read_link("4f5793dd43d141e88f28b6eb99fc530f", []).query() == ""
    with pytest.raises(NothingToInstall):
        read_link("nothing", [])


@pytest.mark.parametrize("next_url", ["//evil.example/?x", "https://evil.example/?x", "javascript:alert(1)?x", "///e?"])
def test_signing_in_leads_nowhere_else(carol: User, next_url: str) -> None:
    form = {"login": carol.email, "password": PASSWORD, "next": next_url}
    answer = Client().post(reverse("account_login"), form)
    assert answer.headers["Location"] == "/"


def test_a_version_choice_does_not_lose_it(
    client_of: ClientOf, application: Application, version: Version, northwind: Account, alice: User
) -> None:
    page = client_of(alice).get(address(application, account=northwind.slug, version=version.pk, Tracking="abc"))
    assert page.content.decode().count('<input type="hidden" name="Tracking" value="abc">') == 1
    assert tracking_in(action_of(page.content.decode())) == "abc"
