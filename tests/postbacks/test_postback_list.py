"""The Postbacks tab: what was owed to whom, what came of it, and finding one of many."""

import csv
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from installs.models import Delivery, Installation, PostbackHost
from installs.postbacks import signing_secrets
from linnapp.models import Account, Application, User, Version
from linnapp.services import applications
from tests.kit.consenting import read
from tests.kit.people import ClientOf, acting
from tests.kit.posting import deliver, install, with_postback
from tests.kit.receivers import Reply, receiving

State = Delivery.State
Event = Delivery.Event
HOST = "hooks.northwind.example"


def listed(application: Application) -> str:
    return reverse("postback_list", args=(application.account.slug, application.pk))


def page_of(client: Client, application: Application, **query: str) -> str:
    return read(client.get(listed(application), query))


def owed(application: Application, installation: Installation | None, **fields: Any) -> Delivery:
    """A row as it stands after it was owed, and nothing is sent for."""
    number = Delivery.objects.count()
    made: dict[str, Any] = {"event": Event.INSTALLED, "state": State.DELIVERED, "host": HOST, "nonce": f"n{number}"}
    made |= {"url": f"https://{HOST}/in?t=[{{TOKEN}}]", "created_at": timezone.now() - timedelta(minutes=number)}
    return Delivery.objects.create(application=application, installation=installation, **made | fields)


@pytest.fixture
def on_depot(application: Application, version: Version, depot: Account, dave: User) -> Installation:
    return install(application, depot, version, dave).installation


@pytest.mark.usefixtures("to_loopback")
def test_a_row_says_what_came_of_it_and_when_it_is_tried_next(
    client_of: ClientOf, application: Application, cakes: Account, alice: User, carol: User
) -> None:
    with receiving(Reply(404)) as receiver:
        install(application, cakes, with_postback(application, f"{receiver.url}/in/[{{TOKEN}}]", alice), carol)
        deliver()
    Delivery.objects.update(next_attempt_at=timezone.now() + timedelta(hours=2, minutes=5))
    page = page_of(client_of(alice), application)
    assert f"Installed Carol's Cakes {receiver.host_and_port} Waiting Answered 404 Not Found. 1 in 2 hours" in page


def test_each_state_has_its_word_and_a_test_is_marked(
    client_of: ClientOf, alice: User, application: Application, installation: Installation
) -> None:
    now = timezone.now()
    owed(application, installation, state=State.DUE, next_attempt_at=now)
    owed(application, installation, state=State.DUE, next_attempt_at=now, claimed_until=now + timedelta(seconds=9))
    owed(application, installation, state=State.HELD, outcome="No answer within 10 seconds.")
    owed(application, installation, state=State.DELIVERED, outcome="Answered 200 OK.")
    owed(application, installation, state=State.STOPPED, outcome="Answered 410 Gone.")
    owed(application, installation, state=State.EXHAUSTED, outcome="Answered 500 Internal Server Error.")
    owed(application, None, event=Event.TEST, outcome="Answered 200 OK.")
    page = page_of(client_of(alice), application)
    for row in (
        "Waiting not tried yet 0 at once",
        "Being sent not tried yet 0 now",
        "Held No answer within 10 seconds. 0 held",
        "Delivered Answered 200 OK. 0 none",
        "Stopped Answered 410 Gone. 0 none",
        "Exhausted Answered 500 Internal Server Error. 0 none",
        f"Test none {HOST} Delivered",
    ):
        assert row in page


def test_states_events_times_accounts_and_words_narrow_it(
    client_of: ClientOf, alice: User, application: Application, installation: Installation, on_depot: Installation
) -> None:
    yesterday = timezone.now() - timedelta(hours=30)
    ours = owed(application, installation, state=State.STOPPED, created_at=yesterday)
    theirs = owed(application, on_depot, event=Event.AUTHORISED, host="other.example")
    client = client_of(alice)
    for query, cakes, depot in (
        ({"state": "stopped"}, True, False),
        ({"state": "failed"}, True, False),
        ({"state": "exhausted"}, False, False),
        ({"state": "delivered"}, False, True),
        ({"event": "authorised"}, False, True),
        ({"since": "hour"}, False, True),
        ({"since": "day"}, False, True),
        ({"since": "week"}, True, True),
        ({"installation": str(installation.pk)}, True, False),
        ({"q": "CAKES"}, True, False),
        ({"q": "other.ex"}, False, True),
        ({"q": f"{{{str(theirs.pk).upper()}}}"}, False, True),
        ({"q": installation.pk.hex}, True, False),
        ({"q": "[{TOKEN}]"}, False, False),
        ({"state": "x", "event": "x", "since": "x", "installation": "x", "after": "x", "sort": "x"}, True, True),
    ):
        rows = {row.pk for row in client.get(listed(application), query).context["list"].rows}
        assert (ours.pk in rows, theirs.pk in rows) == (cakes, depot), query
    assert "Only postbacks and events of Stock Bridge on Carol's Cakes" in page_of(
        client, application, installation=str(installation.pk)
    )


