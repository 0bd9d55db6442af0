"""The two source documents, statement by statement, in their order.

First the guide to setting up a system integration, then the page of the connector.
"""

import json
import re
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from installs.connectors import calling
from installs.installations import lifecycle, moving
from installs.models import Connector, Installation, PermanentToken, Session
from linnapp.errors import Moved, NotPossible
from linnapp.manifest import ManifestParameter, parse
from linnapp.models import Account, Application, User, Version
from linnapp.services import manifests, versions
from tests.kit.people import ClientOf, acting
from tests.kit.posting import deliver
from tests.kit.pressing import form_of, press
from tests.kit.receivers import Received, Reply, receiving

EXCHANGE = "/api/Auth/AuthorizeByApplication"
CALL = "/api/Inventory/GetStockLocations"


def create(client: Client, account: Account, name: str = "Stock Bridge", kind: str = "SYSTEM") -> Application:
    answer = client.post(reverse("application_new", args=[account.slug]), {"name": name, "type": kind})
    application = Application.objects.get(name=name)
    assert answer.status_code == 302
    assert answer.headers["Location"] == reverse("application_general", args=[account.slug, application.pk])
    return application


def page(client: Client, name: str, *arguments: Any) -> str:
    answer = client.get(reverse(name, args=arguments))
    assert answer.status_code == 200, (name, answer.status_code)
    return answer.content.decode()


def consent_url(application: Application) -> str:
    return reverse("authorize", args=[application.pk])


def install(client: Client, application: Application, account: Account, **fields: Any) -> Any:
    """Consents as the page offers it to this person, with the fields a test changes."""
    shown = client.get(consent_url(application), {"account": account.slug}).content.decode()
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', shown))
    return client.post(consent_url(application), {**form, "agreed": "on", **fields})


def add_postback_url(client: Client, application: Application, url: str) -> None:
    """On App Modules: Add parameter, which offers PostbackUrl first, and Save Manifest."""
    opened = client.get(reverse("manifest_edit", args=["northwind", application.pk]))
    added = form_of(press(client, form_of(opened, "manifest"), "Add parameter"), "manifest")
    assert added.values("0-p-name") == ["PostbackUrl"]
    assert press(client, added.type_into("0-p-value", url), "Save Manifest").status_code == 302


def exchange(application: Application, token: str, **fields: str) -> Any:
    sent = {
        "ApplicationId": str(application.pk),
        "ApplicationSecret": application.secrets.get().value(),
        "Token": token,
    }
    return Client().post(EXCHANGE, json.dumps(sent | fields), content_type="application/json")


def save(application: Application, by: User, **fields: str) -> Application:
    """Save Manifest, with the first module's fields changed."""
    row = Application.objects.get(pk=application.pk)
    manifest = row.versions.development().manifest()
    source = json.loads(json.dumps(row.versions.development().snapshot))
    source["Modules"][0].update(fields)
    assert parse(source) != manifest
    return manifests.save_manifest(row, parse(source), expected_revision=row.manifest_revision, by=acting(by))


def release(application: Application, by: User, number: tuple[int, int, int], **fields: str) -> Version:
    row = save(application, by, **fields) if fields else Application.objects.get(pk=application.pk)
    return versions.create_version(row, number=number, notes="", expected_revision=row.manifest_revision, by=acting(by))


# Setting up a system integration: Application Details.


def test_001_after_creating_an_application_its_credentials_stand_on_a_details_page(
    client_of: ClientOf, alice: User, northwind: Account
) -> None:
    client = client_of(alice)
    application = create(client, northwind)
    details = page(client, "application_general", northwind.slug, application.pk)
    labels = ("Application ID", "Application Secret", "Installation URL", "App Logo", "Summary", "Description")
    assert [label for label in labels if label not in details] == []


