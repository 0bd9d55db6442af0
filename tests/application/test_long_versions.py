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
TAG = re.compile(r"<[^>]*>")


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


def read_lines(page: str) -> list[str]:
    """The words of each folded line, in their order."""
    return [" ".join(TAG.sub(" ", line).split()) for line in re.findall(r"<summary>(.*?)</summary>", page, re.DOTALL)]


def mixed_manifest() -> dict[str, Any]:
    """To the long one: a permission, two modules less, one changed twice, one more."""
    manifest = long_manifest()
    modules = manifest["modules"][1:-1]
    modules[5]["parameters"][0]["value"] = modules[5]["moduleName"] = "other"
    new = modules[0] | {"key": "e" * 32, "moduleName": "Another", "formattedName": "Another", "parameters": []}
    return {"modules": [*modules, new], "LinnworksPermissions": ["GlobalPermissions.Inventory.ReadNode"]}


SAID = [("Module 0", "Removed"), ("Module 199", "Removed"), ("The whole manifest", "1 change, 1 of permissions")]


def test_removals_and_permissions_stand_first_and_each_line_says_what_became_of_it(
    alices: Client, released: Version, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linnapp.snapshots.MOST_LINES", 5)
    row = Application.objects.get(pk=released.application_id)
    save_manifest(row, parse(mixed_manifest()), expected_revision=row.manifest_revision, by=acting(alice))
    page = alices.get(address("version_review", row)).content.decode()
    said = [*SAID, ("Module 6", "2 changes"), ("Another", "New")]
    assert [line for line in read_lines(page) if line.startswith(("Module", "Another", "The whole"))] == [
        f"{title} {word}" for title, word in said
    ]
    assert "1 module new, 2 removed, 1 changed" in page
    assert page.index("1 module new, 2 removed, 1 changed") < page.index("Module 0")


def test_an_update_of_many_modules_is_one_line_above_its_button(
    client_of: ClientOf, installation: Installation, cakes: Account, carol: User, alice: User
) -> None:
    release(installation.application, (2, 0, 0), long_manifest(), alice)
    page = client_of(carol).get(f"/a/{cakes.slug}/apps/{installation.pk}/update/").content.decode()
    lines = [line for line in read_lines(page) if "is removed" in line or line.startswith("Shipping Integration")]
    assert lines[0] == "200 modules are new, 1 is removed"
    assert lines[1] == "Shipping Integration 1 New"
    assert page.index("Notes from its developer") < page.index(lines[0])


def test_a_long_list_of_changes_beside_the_json_is_counted(alices: Client, released: Version, alice: User) -> None:
    row = Application.objects.get(pk=released.application_id)
    save_manifest(row, parse(long_manifest("w")), expected_revision=row.manifest_revision, by=acting(alice))
    page = alices.get(address("manifest_json", row)).content.decode()
    assert "The first 100 of 1,000 changes" in page
    assert page.count("<del>") == 100
