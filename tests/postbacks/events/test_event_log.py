"""The log where postbacks and events stand together: what its chips offer and find, and its way to events."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from installs.models import Delivery, EventSettings, EventType, Installation
from linnapp.models import Application, User
from tests.kit.consenting import read
from tests.kit.events import send_events
from tests.kit.people import ClientOf
from tests.kit.posting import with_postback

URL = "https://hooks.example.com/events"


def log_of(application: Application) -> str:
    return reverse("postback_list", args=("northwind", application.pk))


def chips_of(client: Client, application: Application, **query: str) -> dict[str, dict[str, str]]:
    """By row and label, the address of each."""
    filters = client.get(log_of(application), query).context["filters"]
    return {name: {label: href for label, href, _ in chips} for name, chips in filters}


def made(installation: Installation, nth: int, **fields: Any) -> Delivery:
    about: dict[str, Any] = {"application": installation.application, "installation": installation, "url": URL}
    about |= {"host": "hooks.example.com", "state": "DELIVERED", "created_at": timezone.now(), "nonce": f"n{nth}"}
    return Delivery.objects.create(**about | fields)


@pytest.fixture
def both(installation: Installation) -> None:
    """Six postbacks and six events, one of each called Installed."""
    EventSettings.objects.create(application=installation.application, url=URL)
    for number in range(1, 7):
        made(installation, number, event="authorised" if number > 1 else "installed")
        event = EventType.values[number - 1]
        made(installation, number + 9, kind="event", event=event, number=number, subject=installation.pk)


@pytest.mark.usefixtures("both")
def test_an_event_chip_is_offered_with_a_kind_and_never_finds_nothing_for_want_of_the_other(
    application: Application, alice: User, client_of: ClientOf
) -> None:
    client = client_of(alice)
    assert list(chips_of(client, application)) == ["State", "Kind", "Time"]
    for kind, label in (("postback", "Postbacks"), ("event", "Events")):
        offered = chips_of(client, application, kind=kind)["Event"]
        rows = client.get(offered["Installed"]).context["list"].rows
        assert [(row.kind, row.get_event_display()) for row in rows] == [(kind, "Installed")]
        assert list(chips_of(client, application, event=rows[0].event)["Event"]) == list(offered), label
    narrowed = chips_of(client, application, event="installed", state="delivered")["Kind"]
    assert narrowed["Events"] == f"{log_of(application)}?state=delivered&kind=event"
    assert len(client.get(narrowed["Events"]).context["list"].rows) == 6
    page = read(client.get(log_of(application), {"kind": "event"}))
    assert "State All Waiting Held" in page, "two rows of chips have a Failed: each row says whose it is"
    assert "Event All Installed" in page


@pytest.mark.parametrize(("rows", "chips"), [(10, 0), (11, 3)])
def test_only_more_than_ten_rows_have_chips(
    application: Application, installation: Installation, alice: User, client_of: ClientOf, rows: int, chips: int
) -> None:
    for number in range(rows):
        made(installation, number, event="installed")
    page = client_of(alice).get(log_of(application)).content.decode()
    assert len(re.findall(r'<nav class="chips" aria-label="(State|Event|Time)"', page)) == chips
    assert page.count("<summary>Filter</summary>") == bool(chips)


@pytest.mark.usefixtures("both")
def test_the_button_for_filters_says_how_many_are_in_force(
    application: Application, alice: User, client_of: ClientOf
) -> None:
    page = client_of(alice).get(log_of(application), {"kind": "event", "event": "installation.failed"})
    assert "Filter 2 in force" in read(page)


def test_without_a_postback_url_the_empty_log_leads_to_events_too(
    application: Application, alice: User, dave: User, client_of: ClientOf
) -> None:
    client = client_of(alice)
    page = client.get(log_of(application))
    assert "do not need it: set an Events URL" in read(page)
    assert f'{reverse("postback_settings", args=("northwind", application.pk))}#events"' in page.content.decode()
    assert "Send a test event" not in read(page)
    send_events(application, URL, alice)
    page = client.get(log_of(application))
    assert "Events do not need it: they go to your Events URL" in read(page)
    assert f'action="{reverse("events_test", args=("northwind", application.pk))}"' in page.content.decode()
    with_postback(application, "https://hooks.example.com/in", alice)
    assert "do not need it" not in read(client.get(log_of(application)))


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize(("kind", "word"), [("event", "Event"), ("postback", "Postback")])
def test_the_page_of_one_is_called_what_it_is(
    application: Application, alice: User, client_of: ClientOf, kind: str, word: str
) -> None:
    key = Delivery.objects.of_kind(kind)[0].pk
    page = client_of(alice).get(reverse("postback_detail", args=("northwind", application.pk, key))).content.decode()
    assert re.search(r"<title>(.*?) ·", page, re.DOTALL).group(1).strip() == word  # type: ignore[union-attr]
    assert f'aria-current="page"><span>{word}</span>' in page
