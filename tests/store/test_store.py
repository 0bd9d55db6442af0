"""The store: what is listed, how an account stands to it, and what the page of one application tells."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from installs.application import removal
from installs.installations import lifecycle, suspending
from installs.models import Delivery, Installation
from installs.store import listings
from installs.store.offers import Reliability
from linnapp.models import Account, Application, User, Version
from linnapp.services import applications, versions
from tests.kit.consenting import external, read, release
from tests.kit.people import ClientOf, acting
from tests.kit.posting import with_postback

List = Callable[[Application], Application]
QUERIES_OF_LIST = 9
EMPTY: dict[str, Any] = {"Modules": []}


@pytest.fixture
def put_in_store(paula: User) -> List:
    def act(application: Application) -> Application:
        listings.accept(application, by=acting(paula, reason="Reviewed."))
        return application

    return act


@pytest.fixture
def listed(application: Application, version: Version, alice: User, put_in_store: List) -> Application:
    """Stock Bridge 1.0.0, in the store."""
    words = "Keeps stock levels of your shops the same.\nWithin a minute."
    applications.edit_application(
        application, by=acting(alice), description=words, support_contact="help@northwind.example"
    )
    return put_in_store(Application.objects.get(pk=application.pk))


def made(account: Account, name: str, by: User, kind: str = "SYSTEM", description: str = "") -> Application:
    row, _ = applications.create_application(account=account, name=name, kind=kind, by=acting(by))
    versions.create_version(row, number=(1, 0, 0), notes="", expected_revision=1, by=acting(by))
    applications.edit_application(row, by=acting(by), description=description)
    return Application.objects.get(pk=row.pk)


def store(account: Account) -> str:
    return reverse("store", args=[account.slug])


def page_of(application: Application, account: Account) -> str:
    return reverse("store_application", args=[account.slug, application.pk])


def names(answer: Any) -> list[str]:
    return [row.application.name for row in answer.context["rows"]]


def test_a_row_tells_who_makes_it_and_what_it_does_and_leads_to_consent(
    client_of: ClientOf, listed: Application, carol: User, cakes: Account
) -> None:
    answer = client_of(carol).get(store(cakes))
    assert "Stock Bridge Northwind Keeps stock levels of your shops the same. Install Stock Bridge" in read(answer)
    assert f'href="/Authorization/Authorize/{listed.pk}?account=carols-cakes"' in answer.content.decode()


def test_what_is_installed_says_so_and_what_is_behind_offers_the_update(
    client_of: ClientOf, listed: Application, version: Version, carol: User, cakes: Account, alice: User
) -> None:
    row = lifecycle.install(listed, account=cakes, version=version, by=acting(carol)).installation
    client = client_of(carol)
    assert "Installed : Stock Bridge" in read(client.get(store(cakes)))
    assert "Installed : Stock Bridge" in read(client.get(page_of(listed, cakes)))
    release(listed, (1, 1, 0), external(), alice)
    for url in (store(cakes), page_of(listed, cakes)):
        page = client.get(url)
        assert "Update to 1.1.0 : Stock Bridge" in read(page)
        assert str(row.pk) in page.content.decode()
    suspending.suspend(row, by=acting(carol))
    assert "Update to 1.1.0" in read(client.get(store(cakes)))
    lifecycle.uninstall(row, by=acting(carol))
    assert "Install Stock Bridge" in read(client.get(store(cakes)))


def test_the_account_in_the_address_counts(
    client_of: ClientOf, listed: Application, installation: Installation, dave: User, depot: Account, carol: User
) -> None:
    assert "Installed" not in read(client_of(dave).get(store(depot)))
    assert client_of(dave).get(store(installation.account)).status_code == 404
    assert client_of(dave).get(page_of(listed, installation.account)).status_code == 404


def test_a_developer_is_told_who_installs_except_on_what_the_account_makes(
    client_of: ClientOf,
    listed: Application,
    northwind: Account,
    bob: User,
    dave: User,
    depot: Account,
    put_in_store: List,
) -> None:
    put_in_store(made(depot, "Ledger Link", dave))
    client = client_of(bob)
    page = read(client.get(store(northwind)))
    assert "Only an Owner of Northwind can install applications: ask Alice." in page
    assert "Ledger Link Dave's Depot Not installed" in page
    assert "Install Stock Bridge" in page
    other = Application.objects.get(name="Ledger Link")
    assert "ask Alice" in read(client.get(page_of(other, northwind)))
    assert "ask Alice" not in read(client.get(page_of(listed, northwind)))


def test_only_what_is_listed_live_and_installable_is_there(
    client_of: ClientOf, listed: Application, northwind: Account, cakes: Account, carol: User, alice: User, paula: User
) -> None:
    client = client_of(carol)
    unlisted = made(northwind, "Blue Market", alice)
    assert names(client.get(store(cakes))) == ["Stock Bridge"]
    assert client.get(page_of(unlisted, cakes)).status_code == 404
    suspending.suspend_application(listed, by=acting(paula, reason="Checked."))
    assert names(client.get(store(cakes))) == []
    assert client.get(page_of(listed, cakes)).status_code == 404
    suspending.resume_application(listed, by=acting(paula, reason="Well."))
    listed.versions.released().update(withdrawn_at=timezone.now())
    assert names(client.get(store(cakes))) == []
    assert client.get(page_of(listed, cakes)).status_code == 404
    listed.versions.released().update(withdrawn_at=None)
    assert client.get(page_of(listed, cakes)).status_code == 200
    Application.objects.filter(pk=listed.pk).update(retired_at=timezone.now())
    assert client.get(page_of(listed, cakes)).status_code == 404


def test_retiring_takes_it_off(
    client_of: ClientOf, listed: Application, version: Version, cakes: Account, carol: User, alice: User
) -> None:
    row = lifecycle.install(listed, account=cakes, version=version, by=acting(carol)).installation
    lifecycle.uninstall(row, by=acting(carol))
    removal.remove_application(listed, by=acting(alice))
    answer = client_of(carol).get(store(cakes))
    assert "There are none yet." in read(answer)


def test_it_is_searched_narrowed_sorted_and_paged(
    client_of: ClientOf,
    listed: Application,
    depot: Account,
    dave: User,
    cakes: Account,
    carol: User,
    put_in_store: List,
) -> None:
    put_in_store(made(depot, "Ledger Link", dave, "SYSTEM", "Books each order."))
    put_in_store(made(depot, "Parcel Sync", dave, "SHIPPING", "Prints labels."))
    client = client_of(carol)
    for query, expected in (
        ({}, ["Ledger Link", "Parcel Sync", "Stock Bridge"]),
        ({"sort": "newest"}, ["Parcel Sync", "Ledger Link", "Stock Bridge"]),
        ({"q": "BRIDGE"}, ["Stock Bridge"]),
        ({"q": "depot"}, ["Ledger Link", "Parcel Sync"]),
        ({"q": "labels"}, ["Parcel Sync"]),
        ({"q": "depot", "type": "SHIPPING"}, ["Parcel Sync"]),
        ({"q": "nothing of this"}, []),
    ):
        assert names(client.get(store(cakes), query)) == expected
    assert "No application matches." in read(client.get(store(cakes), {"q": "nothing of this"}))


def test_every_page_of_a_long_store_is_reached_once(
    client_of: ClientOf, depot: Account, dave: User, cakes: Account, carol: User, django_assert_num_queries: Any
) -> None:
    many = [Application(account=depot, name=f"App {n // 2:03}", type="SYSTEM", listing="LISTED") for n in range(120)]
    Application.objects.bulk_create(many)
    kind = Version.Kind.RELEASED
    Version.objects.bulk_create(
        Version(application=row, kind=kind, major=1, minor=minor, patch=0, snapshot=EMPTY)
        for row in many
        for minor in (0, 1)
    )
    client = client_of(carol)
    url, seen = store(cakes), []
    client.get(url)
    while url:
        with django_assert_num_queries(QUERIES_OF_LIST):
            answer = client.get(url)
        seen += [row.application.pk for row in answer.context["rows"]]
        url = answer.context["list"].next_url
    assert len(seen) == len(set(seen)) == 120


def test_the_page_tells_what_to_know_before_installing(
    client_of: ClientOf, listed: Application, installation: Installation, alice: User, dave: User, depot: Account
) -> None:
    before = with_postback(listed, "https://hooks.northwind.example/in", alice, (1, 1, 0))
    newest = {"kind": before.kind, "major": 1, "minor": 2, "patch": 0, "snapshot": before.snapshot}
    Version.objects.create(application=listed, notes="Reads orders.", **newest)
    page = read(client_of(dave).get(page_of(listed, depot)))
    assert "Stock Bridge by Northwind · Verified Install Stock Bridge" in page
    assert "Not verified" not in page
    assert "Newest version 1.2.0" in page
    assert "Used by 1 account " in page
    assert "help@northwind.example" in page
    assert "Within a minute." in page
    assert "1.2.0 Newest just now Reads orders. 1.1.0 just now No notes. 1.0.0 just now First." in page
    assert "It will be able to See and change everything on this account" in page
    assert "a key of its own to your account (permanent token), sent to hooks.northwind.example" in page
    assert "There were none to send in the last 30 days." in page


def test_without_a_postback_url_nothing_is_said_of_postbacks(
    client_of: ClientOf, listed: Application, dave: User, depot: Account
) -> None:
    page = read(client_of(dave).get(page_of(listed, depot)))
    assert "shown to the person who installs it" in page
    assert "Postbacks" not in page


def test_reliability_counts_what_was_owed_in_thirty_days_and_no_test(
    client_of: ClientOf, listed: Application, installation: Installation, alice: User, dave: User, depot: Account
) -> None:
    with_postback(listed, "https://hooks.northwind.example/in", alice, (1, 1, 0))
    state = Delivery.State
    rows = [(state.DELIVERED, "installed", 1)] * 5 + [(state.DUE, "authorised", 0), (state.EXHAUSTED, "installed", 3)]
    rows += [(state.STOPPED, "test", 1), (state.EXHAUSTED, "installed", 31)]
    for number, (became, event, days) in enumerate(rows):
        Delivery.objects.create(
            application=listed,
            installation=None if event == "test" else installation,
            event=event,
            state=became,
            url="https://hooks.northwind.example/in",
            nonce=f"reliability {number}",
            created_at=timezone.now() - timedelta(days=days),
        )
    page = read(client_of(dave).get(page_of(listed, depot)))
    assert "71.4 % delivered: 5 of 7 in the last 30 days." in page


def test_a_single_missing_one_is_never_a_hundred_percent() -> None:
    assert Reliability(owed=100_000, arrived=99_999).percent == 99.9


def test_versions_are_paged_without_the_withdrawn_and_the_development_one(
    client_of: ClientOf, listed: Application, version: Version, dave: User, depot: Account
) -> None:
    rows = (
        Version(application=listed, kind="RELEASED", major=2, minor=n, patch=0, snapshot=EMPTY, notes=f"Note {n}.")
        for n in range(12)
    )
    Version.objects.bulk_create(rows)
    Version.objects.filter(major=2, minor=11).update(withdrawn_at=timezone.now())
    client = client_of(dave)
    first = client.get(page_of(listed, depot))
    assert [row.label for row in first.context["list"].rows] == [f"2.{n}.0" for n in range(10, 0, -1)]
    assert "Development Version" not in read(first)
    second = client.get(first.context["list"].next_url)
    assert [row.label for row in second.context["list"].rows] == ["2.0.0", "1.0.0"]


def test_the_page_of_one_costs_few_queries(
    client_of: ClientOf,
    listed: Application,
    installation: Installation,
    carol: User,
    django_assert_max_num_queries: Any,
) -> None:
    client = client_of(carol)
    client.get(page_of(listed, installation.account))
    with django_assert_max_num_queries(14):
        client.get(page_of(listed, installation.account))


def test_the_rail_leads_there(client_of: ClientOf, cakes: Account, carol: User) -> None:
    html = client_of(carol).get(reverse("my_apps", args=[cakes.slug])).content.decode()
    assert 'href="/a/carols-cakes/store/"' in html


def test_other_methods_are_refused(client_of: ClientOf, listed: Application, cakes: Account, carol: User) -> None:
    client = client_of(carol)
    assert client.post(store(cakes)).status_code == 405
    assert client.post(page_of(listed, cakes)).status_code == 405
