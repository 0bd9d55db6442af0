"""Signing in as browsers do, and the lines that are left of it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from linnapp.models import AuditEntry, User
from tests.kit.people import PASSWORD

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Safari/604.1"
Enter = Callable[..., Client]


@pytest.fixture
def enter() -> Enter:
    """Somebody signs in by the page; a wrong password leaves them outside."""

    def sign_in(user: User, password: str = PASSWORD, *, address: str = "203.0.113.7", agent: str = FIREFOX) -> Client:
        client = Client(REMOTE_ADDR=address, headers={"user-agent": agent})
        client.post("/sign-in/", {"login": user.email, "password": password})
        return client

    return sign_in


def told(page: Any) -> str:
    assert page.status_code == 200
    return str(page.content.decode()).replace("&#x27;", "'")


def kinds_of(person: User) -> list[str]:
    """In the order that they came."""
    return list(AuditEntry.objects.filter(person_id=person.pk).order_by("pk").values_list("kind", flat=True))
