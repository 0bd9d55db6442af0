"""However many installations and postbacks a portal has, a page reads the rows that it shows and not the others."""

import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from installs.models import Delivery, Installation, PostbackHost
from installs.postbacks import asking
from linnapp.models import Account, Application, User
from tests.kit.events import send_events
from tests.kit.people import ClientOf

pytestmark = pytest.mark.usefixtures("as_new")
URL = "https://hooks.example.com/events"


@pytest.fixture
def many(installation: Installation) -> Installation:
    """As many others as make a database choose: 2,000 live installations, and a postback of each."""
    accounts = Account.objects.bulk_create(Account(name=f"A {number}", slug=f"a-{number}") for number in range(2000))
    facts = {key: getattr(installation, key) for key in ("application", "version", "state")}
    others = Installation.objects.bulk_create(Installation(**facts, account=account) for account in accounts)
    made = {"application": installation.application, "event": "installed", "state": "DELIVERED", "url": URL}
    rows = [Delivery(**made, installation=other, nonce=f"n{number}") for number, other in enumerate(others)]
    Delivery.objects.bulk_create(rows)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return installation


def replayable(application: Application) -> QuerySet[Delivery]:
    return asking.replayable(application, timezone.now() - timedelta(days=1))


def parked(application: Application) -> QuerySet[PostbackHost]:
    return PostbackHost.objects.of_application(application).parked().with_what_is_held()


@pytest.mark.parametrize("rows", [replayable, parked])
def test_what_can_be_sent_is_asked_of_its_own_installation(
    many: Installation, rows: Callable[[Application], QuerySet[Delivery]]
) -> None:
    plan = rows(many.application).explain()
    own = r"installs_installation_pkey.*\n.*Index Cond: \(id = |SEARCH U0 USING INDEX \w*installs_installation_1 \(id="
    assert re.search(own, plan), plan
    assert not re.search(r"Seq Scan on installs_installation\b|LIST SUBQUERY", plan), plan


def test_the_few_events_of_many_postbacks_are_found_by_their_index(
    many: Installation, alice: User, client_of: ClientOf
) -> None:
    page = reverse("postback_list", args=["northwind", many.application_id])
    client = client_of(alice)
    with CaptureQueriesContext(connection) as asked:
        assert "Kind" not in dict(client.get(page).context["filters"])
    # Whether there are events is not asked of the log, which would be read to its end for none.
    assert not [one["sql"] for one in asked if re.search(r"WHERE.*\"kind\" = 'event'", one["sql"])]
    send_events(many.application, URL, alice)
    response = client.get(page, {"kind": "event"})
    assert "Kind" in dict(response.context["filters"])
    plan = response.context["list"].queryset[:51].explain()
    assert re.search("deliveries_of_events|deliveries_newest_events", plan), plan


@pytest.mark.parametrize("sort", ["newest", "oldest"])
def test_the_next_page_begins_where_the_last_one_ended(
    many: Installation, alice: User, client_of: ClientOf, sort: str
) -> None:
    """Told as a bound: of an OR no engine makes one, and reads all rows of the pages before."""
    for number, key in enumerate(Delivery.objects.values_list("pk", flat=True)[:200]):
        Delivery.objects.filter(pk=key).update(created_at=timezone.now() - timedelta(minutes=number))
    page = reverse("postback_list", args=["northwind", many.application_id])
    first = client_of(alice).get(page, {"sort": sort}).context["list"]
    after = parse_qs(urlsplit(first.next_url).query)["after"][0]
    plan = first.queryset.filter(first._beyond(after))[:51].explain()
    bound = r"created_at [<>]= '|\(application_id=\? AND created_at[<>]\?\)"
    assert re.search(rf"Index Cond: .*{bound}|SEARCH installs_delivery USING INDEX .*{bound}", plan), plan
