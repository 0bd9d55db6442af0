"""Versions that stood by the rules of their day, and by none of today's: every page that reads them answers."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from installs.connectors import making
from installs.installations import lifecycle, moving
from installs.models import Delivery, Installation
from installs.store import listings
from linnapp.manifest import ManifestInvalid, parse
from linnapp.models import Account, Application, User, Version
from linnapp.services import versions
from tests.kit.consenting import address, read, sent
from tests.kit.people import ClientOf, acting
from tests.kit.posting import deliver

KEY = "c" * 32
# What `url_fault` refuses: a user name and a password.
REFUSED_URL = "https://user:key@hooks.example.com/in?t=[{TOKEN}]"
UNRULY = {
    "Modules": [
        {
            "key": KEY,
            "type": "WarehouseRobot",
            "moduleName": 7,
            "formattedName": "Robot " * 300,
            "group": {"no": "label"},
            "parameters": [
                {"name": "PostbackUrl", "value": REFUSED_URL},
                {"name": "postbackurl", "value": 5},
                {"name": "", "value": {"a": [None]}},
                {"value": None},
                "no object",
            ],
            "icon": [1],
        },
        {"key": KEY, "type": ["no text"], "parameters": "none"},
        {"type": "ExternalUserInterface", "group": [{"type": 5, "parameters": [{"name": "URL", "value": "x"}]}, 7]},
        {"key": None, "type": "ShippingIntegration", "parameters": [{"name": "VendorName", "value": ["two", "words"]}]},
        "no module",
        *({"type": "ExternalApplication", "formattedName": f"Of many {number}"} for number in range(250)),
    ],
    "LinnworksPermissions": ["GlobalPermissions.Inventory.ReadNode", " ", 5, "two\nlines"],
    "ScriptUrl": "javascript:alert(1)",
    "Colour": {"a": [1]},
}
SNAPSHOTS: dict[str, Any] = {
    "unruly": UNRULY,
    "empty": {},
    "no object": [UNRULY],
    "no lists": {"Modules": {"0": 1}, "LinnworksPermissions": "one", "ScriptUrl": [2]},
}


OF_ITS_MAKERS = (
    "application_overview", "application_general", "application_installations", "application_activity",
    "version_list", "version_review", "manifest_edit", "manifest_json", "manifest_export",
    "postback_list", "postback_settings", "postback_test", "postback_replay", "listing",
)  # fmt: skip


def plant(application: Application, number: tuple[int, int, int], snapshot: Any) -> Version:
    """As an older release left it: what is released already cannot be changed any more."""
    major, minor, patch = number
    return Version.objects.create(
        application=application, kind="RELEASED", major=major, minor=minor, patch=patch, snapshot=snapshot
    )


@pytest.fixture(params=SNAPSHOTS)
def old(request: pytest.FixtureRequest, application: Application) -> Version:
    return plant(application, (1, 0, 0), SNAPSHOTS[request.param])


@pytest.fixture
def installed(old: Version, cakes: Account, carol: User, paula: User) -> Installation:
    """On Carol's Cakes, of an application that is in the store."""
    listings.accept(old.application, by=acting(paula, reason="Reviewed."))
    application = Application.objects.get(pk=old.application_id)
    return lifecycle.install(application, account=cakes, version=old, by=acting(carol)).installation


def open_all(client: Client, urls: Iterable[str]) -> dict[str, int]:
    """Statuses of the pages that did not answer with a page."""
    return {url: status for url in urls if (status := client.get(url).status_code) != 200}


def test_no_rule_of_today_accepts_them() -> None:
    for snapshot in SNAPSHOTS.values():
        with pytest.raises(ManifestInvalid):
            parse(json.dumps(snapshot))


def test_it_is_consented_to_and_installed(client_of: ClientOf, old: Version, carol: User, cakes: Account) -> None:
    client, url = client_of(carol), address(old.application)
    assert client.get(url).status_code == 200
    assert client.post(url, sent(old, cakes)).status_code == 302
    row = Installation.objects.get()
    assert row.version == old
    assert client.get(reverse("installation_installed", args=[cakes.slug, row.pk])).status_code == 200
    assert Delivery.objects.count() == (1 if old.postback_url else 0)


