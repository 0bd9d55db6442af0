"""Mails lead to SITE_URL and name it, whatever Host header the one who asked for them sent."""

import re
from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from linnapp.models import User

pytestmark = pytest.mark.django_db
ELSEWHERE = "elsewhere.example:99"
NEW = "new@somewhere.example"


def signs_up(browser: Client, email: str) -> object:
    form = {"name": "N", "company": "New Bakery", "email": email, "password1": "quite-long-and-new-1"}
    return browser.post("/sign-up/", form)


ASKED: dict[str, Callable[[Client, User], object]] = {
    "sign up": lambda browser, person: signs_up(browser, NEW),
    "sign up again": lambda browser, person: signs_up(browser, person.email),
    "reset": lambda browser, person: browser.post("/password/", {"email": person.email}),
    "reset of nobody": lambda browser, person: browser.post("/password/", {"email": NEW}),
}


@pytest.mark.parametrize("name", ASKED)
def test_links_lead_here(alice: User, settings: Settings, name: str) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    ASKED[name](Client(headers={"Host": ELSEWHERE}), alice)
    (sent,) = mail.outbox
    text = f"{sent.subject}\n{sent.body}"
    links = re.findall(r"https?://\S+", text)
    assert links
    assert all(link.startswith(f"{settings.SITE_URL}/") for link in links)
    assert "elsewhere" not in text
    assert settings.SITE.netloc in text
