"""The guide to setting up a system integration, statement by statement: Installing the Application,
Authorizing API Calls, Optional: Postback URL."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from installs.installations import lifecycle
from installs.models import Installation, PermanentToken, Session
from linnapp.manifest import ManifestParameter
from linnapp.models import Account, Application, User, Version
from linnapp.services import manifests
from tests.kit.people import ClientOf
from tests.kit.posting import deliver
from tests.kit.receivers import receiving
from tests.kit.seeds import CALL, add_postback_url, consent_url, exchange, install, page, release

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
