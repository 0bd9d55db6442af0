"""A figure of Overview leads to the list that it counts."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from installs.models import Delivery, Installation
from linnapp.models import Application, User
from tests.kit.people import ClientOf

pytestmark = pytest.mark.django_db
URL = "https://hooks.example.com/in"


def overview(application: Application) -> str:
    return reverse("application_overview", args=("northwind", application.pk))


def leads_to(client: Client, application: Application) -> set[str]:
    """The states in the list behind the figure of postbacks."""
    link = re.search(r'<a href="([^"]+)">Postbacks delivered', client.get(overview(application)).content.decode())
    assert link
    return {row.state for row in client.get(unescape(link[1])).context["list"].rows}


def test_the_figure_of_postbacks_leads_to_those_that_failed_where_any_did(
    application: Application, installation: Installation, client_of: ClientOf, alice: User
) -> None:
    client, now = client_of(alice), timezone.now() - timedelta(minutes=1)
    about: dict[str, Any] = {
        "application": application,
        "installation": installation,
        "url": URL,
        "host": "hooks.example.com",
    }
    for nonce in ("a", "b"):
        Delivery.objects.create(**about, event="installed", state="DELIVERED", ended_at=now, nonce=nonce)
    assert leads_to(client, application) == {"DELIVERED"}
    Delivery.objects.filter(nonce="b").update(state="EXHAUSTED")
    assert leads_to(client, application) == {"EXHAUSTED"}


def test_the_figure_of_exchanges_leads_to_those_of_its_days(
    application: Application, client_of: ClientOf, alice: User
) -> None:
    page = client_of(alice).get(overview(application))
    first = page.context["week"].days[0].date
    activity = reverse("application_activity", args=("northwind", application.pk))
    assert f'<a href="{activity}?about=exchanges&amp;since={first:%Y-%m-%d}">Exchanges' in page.content.decode()
