"""The guide to setting up a system integration, statement by statement: Application Manifest, Saving the
Manifest."""

import pytest
from django.test import Client
from django.urls import reverse

from installs.installations import lifecycle
from installs.models import Installation
from linnapp.errors import Moved, NotPossible
from linnapp.models import Account, Application, User, Version
from tests.kit.people import ClientOf, acting
from tests.kit.pressing import form_of, press
from tests.kit.seeds import consent_url, create, everything_shown_to, install, page, release, save, store_pages

# Application Manifest.


def test_009_the_manifest_of_a_system_integration_already_holds_an_external_application(
    client_of: ClientOf, alice: User, northwind: Account
) -> None:
    client = client_of(alice)
    application = create(client, northwind)
    assert [module.type for module in application.modules.all()] == ["ExternalApplication"]
    assert "External Application" in page(client, "manifest_edit", northwind.slug, application.pk)


def test_010_it_needs_no_changes_to_be_released_and_installed(
    client_of: ClientOf, alice: User, carol: User, northwind: Account, cakes: Account
) -> None:
    application = create(client_of(alice), northwind)
    release(application, alice, (1, 0, 0))
    assert install(client_of(carol), application, cakes).status_code == 302


def test_011_deleted_by_accident_it_is_added_again_with_add_module_and_the_type_external_application(
    client_of: ClientOf, alice: User, northwind: Account
) -> None:
    client = client_of(alice)
    application = create(client, northwind)
    edit = reverse("manifest_edit", args=[northwind.slug, application.pk])
    without = press(client, form_of(client.get(edit), "manifest"), f"Remove {application}")
    press(client, form_of(without, "manifest"), "Save Manifest")
    assert not application.modules.exists()
    added = form_of(press(client, form_of(client.get(edit), "manifest"), "Add module"), "manifest")
    (handle,) = added.values("module")
    press(client, added.type_into(f"{handle}-type", "ExternalApplication"), "Save Manifest")
    assert [module.type for module in application.modules.all()] == ["ExternalApplication"]


@pytest.mark.parametrize("field", ["group", "moduleName", "formattedName"])
def test_012_group_module_name_and_formatted_name_are_organisational_only_and_reach_no_user(
    field: str,
    client_of: ClientOf,
    alice: User,
    carol: User,
    cakes: Account,
    application: Application,
) -> None:
    release(application, alice, (1, 0, 0), **{field: "Quokka"})
    assert "Quokka" in page(client_of(alice), "manifest_edit", "northwind", application.pk)
    assert "Quokka" not in everything_shown_to(client_of(carol), application, cakes)


def test_013_modules_are_sorted_into_folders_by_their_group(
    client_of: ClientOf, alice: User, application: Application
) -> None:
    save(application, alice, group="Back office")
    assert "Back office" in page(client_of(alice), "manifest_edit", "northwind", application.pk)


def test_014_the_type_is_the_core_of_a_module_and_decides_what_it_can_do(
    client_of: ClientOf, alice: User, carol: User, cakes: Account, application: Application
) -> None:
    release(application, alice, (1, 0, 0))
    before = client_of(carol).get(consent_url(application)).content.decode()
    assert "See and change everything on this account" in before
    release(application, alice, (1, 1, 0), type="PluggableComponent")
    after = client_of(carol).get(consent_url(application)).content.decode()
    assert "Run its own code inside other screens of this account" in after


def test_015_path_is_deprecated_and_unfolded_only_where_it_holds_a_value(
    client_of: ClientOf, alice: User, application: Application
) -> None:
    empty = page(client_of(alice), "manifest_edit", "northwind", application.pk)
    assert "Path <small>Deprecated</small>" in empty
    assert '<details class="more">' in empty
    save(application, alice, path="/old")
    held = page(client_of(alice), "manifest_edit", "northwind", application.pk)
    assert '<details class="more" open>' in held
    assert 'value="/old"' in held


# Saving the Manifest.


def test_016_save_manifest_changes_no_installation_and_no_snapshot_but_the_development_one(
    alice: User, application: Application, version: Version, installation: Installation
) -> None:
    rows = list(Installation.objects.values())
    snapshots = dict(Version.objects.released().values_list("pk", "snapshot"))
    save(application, alice, formattedName="Renamed")
    assert list(Installation.objects.values()) == rows
    assert dict(Version.objects.released().values_list("pk", "snapshot")) == snapshots
    assert application.versions.development().snapshot["Modules"][0]["formattedName"] == "Renamed"


