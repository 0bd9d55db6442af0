"""Export from the admin's lists: what is filtered or ticked, as CSV and JSON, without secrets, a few rows at a time."""

import csv
import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from installs.models import Delivery, Installation
from linnapp import pages
from linnapp.admin_rooms import working_pages
from linnapp.cells import unguarded
from linnapp.models import Account, Application, Membership, Secret, TimelineEntry, User, Version
from tests.admin import test_admin
from tests.admin.test_admin import path_of
from tests.admin.test_admin_masks import IN_PATH, KEY, MASKED, URL
from tests.admin.test_admin_masks import USER as NAME_IN_ADDRESS
from tests.house.world import TEAM_ONLY, secrets_of_the_database
from tests.kit.people import ClientOf

pytestmark = pytest.mark.django_db
everything = test_admin.everything
WORKING = [page.model for page in working_pages()]
WAYS = ("csv", "json")


def exported(client: Client, model: type[Model], way: str = "csv", **filters: str) -> str:
    answer = client.get(path_of(model, "export", way), filters)
    assert answer.status_code == 200
    return b"".join(answer).decode()


def read(text: str) -> list[dict[str, str]]:
    """As a spreadsheet does, and as an import reads cells."""
    assert text.startswith("\ufeff")
    rows = csv.DictReader(StringIO(text.removeprefix("\ufeff"), newline=""))
    return [{name: unguarded(cell) for name, cell in row.items()} for row in rows]


def rows_of(client: Client, model: type[Model], **filters: str) -> list[dict[str, str]]:
    return read(exported(client, model, **filters))


@pytest.fixture
def companies(northwind: Account) -> list[Account]:
    return Account.objects.bulk_create(
        Account(name=f"Customer {n}", slug=f"customer-{n}", contact_email=f"c{n}@x.example") for n in range(1200)
    )


def test_these_are_the_lists_that_people_work_with() -> None:
    assert {Application, Account, Membership, User, Installation, Delivery, TimelineEntry} < set(WORKING)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("model", WORKING, ids=lambda model: model._meta.label)
def test_every_working_list_is_exported_without_a_secret(
    model: type[Model], way: str, everything: None, paula: User, client_of: ClientOf
) -> None:
    client, forbidden = client_of(paula), {TEAM_ONLY, *secrets_of_the_database()}
    count = client.get(path_of(model)).context["cl"].result_count
    answer = client.get(path_of(model, "export", way))
    with CaptureQueriesContext(connection) as queries:
        text = b"".join(answer).decode()
    assert len(queries) <= 1 + len(model._meta.many_to_many)
    rows = read(text) if way == "csv" else json.loads(text)
    # The export of a list of what happened is itself what happened.
    assert len(rows) == count + (model is TimelineEntry)
    assert count > 0
    assert next(iter(rows[0])) == "id"
    assert [value for value in forbidden if value in text] == []
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Disposition"].endswith(f'.{way}"')
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="linnapp-')


@pytest.mark.parametrize(
    ("model", "columns"),
    [
        (Application, "id name description support_contact listing state account_id account account_slug"),
        (Application, "live_installations created_at"),
        (Account, "id name slug contact_email state"),
        (User, "id email name is_active"),
        (Membership, "id account_id account account_slug user_id user email role"),
        (Installation, "id application_id application account_slug version state installed_at uninstalled_at"),
    ],
)
def test_columns_are_named_as_what_is_typed(
    model: type[Model], columns: str, everything: None, paula: User, client_of: ClientOf
) -> None:
    assert set(columns.split()) <= set(rows_of(client_of(paula), model)[0])


