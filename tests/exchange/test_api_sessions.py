"""The life of a session, from the exchange to its end."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from installs.application import secret_ends
from installs.exchange import refusals
from installs.models import Installation, PermanentToken, Session, StockLocation
from linnapp import credentials, endings
from linnapp.models import Secret, User
from linnapp.services import secrets
from tests.kit.exchanging import LOCATIONS, UNPROVEN, WRONG, message, post
from tests.kit.people import acting

pytestmark = pytest.mark.usefixtures("nothing_noted")


def call(session_token: str) -> int:
    return Client().get(LOCATIONS, headers={"Authorization": session_token}).status_code


def test_a_session_that_is_used_goes_on_until_its_absolute_end(right: dict[str, str]) -> None:
    token = post(right).json()["Token"]
    session = Session.objects.get()
    assert session.expires_at - session.created_at == timedelta(hours=24)
    Session.objects.update(last_used_at=timezone.now() - timedelta(seconds=1790))
    assert call(token) == 200
    assert timezone.now() - Session.objects.get().last_used_at < timedelta(seconds=30)
    Session.objects.update(expires_at=timezone.now())
    assert call(token) == 401


def test_use_is_noted_every_thirty_seconds_at_most(right: dict[str, str]) -> None:
    token = post(right).json()["Token"]
    Session.objects.update(last_used_at=(seconds_ago := timezone.now() - timedelta(seconds=20)))
    assert call(token) == 200
    assert Session.objects.get().last_used_at == seconds_ago


def test_the_use_of_one_session_is_no_use_of_another(right: dict[str, str]) -> None:
    used, other = (post(right).json()["Token"] for _ in range(2))
    Session.objects.update(last_used_at=(a_minute_ago := timezone.now() - timedelta(seconds=60)))
    assert call(used) == 200
    assert list(Session.objects.filter(last_used_at=a_minute_ago).values_list("digest", flat=True)) == [
        credentials.digest(other)
    ]


def test_twenty_sessions_are_live_and_the_least_recently_used_ends(right: dict[str, str]) -> None:
    tokens = [post(right).json()["Token"] for _ in range(20)]
    Session.objects.update(last_used_at=timezone.now() - timedelta(seconds=60))
    assert call(tokens[0]) == 200
    tokens.append(post(right).json()["Token"])
    answers = [call(token) for token in tokens]
    assert answers.count(200) == 20
    assert (answers[0], answers[-1]) == (200, 200)
    assert Session.objects.get(end=Session.End.REPLACED).ended_at is not None


def test_a_session_ends_with_the_secret_it_was_made_with(right: dict[str, str], alice: User) -> None:
    application = Installation.objects.get().application
    first = application.secrets.get()
    token = post(right).json()["Token"]
    second = secrets.create_secret(application=application, by=acting(alice))
    other = post(right | {"ApplicationSecret": second.value()}).json()["Token"]
    secret_ends.retire_secret(first, after=timedelta(0), by=acting(alice))
    assert (call(token), call(other)) == (401, 200)
    answer = post(right)
    assert (answer.status_code, message(answer)) == (400, UNPROVEN)


def test_a_secret_that_ends_tomorrow_still_counts_today(right: dict[str, str], alice: User) -> None:
    application = Installation.objects.get().application
    first = application.secrets.get()
    secrets.create_secret(application=application, by=acting(alice))
    secret_ends.retire_secret(first, after=endings.AFTER["24h"], by=acting(alice))
    token = post(right).json()["Token"]
    assert call(token) == 200
    Secret.objects.filter(pk=first.pk).update(ends_at=timezone.now())
    assert call(token) == 401


def test_a_session_ends_with_its_permanent_token(right: dict[str, str]) -> None:
    token = post(right).json()["Token"]
    PermanentToken.objects.update(ends_at=timezone.now())
    assert call(token) == 401
    answer = post(right)
    assert (answer.status_code, message(answer)) == (400, refusals.SENTENCES[refusals.Reason.TOKEN_ENDED])


def test_a_session_reads_its_own_accounts_locations(right: dict[str, str], depot: Any) -> None:
    token = post(right).json()["Token"]
    StockLocation.objects.create(account=depot, name="Dave's shed")
    rows = Client().get(LOCATIONS, headers={"Authorization": f"bearer {token}"}).json()
    assert [row["LocationName"] for row in rows] == ["Default"]


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic dTpw", WRONG, "é" * 500, "{}"])
def test_anything_but_a_session_token_is_401(db: None, header: str) -> None:
    assert call(header) == 401
