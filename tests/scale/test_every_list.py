"""No list of the portal or of the admin reads a table that grows, whatever it is filtered and sorted by, and none sends
more statements for more rows. Lists are found by themselves, so that a new one is asked too."""

from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from installs.models import ExchangeHour, Installation, PermanentToken
from linnapp.models import Account, Application, User, Version
from tests.house.world import World
from tests.kit.people import ClientOf
from tests.scale.known import known
from tests.scale.many_rows import BOUNDED, SMALL, ManyRows, filled
from tests.scale.proof import faults
from tests.scale.walking import of_the_admin, of_the_url_conf

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_new")]
PEOPLE = ("alice", "carol", "sam", "paula")
# Support's page of one installation looks for the cause in all that there is of it.
MOST_STATEMENTS, MOST_OF_INSTALLATION = 30, 45
NEEDED: tuple[type[Model], ...] = (Account, Application, Version, Installation, PermanentToken, ExchangeHour, User)


# What is slow is left out of the stage on PostgreSQL, where this one is wanted.
in_order = pytest.mark.slow(seconds=50) if connection.vendor == "sqlite" else pytest.mark.database


@in_order
def test_no_list_reads_a_table_that_grows(
    world: World, northwind: Account, version: Version, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is noted of it since: rows are made as it is.
    northwind.refresh_from_db()
    clients = {name: client_of(world.users[name]) for name in PEOPLE}
    lists = [*of_the_url_conf(world, clients), *of_the_admin(clients["paula"])]
    found = faults(ManyRows(northwind, version), lists, monkeypatch)
    scans = {name: told for name, told in found.scans.items() if name not in known(connection.vendor)}
    assert not scans, "\n".join(f"{name}: {told}" for name, told in scans.items())
    assert known(connection.vendor) - found.scans.keys() == set()
    assert found.uneven == {}
    assert found.lost == []
    assert found.sent.pop("support_installation") <= MOST_OF_INSTALLATION
    assert {name: sent for name, sent in found.sent.items() if sent > MOST_STATEMENTS} == {}
    assert len(found.sent) > 140


class Addresses(admin.SimpleListFilter):
    title, parameter_name = "addresses", "addresses"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("9", "Nine")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ExchangeHour]) -> QuerySet[ExchangeHour]:
        return queryset.filter(addresses=int(chosen)) if (chosen := self.value()) else queryset


def tokens(hour: ExchangeHour) -> int:
    return PermanentToken.objects.filter(installation=hour.installation_id).count()


def test_a_list_that_reads_its_table_is_told_and_one_that_asks_for_each_row(
    installation: Installation,
    version: Version,
    paula: User,
    client_of: ClientOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hours = admin.site._registry[ExchangeHour]
    monkeypatch.setattr(hours, "list_filter", (Addresses,))
    monkeypatch.setattr(hours, "list_display", (*hours.list_display, tokens))
    lists = list(of_the_admin(client_of(paula), [ExchangeHour, PermanentToken]))
    found = faults(ManyRows(version, only=NEEDED), lists, monkeypatch)
    assert "admin:installs_exchangehour?addresses=9" in found.scans
    assert "addresses" in found.scans["admin:installs_exchangehour?addresses=9"]
    assert "admin:installs_exchangehour" not in found.scans
    fewer, more = found.uneven.pop("admin:installs_exchangehour")
    assert more - fewer == 15
    assert found.uneven == {}


def test_a_table_that_is_left_out_is_there_and_has_a_reason() -> None:
    assert SMALL.keys() <= set(filled())
    assert not set(filled()) & BOUNDED.keys()
    assert all({**SMALL, **BOUNDED}.values())
