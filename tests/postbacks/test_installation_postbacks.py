"""The postbacks of one installation, as the customer reads them and as support does."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from installs.installations import lifecycle
from installs.models import Delivery, Installation
from linnapp.models import Account, Application, TimelineEntry, User
from tests.kit.consenting import read
from tests.kit.people import ClientOf
from tests.kit.posting import deliver, install, with_postback
from tests.kit.receivers import Reply, receiving

SECRETS = ("/in?key=", "spring campaign", "we moved", "webhook-id", "/in%3F")


def of_customer(installation: Installation) -> str:
    return reverse("installation_postbacks", args=(installation.account.slug, installation.pk))


def of_support(installation: Installation) -> str:
    return reverse("support_postbacks", args=(installation.pk,))


def on_installation_page(installation: Installation) -> str:
    return reverse("installation_detail", args=(installation.account.slug, installation.pk))


@pytest.fixture
def refused(to_loopback: None, application: Application, cakes: Account, alice: User, carol: User) -> Installation:
    """Its one postback was answered 410."""
    with receiving(Reply(410, body=b"we moved")) as receiver:
        version = with_postback(application, f"{receiver.url}/in?key=developers-own", alice)
        made = install(application, cakes, version, carol, tracking="spring campaign")
        deliver()
    return made.installation


@pytest.mark.parametrize("page", [of_customer, on_installation_page])
def test_the_customer_reads_event_host_state_and_outcome_and_nothing_of_the_developers(
    client_of: ClientOf, carol: User, refused: Installation, page: Any
) -> None:
    answer = client_of(carol).get(page(refused))
    words = read(answer)
    host = Delivery.objects.get().host
    for shown in ("Installed", "Stopped", host, "Answered 410 Gone", "Not shown here: "):
        assert shown in words
    for hidden in SECRETS:
        assert hidden not in answer.content.decode()


def test_when_it_is_tried_next_is_told(client_of: ClientOf, carol: User, refused: Installation) -> None:
    due = timezone.now() + timedelta(hours=2, minutes=5)
    Delivery.objects.update(state=Delivery.State.DUE, next_attempt_at=due)
    assert "in 2 hours" in read(client_of(carol).get(of_customer(refused)))


def test_the_customer_narrows_them_and_searches_no_address(
    client_of: ClientOf, carol: User, refused: Installation
) -> None:
    client = client_of(carol)
    for query, count in (({"state": "stopped"}, 1), ({"state": "delivered"}, 0), ({"since": "hour"}, 1)):
        assert len(client.get(of_customer(refused), query).context["list"].rows) == count, query
    Delivery.objects.update(host="hooks.northwind.example")
    assert len(client.get(of_customer(refused), {"q": "developers-own"}).context["list"].rows) == 1


def test_support_reads_every_attempt_but_no_secret_and_that_is_on_record(
    client_of: ClientOf, sam: User, refused: Installation
) -> None:
    client = client_of(sam)
    delivery = Delivery.objects.get()
    answer = client.get(of_support(refused), {"delivery": str(delivery.pk)})
    for shown in ("/in?key=developers-own", "spring campaign", "we moved", str(delivery.pk), "POST /in"):
        assert shown in answer.content.decode()
    value = lifecycle.current_token(refused).value()
    assert value not in answer.content.decode()
    assert value.replace("-", "") not in answer.content.decode()
    assert TimelineEntry.objects.filter(kind="SUPPORT_VIEWED", subject_id=refused.pk).count() == 1


def test_support_opens_none_of_another_installation(
    client_of: ClientOf, sam: User, refused: Installation, depot: Account, dave: User
) -> None:
    other = install(refused.application, depot, refused.version, dave).installation
    elsewhere = Delivery.objects.get(installation=other)
    for key in (str(elsewhere.pk), "x"):
        answer = client_of(sam).get(of_support(refused), {"delivery": key})
        assert answer.status_code == 200
        assert "Open one to see its attempts" in read(answer)
        assert "Postback URL" not in read(answer)


@pytest.mark.parametrize("page", ["installation_detail", "support_installation"])
def test_the_installations_page_has_the_last_five_and_leads_to_all(
    client_of: ClientOf, carol: User, sam: User, refused: Installation, page: str
) -> None:
    for number in range(6):
        Delivery.objects.create(
            application=refused.application,
            installation=refused,
            event=Delivery.Event.AUTHORISED,
            state=Delivery.State.DELIVERED,
            url="https://hooks.northwind.example/",
            host="hooks.northwind.example",
            nonce=f"n{number}",
        )
    args: tuple[object, ...] = (refused.pk,)
    reader, leads_to = sam, of_support(refused)
    if page == "installation_detail":
        args, reader, leads_to = (refused.account.slug, refused.pk), carol, of_customer(refused)
    answer = client_of(reader).get(reverse(page, args=args))
    assert len(answer.context["postbacks"]) == 5
    assert "Authorised again" in read(answer)
    assert leads_to in answer.content.decode()


def test_an_installation_without_any_says_what_they_are(
    client_of: ClientOf, carol: User, installation: Installation
) -> None:
    assert "There is none for this installation" in read(client_of(carol).get(of_customer(installation)))


def test_fifty_rows_cost_as_many_queries_as_one(
    client_of: ClientOf, carol: User, refused: Installation, django_assert_max_num_queries: Any
) -> None:
    for number in range(50):
        Delivery.objects.create(
            application=refused.application, installation=refused, event="authorised", nonce=f"n{number}"
        )
    client = client_of(carol)
    with django_assert_max_num_queries(9):
        client.get(of_customer(refused))