def test_017_create_new_version_follows_its_steps_to_a_new_version(
    client_of: ClientOf, alice: User, application: Application
) -> None:
    client = client_of(alice)
    review = page(client, "version_review", "northwind", application.pk)
    assert "This is the first version: everything is new." in review
    notes = client.get(reverse("version_notes", args=["northwind", application.pk]), {"revision": 1})
    assert "1.0.0" in notes.content.decode()
    sent = {"revision": 1, "number": "1.0.0", "notes": "First."}
    for step in ("version_notes", "version_release"):
        assert client.post(reverse(step, args=["northwind", application.pk]), sent).status_code == 302
    assert Version.objects.released().get().label == "1.0.0"


def test_018_users_always_install_the_latest_version(
    client_of: ClientOf, alice: User, carol: User, cakes: Account, application: Application
) -> None:
    release(application, alice, (1, 0, 0))
    latest = release(application, alice, (1, 1, 0), group="New")
    install(client_of(carol), application, cakes)
    assert Installation.objects.get().version == latest


def test_018b_who_has_it_installed_updates_it_through_the_store(
    client_of: ClientOf, alice: User, carol: User, cakes: Account, application: Application
) -> None:
    release(application, alice, (1, 0, 0))
    install(client_of(carol), application, cakes)
    latest = release(application, alice, (1, 1, 0), group="New")
    assert Installation.objects.get().version.label == "1.0.0"
    update = reverse("installation_update", args=[cakes.slug, Installation.objects.get().pk])
    for shown in store_pages(client_of(carol), application, cakes):
        assert f'href="{update}">Update to 1.1.0' in shown
    form = form_of(client_of(carol).get(update), "update")
    press(client_of(carol), form, "Update to 1.1.0")
    assert Installation.objects.get().version == latest


def test_019_on_the_developers_own_account_the_development_version_follows_each_save(
    client_of: ClientOf, alice: User, northwind: Account, application: Application
) -> None:
    install(client_of(alice), application, northwind)
    installation = Installation.objects.get()
    assert installation.version.is_development
    save(application, alice, formattedName="Followed")
    installation.version.refresh_from_db()
    assert installation.version.snapshot["Modules"][0]["formattedName"] == "Followed"


def test_020_on_the_own_account_the_version_to_install_can_be_chosen(
    client_of: ClientOf, alice: User, northwind: Account, application: Application
) -> None:
    first = release(application, alice, (1, 0, 0))
    release(application, alice, (1, 1, 0), group="New")
    shown = client_of(alice).get(consent_url(application)).content.decode()
    assert [label for label in ("Development Version", "1.0.0", "1.1.0") if label not in shown] == []
    chosen = client_of(alice).get(consent_url(application), {"account": "northwind", "version": str(first.pk)})
    assert f'name="version" value="{first.pk}"' in chosen.content.decode()
    install(client_of(alice), application, northwind, version=first.pk)
    assert Installation.objects.get().version == first


@pytest.mark.parametrize("choice", ["development", "older"])
def test_021_a_user_of_another_account_cannot_choose_a_version(
    choice: str, client_of: ClientOf, alice: User, carol: User, cakes: Account, application: Application
) -> None:
    first = release(application, alice, (1, 0, 0))
    release(application, alice, (1, 1, 0), group="New")
    forged = application.versions.development() if choice == "development" else first
    shown = client_of(carol).get(consent_url(application)).content.decode()
    assert "Development Version" not in shown
    assert install(client_of(carol), application, cakes, version=forged.pk).status_code in (404, 409, 422)
    with pytest.raises((NotPossible, Moved)):
        lifecycle.install(application, account=cakes, version=forged, by=acting(carol))
    assert Installation.objects.count() == 0


def test_022_nor_can_the_developer_choose_one_on_the_account_of_a_customer(
    client_of: ClientOf, alice: User, cakes: Account, application: Application, version: Version
) -> None:
    development = application.versions.development()
    sent = {"account": cakes.slug, "version": development.pk, "agreed": "on"}
    assert client_of(alice).post(consent_url(application), sent).status_code in (404, 422)
    with pytest.raises(NotPossible):
        lifecycle.install(application, account=cakes, version=development, by=acting(alice))
    assert Installation.objects.count() == 0


def test_023_nor_can_somebody_who_is_not_signed_in(cakes: Account, application: Application, version: Version) -> None:
    sent = {"account": cakes.slug, "version": version.pk, "agreed": "on"}
    answer = Client().post(consent_url(application), sent)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(reverse("account_login"))
    assert Installation.objects.count() == 0