def test_nothing_of_another_application_is_on_it(
    client_of: ClientOf, dave: User, depot: Account, alice: User, application: Application, installation: Installation
) -> None:
    delivery = owed(application, installation)
    other, _ = applications.create_application(
        account=depot, name="Depot Tool", kind=Application.Type.SYSTEM, by=acting(dave)
    )
    response = client_of(dave).get(listed(other), {"q": str(delivery.pk)})
    assert response.context["list"].rows == []
    assert client_of(dave).get(listed(application)).status_code == 404


@pytest.mark.parametrize("sort", ["newest", "oldest"])
def test_every_sort_turns_its_pages_without_losing_a_row(
    client_of: ClientOf, alice: User, application: Application, installation: Installation, sort: str
) -> None:
    moment = timezone.now()
    for number in range(53):
        owed(application, installation, created_at=moment - timedelta(hours=number % 7))
    client = client_of(alice)
    first = client.get(listed(application), {"sort": sort})
    second = client.get(first.context["list"].next_url)
    keys = [row.pk for response in (first, second) for row in response.context["list"].rows]
    assert len(keys) == len(set(keys)) == 53


def test_fifty_rows_cost_as_many_queries_as_one(
    client_of: ClientOf,
    alice: User,
    application: Application,
    installation: Installation,
    django_assert_max_num_queries: Any,
) -> None:
    for _ in range(50):
        owed(application, installation).attempts.create(cause="Answered 200 OK.")
    client = client_of(alice)
    with django_assert_max_num_queries(13):
        client.get(listed(application))


def test_the_csv_has_every_row_and_no_address(
    client_of: ClientOf, alice: User, application: Application, installation: Installation
) -> None:
    delivery = owed(application, installation, outcome="=HYPERLINK()", tracking="campaign")
    owed(application, None, event=Event.TEST)
    response = client_of(alice).get(listed(application), {"format": "csv"})
    text = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
    first, test = csv.DictReader(StringIO(text))
    assert (first["Account"], first["Host"], first["State"]) == ("Carol's Cakes", HOST, "Delivered")
    assert (first["webhook-id"], first["Last outcome"]) == (str(delivery.pk), "'=HYPERLINK()")
    assert (test["Event"], test["Account"], test["Installation"]) == ("Test", "", "")
    assert "[{TOKEN}]" not in text
    assert "campaign" not in text


# Nothing yet.


def test_without_a_postback_url_the_page_leads_to_app_modules(
    client_of: ClientOf, alice: User, application: Application
) -> None:
    answer = client_of(alice).get(listed(application))
    assert "a signed postback takes the permanent token to your server" in read(answer)
    assert "Your manifest has no PostbackUrl" in read(answer)
    assert reverse("manifest_edit", args=(application.account.slug, application.pk)) in answer.content.decode()


def test_with_one_the_page_says_where_they_will_go_and_leads_to_installing(
    client_of: ClientOf, alice: User, application: Application
) -> None:
    with_postback(application, f"https://{HOST}/in", alice)
    answer = client_of(alice).get(listed(application))
    assert f"Your manifest sends them to https://{HOST}/in ." in read(answer)
    assert "Install it on Northwind" in read(answer)


# A host that is parked.


@pytest.mark.usefixtures("to_loopback")
def test_a_parked_host_is_told_and_the_oldest_of_what_is_held_redelivered(
    client_of: ClientOf, alice: User, application: Application, installation: Installation, on_depot: Installation
) -> None:
    now = timezone.now()
    signing_secrets.ensure(application)
    with receiving() as receiver:
        host = {"url": receiver.url, "host": receiver.host_and_port, "state": State.HELD}
        younger = owed(application, installation, **host)
        oldest = owed(application, on_depot, **host)
        PostbackHost.objects.create(
            application=application,
            host=receiver.host_and_port,
            failing_since=now - timedelta(days=6),
            parked_at=now - timedelta(hours=3),
            next_trial_at=now + timedelta(minutes=30),
        )
        client = client_of(alice)
        page = client.get(listed(application))
        assert f"Postbacks to {receiver.host_and_port} are held. The host has failed since" in read(page)
        assert "holding began 3 hours ago . 2 postbacks wait." in read(page)
        again = reverse("postback_redeliver", args=(application.account.slug, application.pk, oldest.pk))
        assert again in page.content.decode()
        client.post(again)
        deliver()
        assert [sent.headers["webhook-id"] for sent in receiver.wait_for(2)] == [str(oldest.pk), str(younger.pk)]
    assert "are held." not in page_of(client, application)


def test_the_list_alone_answers_htmx(
    client_of: ClientOf, alice: User, application: Application, installation: Installation
) -> None:
    owed(application, installation)
    page = client_of(alice).get(listed(application), headers={"HX-Request": "true"}).content.decode()
    assert "<table>" in page
    assert "<html" not in page