def test_002_the_application_id_is_generated_unique_and_part_of_calls_and_of_the_installation_url(
    client_of: ClientOf, alice: User, northwind: Account
) -> None:
    client = client_of(alice)
    one, other = create(client, northwind, "One"), create(client, northwind, "Other")
    assert one.pk != other.pk
    details = page(client, "application_general", northwind.slug, one.pk)
    assert str(one.pk) in details
    assert f"/Authorization/Authorize/{one.pk}" in details


def test_003_the_application_secret_is_generated_alongside(
    client_of: ClientOf, alice: User, northwind: Account
) -> None:
    client = client_of(alice)
    application = create(client, northwind)
    secret = application.secrets.get().value()
    assert str(UUID(secret)) == secret
    assert secret in page(client, "application_general", northwind.slug, application.pk)


def test_004_the_installation_url_installs_the_application_onto_an_account(
    client_of: ClientOf, alice: User, carol: User, cakes: Account, version: Version, application: Application
) -> None:
    assert consent_url(application) in page(client_of(alice), "application_general", "northwind", application.pk)
    assert install(client_of(carol), application, cakes).status_code == 302
    assert Installation.objects.live().get(application=application).account == cakes


def test_005_a_logo_of_140_by_140_is_shown_in_the_store_and_on_the_installation_screen(
    client_of: ClientOf, alice: User, carol: User, cakes: Account, version: Version, application: Application
) -> None:
    upload = reverse("application_logo", args=["northwind", application.pk])
    assert client_of(alice).post(upload, {"logo": picture(140, 140)}).status_code == 302
    logo = reverse("logo", args=[Application.objects.get().logo_digest])
    for shown in (consent(client_of(carol), application), *store_pages(client_of(carol), application, cakes)):
        assert logo in shown


def test_006_a_logo_of_any_other_size_is_refused_with_both_sizes(
    client_of: ClientOf, alice: User, application: Application
) -> None:
    upload = reverse("application_logo", args=["northwind", application.pk])
    refused = client_of(alice).post(upload, {"logo": picture(200, 180)})
    assert refused.status_code == 422
    assert "This picture is 200 x 180. It must be 140 x 140." in refused.content.decode()
    assert Application.objects.get().logo_digest == ""


def test_007_the_summary_is_for_the_team_and_never_shown_to_users(
    client_of: ClientOf, alice: User, carol: User, cakes: Account, version: Version, application: Application
) -> None:
    Application.objects.update(summary="Quokka plan")
    assert "Quokka plan" in page(client_of(alice), "application_general", "northwind", application.pk)
    assert "Quokka" not in everything_shown_to(client_of(carol), application, cakes)


def test_008_the_description_is_shown_during_installation_and_in_the_store(
    client_of: ClientOf, carol: User, cakes: Account, version: Version, application: Application
) -> None:
    Application.objects.update(description="Keeps stock levels the same.")
    for shown in (consent(client_of(carol), application), *store_pages(client_of(carol), application, cakes)):
        assert "Keeps stock levels the same." in shown


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
    without = press(client, form_of(client.get(edit), "manifest"), f"Delete {application}")
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
    assert "Use the whole API for this account" in before
    release(application, alice, (1, 1, 0), type="PluggableComponent")
    after = client_of(carol).get(consent_url(application)).content.decode()
    assert "Run scripts inside other screens of this account" in after


def test_015_path_is_deprecated_and_shown_only_where_it_holds_a_value(
    client_of: ClientOf, alice: User, application: Application
) -> None:
    assert "deprecated" not in page(client_of(alice), "manifest_edit", "northwind", application.pk)
    save(application, alice, path="/old")
    assert "deprecated" in page(client_of(alice), "manifest_edit", "northwind", application.pk)


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
    assert "This is the first version: all of it is new." in review
    notes = client.get(reverse("version_notes", args=["northwind", application.pk]), {"revision": 1})
    assert "1.0.0" in notes.content.decode()
    sent = {"revision": 1, "number": "1.0.0", "notes": "First."}
    for step in ("version_notes", "version_release"):
        assert client.post(reverse(step, args=["northwind", application.pk]), sent).status_code == 302
    assert Version.objects.released().get().label == "1.0.0"


