"""What a customer reads of the differences between two versions, whatever a developer calls the parts of a manifest."""

from typing import Any

import pytest
from django.urls import reverse

from installs.models import Installation
from linnapp.models import User
from tests.kit.consenting import read, release
from tests.kit.people import ClientOf

KEY = "of-the-developer"
# The module that the version before has.
SAME = {"type": "ExternalApplication", "moduleName": "StockBridge", "formattedName": "Stock Bridge"}
NESTED = {"type": "ExternalUserInterface", "moduleName": "Panel", "group": "Folder"}


@pytest.fixture
def page_after(client_of: ClientOf, installation: Installation, carol: User, alice: User) -> Any:
    def act(**members: Any) -> str:
        manifest = {"Modules": [SAME]} | members
        release(installation.application, (1, 1, 0), manifest, alice)
        url = reverse("installation_update", args=[installation.account.slug, installation.pk])
        return read(client_of(carol).get(url)).partition("What differs")[2]

    return act


@pytest.mark.parametrize("name", ["LinnworksPermissions[0]", "modules[0].type", "modules[0].parameters[0]"])
def test_a_member_that_is_named_like_a_place_is_told_as_set(name: str, page_after: Any) -> None:
    page = page_after(**{name: KEY})
    assert f"{name} nothing set" in page
    assert KEY not in page


@pytest.mark.parametrize("name", ["modules[0].group", "modules[0].parameters"])
def test_a_member_that_is_named_like_what_is_private_is_told_all_the_same(name: str, page_after: Any) -> None:
    assert f"{name} nothing set" in page_after(**{name: KEY})


def test_modules_nested_in_a_group_are_told_without_their_names(page_after: Any) -> None:
    page = page_after(Modules=[SAME | {"group": [NESTED]}])
    assert "group nothing set" in page
    assert "Panel" not in page
    assert "Folder" not in page


def test_the_maker_reads_the_same_members_with_their_values(
    client_of: ClientOf, installation: Installation, alice: User, page_after: Any
) -> None:
    page_after(**{"Colour": "blue", "LinnworksPermissions[0]": KEY})
    row = installation.application
    version = row.versions.the_latest()
    assert version is not None
    page = client_of(alice).get(reverse("version_detail", args=[row.account.slug, row.pk, version.pk]))
    (part,) = page.context["changes"]
    assert [(change.word, change.what, change.new) for change in part.changes] == [
        ("New", "Colour", "blue"),
        ("New", "LinnworksPermissions[0]", KEY),
    ]
