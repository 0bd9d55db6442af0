"""An account that somebody of staff entered, and a session of theirs in which no second factor was used: it shows on no
page that they are inside, whatever a page spans."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from linnapp.models import Account, Application, StaffAccess, User
from linnapp.signing_in.factors_first import OF_ALL_ACCOUNTS, OF_STAFF
from tests.factors.having import give_factor, signed_in_by_factor
from tests.house.world import World, address, routes
from tests.kit.people import ClientOf

pytestmark = pytest.mark.django_db
# What differs from one request to the next.
DRAWN = re.compile(
    r'\b\w{64}\b|"drawn_for" value="[^"]*"|data-drawn-for="[^"]*"|[\w-]+:\w+:[\w-]{20,}|\b[0-9a-f]{16}\b'
)
SOUGHT = ("Stock", "Northwind", "{application}", "{installation}", "1.0.0")


@pytest.fixture(autouse=True)
def outside_the_demo(settings: Any) -> None:
    settings.STAFF_NEED_FACTOR = True


def spanning(world: World) -> dict[str, str]:
    """Every page whose address names no account, by its name; those of staff are refused as a whole."""
    named = {
        str(pattern.name): address(world, pattern)
        for pattern in routes(settings.ROOT_URLCONF)
        if "account" not in pattern.pattern.converters
    }
    # Signing out ends the session.
    return {name: url for name, url in named.items() if not url[1:].startswith(OF_STAFF) and name != "account_logout"}


def read(client: Client, world: World) -> dict[str, tuple[int, str]]:
    """What each of the pages says, one that is not there, and each search."""
    answers = {name: client.get(url) for name, url in spanning(world).items()} | {"none": client.get("/no/such/page/")}
    for words in SOUGHT:
        sought = words.format(**world.arguments)
        answers[f"search {words}"] = client.post("/search/", {"q": sought})
    return {
        name: (answer.status_code, DRAWN.sub("", answer.headers.get("Location", "") + answer.content.decode()))
        for name, answer in answers.items()
        if not answer.streaming
    }


@pytest.mark.once
def test_no_page_shows_it_to_a_session_that_is_older_than_the_factor(
    world: World, paula: User, northwind: Account, application: Application, client_of: ClientOf
) -> None:
    old = client_of(paula)
    give_factor(paula)
    good = signed_in_by_factor(client_of, paula)
    before, of_good = read(old, world), read(good, world)
    assert set(before) >= OF_ALL_ACCOUNTS
    StaffAccess.objects.create(
        person=paula,
        account=northwind,
        purpose=StaffAccess.Purpose.WORK,
        reason="She asked us to.",
        ends_at=timezone.now() + timedelta(minutes=20),
    )
    after = read(old, world)
    assert {name: page for name, page in after.items() if page != before[name]} == {}
    # The same pages do say so where a factor was used.
    shown = {name for name, page in read(good, world).items() if page != of_good[name]}
    assert shown >= {"search", "help_new", "answered_calls"} | {f"search {words}" for words in SOUGHT}
