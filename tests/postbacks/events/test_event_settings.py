"""Where events go: set by the team with a fresh sign-in, told to the account that installed, gone with a move."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from installs.application.moving import move_application
from installs.installations import suspending, suspending_accounts
from installs.models import Delivery, EventSettings, EventType, Installation, PostbackHost, SigningSecret
from installs.postbacks import event_settings
from linnapp.models import Account, Application, TimelineEntry, User
from tests.kit.events import body, send_events, told
from tests.kit.people import ClientOf, acting
from tests.kit.posting import deliver
from tests.kit.receivers import receiving

URL = "https://hooks.example.com/events?key=k3y"
UPDATED = "installation.updated"


def page_url(application: Application, name: str = "postback_settings") -> str:
    return reverse(name, args=["northwind", application.pk])


def seen(response: Any) -> str:
    text = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", html.unescape(text))


def checked(response: Any) -> list[str]:
    return re.findall(r'name="events" value="([^"]+)"[^>]* checked', response.content.decode())


def save(client: Client, application: Application, url: str, *events: str) -> Any:
    return client.post(page_url(application, "events_set"), {"url": url, "events": events}, follow=True)


def test_they_are_chosen_kept_and_on_record_and_the_signing_secret_is_there(
    application: Application, bob: User, client_of: ClientOf
) -> None:
    client = client_of(bob)
    page = client.get(page_url(application))
    assert len(checked(page)) == 10, "all but those that a postback tells already"
    page = save(client, application, URL, "application.retired", UPDATED)
    assert page.redirect_chain == [(f"{page_url(application)}#events", 302)]
    assert checked(page) == [UPDATED, "application.retired"]
    row = EventSettings.objects.get()
    assert (row.url, row.chosen) == (URL, [UPDATED, "application.retired"])
    entry = TimelineEntry.objects.get(kind="EVENTS_URL")
    assert (entry.actor_name, entry.facts["host"]) == ("Bob", "hooks.example.com")
    assert entry.facts["chosen"] == "installation.updated, application.retired"
    assert "k3y" not in str(entry.facts)
    assert SigningSecret.objects.count() == 1
    assert checked(save(client, application, "", UPDATED)) == [UPDATED], "an emptied URL keeps the choice"
    save(client, application, URL, *EventType.values)
    save(client, application, URL, *EventType.values[2:])
    activity = seen(client.get(page_url(application, "application_activity")))
    assert "Events for hooks.example.com set by Bob: all " in activity
    assert "hooks.example.com set by Bob: all but installation.installed, installation.authorised" in activity


@pytest.mark.parametrize(
    ("url", "events", "sentence"),
    [
        ("hooks.example.com", [UPDATED], "The Events URL must be a whole address"),
        ("ftp://hooks.example.com/", [UPDATED], "The Events URL must be a whole address"),
        ("https://hooks.example.com:22/", [UPDATED], "Port 22 is not for web servers, so nothing is sent there."),
        ("https://2130706433/", [UPDATED], "an address in an unusual spelling: write four numbers"),
        (f"https://{'ü' * 60}.example/", [UPDATED], "The server's name"),
        (f"https://{'a' * 64}.example/", [UPDATED], "63 between two dots"),
        ("https://[::1%25eth0]/", [UPDATED], "The Events URL must be a whole address"),
        ("https://me:secret@hooks.example.com/", [UPDATED], "holds a user name or password"),
        ("https://hooks.example.com/?t=[{TOKEN}]", [UPDATED], "An event carries no permanent token"),
        (URL, [], "Choose at least one event"),
        (URL, ["installation.exploded"], "There is no event installation.exploded"),
        ("https://hooks.example.com/" + "x" * 2100, [UPDATED], "An address has at most"),
        ("https://hooks.example.com/\0", [UPDATED], "Null characters are not allowed"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_what_was_typed_stays(
    application: Application, alice: User, client_of: ClientOf, url: str, events: list[str], sentence: str
) -> None:
    answer = save(client_of(alice), application, url, *events)
    assert answer.status_code == 422
    page = seen(answer)
    assert page.strip().startswith("Error: Postback settings")
    assert page.index("There is a problem") < page.index(sentence) < page.index("Send test postback")
    assert html.escape(url.replace("\0", ""))[:60] in answer.content.decode()
    assert not EventSettings.objects.exists()


def test_another_address_asks_for_a_fresh_sign_in_and_another_choice_does_not(
    application: Application, alice: User, dave: User, client_of: ClientOf
) -> None:
    stale = client_of(alice, fresh=False)
    asked = stale.post(page_url(application, "events_set"), {"url": URL, "events": [UPDATED]})
    assert asked.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert not EventSettings.objects.exists()
    send_events(application, URL, alice, UPDATED)
    save(stale, application, URL, "installation.suspended")
    assert EventSettings.objects.get().chosen == ["installation.suspended"]
    stale.post(page_url(application, "events_set"), {"url": "https://evil.example/", "events": [UPDATED]})
    stale.post(page_url(application, "events_set"), {"url": "", "events": [UPDATED]})
    assert EventSettings.objects.get().url == URL
    assert client_of(dave, fresh=False).post(page_url(application, "events_set"), {"url": URL}).status_code == 404


def test_a_test_event_goes_to_the_saved_address_once_and_is_no_event(
    application: Application, alice: User, client_of: ClientOf, to_loopback: None
) -> None:
    client = client_of(alice)
    assert "Set the Events URL first" in seen(client.post(page_url(application, "events_test"), follow=True))
    with receiving() as receiver:
        send_events(application, receiver.url, alice, UPDATED)
        page = client.post(page_url(application, "events_test"), follow=True)
        assert f"Test event to {receiver.host_and_port}" in seen(page)
        deliver()
        (test,) = receiver.received
    assert body(test)["type"] == "test"
    assert body(test)["data"] == {
        "number": None,
        "application": {"id": str(application.pk), "name": "Stock Bridge", "state": "active"},
    }
    row = Delivery.objects.get()
    assert (row.state, row.number, row.kind) == ("DELIVERED", None, "event")
    assert "Answered 200 OK" in seen(client.get(page.redirect_chain[-1][0]))
    assert "Test" in seen(client.get(page_url(application, "postback_list")))


def test_the_log_shows_number_and_type_and_is_narrowed_to_events(
    application: Application, installation: Installation, alice: User, carol: User, client_of: ClientOf
) -> None:
    send_events(application, URL, alice)
    suspending.suspend(installation, by=acting(carol))
    client, row = client_of(alice), Delivery.objects.events().get()
    page = seen(client.get(page_url(application, "postback_list") + "?kind=event&event=installation.suspended"))
    assert "Suspended event 1" in page
    assert "Nothing matches" in seen(client.get(page_url(application, "postback_list") + "?kind=postback"))
    detail = seen(client.get(reverse("postback_detail", args=["northwind", application.pk, row.pk])))
    assert "Suspended, event 1: Carol's Cakes" in detail
    assert "installation.suspended , 1" in detail
    assert URL in detail


def test_the_customer_reads_the_host_and_the_events_of_the_installation_but_no_key(
    application: Application, installation: Installation, alice: User, carol: User, client_of: ClientOf
) -> None:
    client = client_of(carol)
    detail = reverse("installation_detail", args=["carols-cakes", installation.pk])
    assert "hooks.example.com" not in seen(client.get(detail))
    send_events(application, URL, alice)
    suspending.suspend(installation, by=acting(carol))
    for page in (detail, reverse("installation_postbacks", args=["carols-cakes", installation.pk])):
        text = client.get(page).content.decode()
        assert "hooks.example.com" in text
        assert "Suspended <small" in text
        assert "k3y" not in text


@pytest.mark.parametrize(
    ("chosen", "state", "told"),
    [
        (["application.retired", UPDATED], "ACTIVE", True),
        (["application.retired"], "ACTIVE", False),
        ([UPDATED], "UNINSTALLED", False),
    ],
)
def test_the_customer_and_support_read_a_host_only_where_it_is_told_of_the_installation(
    application: Application,
    installation: Installation,
    alice: User,
    carol: User,
    paula: User,
    client_of: ClientOf,
    chosen: list[str],
    state: str,
    told: bool,
) -> None:
    send_events(application, URL, alice, *chosen)
    Installation.objects.update(state=state)
    for page in (
        client_of(carol).get(reverse("installation_detail", args=["carols-cakes", installation.pk])),
        client_of(paula).get(reverse("support_installation", args=[installation.pk])),
    ):
        assert ("such as an update or a suspension, at hooks.example.com" in seen(page)) is told
        assert ("Postbacks and events" in seen(page)) is told


@pytest.mark.parametrize("retired", [False, True])
def test_what_was_retired_changes_nothing(
    application: Application, alice: User, client_of: ClientOf, retired: bool
) -> None:
    if retired:
        Application.objects.filter(pk=application.pk).update(retired_at=timezone.now())
    save(client_of(alice), application, URL, UPDATED)
    assert EventSettings.objects.exists() is not retired


def test_an_application_that_moves_loses_it_and_what_waits_is_given_up(
    application: Application, installation: Installation, depot: Account, alice: User, carol: User, paula: User
) -> None:
    send_events(application, URL, alice)
    suspending.suspend(installation, by=acting(carol))
    move_application(
        application, to=depot, secrets_end=timezone.now() + timedelta(days=1), by=acting(paula, reason="Sold")
    )
    row = EventSettings.objects.get()
    assert (row.url, row.chosen) == ("", [])
    waited = Delivery.objects.get()
    assert (waited.state, waited.outcome) == ("STOPPED", "The Events URL was removed, so there is nowhere to send it.")
    assert TimelineEntry.objects.get(kind="EVENTS_URL_CLEARED").facts["host"] == "hooks.example.com"
    moved = Application.objects.get()
    assert moved.account == depot
    assert event_settings.url_of(moved) == ""
    assert [message.body.count("Its Events URL at hooks.example.com was removed") for message in mail.outbox] == [
        1,
        1,
        0,
    ]


def test_a_suspended_account_is_told_on_both_sides_and_the_reason_to_its_own(
    application: Application,
    installation: Installation,
    northwind: Account,
    cakes: Account,
    alice: User,
    paula: User,
    to_loopback: None,
) -> None:
    by = acting(paula, reason="It owes money")
    with receiving() as receiver:
        send_events(application, receiver.url, alice)
        for account in (cakes, northwind):
            suspending_accounts.suspend_account(account, by=by)
            suspending_accounts.resume_account(account, by=by)
        deliver()
    reasons = {event["type"]: event["data"]["reason"] for event in map(body, receiver.received)}
    assert reasons == {
        "installation.suspended": None,
        "installation.resumed": None,
        "application.suspended": "It owes money",
        "application.resumed": "It owes money",
    }
    assert sorted(told(receiver)) == [
        ("application.resumed", 2),
        ("application.suspended", 1),
        ("installation.resumed", 2),
        ("installation.suspended", 1),
    ]


@pytest.mark.parametrize(
    ("then", "holds"),
    [(URL + "&v=2", True), ("https://other.example.com/events", False), ("", False), ("moved", False)],
)
def test_a_parked_host_is_held_only_as_long_as_events_go_there(
    application: Application,
    installation: Installation,
    depot: Account,
    alice: User,
    carol: User,
    paula: User,
    then: str,
    holds: bool,
) -> None:
    send_events(application, URL, alice)
    parked_at = timezone.now() - timedelta(days=1)
    facts = {"failing_since": parked_at - timedelta(days=5), "parked_at": parked_at}
    for kind in Delivery.Kind.values:
        PostbackHost.objects.create(application=application, host="hooks.example.com", kind=kind, **facts)
    if then == "moved":
        by = acting(paula, reason="Sold")
        move_application(application, to=depot, secrets_end=timezone.now() + timedelta(days=1), by=by)
    else:
        send_events(application, then, alice)
    row = PostbackHost.objects.get(kind="event")
    assert [row.parked_at is not None, row.failing_since is not None] == [holds, holds]
    left = [entry.facts["host"] for entry in TimelineEntry.objects.filter(kind="EVENTS_HOST_LEFT")]
    assert left == ([] if holds else ["hooks.example.com"])
    assert PostbackHost.objects.parked().get(kind="postback").failing_since
    if not holds and then != "moved":
        send_events(application, URL, alice)
        suspending.suspend(installation, by=acting(carol))
        assert Delivery.objects.get().state == "DUE"
