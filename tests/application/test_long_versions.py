"""A version of hundreds of modules: each page of it draws a line for each, and what one holds is asked for."""

import re
from typing import Any

import pytest
from django.test import Client

from installs.models import Installation
from linnapp.manifest import MOST_MODULES, parse
from linnapp.models import Account, Application, User, Version
from linnapp.services import versions
from linnapp.services.manifests import save_manifest
from tests.kit.consenting import release
from tests.kit.people import ClientOf, acting
from tests.kit.versions import address

# Bytes of HTML of a page that says one line for each module in each of its lists.
MOST_HTML = 200_000
PARAMETERS = 5


def long_manifest(mark: str = "v") -> dict[str, Any]:
    """As large as a manifest may be in modules and parameters."""
    return {
        "modules": [
            {
                "key": f"{number:032x}",
                "type": "ShippingIntegration",
                "moduleName": f"Name{number}",
                "formattedName": f"Module {number}",
                "parameters": [{"name": f"Own{n}", "value": f"{mark}-{number}-{n}"} for n in range(PARAMETERS)],
            }
            for number in range(MOST_MODULES)
        ]
    }


@pytest.fixture
def alices(client_of: ClientOf, alice: User) -> Client:
    return client_of(alice)


@pytest.fixture
def saved(application: Application, alice: User) -> Application:
    return save_manifest(application, parse(long_manifest()), expected_revision=1, by=acting(alice))


@pytest.fixture
def released(saved: Application, alice: User) -> Version:
    return versions.create_version(
        saved, number=(2, 0, 0), notes="", expected_revision=saved.manifest_revision, by=acting(alice)
    )


def links(page: str, name: str) -> list[str]:
    return re.findall(rf'<a href="(\?{name}=[^"]+)"', page)


def test_the_review_draws_a_line_for_each_module_and_the_rest_when_it_is_opened(
    alices: Client, saved: Application
) -> None:
    url = address("version_review", saved)
    page = alices.get(url).content.decode()
    assert len(page) < MOST_HTML
    assert "v-7-3" not in page
    assert page.count('hx-trigger="toggle once"') == len(links(page, "changes")) >= MOST_MODULES
    seventh = f"?changes={7:032x}"
    assert seventh in links(page, "changes")
    opened = alices.get(url + seventh, headers={"HX-Request": "true"}).content.decode()
    assert opened.startswith('<ul class="diff">')
    assert "v-7-3" in opened
    assert "v-8-3" not in opened
    alone = alices.get(url + seventh).content.decode()
    assert "<h2>Changes to release: Module 7</h2>" in alone
    assert "v-7-3" in alone
    assert alices.get(f"{url}?changes=none").status_code == 404


def test_the_page_of_a_version_draws_a_line_for_each_module_and_leaves_long_json_to_the_file(
    alices: Client, released: Version
) -> None:
    url = address("version_detail", released.application, released.pk)
    page = alices.get(url).content.decode()
    assert len(page) < MOST_HTML
    assert "v-7-3" not in page
    assert "<summary>JSON</summary>" not in page
    assert "v-7-3" in alices.get(address("version_export", released.application, released.pk)).content.decode()
    assert len(links(page, "module")) == MOST_MODULES
    for asked, heading in (("module", "Module of 2.0.0"), ("changes", "Changes in 2.0.0")):
        seventh = f"?{asked}={7:032x}"
        opened = alices.get(url + seventh, headers={"HX-Request": "true"}).content.decode()
        assert "<html" not in opened
        assert "v-7-3" in opened
        assert f"<h2>{heading}: Module 7</h2>" in alices.get(url + seventh).content.decode()
        assert alices.get(f"{url}?{asked}=none").status_code == 404


def test_a_short_version_stands_open(alices: Client, version: Version) -> None:
    page = alices.get(address("version_detail", version.application, version.pk)).content.decode()
    assert "toggle once" not in page
    assert "<summary>JSON</summary>" in page


def test_an_update_draws_a_line_for_each_module_that_differs(
    client_of: ClientOf, installation: Installation, cakes: Account, carol: User, alice: User
) -> None:
    release(installation.application, (2, 0, 0), long_manifest(), alice)
    carols = client_of(carol)
    url = f"/a/{cakes.slug}/apps/{installation.pk}/update/"
    page = carols.get(url).content.decode()
    assert len(page) < MOST_HTML
    seventh = links(page, "changes")[7]
    opened = carols.get(url + seventh, headers={"HX-Request": "true"}).content.decode()
    assert opened.startswith('<table class="compared">')
    assert opened.count("<tr>") == PARAMETERS + 2
    assert "<h1>What differs: Shipping Integration" in carols.get(url + seventh).content.decode()
    assert carols.get(f"{url}?changes=none").status_code == 404


def test_a_long_list_of_changes_beside_the_json_is_counted(alices: Client, released: Version, alice: User) -> None:
    row = Application.objects.get(pk=released.application_id)
    save_manifest(row, parse(long_manifest("w")), expected_revision=row.manifest_revision, by=acting(alice))
    page = alices.get(address("manifest_json", row)).content.decode()
    assert "The first 100 of 1,000 changes" in page
    assert page.count("<del>") == 100
