"""Few rows of many, as a state or a gap picks them: found by an index of these, and counted without being read."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from installs.models import Delivery, Installation
from linnapp.models import Account, User
from linnapp.models.capped import count_up_to
from tests.admin.test_admin import path_of
from tests.kit.people import ClientOf
from tests.scale.many_rows import analyze
from tests.scale.test_lists_of_many import plan

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_new")]
FEW_STATES = ["Waiting or held", "Waiting", "Held"]


@pytest.fixture
def paulas(paula: User, client_of: ClientOf) -> Client:
    return client_of(paula)


@pytest.fixture
def many(installation: Installation) -> Installation:
    """3,000 installations, a third of which has never connected, each with a postback, of which two wait."""
    now = timezone.now()
    accounts = Account.objects.bulk_create(
        Account(name=f"Account {number}", slug=f"a-{number}", name_folded=f"account {number}") for number in range(3000)
    )
    facts = {"application": installation.application, "version": installation.version}
    rows = Installation.objects.bulk_create(
        Installation(
            **facts,
            account=account,
            state=Installation.State.ACTIVE,
            first_exchange_at=now if number % 3 else None,
            installed_at=now - timedelta(days=2, minutes=number),
        )
        for number, account in enumerate(accounts)
    )
    made = {"application": installation.application, "event": "installed", "url": "https://hooks.example.com/made"}
    Delivery.objects.bulk_create(
        Delivery(
            **made,
            installation=row,
            nonce=f"n{number}",
            host="hooks.example.com",
            state={7: "DUE", 8: "HELD"}.get(number, "DELIVERED"),
        )
        for number, row in enumerate(rows)
    )
    # As a large portal: SQLite goes by the figures of one, and PostgreSQL by these rows.
    analyze([Installation, Delivery])
    return installation


@pytest.mark.parametrize("shown", FEW_STATES)
def test_what_waits_is_found_among_what_waits(shown: str, many: Installation, paulas: Client) -> None:
    page = paulas.get(path_of(Delivery), {"shown": shown}).context["cl"]
    # PostgreSQL, which knows how few these are, has other ways to them.
    if connection.vendor == "sqlite":
        assert "deliveries_waiting" in plan(page.queryset[:50])
    kinds = {"Waiting or held": {"DUE", "HELD"}, "Waiting": {"DUE"}, "Held": {"HELD"}}
    assert {row.state for row in page.result_list} == kinds[shown]


def test_those_that_never_connected_are_found_by_their_index(many: Installation) -> None:
    """With statistics too: one index that had all others as well would be taken for a better one."""
    for order in ("installed_at", "-installed_at"):
        assert "installations_silent" in plan(Installation.objects.silent().with_its_facts().order_by(order, "pk")[:51])


@pytest.mark.parametrize(("model", "shown"), [(Delivery, "Waiting or held"), (Installation, "Waiting")])
def test_a_list_of_few_has_an_end_all_the_same(
    model: type[Model], shown: str, many: Installation, paulas: Client
) -> None:
    """Without one SQLite sorts by an index over all rows, and reads them all."""
    with CaptureQueriesContext(connection) as caught:
        paulas.get(path_of(model), {"shown": shown})
    table = model._meta.db_table
    keys = [one["sql"] for one in caught if one["sql"].startswith(f'SELECT "{table}"."id" AS "pk"')]
    assert keys
    assert all("LIMIT" in statement for statement in keys)


def test_what_is_counted_is_not_read(many: Installation) -> None:
    rows = Installation.objects.order_by("installed_at").filter(first_exchange_at=None)
    with CaptureQueriesContext(connection) as caught:
        assert count_up_to(rows, 500) == 501
    assert '"id"' not in caught[0]["sql"]
    assert count_up_to(Account.objects.filter(slug__startswith="a-").distinct(), 5000) == 3000
    assert count_up_to(rows.none()) == 0
