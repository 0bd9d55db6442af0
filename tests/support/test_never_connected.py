"""Installed, and never connected for a day: what the developer, the customer and support read of it."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from installs.exchange import hours
from installs.installations import suspending
from installs.models import Delivery, Installation
from linnapp.models import Account, Application, User
from tests.kit.exchanging import exchange
from tests.kit.people import ClientOf, acting
from tests.kit.posting import install, with_postback

pytestmark = pytest.mark.django_db
LIST = "/support/never-connected/"


def age(*installations: Installation, days: int = 2) -> None:
    rows = Installation.objects.filter(pk__in=[row.pk for row in installations])
    rows.update(installed_at=timezone.now() - timedelta(days=days))


def read(client: Client, address: str, **asked: str) -> str:
    answer = client.get(address, asked)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def console(sam: User, client_of: ClientOf) -> Client:
    return client_of(sam)


@pytest.fixture
def with_endpoint(installation: Installation, depot: Account, alice: User, dave: User) -> Installation:
    """On Dave's Depot, with a postback that has not been sent."""
    version = with_postback(installation.application, "https://hooks.northwind.example/", alice, (1, 1, 0))
    return install(installation.application, depot, version, dave).installation


def pages(installation: Installation) -> dict[str, str]:
    application, account = installation.application, installation.account
    return {
        "overview": f"/a/northwind/applications/{application.pk}/",
        "installations": f"/a/northwind/applications/{application.pk}/installations/",
        "my apps": f"/a/{account.slug}/apps/",
        "detail": f"/a/{account.slug}/apps/{installation.pk}/",
    }


def test_nobody_is_told_within_a_day_nor_after_the_first_exchange(
    console: Client, installation: Installation, client_of: ClientOf, alice: User, carol: User
) -> None:
    for _ in range(2):
        of = pages(installation)
        assert "Every installation connected within a day" in read(console, LIST)
        assert "never connected" not in read(client_of(alice), of["overview"])
        assert "What to send" not in read(client_of(alice), of["installations"])
        for page in ("my apps", "detail"):
            assert "Never connected" not in read(client_of(carol), of[page])
        assert exchange(installation.permanent_tokens.get()).status_code == 200
        hours.fold()
        age(installation)


def test_the_developer_reads_what_to_send_the_customer(
    installation: Installation, client_of: ClientOf, alice: User, bob: User
) -> None:
    age(installation)
    Application.objects.update(support_contact="help@northwind.example")
    of = pages(installation)
    overview = read(client_of(alice), of["overview"])
    assert "1 installation never connected" in overview
    assert f"{of['installations']}?state=never_connected" in overview
    for person in (alice, bob):
        page = read(client_of(person), of["installations"], state="never_connected")
        assert "What to send" in page
        assert (
            f"1. Open {settings.SITE_URL}{of['detail']} and sign in. You must be an Owner of Carol&#x27;s Cakes."
            in page
        )
        assert "3. Give it to Northwind, through help@northwind.example." in page
        # The button copies what stands above it.
        assert page.count("3. Give it to") == 1
        assert installation.permanent_tokens.get().value() not in page


def test_the_customer_is_told_softly_what_to_do(
    installation: Installation,
    with_endpoint: Installation,
    client_of: ClientOf,
    carol: User,
    dave: User,
    sam: User,
) -> None:
    age(installation, with_endpoint)
    for page in ("my apps", "detail"):
        assert "Give the permanent token to Northwind, if" in read(client_of(carol), pages(installation)[page])
        told = read(client_of(dave), pages(with_endpoint)[page])
        assert "The permanent token has not reached Northwind, who can redeliver it." in told
    Delivery.objects.update(state=Delivery.State.DELIVERED)
    assert "Ask Northwind, who have the permanent token." in read(client_of(dave), pages(with_endpoint)["my apps"])
    suspending.suspend_by_staff(installation, by=acting(sam, reason="Asked for."))
    for page in ("my apps", "detail"):
        assert "Never connected" not in read(client_of(carol), pages(installation)[page])


def test_support_reads_all_of_them_the_oldest_first(
    console: Client, installation: Installation, with_endpoint: Installation
) -> None:
    age(installation, days=2)
    age(with_endpoint, days=9)
    Delivery.objects.update(state=Delivery.State.EXHAUSTED, outcome="Answered 503 Service Unavailable.")
    page = read(console, LIST)
    assert page.index("Dave&#x27;s Depot") < page.index("Carol&#x27;s Cakes")
    assert "Exhausted</a> <small>Answered 503 Service Unavailable.</small>" in page
    assert f"/support/installations/{installation.pk}/" in page
    newest = read(console, LIST, sort="newest")
    assert newest.index("Carol&#x27;s Cakes") < newest.index("Dave&#x27;s Depot")
    for asked in ({"q": "DÉPOT"}, {"account": str(with_endpoint.account_id)}):
        page = read(console, LIST, **asked)
        assert "Dave&#x27;s Depot" in page
        assert "Carol&#x27;s Cakes" not in page
    assert "Carol&#x27;s Cakes" in read(console, LIST, application=str(installation.application_id))
    assert console.get(LIST, {"format": "csv"}).getvalue().count(b"\r\n") == 3


def test_it_is_for_support(client_of: ClientOf, alice: User, carol: User, paula: User) -> None:
    assert client_of(paula).get(LIST).status_code == 200
    for person in (alice, carol):
        assert client_of(person).get(LIST).status_code == 404
