"""The page of the connector, statement by statement: one authentication method, AuthorizeByApplication, and six
credentials."""

import json
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from installs.connectors import calling
from installs.installations import lifecycle
from installs.models import Connector, Installation, PermanentToken, Session
from linnapp.models import Account, Application, User
from tests.kit.people import ClientOf
from tests.kit.receivers import Received, Reply, receiving
from tests.kit.seeds import CALL, EXCHANGE, create, exchange, install, page

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


def test_038_the_connector_has_a_description_a_link_to_the_documentation_and_one_method(
    client_of: ClientOf, alice: User, northwind: Account
) -> None:
    shown = page(client_of(alice), "connector_new", northwind.slug)
    assert "A Linnworks connector lets an outside system" in shown
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
        "application_id": "Created with the application in the developer portal",
        "application_secret": "Created with the application in the developer portal",
        "grant_type": "Always client_credentials",
        "token_key": "has the session token: token",
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
    assert "Grant type has to be client_credentials" in wrong.content.decode()
    assert add_connector(client, installation, "https://api.linnworks.net").status_code == 302
    assert (Connector.objects.get().grant_type, Connector.objects.get().token_key) == ("client_credentials", "token")


@pytest.mark.usefixtures("to_loopback")
@pytest.mark.django_db(transaction=True)
def test_042_the_six_are_exchanged_and_the_session_token_is_read_by_its_key(
    client_of: ClientOf, carol: User, installation: Installation, settings: Settings
) -> None:
    with receiving(the_api) as receiver:
        settings.DATA_SERVER_URL = receiver.url
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
    client_of: ClientOf, carol: User, installation: Installation, settings: Settings
) -> None:
    with receiving(the_api) as receiver:
        settings.DATA_SERVER_URL = receiver.url
        add_connector(client_of(carol), installation, receiver.url)
        row = Connector.objects.get()
        first = calling.call(row, "POST", CALL).status, Connector.objects.get().session_token
        Session.objects.all().delete()
        second = calling.call(row, "POST", CALL).status, Connector.objects.get().session_token
        sent = [received.form["Token"] for received in receiver.received if received.path == EXCHANGE]
    assert (first[0], second[0]) == (200, 200)
    assert first[1] != second[1]
    assert sent == [lifecycle.current_token(installation).value()] * 2