def test_cells_hold_what_the_row_does(installation: Installation, paula: User, client_of: ClientOf) -> None:
    client, application = client_of(paula), installation.application
    [row] = rows_of(client, Application)
    assert (row["id"], row["account"], row["account_slug"]) == (str(application.pk), "Northwind", "northwind")
    assert (row["state"], row["live_installations"], row["permissions"]) == ("Live", "1", "[]")
    assert row["created_at"] == f"{application.created_at:%Y-%m-%dT%H:%M:%S.%f}+00:00"
    [told] = json.loads(exported(client, Application, "json"))
    assert (told["live_installations"], told["permissions"], told["retired_at"]) == (1, [], None)
    assert told["created_at"] == row["created_at"]


ODD = ["Müller 株式会社", "=1+1", "+44", "-5", "@sum", "'=x", "'tis", 'a "b", c; d', "two\nlines", "\tx", "ß😀"]


@pytest.mark.parametrize("way", WAYS)
def test_odd_names_come_through_and_no_cell_begins_a_formula(
    application: Application, paula: User, client_of: ClientOf, way: str
) -> None:
    for number, name in enumerate(ODD):
        Account.objects.create(name=name, slug=f"odd-{number}", contact_email="c@x.example")
    text = exported(client_of(paula), Account, way, q="odd-")
    rows = read(text) if way == "csv" else json.loads(text)
    assert sorted(row["name"] for row in rows) == sorted(ODD)
    if way == "csv":
        cells = [cell for row in csv.reader(StringIO(text.removeprefix("\ufeff"), newline="")) for cell in row]
        assert [cell for cell in cells if cell[:1] in set("=+-@\t\r")] == []


def test_what_is_filtered_is_what_is_exported(
    application: Application, northwind: Account, paula: User, client_of: ClientOf
) -> None:
    for name, kind in (("Stock Mirror", "SYSTEM"), ("Parcel Desk", "SHIPPING"), ("Stock Parcel", "SHIPPING")):
        Application.objects.create(account=northwind, name=name, type=kind)
    client, filters = client_of(paula), {"type__exact": "SHIPPING", "q": "Stock", "o": "1", "p": "1"}
    page = client.get(path_of(Application), filters)
    [address] = [address for label, address in page.context["exports"] if label == "Export CSV"]
    assert address == f"{path_of(Application, 'export', 'csv')}?type__exact=SHIPPING&q=Stock"
    assert f'href="{address.replace("&", "&amp;")}"' in page.content.decode()
    assert [row["name"] for row in read(b"".join(client.get(address)).decode())] == ["Stock Parcel"]
    assert json.loads(exported(client, Application, "json", q="nothing is called so")) == []
    assert rows_of(client, Application, q="nothing is called so") == []


@pytest.mark.parametrize("way", WAYS)
def test_what_is_ticked_is_what_is_exported(
    companies: list[Account], paula: User, client_of: ClientOf, way: str
) -> None:
    client, chosen = client_of(paula), [str(companies[13].pk), str(companies[1100].pk)]
    sent = {"action": f"export_{way}", ACTION_CHECKBOX_NAME: chosen, "index": "0"}
    for across, wanted in (("0", set(chosen)), ("1", {str(row.pk) for row in companies if "-1" in row.slug})):
        answer = client.post(f"{path_of(Account)}?q=customer-1", sent | {"select_across": across})
        text = b"".join(answer).decode()
        assert {row["id"] for row in (read(text) if way == "csv" else json.loads(text))} == wanted


@pytest.mark.parametrize("way", WAYS)
def test_many_rows_come_in_pages_of_one_statement_each(
    companies: list[Account], paula: User, client_of: ClientOf, way: str
) -> None:
    answer = client_of(paula).get(path_of(Account, "export", way))
    with CaptureQueriesContext(connection) as queries:
        text = b"".join(answer).decode()
    rows = read(text) if way == "csv" else json.loads(text)
    assert len({row["id"] for row in rows}) == len(rows) == Account.objects.count() > 1200
    assert len(queries) == len(rows) // pages.ROWS_AT_ONCE + 1


