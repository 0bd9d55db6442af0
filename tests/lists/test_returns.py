"""Whoever saved a section or revealed a value comes back to where they were."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from installs.installations import lifecycle
from installs.models import EventType, Installation
from linnapp.models import Account, Application, Membership, User
from tests.kit.people import ClientOf

pytestmark = pytest.mark.django_db


def is_back_at(client: Client, url_name: str, args: list[Any], fields: dict[str, Any], section: str) -> str:
    """The page that follows, which has the section that the address names."""
    answer = client.post(reverse(url_name, args=args), fields)
    assert answer.status_code == 302, answer.content.decode()
    page, _, at = answer.headers["Location"].partition("#")
    assert at == section, answer.headers["Location"]
    shown = client.get(page).content.decode()
    assert f'id="{section}"' in shown
    return shown


def test_sections_of_general(application: Application, alice: User, client_of: ClientOf) -> None:
    client, here = client_of(alice), ["northwind", application.pk]
    told = {"name": "Stock Bridge 2", "summary": "", "description": "Moves stock.", "support_contact": ""}
    assert "Saved." in is_back_at(client, "application_general", here, told, "details")
    is_back_at(client, "application_logo_remove", here, {}, "logo")
    is_back_at(client, "secret_create", here, {}, "secrets")
    secret = application.secrets.earliest("pk")
    shown = is_back_at(client, "secret_reveal", [*here, secret.pk], {}, "secrets")
    assert secret.value() in shown


def test_sections_of_the_postback_settings(application: Application, alice: User, client_of: ClientOf) -> None:
    client, here = client_of(alice), ["northwind", application.pk]
    is_back_at(client, "postback_mode", here, {"mode": "WAIT_FOR_200"}, "mode")
    is_back_at(client, "postback_alerts", here, {"matters": ["parked"]}, "alerts")
    events = {"url": "https://hooks.example.com/events", "events": [EventType.values[0]]}
    is_back_at(client, "events_set", here, events, "events")
    assert "whsec_" in is_back_at(client, "signing_secret_reveal", here, {}, "signing-secret")
    is_back_at(client, "signing_secret_rotate", here, {"after": "now"}, "signing-secret")


def test_a_role_and_the_second_factor_of_members(
    northwind: Account, alice: User, bob: User, client_of: ClientOf
) -> None:
    client, seat = client_of(alice), Membership.objects.get(user=bob)
    is_back_at(client, "member_role", ["northwind", seat.pk], {"role": "OWNER"}, f"m-{seat.pk}")
    is_back_at(client, "account_factors", ["northwind"], {"needed": "no"}, "second-factor")


def test_a_permanent_token_on_the_page_of_its_installation(
    installation: Installation, carol: User, client_of: ClientOf
) -> None:
    token = lifecycle.current_token(installation).value()
    here = [installation.account.slug, installation.pk]
    assert token in is_back_at(client_of(carol), "installation_token_reveal", here, {}, "permanent-token")


def test_a_token_revealed_in_a_list_stands_in_the_same_list_at_its_row(
    application: Application, installation: Installation, alice: User, client_of: ClientOf
) -> None:
    client, tab = client_of(alice), reverse("application_installations", args=["northwind", application.pk])
    asked = "state=active&sort=account"
    shown = client.get(f"{tab}?{asked}").content.decode()
    assert '<input type="hidden" name="list" value="state=active&amp;sort=account">' in shown
    assert 'id="i-' not in shown
    reveal = reverse("application_token_reveal", args=["northwind", application.pk, installation.pk])
    answer = client.post(reveal, {"list": asked})
    assert answer.headers["Location"] == f"{tab}?{asked}#i-{installation.pk}"
    shown = client.get(answer.headers["Location"].partition("#")[0]).content.decode()
    row = shown[shown.index(f'<tr id="i-{installation.pk}">') :].partition("</tr>")[0]
    assert lifecycle.current_token(installation).value() in row
    assert shown.count('id="i-') == 1


@pytest.mark.parametrize("asked", ["//evil.example/", "?next=https://evil.example", "x#y", "a=b\r\nX-Evil: 1"])
def test_what_is_sent_as_a_lists_filters_leads_to_no_other_page(
    application: Application, installation: Installation, alice: User, client_of: ClientOf, asked: str
) -> None:
    tab = reverse("application_installations", args=["northwind", application.pk])
    reveal = reverse("application_token_reveal", args=["northwind", application.pk, installation.pk])
    answer = client_of(alice).post(reveal, {"list": asked})
    page, _, at = answer.headers["Location"].partition("#")
    assert page.startswith(f"{tab}?")
    assert at == f"i-{installation.pk}"
    assert "evil.example/" not in page