def test_the_postback_to_an_address_that_is_refused_today_is_owed_and_ends_in_words(
    application: Application, cakes: Account, carol: User, client_of: ClientOf
) -> None:
    version = plant(application, (1, 0, 0), UNRULY)
    assert version.postback_url == REFUSED_URL
    row = lifecycle.install(application, account=cakes, version=version, by=acting(carol)).installation
    delivery = Delivery.objects.get(installation=row)
    assert delivery.url == REFUSED_URL
    deliver()
    delivery.refresh_from_db()
    assert delivery.tried == 1
    assert "user name" in delivery.attempts.get().cause
    assert client_of(carol).get(reverse("installation_postbacks", args=[cakes.slug, row.pk])).status_code == 200


def test_the_pages_of_whoever_has_it_answer(
    client_of: ClientOf, installed: Installation, carol: User, cakes: Account
) -> None:
    names = ("installation_detail", "installation_installed", "installation_postbacks", "installation_uninstall")
    pages = [reverse(name, args=[cakes.slug, installed.pk]) for name in (*names, "installation_suspend")]
    pages += [reverse(name, args=[cakes.slug]) for name in ("my_apps", "store")]
    pages += [reverse("store_application", args=[cakes.slug, installed.application_id]), address(installed.application)]
    assert open_all(client_of(carol), [*pages, reverse("search") + "?q=Stock"]) == {}


def test_it_is_updated_from_and_gone_back_to(
    client_of: ClientOf, installed: Installation, carol: User, cakes: Account
) -> None:
    client, old = client_of(carol), installed.version
    new = plant(installed.application, (1, 1, 0), UNRULY | {"LinnworksPermissions": ["GlobalPermissions.Orders.X", 3]})
    update, go_back = (
        reverse(name, args=[cakes.slug, installed.pk]) for name in ("installation_update", "installation_go_back")
    )
    assert client.get(update).status_code == 200
    assert client.post(update, {"version": new.pk}).status_code == 302
    assert client.get(go_back).status_code == 200
    assert "1.0.0" in read(client.get(reverse("installation_detail", args=[cakes.slug, installed.pk])))
    assert client.post(go_back, {"version": old.pk}).status_code == 302
    installed.refresh_from_db()
    assert installed.version == old
    assert moving.available_update(installed) == new


def test_the_pages_of_its_makers_answer(
    client_of: ClientOf, installed: Installation, alice: User, northwind: Account
) -> None:
    row, version = installed.application, installed.version
    newer = plant(row, (1, 1, 0), UNRULY)
    own = lifecycle.install(row, account=northwind, version=newer, by=acting(alice)).installation
    pages = [reverse(name, args=[northwind.slug, row.pk]) for name in OF_ITS_MAKERS]
    for each in (version, newer):
        pages += [
            reverse(name, args=[northwind.slug, row.pk, each.pk]) for name in ("version_detail", "version_export")
        ]
    pages += [reverse(name, args=[northwind.slug, own.pk]) for name in ("installation_detail", "installation_switch")]
    pages += [reverse("application_list", args=[northwind.slug]), reverse("search") + "?q=Stock"]
    assert open_all(client_of(alice), pages) == {}
    making.from_installation(own, by=acting(alice))


def test_the_next_version_is_reviewed_and_released_over_it(
    client_of: ClientOf, installed: Installation, alice: User
) -> None:
    row = installed.application
    assert versions.changes_to_release(row)
    released = versions.create_version(row, number=(2, 0, 0), notes="", expected_revision=1, by=acting(alice))
    assert (
        client_of(alice).get(reverse("version_detail", args=[row.account.slug, row.pk, released.pk])).status_code == 200
    )


def test_staff_read_it(client_of: ClientOf, installed: Installation, sam: User, paula: User, version_page: str) -> None:
    support = reverse("support_installation", args=[installed.pk])
    assert open_all(client_of(sam), [support, reverse("support_postbacks", args=[installed.pk])]) == {}
    lists = ("/admin/linnapp/version/", "/admin/installs/installation/", "/admin/linnapp/application/")
    pages = (version_page, *lists, f"/admin/installs/installation/{installed.pk}/change/")
    assert open_all(client_of(paula), pages) == {}


@pytest.fixture
def version_page(installed: Installation) -> str:
    return f"/admin/linnapp/version/{installed.version_id}/change/"
