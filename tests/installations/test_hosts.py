"""A module that only holds others, without a type, on every page that shows modules."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from installs.installations import lifecycle
from installs.models import Installation
from linnapp.models import Account, Application, Module, User, Version
from linnapp.services.manifests import manifest_of, save_manifest
from tests.kit import consenting
from tests.kit.consenting import external, read, release
from tests.kit.manifests import HOST
from tests.kit.people import ClientOf, acting
from tests.kit.updates import page_of
from tests.kit.versions import address

NAMELESS = {"group": HOST["group"]}


@pytest.fixture(params=[HOST, NAMELESS], ids=["named", "nameless"])
def host(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.param
    return found


@pytest.fixture
def moved_on(application: Application, cakes: Account, alice: User, carol: User, host: Any) -> tuple[Version, Any]:
    """A version that brought a host, and Carol's installation of the one before."""
    first = release(application, (1, 0, 0), external(), alice)
    installation = lifecycle.install(application, account=cakes, version=first, by=acting(carol)).installation
    modules = {"Modules": [*external()["Modules"], host], "LinnworksPermissions": ["GlobalPermissions.Orders.View"]}
    return release(application, (2, 0, 0), modules, alice), installation


def shown(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    text = read(answer)
    # Of notes.
    assert "None" not in text.replace("No notes.", "")
    return text


def test_the_developers_pages_say_what_it_is(
    application: Application, moved_on: tuple[Version, Installation], host: Any, client_of: ClientOf, alice: User
) -> None:
    alices = client_of(alice)
    name = host.get("formattedName", "Host of modules")
    editor = shown(alices, address("manifest_edit", application))
    assert "No type: holds other modules" in editor
    assert "Holds 1 nested module: change them as JSON." in editor
    detail = shown(alices, address("version_detail", application, moved_on[0].pk))
    assert name in detail
    assert "Host of modules" in detail
    assert "weighButton" in shown(alices, address("manifest_json", application))
    shown(alices, address("version_list", application))


def test_one_that_goes_is_named_before_the_next_version(
    application: Application, moved_on: tuple[Version, Installation], host: Any, client_of: ClientOf, alice: User
) -> None:
    application.refresh_from_db()
    before = manifest_of(application)
    without = type(before)(before.modules[:1], before.permissions, before.script_url, before.extra)
    save_manifest(application, without, expected_revision=application.manifest_revision, by=acting(alice))
    review = shown(client_of(alice), address("version_review", application))
    assert "this module, of type" in review
    assert "Host of modules" in review


def test_who_installs_reads_what_is_in_it_and_nothing_of_a_host(
    application: Application,
    moved_on: tuple[Version, Installation],
    client_of: ClientOf,
    carol: User,
    depot: Account,
    dave: User,
) -> None:
    consent = shown(client_of(dave), consenting.address(application))
    assert "Run its own code inside other screens of this account" in consent
    assert "Do something that this portal does not know" not in consent
    update = shown(client_of(carol), page_of(moved_on[1]))
    assert "Run its own code inside other screens of this account" in update
    assert "Host of modules" in update
    assert "Do something that this portal does not know" not in update


def test_the_admin_shows_it(moved_on: tuple[Version, Installation], client_of: ClientOf, paula: User) -> None:
    paulas = client_of(paula)
    for name in ("admin:linnapp_version_changelist", "admin:linnapp_application_changelist"):
        assert paulas.get(reverse(name)).status_code == 200
    (module,) = Module.objects.filter(type="")
    assert "Host of modules" in paulas.get(reverse("admin:linnapp_module_change", args=[module.pk])).content.decode()
    page = paulas.get(reverse("admin:linnapp_version_change", args=[moved_on[0].pk])).content.decode()
    assert "<div>ExternalApplication</div><div>Host of modules</div>" in page