def test_018_users_always_install_the_the_latest(
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


# Installing the Application.


def test_024_the_developer_or_the_owner_of_another_account_can_install(
    client_of: ClientOf,
    alice: User,
    carol: User,
    northwind: Account,
    cakes: Account,
    application: Application,
    version: Version,
) -> None:
    install(client_of(alice), application, northwind)
    install(client_of(carol), application, cakes)
    assert set(Installation.objects.live().values_list("account__slug", flat=True)) == {"northwind", "carols-cakes"}


def test_025_after_installing_the_permanent_token_is_shown(
    client_of: ClientOf, carol: User, cakes: Account, application: Application, version: Version
) -> None:
    client = client_of(carol)
    answer = install(client, application, cakes)
    shown = client.get(answer.headers["Location"])
    assert PermanentToken.objects.get().value() in shown.content.decode()
    assert "no-store" in shown.headers["Cache-Control"]


def test_026_it_stands_in_the_portal_beside_the_list_of_installations_too(
    client_of: ClientOf, alice: User, application: Application, installation: Installation
) -> None:
    client = client_of(alice)
    token = lifecycle.current_token(installation)
    listed = page(client, "application_installations", "northwind", application.pk)
    assert installation.account.name in listed.replace("&#x27;", "'")
    assert f"…{token.tail}" in listed
    assert token.value() not in listed
    revealed = client.post(
        reverse("application_token_reveal", args=["northwind", application.pk, installation.pk]), follow=True
    )
    assert token.value() in revealed.content.decode()


@pytest.mark.usefixtures("to_loopback")
def test_027_with_a_postback_url_the_permanent_token_is_sent_there_instead(
    client_of: ClientOf, alice: User, carol: User, cakes: Account, application: Application
) -> None:
    client = client_of(carol)
    with receiving() as receiver:
        add_postback_url(client_of(alice), application, receiver.url)
        release(application, alice, (1, 0, 0))
        offered = client.get(consent_url(application)).content.decode()
        answer = install(client, application, cakes)
        before = client.get(answer.headers["Location"]).content.decode()
        deliver()
        after = client.get(answer.headers["Location"]).content.decode()
        (postback,) = receiver.wait_for(1)
        assert f"sent to <strong>{receiver.host_and_port}</strong>" in offered
        assert f"Sent to <strong>{receiver.host_and_port}</strong>" in after
    token = postback.form["Token"]
    assert token == PermanentToken.objects.get().value()
    for shown in (before, after):
        assert token not in shown
        assert token.replace("-", "") not in shown


# Authorizing API Calls.


@pytest.mark.usefixtures("to_loopback")
def test_028_the_permanent_token_received_at_the_postback_url_is_exchanged(
    client_of: ClientOf, alice: User, carol: User, cakes: Account, application: Application
) -> None:
    with receiving() as receiver:
        add_postback_url(client_of(alice), application, receiver.url)
        release(application, alice, (1, 0, 0))
        install(client_of(carol), application, cakes)
        deliver()
        (postback,) = receiver.wait_for(1)
    answer = exchange(application, postback.form["Token"])
    assert answer.status_code == 200
    assert Client().get(CALL, headers={"Authorization": answer.json()["Token"]}).status_code == 200


def test_029_the_permanent_token_is_exchanged_for_a_session_token_in_the_field_token(
    application: Application, installation: Installation
) -> None:
    answer = exchange(application, lifecycle.current_token(installation).value())
    assert answer.status_code == 200
    assert str(UUID(answer.json()["Token"])) == answer.json()["Token"]


@pytest.mark.parametrize("parameter", ["ApplicationId", "ApplicationSecret", "Token"])
def test_030_application_id_application_secret_and_token_are_each_needed_as_a_uuid(
    parameter: str, application: Application, installation: Installation
) -> None:
    token = lifecycle.current_token(installation).value()
    assert exchange(application, token, **{parameter: ""}).json()["Message"].startswith(f"{parameter} is missing.")
    assert exchange(application, token, **{parameter: "no uuid"}).status_code == 400
    assert Session.objects.count() == 0


def test_031_the_session_token_goes_into_the_header_of_the_calls_that_follow(
    application: Application, installation: Installation
) -> None:
    session = exchange(application, lifecycle.current_token(installation).value()).json()["Token"]
    assert Client().get(CALL).status_code == 401
    assert Client().get(CALL, headers={"Authorization": session}).status_code == 200


def test_032_a_session_ends_after_a_while_and_the_same_permanent_token_gives_a_new_one(
    application: Application, installation: Installation
) -> None:
    token = lifecycle.current_token(installation).value()
    first = exchange(application, token).json()["Token"]
    Session.objects.update(last_used_at=timezone.now() - timedelta(seconds=1801))
    assert Client().get(CALL, headers={"Authorization": first}).status_code == 401
    second = exchange(application, token).json()["Token"]
    assert second != first
    assert Client().get(CALL, headers={"Authorization": second}).status_code == 200


# Optional: Postback URL.


@pytest.mark.usefixtures("to_loopback")
def test_033_the_postback_url_is_an_endpoint_that_is_called_when_a_user_installs(
    client_of: ClientOf, alice: User, carol: User, cakes: Account, application: Application
) -> None:
    with receiving() as receiver:
        add_postback_url(client_of(alice), application, receiver.url)
        release(application, alice, (1, 0, 0))
        assert receiver.received == []
        install(client_of(carol), application, cakes)
        deliver()
        (postback,) = receiver.wait_for(1)
    assert (postback.method, postback.form["Event"]) == ("POST", "installed")
    assert postback.form["Token"] == PermanentToken.objects.get().value()


def test_034_it_is_added_on_app_modules_with_add_in_the_parameters(
    client_of: ClientOf, alice: User, application: Application
) -> None:
    url = "https://hooks.example.com/?token=[{TOKEN}]"
    client = client_of(alice)
    add_postback_url(client, application, url)
    saved = manifests.manifest_of(Application.objects.get())
    assert saved.modules[0].parameters == (ManifestParameter("PostbackUrl", url),)
    assert url in page(client, "manifest_edit", "northwind", application.pk)


@pytest.mark.usefixtures("to_loopback")
def test_035_the_placeholder_is_replaced_by_the_permanent_token(
    client_of: ClientOf, alice: User, carol: User, cakes: Account, application: Application
) -> None:
    with receiving() as receiver:
        add_postback_url(client_of(alice), application, receiver.url + "/in?token=[{TOKEN}]")
        release(application, alice, (1, 0, 0))
        install(client_of(carol), application, cakes)
        deliver()
        (postback,) = receiver.wait_for(1)
    assert postback.path == f"/in?token={PermanentToken.objects.get().value()}"


# The connector: one authentication method, AuthorizeByApplication, and six credentials.


def test_036_token_application_id_and_secret_come_from_adding_the_integration_in_the_portal(
    client_of: ClientOf, alice: User, northwind: Account
) -> None:
    application = create(client_of(alice), northwind, "Connector")
    client = client_of(alice)
    answer = install(client, application, northwind)
    token = PermanentToken.objects.get().value()
    assert token in client.get(answer.headers["Location"]).content.decode()
    assert exchange(application, token).status_code == 200


def test_037_scope_and_grant_type_come_along_and_the_answer_has_its_session_token_under_the_key_token(
    application: Application, installation: Installation
) -> None:
    token = lifecycle.current_token(installation).value()
    answer = exchange(application, token, grant_type="client_credentials", scope="GlobalPermissions.OrderBook")
    body = answer.json()
    assert body["token"] == body["Token"]
    assert Session.objects.get().scope == "GlobalPermissions.OrderBook"


SIX = {
    "scope": "Scope",
    "token": "Token",
    "application_id": "Application id",
    "application_secret": "Application secret",
    "grant_type": "Grant type",
    "token_key": "Response authentication token key",
}


def credentials_of(installation: Installation) -> dict[str, str]:
    """The six as the pages of the portal tell them, in the fields of Add connector."""
    return {
        "scope": "GlobalPermissions.OrderBook",
        "token": lifecycle.current_token(installation).value(),
        "application_id": str(installation.application_id),
        "application_secret": installation.application.secrets.get().value(),
        "grant_type": "client_credentials",
        "token_key": "token.",
    }


def add_connector(client: Client, installation: Installation, base_url: str, **fields: str) -> Any:
    sent = {"name": "Warehouse", "base_url": base_url, **credentials_of(installation), **fields}
    return client.post(reverse("connector_new", args=[installation.account.slug]), sent)


def the_api(received: Received) -> Reply:
    """The portal's own endpoint, behind a port: what is asked of that is asked of this."""
    try:
        answer = Client().generic(
            received.method,
            received.path,
            received.body,
            content_type=received.headers.get("Content-Type", ""),
            headers={"Authorization": received.headers.get("Authorization", "")},
        )
        return Reply(answer.status_code, {"Content-Type": answer.headers["Content-Type"]}, answer.content)
    finally:
        connection.close()


def test_038_the_connector_has_a_description_a_link_to_the_documentation_and_one_method(
    client_of: ClientOf, alice: User, northwind: Account
) -> None:
    shown = page(client_of(alice), "connector_new", northwind.slug)
    assert "The Linnworks connector lets a system outside" in shown
    assert 'href="https://apidocs.linnworks.net/reference/overview"' in shown
    assert re.findall(r"<h2>(\w+)</h2>", shown.partition("<main")[2]) == ["AuthorizeByApplication"]


def test_039_it_prompts_for_six_credentials_each_of_them_required(
    client_of: ClientOf, alice: User, northwind: Account
) -> None:
    shown = page(client_of(alice), "connector_new", northwind.slug)
    marked = re.findall(r'<label for="id_(\w+)">([\w ]+?) <small>required</small>', shown)
    assert dict(marked) == SIX


def test_039b_each_is_hinted_at_in_the_words_of_where_it_comes_from(
    client_of: ClientOf, alice: User, northwind: Account
) -> None:
    shown = page(client_of(alice), "connector_new", northwind.slug)
    hints = dict(re.findall(r'id="id_(\w+)_helptext">(.*?)</div>', shown, re.DOTALL))
    said = {
        "scope": "permissions",
        "token": "shown when the application is installed",
        "application_id": "Made with the application in the developer portal",
        "application_secret": "Made with the application in the developer portal",
        "grant_type": "Always client_credentials",
        "token_key": "holds the session token: token",
    }
    assert {name: words for name, words in said.items() if words not in hints[name]} == {}


@pytest.mark.parametrize("missing", SIX)
def test_040_without_any_one_of_the_six_there_is_no_connector(
    client_of: ClientOf, carol: User, installation: Installation, missing: str
) -> None:
    answer = add_connector(client_of(carol), installation, "https://api.linnworks.net", **{missing: ""})
    assert answer.status_code == 422
    errors = re.findall(r'<ul class="errorlist" id="id_(\w+)_error">', answer.content.decode())
    assert errors == [missing]
    assert f"{SIX[missing]} is missing." in answer.content.decode()
    assert not Connector.objects.exists()


def test_041_grant_type_is_client_credentials_and_the_token_key_is_token_also_with_its_full_stop(
    client_of: ClientOf, carol: User, installation: Installation
) -> None:
    client = client_of(carol)
    wrong = add_connector(client, installation, "https://api.linnworks.net", grant_type="authorization_code")
    assert "Grant type is client_credentials" in wrong.content.decode()
    assert add_connector(client, installation, "https://api.linnworks.net").status_code == 302
    assert (Connector.objects.get().grant_type, Connector.objects.get().token_key) == ("client_credentials", "token")


@pytest.mark.usefixtures("to_loopback")
@pytest.mark.django_db(transaction=True)
def test_042_the_six_are_exchanged_and_the_session_token_is_read_by_its_key(
    client_of: ClientOf, carol: User, installation: Installation
) -> None:
    with receiving(the_api) as receiver:
        add_connector(client_of(carol), installation, receiver.url)
        assert calling.call(Connector.objects.get(), "POST", CALL).status == 200
        authorised, called = receiver.received
    given = credentials_of(installation)
    assert authorised.form == {
        "Scope": given["scope"],
        "Token": given["token"],
        "ApplicationId": given["application_id"],
        "ApplicationSecret": given["application_secret"],
        "grant_type": "client_credentials",
    }
    assert Session.objects.get().scope == given["scope"]
    assert called.headers["Authorization"] == Connector.objects.get().session_token


@pytest.mark.usefixtures("to_loopback")
def test_042b_another_key_names_another_member_in_any_letter_case(
    client_of: ClientOf, carol: User, installation: Installation
) -> None:
    def answer(received: Received) -> Reply:
        members = {"token": "not-this", "Token": "nor-this", "Session-Ticket": "this-one"}
        return Reply(200, {"Content-Type": "application/json"}, json.dumps(members).encode())

    with receiving(answer) as receiver:
        add_connector(client_of(carol), installation, receiver.url, token_key="SESSION-ticket.")
        calling.call(Connector.objects.get(), "POST", CALL)
        assert receiver.received[-1].headers["Authorization"] == "this-one"


@pytest.mark.usefixtures("to_loopback")
@pytest.mark.django_db(transaction=True)
def test_043_a_session_that_ended_is_renewed_with_the_same_permanent_token(
    client_of: ClientOf, carol: User, installation: Installation
) -> None:
    with receiving(the_api) as receiver:
        add_connector(client_of(carol), installation, receiver.url)
        row = Connector.objects.get()
        first = calling.call(row, "POST", CALL).status, Connector.objects.get().session_token
        Session.objects.all().delete()
        second = calling.call(row, "POST", CALL).status, Connector.objects.get().session_token
        sent = [received.form["Token"] for received in receiver.received if received.path == EXCHANGE]
    assert (first[0], second[0]) == (200, 200)
    assert first[1] != second[1]
    assert sent == [lifecycle.current_token(installation).value()] * 2


def picture(width: int, height: int) -> BytesIO:
    file = BytesIO()
    Image.new("RGB", (width, height), "#0F5F73").save(file, "PNG")
    file.seek(0)
    file.name = "logo.png"
    return file


def consent(client: Client, application: Application) -> str:
    return client.get(consent_url(application)).content.decode()


def store_pages(client: Client, application: Application, account: Account) -> list[str]:
    """The application in the list of the store, and its page there."""
    Application.objects.filter(pk=application.pk).update(listing=Application.Listing.LISTED)
    return [page(client, "store", account.slug), page(client, "store_application", account.slug, application.pk)]


def everything_shown_to(client: Client, application: Application, account: Account) -> str:
    """All a customer sees of an application: consent, after installing, the store, My apps, the installation, an
    update and the way back, the API's answer."""
    shown = consent(client, application) + "".join(store_pages(client, application, account))
    answer = install(client, application, account)
    shown += client.get(answer.headers["Location"]).content.decode()
    installation = Installation.objects.live().get(application=application, account=account)
    maker = application.account.members.get()
    for number in ((1, 5, 0), (1, 6, 0)):
        here = [account.slug, installation.pk]
        shown += page(client, "my_apps", account.slug) + page(client, "installation_detail", *here)
        shown += page(client, "installation_uninstall", *here)
        latest = release(application, maker, number, path=f"/{number}", moduleName="Quokka too")
        shown += page(client, "installation_update", *here)
        moving.update(installation, to=latest, by=acting(account.owners()[0]))
        shown += page(client, "installation_go_back", *here)
    return f"{shown}{exchange(application, lifecycle.current_token(installation).value()).content.decode()}"
