"""Rows that functions put together, beside what Django and templates make of the same."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.templatetags.admin_list import result_headers
from django.db import connection
from django.db.models import Model
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import resolve
from django.utils import formats, timezone

from installs.models import Installation
from installs.support import overview
from linnapp import admin_cells
from linnapp.models import Account, Application, User
from linnapp.pages import ListPage, Sort
from linnapp.templatetags import portal_admin
from tests.admin.test_admin import path_of
from tests.house.world import World
from tests.kit.people import ClientOf

pytestmark = pytest.mark.django_db
HOSTILE = '"><script>alert(1)</script>'


def listed(model: type[Model], person: User, address: str = "") -> Any:
    """The list as its page has it."""
    request = RequestFactory().get(f"{path_of(model)}{address}")
    request.user, request.resolver_match = person, resolve(path_of(model))
    page = admin.site._registry[model].get_changelist_instance(request)
    page.formset = None
    return page


def test_the_cells_of_every_list_of_the_admin_are_those_of_django(world: World, paula: User) -> None:
    Account.objects.update(name=HOSTILE)
    User.objects.filter(pk=paula.pk).update(last_login=timezone.now())
    seen = 0
    for model in admin.site._registry:
        for address in ("", "?p=1&all="):
            page = listed(model, paula, address)
            headers = list(result_headers(page))
            drawn = portal_admin._rows(page, headers)
            assert drawn == portal_admin._rows_of_django(page, headers), model
            assert HOSTILE not in "".join(drawn)
            seen += len(drawn)
    assert seen > 100


def test_dates_of_the_admin_are_those_that_its_formats_say() -> None:
    for when in (datetime(2026, 3, 9, 4, 5, tzinfo=UTC), datetime(2025, 9, 30, 23, 59, 59, tzinfo=UTC)):
        assert admin_cells.moment(when) == formats.localize(timezone.localtime(when))


def test_a_list_that_one_chooses_from_is_as_django_draws_it(world: World, paula: User, client_of: ClientOf) -> None:
    page = client_of(paula).get(path_of(Application), {"_popup": "1"}).content.decode()
    assert "data-popup-opener=" in page


def test_a_row_leads_to_its_page_with_the_filters_of_its_list(world: World, paula: User) -> None:
    page = listed(Installation, paula, "?q=c%26a&o=-5")
    row = Installation.objects.all()[:1]
    page.result_list = row
    address = admin_cells._address_of(page)(row[0])
    assert address.startswith(f"{path_of(Installation)}{row[0].pk}/change/?_changelist_filters=")
    assert "%2526" in address


def test_addresses_that_narrow_a_list_are_those_that_it_makes_itself() -> None:
    class Filters:
        def __init__(self, *args: object, **options: object) -> None:
            pass

    request = RequestFactory().get("/list/", {"q": "a b", "sort": "x", "after": "y", "cause": "old"})
    rows, sorts = Installation.objects.all(), {"x": Sort("X", ("pk",))}
    page = ListPage(request, rows, filters=Filters, sorts=sorts)
    for value in ("198.51.100.0/24", "ü & <b>", 7):
        assert page.narrowing("cause", q=None)(value) == page.url(cause=str(value), q=None, after=None)
    # A text that looks like what stands in the place of a value.
    request = RequestFactory().get("/list/", {"q": "9070605040"})
    page = ListPage(request, rows, filters=Filters, sorts=sorts)
    assert page.narrowing("cause")("new") == page.url(cause="new", after=None)


def test_the_console_shows_live_ones_first_and_reads_no_more_whole_rows_than_it_shows(
    installation: Installation, northwind: Account, depot: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    for account, state in ((northwind, Installation.State.UNINSTALLED), (depot, Installation.State.ACTIVE)):
        Installation.objects.create(
            application=installation.application, account=account, version=installation.version, state=state
        )
    rows = Installation.objects.of_application(installation.application)
    assert rows.count() == 3
    everything = sorted(rows, key=lambda row: (not row.is_live, -row.installed_at.timestamp()))
    assert overview.newest(rows) == everything
    monkeypatch.setattr(overview, "SHOWN", 1)
    with CaptureQueriesContext(connection) as caught:
        assert overview.newest(rows) == everything[:1]
    whole = caught[-1]["sql"]
    assert [str(row.pk).replace("-", "") in whole.replace("-", "") for row in everything] == [
        row == everything[0] for row in everything
    ]