def test_it_begins_with_few_queries(
    companies: list[Account],
    paula: User,
    client_of: ClientOf,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client = client_of(paula)
    with django_assert_max_num_queries(12):
        client.get(path_of(Account, "export", "csv"))


@pytest.mark.parametrize("at_once", [1, 2, 500])
def test_no_row_is_lost_between_pages(
    everything: None, paula: User, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(pages, "ROWS_AT_ONCE", at_once)
    client = client_of(paula)
    for model in (Membership, Account, TimelineEntry, User):
        assert sorted(row["id"] for row in rows_of(client, model)) == sorted(
            str(pk) for pk in model._default_manager.values_list("pk", flat=True)
        )


def test_who_may_not_see_a_list_does_not_take_it_along(
    application: Application, alice: User, sam: User, client_of: ClientOf
) -> None:
    address = path_of(Application, "export", "csv")
    assert Client().get(address).status_code == 302
    assert client_of(alice).get(address).status_code == 404
    assert client_of(sam).get(address).status_code == 403
    assert client_of(sam).get(path_of(Application, "export", "private")).status_code == 403
    sam.user_permissions.add(Permission.objects.get(codename="view_application"))
    assert len(rows_of(client_of(sam), Application)) == 1
    assert client_of(sam).get(path_of(Account, "export", "csv")).status_code == 403


@pytest.mark.parametrize(
    ("way", "method", "query", "status"),
    [
        ("pdf", "get", "", 404),
        ("csv", "post", "", 405),
        ("csv", "get", "?nothing__of__it=1", 302),
        ("csv", "get", "?account__name__nonsense=1", 400),
        ("csv", "get", "?secrets__digest__startswith=a", 400),
        ("csv", "get", "?summary__contains=a", 400),
    ],
)
def test_what_a_list_does_not_understand_is_no_export(
    application: Application, paula: User, client_of: ClientOf, way: str, method: str, query: str, status: int
) -> None:
    answer = getattr(client_of(paula), method)(path_of(Application, "export", way) + query)
    assert answer.status_code == status


def test_internals_are_not_exported(application: Application, paula: User, client_of: ClientOf) -> None:
    client = client_of(paula)
    assert "exports" not in client.get(path_of(Secret)).content.decode()
    assert "Content-Disposition" not in client.get(path_of(Secret, "export", "csv")).headers
    assert Secret not in WORKING
    assert Secret in admin.site._registry


# What only teams read.


@pytest.fixture
def with_private(everything: None) -> Callable[..., Any]:
    def ask(client: Client, model: type[Model], **sent: str) -> Any:
        return client.post(path_of(model, "export", "private"), sent)

    return ask


@pytest.mark.parametrize(("model", "column"), [(Application, "summary"), (Version, "manifest")])
def test_what_only_teams_read_is_exported_with_a_permission_and_a_reason(
    model: type[Model],
    column: str,
    staff: dict[str, User],
    client_of: ClientOf,
    with_private: Callable[..., Any],
) -> None:
    quinn, willa = client_of(staff["Quinn"]), client_of(staff["Willa"])
    for client in (quinn, willa):
        assert column not in rows_of(client, model)[0]
    assert with_private(quinn, model, way="csv", reason="Wants to know").status_code == 403
    assert f"Export with {column}" not in quinn.get(path_of(model)).content.decode()
    assert f"Export with {column}" in willa.get(path_of(model)).content.decode()
    page = willa.get(path_of(model, "export", "private"), {"q": "Stock"}).content.decode()
    assert f'href="{path_of(model)}?q=Stock">Cancel' in page
    assert "search “Stock”" in page
    for reason in ("", " \n"):
        answer = with_private(willa, model, way="csv", reason=reason)
        assert answer.status_code == 422
        assert TEAM_ONLY not in answer.content.decode()
    assert not TimelineEntry.objects.filter(kind="STAFF_COPIED").exists()
    for way in WAYS:
        text = b"".join(with_private(willa, model, way=way, reason="Support call 4711")).decode()
        rows = read(text) if way == "csv" else json.loads(text)
        assert TEAM_ONLY in str([row[column] for row in rows])


def test_what_is_ticked_is_exported_with_what_only_teams_read(
    application: Application, staff: dict[str, User], client_of: ClientOf, with_private: Callable[..., Any]
) -> None:
    other = Application.objects.create(account=application.account, name="Other", type="SYSTEM", summary="Another")
    sent = {"action": "export_private", ACTION_CHECKBOX_NAME: [str(other.pk)], "select_across": "0"}
    willa = client_of(staff["Willa"])
    page = willa.post(path_of(Application), sent | {"index": "0"})
    text = page.content.decode()
    assert "1 application" in text
    for name, value in (("action", "export_private"), (ACTION_CHECKBOX_NAME, other.pk), ("select_across", "0")):
        assert f'<input type="hidden" name="{name}" value="{value}">' in text
    answer = willa.post(path_of(Application), sent | {"way": "json", "reason": "Asked for"})
    assert [row["summary"] for row in json.loads(b"".join(answer))] == ["Another"]
    client_of(staff["Quinn"]).post(path_of(Application), sent | {"way": "json", "reason": "Asked for"})
    assert TimelineEntry.objects.filter(kind="STAFF_COPIED").count() == 1


def test_every_export_is_on_record_and_accounts_read_of_what_was_theirs_alone(
    alice: User, staff: dict[str, User], client_of: ClientOf, with_private: Callable[..., Any]
) -> None:
    willa = client_of(staff["Willa"])
    exported(willa, Application, q="Stock")
    entry = TimelineEntry.objects.get(kind="STAFF_EXPORTED")
    assert (entry.account_id, entry.application_id, entry.actor_name, entry.side) == (None, None, "Willa", "STAFF")
    assert {name: entry.facts[name] for name in ("list", "number", "way", "filters")} == {
        "list": "applications",
        "number": "1 application",
        "way": "CSV",
        "filters": "q=Stock",
    }
    activity = "/a/northwind/activity/"
    assert "exported" not in client_of(alice).get(activity).content.decode()
    b"".join(with_private(willa, Application, way="csv", reason="Support call 4711"))
    page = client_of(alice).get(activity).content.decode()
    assert "Support exported 1 application of this account with summary" in page
    assert "Support call 4711" in page
    assert TimelineEntry.objects.filter(kind="STAFF_EXPORTED", reason="Support call 4711").count() == 1


def test_a_token_that_was_looked_for_is_not_kept(installation: Installation, paula: User, client_of: ClientOf) -> None:
    value = installation.permanent_tokens.get().value()
    for spelled in (value, value.upper(), f"{{{value}}}"):
        exported(client_of(paula), Installation, q=spelled)
    kept = str(list(TimelineEntry.objects.filter(kind="STAFF_EXPORTED").values()))
    assert "filtered by q=" in kept
    assert value not in kept.lower()


def test_keys_in_addresses_are_the_teams_own_in_files_too(
    application: Application, paula: User, client_of: ClientOf
) -> None:
    Delivery.objects.create(
        application=application, event="test", url=URL, host="hooks.example.com", nonce="1", outcome=f"Not {URL}."
    )
    version = application.versions.development()
    parameter = {"name": "PostbackUrl", "value": URL}
    version.snapshot["Modules"][0]["parameters"] = [parameter, {"name": "ApiKey", "value": KEY}]
    version.save()
    client = client_of(paula)
    answer = client.post(path_of(Version, "export", "private"), {"way": "json", "reason": "Asked for"})
    deliveries, versions = exported(client, Delivery), b"".join(answer).decode()
    for text in (deliveries, versions):
        assert MASKED.replace("&amp;", "&") in text
        assert [value for value in (KEY, IN_PATH, NAME_IN_ADDRESS) if value in text] == []
