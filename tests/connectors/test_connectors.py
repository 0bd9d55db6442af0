"""The pages of connectors: the list, the form with the six credentials, enabling, deleting, and one's own installation
connected in one click."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from installs.application import secret_ends
from installs.connectors import making
from installs.connectors.own import retired_secret
from installs.installations import lifecycle, suspending
from installs.models import Connector, Installation
from linnapp import endings
from linnapp.errors import NotPossible
from linnapp.models import Account, Application, TimelineEntry, User, Version
from linnapp.services import secrets
from tests.kit.connectors import FILLED, SIX, seen, url
from tests.kit.people import ClientOf, acting
from tests.kit.pressing import form_of

LABELS = {
    "scope": "Scope",
    "token": "Token",
    "application_id": "Application id",
    "application_secret": "Application secret",
    "grant_type": "Grant type",
    "token_key": "Response authentication token key",
}
HIDDEN = [SIX[name] for name in ("scope", "token", "application_id", "application_secret")]


@pytest.fixture
def made(cakes: Account, carol: User) -> Connector:
    return making.make(cakes, making.Values(**FILLED), by=acting(carol))


def add(client: Client, **fields: str) -> Any:
    return client.post(url("connector_new"), FILLED | fields)


def values(row: Connector) -> dict[str, str]:
    row.refresh_from_db()
    return {name: getattr(row, name) for name in FILLED}


# The list.


def test_the_empty_list_says_what_a_connector_is_and_where_to_add_one(carols: Client) -> None:
    answer = carols.get(url("connector_list"))
    assert "A connector lets another of your systems call a Linnworks API" in seen(answer)
    assert f'href="{url("connector_new")}"' in answer.content.decode()
    assert f'href="{url("connector_list")}"' in carols.get(url("my_apps")).content.decode()


def test_the_list_shows_host_state_last_success_and_error_and_whether_it_is_enabled(
    carols: Client, carol: User, made: Connector
) -> None:
    page = seen(carols.get(url("connector_list")))
    assert "Warehouse api.linnworks.net Not tested never none Yes" in page
    making.set_enabled(made, enabled=False, by=acting(carol))
    Connector.objects.update(state=Connector.State.FAILING, last_error="The answer is empty.")
    page = seen(carols.get(url("connector_list")))
    assert re.search(r"Failing never \S+.* The answer is empty\. Disabled", page)


def test_it_is_searched_and_narrowed(carols: Client, made: Connector) -> None:
    assert "Warehouse" in seen(carols.get(url("connector_list"), {"q": "linnworks.net", "state": "untested"}))
    assert "No connector matches" in seen(carols.get(url("connector_list"), {"state": "working"}))


# Adding.


def test_the_form_names_the_method_the_documentation_and_the_six_in_the_words_of_the_source(
    carols: Client, settings: Settings
) -> None:
    answer = carols.get(url("connector_new"))
    page = seen(answer)
    assert 'href="https://apidocs.linnworks.net/reference/overview"' in answer.content.decode()
    assert "AuthorizeByApplication" in page
    places = [page.index(f" {label} required ") for label in LABELS.values()]
    assert places == sorted(places)
    form = form_of(answer, "connector-form")
    filled = {name: form.value(name) for name in ("base_url", "grant_type", "token_key", "token")}
    assert filled == {
        "base_url": settings.SITE_URL,
        "grant_type": "client_credentials",
        "token_key": "token",
        "token": "",
    }


def test_it_is_saved_encrypted_and_told_in_the_timeline_without_a_value(carols: Client) -> None:
    answer = add(carols)
    row = Connector.objects.get()
    assert answer.headers["Location"] == url("connector_check", row.pk)
    assert values(row) == FILLED
    stored = str(Connector.objects.values().get())
    entry = TimelineEntry.objects.get(kind="CONNECTOR_MADE")
    for value in HIDDEN:
        assert value not in stored
        assert value not in str(entry.facts)


@pytest.mark.parametrize("missing", SIX)
def test_each_of_the_six_missing_has_its_own_error_and_the_rest_is_kept(carols: Client, missing: str) -> None:
    answer = add(carols, **{missing: "  "})
    assert answer.status_code == 422
    assert f"{LABELS[missing]} is missing." in seen(answer)
    form = form_of(answer, "connector-form")
    for name, value in FILLED.items():
        hidden = name in ("token", "application_secret")
        assert form.value(name) == ("" if hidden else "  " if name == missing else value)
    assert "Token and Application secret were cleared because of the error: paste them again." in seen(answer)
    for secret in ("token", "application_secret"):
        assert SIX[secret] not in answer.content.decode()
    assert not Connector.objects.exists()


@pytest.mark.parametrize("typed", ["token.", " token ", "`token.`", "“token”."])
def test_the_full_stop_behind_the_key_is_taken_away(carols: Client, typed: str) -> None:
    add(carols, token_key=typed)
    assert Connector.objects.get().token_key == "token"


WRONG = [
    ("grant_type", "password", "Grant type has to be client_credentials: AuthorizeByApplication accepts no other."),
    ("token_key", ".", "Give the name of one member of the answer, such as token."),
    ("token", "Bearer abc", "Token is an id such as"),
    ("application_id", "stock-bridge", "Application id is an id such as"),
    ("application_secret", "6a5ef9a1-0000", "Application secret is an id such as"),
    ("name", " ", "Give the connector a name."),
    ("base_url", "", "Give the address of the API"),
    ("base_url", "api.linnworks.net", "must begin with https://"),
    ("base_url", "http://api.linnworks.net", "http:// is not allowed here: use https://."),
    ("base_url", "https://api.linnworks.net/api/Auth", "Leave out /api and everything after it"),
    ("base_url", "https://api.linnworks.net/?a=1", "Leave out ? and # and everything after them."),
    ("base_url", "https://me:secret@api.linnworks.net", "contains a user name or a password"),
    ("base_url", "https://localhost:6379", "Port 6379 is not for web servers"),
]


@pytest.mark.parametrize(("field", "typed", "said"), WRONG)
def test_what_is_wrong_is_said(carols: Client, field: str, typed: str, said: str) -> None:
    answer = add(carols, **{field: typed})
    assert answer.status_code == 422
    assert said in seen(answer)
    assert not Connector.objects.exists()


def test_this_portal_may_be_http_and_no_other(carols: Client, settings: Settings) -> None:
    assert add(carols, base_url=f"{settings.SITE_URL}/").status_code == 302
    assert Connector.objects.get().base_url == settings.SITE_URL
    assert add(carols, name="Next", base_url="http://localhost:8001").status_code == 422


def test_two_of_an_account_do_not_share_a_name(carols: Client, carol: User, made: Connector) -> None:
    answer = add(carols, name="warehouse")
    assert answer.status_code == 422
    assert "There is already a connector named warehouse." in seen(answer)
    other = making.make(made.account, making.Values(**FILLED | {"name": "Shop"}), by=acting(carol))
    answer = carols.post(url("connector_edit", other.pk), {**FILLED, "name": "Warehouse"})
    assert answer.status_code == 422
    assert values(other)["name"] == "Shop"


# Editing.


def test_what_is_stored_stands_on_no_page(carols: Client, made: Connector) -> None:
    pages = [carols.get(url("connector_list"))]
    pages += [carols.get(url(f"connector_{name}", made.pk)) for name in ("check", "edit", "delete")]
    for page in pages:
        assert page.status_code == 200
        for value in HIDDEN:
            assert value not in page.content.decode()
    assert seen(pages[2]).count(" stored ") >= 4


def test_an_empty_field_keeps_what_is_stored_and_a_full_one_replaces_it(carols: Client, made: Connector) -> None:
    Connector.objects.update(session_encrypted="x", state=Connector.State.WORKING)
    new = "6a5ef9a1-0000-4000-8000-00000000f00d"
    sent = FILLED | {"scope": "", "token": "", "application_id": "", "application_secret": new}
    answer = carols.post(url("connector_edit", made.pk), sent)
    assert answer.headers["Location"] == url("connector_check", made.pk)
    assert values(made) == FILLED | {"application_secret": new}
    assert (made.session_token, made.state, made.generation) == ("", Connector.State.UNTESTED, 1)
    assert TimelineEntry.objects.get(kind="CONNECTOR_EDITED").facts["fields"] == "Application secret"


def test_what_is_stored_goes_to_no_other_server(carols: Client, made: Connector) -> None:
    kept = FILLED | dict.fromkeys(("scope", "token", "application_id", "application_secret"), "")
    elsewhere = {"base_url": "https://other.example.com"}
    answer = carols.post(url("connector_edit", made.pk), kept | elsewhere)
    assert answer.status_code == 422
    assert seen(answer).count("It was stored for api.linnworks.net. To send it elsewhere, paste it again.") >= 2
    assert values(made) == FILLED
    pasted = {name: FILLED[name] for name in ("token", "application_secret")}
    assert carols.post(url("connector_edit", made.pk), kept | elsewhere | pasted).status_code == 302
    assert values(made) == FILLED | elsewhere
    same_server = {"base_url": "https://OTHER.example.com/v1"}
    assert carols.post(url("connector_edit", made.pk), kept | same_server).status_code == 302


def test_after_an_edit_nobody_waits_for_the_renewal_before_it(carols: Client, made: Connector) -> None:
    Connector.objects.update(renewing_until=timezone.now() + timedelta(seconds=30))
    assert carols.post(url("connector_edit", made.pk), FILLED | {"scope": "Other"}).status_code == 302
    made.refresh_from_db()
    assert made.renewing_until is None


def test_saving_what_stands_changes_nothing(carols: Client, made: Connector) -> None:
    Connector.objects.update(state=Connector.State.WORKING)
    sent = FILLED | dict.fromkeys(("scope", "token", "application_id", "application_secret"), "")
    answer = carols.post(url("connector_edit", made.pk), sent, follow=True)
    assert "Nothing was changed." in seen(answer)
    made.refresh_from_db()
    assert (made.state, made.generation) == (Connector.State.WORKING, 0)


def test_what_is_wrong_in_an_edit_changes_nothing(carols: Client, made: Connector) -> None:
    answer = carols.post(url("connector_edit", made.pk), FILLED | {"grant_type": "", "scope": "Other"})
    assert answer.status_code == 422
    assert values(made) == FILLED


def test_it_is_disabled_and_enabled(carols: Client, made: Connector) -> None:
    carols.post(url("connector_enable", made.pk))
    made.refresh_from_db()
    assert not made.enabled
    assert "It sends nothing" in seen(carols.get(url("connector_check", made.pk)))
    carols.post(url("connector_enable", made.pk), {"enabled": "on"})
    made.refresh_from_db()
    assert made.enabled


def test_deleting_asks_first(carols: Client, made: Connector) -> None:
    assert "Delete Warehouse?" in seen(carols.get(url("connector_delete", made.pk)))
    assert Connector.objects.exists()
    assert carols.post(url("connector_delete", made.pk)).headers["Location"] == url("connector_list")
    assert not Connector.objects.exists()
    assert TimelineEntry.objects.filter(kind="CONNECTOR_DELETED").exists()


# One's own installation.


@pytest.fixture
def own(application: Application, version: Version, northwind: Account, alice: User) -> Installation:
    return lifecycle.install(application, account=northwind, version=version, by=acting(alice)).installation


def connect(client: Client, installation: Installation, account: str = "northwind") -> Any:
    return client.post(url("connector_from_installation", installation.pk, account=account), follow=True)


def test_ones_own_installation_is_connected_in_one_click(
    alice: User, own: Installation, client_of: ClientOf, settings: Settings
) -> None:
    client = client_of(alice)
    press = f'action="{url("connector_from_installation", own.pk, account="northwind")}"'
    for page in (url("installation_detail", own.pk, account="northwind"), url("connector_list", account="northwind")):
        assert press in client.get(page).content.decode()
    assert "Stock Bridge is created from your own installation." in seen(connect(client, own))
    row = Connector.objects.get()
    assert values(row) == {
        "name": "Stock Bridge",
        "base_url": settings.SITE_URL,
        "scope": making.asked_for(own),
        "token": lifecycle.current_token(own).value(),
        "application_id": str(own.application_id),
        "application_secret": own.application.secrets.get().value(),
        "grant_type": "client_credentials",
        "token_key": "token",
    }
    connect(client, own)
    assert set(Connector.objects.values_list("name", flat=True)) == {"Stock Bridge", "Stock Bridge 2"}


def test_a_developer_of_the_account_does_not(bob: User, own: Installation, client_of: ClientOf) -> None:
    client = client_of(bob)
    assert connect(client, own).status_code == 404
    page = client.get(url("installation_detail", own.pk, account="northwind")).content.decode()
    assert "connect/" not in page
    assert "/connectors/" not in page
    assert not Connector.objects.exists()


def test_somebody_elses_application_is_not_connected_because_its_secret_is_its_makers(
    carols: Client, installation: Installation
) -> None:
    assert "connect/" not in carols.get(url("installation_detail", installation.pk)).content.decode()
    page = connect(carols, installation, "carols-cakes")
    assert "The Application Secret of Stock Bridge belongs to Northwind." in seen(page)
    assert not Connector.objects.exists()


def test_nor_is_one_that_is_suspended(alice: User, own: Installation, client_of: ClientOf) -> None:
    suspending.suspend(own, by=acting(alice))
    page = seen(connect(client_of(alice), own))
    assert "is suspended by the account: a connector cannot authorise." in page
    assert not Connector.objects.exists()


def test_nor_is_one_that_is_over(alice: User, own: Installation, client_of: ClientOf) -> None:
    lifecycle.uninstall(own, by=acting(alice))
    assert "is no longer installed on Northwind" in seen(connect(client_of(alice), own))
    assert not Connector.objects.exists()


def test_another_accounts_connector_is_not_found_through_ones_own_address(
    client_of: ClientOf, dave: User, depot: Account, made: Connector
) -> None:
    client = client_of(dave)
    for name in ("check", "edit", "enable", "delete"):
        address = url(f"connector_{name}", made.pk, account=depot.slug)
        assert {client.get(address).status_code, client.post(address).status_code} <= {404, 405}
    assert values(made) == FILLED


def test_the_service_sends_no_stored_secret_to_another_server_either(made: Connector, carol: User) -> None:
    elsewhere = FILLED | {"base_url": "https://evil.example", "token": "", "application_secret": ""}
    with pytest.raises(NotPossible, match=r"were stored for api\.linnworks\.net"):
        making.edit(made, making.Values(**elsewhere), by=acting(carol))
    assert values(made) == FILLED


# What it breaks to end what a connector was made of.


def test_the_pages_that_end_something_name_the_connectors_that_stop(
    alice: User, bob: User, own: Installation, client_of: ClientOf
) -> None:
    client = client_of(alice)
    connect(client, own)
    secret = own.application.secrets.get()
    pages = [
        url("installation_uninstall", own.pk, account="northwind"),
        url("installation_suspend", own.pk, account="northwind"),
        url("secret_retire", own.application_id, secret.pk, account="northwind"),
    ]
    secrets.create_secret(application=own.application, by=acting(alice))
    for page in pages:
        assert "This connector stops: Stock Bridge." in seen(client.get(page))
    for page in pages:
        assert "Stock Bridge." not in seen(client_of(bob).get(page))
    theirs = making.make(own.account, making.Values(**FILLED), by=acting(alice))
    Connector.objects.filter(pk=theirs.pk).update(token_encrypted="x", application_secret_encrypted="x")
    making.set_enabled(Connector.objects.get(name="Stock Bridge"), enabled=False, by=acting(alice))
    for page in pages:
        assert "connector stops" not in seen(client.get(page))


def test_a_secret_that_was_retired_is_told_to_the_account_that_made_it(
    alice: User, carol: User, cakes: Account, own: Installation, client_of: ClientOf
) -> None:
    client = client_of(alice)
    connect(client, own)
    mine, secret = Connector.objects.get(), own.application.secrets.get()
    assert retired_secret(mine) is None
    secrets.create_secret(application=own.application, by=acting(alice))
    secret_ends.retire_secret(secret, after=endings.AFTER["now"], by=acting(alice))
    fault = retired_secret(mine)
    assert str(fault) == f"Application secret …{secret.tail} was retired: the portal no longer has it."
    theirs = making.make(cakes, making.Values(**FILLED | {"base_url": mine.base_url}), by=acting(carol))
    theirs.application_secret_encrypted = mine.application_secret_encrypted
    assert retired_secret(theirs) is None
