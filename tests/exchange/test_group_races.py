"""Exchanges through the door while something else happens to what they need: nothing is left behind, nobody waits for
what is not theirs, and a database that was away is asked again."""

import asyncio
import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import psycopg
import pytest
from django.db import connection
from psycopg import conninfo

from installs.application import secret_ends
from installs.exchange import ledger, line, steps
from installs.exchange.authorization import Authorized, Exchange, Refused
from installs.exchange.door import Door
from installs.exchange.line import Line
from installs.exchange.steps import Unavailable
from installs.installations import lifecycle, suspending, suspending_accounts
from installs.models import Installation, Session
from linnapp.calls import Reply
from linnapp.models import Account, Application, Secret, User, Version
from linnapp.services import secrets
from tests.kit.exchanging import LOCATIONS, URL, exchange_of, knock, post, through_the_door
from tests.kit.people import acting

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("nothing_noted")]
T = TypeVar("T")
CALLERS = 40
ANSWERED_BEFORE_THE_ACT = 60
ON_POSTGRESQL = connection.vendor == "postgresql"


@pytest.fixture
def elsewhere(
    application: Application, version: Version, installation: Installation, depot: Account, dave: User
) -> dict[str, str]:
    """The credentials of the same application on another account."""
    other = lifecycle.install(application, account=depot, version=version, by=acting(dave)).installation
    secret = secrets.create_secret(application=application, by=acting(dave))
    return {
        "ApplicationId": str(other.application_id),
        "ApplicationSecret": secret.value(),
        "Token": lifecycle.current_token(other).value(),
    }


ACTS: dict[str, Callable[[Installation, Any, Any], object]] = {
    "suspended by staff": lambda row, staff, owner: suspending.suspend_by_staff(row, by=staff),
    "application suspended": lambda row, staff, owner: suspending.suspend_application(row.application, by=staff),
    "account suspended": lambda row, staff, owner: suspending_accounts.suspend_account(row.account, by=staff),
    "developer's account suspended": lambda row, staff, owner: suspending_accounts.suspend_account(
        row.application.account, by=staff
    ),
    "uninstalled": lambda row, staff, owner: lifecycle.uninstall(row, by=owner),
    "suspended": lambda row, staff, owner: suspending.suspend(row, by=owner),
    "secret retired": lambda row, staff, owner: secret_ends.retire_secret(
        Secret.objects.order_by("pk")[0], after=timedelta(0), by=staff
    ),
}


@pytest.mark.parametrize("name", ACTS)
def test_no_session_of_a_group_outlives_the_act(
    right: dict[str, str], installation: Installation, paula: User, carol: User, settings: Any, name: str
) -> None:
    settings.EXCHANGES_PER_MINUTE = settings.SESSIONS_PER_INSTALLATION = 1_000_000
    staff = acting(paula, reason="Test")
    # The last live secret is not retired.
    secrets.create_secret(application=installation.application, by=staff)

    async def during(door: Door) -> tuple[list[int], list[int]]:
        statuses: list[int] = []
        done = asyncio.Event()

        async def caller() -> int:
            while not done.is_set():
                statuses.append((await knock(door, URL, right)).status)
            return (await knock(door, URL, right)).status

        callers = [asyncio.create_task(caller()) for _ in range(CALLERS)]
        while len(statuses) < ANSWERED_BEFORE_THE_ACT:
            await asyncio.sleep(0.001)
        await asyncio.to_thread(acted, lambda: ACTS[name](installation, staff, acting(carol)))
        done.set()
        return statuses, [await each for each in callers]

    statuses, last = through_the_door(during)
    assert statuses.count(200) >= ANSWERED_BEFORE_THE_ACT
    assert set(statuses) <= {200, 400}
    assert set(last) == {400}
    assert Session.objects.count() == statuses.count(200)
    assert Session.objects.live().count() == 0


def test_two_processes_keep_one_installation_to_the_cap(right: dict[str, str], settings: Any) -> None:
    settings.EXCHANGES_PER_MINUTE = 1_000_000
    settings.SESSIONS_PER_INSTALLATION = cap = 7

    async def at_once(door: Door) -> list[int]:
        other, live = Door(), []
        for _ in range(6):
            doors = (door, other) * 3
            replies = await asyncio.gather(*(knock(each, URL, right) for each in doors))
            assert {reply.status for reply in replies} == {200}
            live.append(await asyncio.to_thread(acted, Session.objects.live().count))
        await other.close()
        return live

    live = through_the_door(at_once)
    assert max(live) <= cap
    assert live[-1] == cap


def acted(act: Callable[[], T]) -> T:
    """In a thread, whose connection is given back."""
    try:
        return act()
    finally:
        connection.close()


@contextmanager
def held(installation: Installation) -> Iterator[None]:
    """The row as somebody who changes it holds it; on SQLite the whole database."""
    if ON_POSTGRESQL:
        with psycopg.connect(own_database()) as other:
            other.execute("SELECT 1 FROM installs_installation WHERE id = %s FOR NO KEY UPDATE", [installation.pk])
            yield
        return
    other_file = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None, timeout=20)
    other_file.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other_file.execute("ROLLBACK")
        other_file.close()


@contextmanager
def suspending_account(key: UUID) -> Iterator[None]:
    """The account as somebody suspends it who holds nothing else, and is done in the end."""
    if ON_POSTGRESQL:
        with psycopg.connect(own_database()) as other:
            other.execute("SELECT 1 FROM linnapp_account WHERE id = %s FOR UPDATE", [key])
            other.execute("UPDATE linnapp_account SET suspended_by_staff_at = now() WHERE id = %s", [key])
            yield
        return
    other_file = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None, timeout=20)
    other_file.execute("BEGIN IMMEDIATE")
    other_file.execute("UPDATE linnapp_account SET suspended_by_staff_at = '2026-01-01' WHERE id = ?", [key.hex])
    try:
        yield
    finally:
        other_file.execute("COMMIT")
        other_file.close()


@pytest.mark.parametrize("side", ["customer", "developer"])
def test_no_session_begins_while_an_account_is_being_suspended(
    right: dict[str, str], installation: Installation, side: str
) -> None:
    """What was read before is read again, once the row is there to be held."""
    key = installation.account_id if side == "customer" else installation.application.account_id

    async def beside(door: Door) -> int:
        with suspending_account(key):
            waits = asyncio.create_task(knock(door, URL, right))
            await asyncio.wait([waits], timeout=0.3)
            assert not waits.done()
        return (await waits).status

    assert through_the_door(beside) == 400
    assert Session.objects.count() == 0


def own_database() -> str:
    given = connection.get_connection_params()
    return conninfo.make_conninfo(**{name: given[name] for name in ("host", "port", "user", "dbname") if name in given})


def test_whoever_needs_a_row_that_is_held_waits_and_the_others_do_not(
    right: dict[str, str], elsewhere: dict[str, str], installation: Installation
) -> None:
    async def beside(door: Door) -> tuple[int, int]:
        with held(installation):
            waits = [asyncio.create_task(knock(door, URL, right)) for _ in range(3)]
            others = [asyncio.create_task(knock(door, URL, elsewhere)) for _ in range(2)]
            await asyncio.wait(others, timeout=10 if ON_POSTGRESQL else 0.3)
            answered = sum(each.done() for each in others)
            assert not any(each.done() for each in waits)
        replies = await asyncio.gather(*waits, *others)
        return answered, Counter(reply.status for reply in replies)[200]

    # SQLite has one writer.
    assert through_the_door(beside) == (2 if ON_POSTGRESQL else 0, 5)


def test_waiting_for_a_row_ends(
    right: dict[str, str], installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "HELD_SECONDS", 0.1)
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], *IMPATIENT)

    async def impatient(door: Door) -> Reply:
        with held(installation):
            return await knock(door, URL, right)

    reply = through_the_door(impatient)
    assert reply.status == 503
    assert ("Retry-After", "2") in reply.headers
    said = "The portal cannot reach its database just now. Wait 2 seconds, then send this again. "
    assert json.loads(reply.body) == {"Code": "503", "Message": f"{said}(reference 0123456789abcdef)"}
    assert Session.objects.count() == 0


# How long a connection that is opened from now on waits for whoever writes, in seconds; PostgreSQL is told elsewhere.
IMPATIENT = ("application_name", "linnapp") if ON_POSTGRESQL else ("timeout", 0.1)


def lose_connections() -> None:
    """Ends every connection to this database but one of its own, as a restart of PostgreSQL does."""
    if not ON_POSTGRESQL:
        return
    with psycopg.connect(own_database(), autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def sessions_begun() -> int:
    """Counted on a new connection: this test's own may be lost."""
    connection.close()
    return Session.objects.count()


def test_a_connection_that_was_lost_is_opened_again_and_everybody_is_answered(right: dict[str, str]) -> None:
    async def again(door: Door) -> list[int]:
        token = json.loads((await knock(door, URL, right)).body)["Token"]
        statuses = []
        for _ in range(2):
            await asyncio.to_thread(lose_connections)
            exchanges = (knock(door, URL, right) for _ in range(5))
            replies = await asyncio.gather(*exchanges, knock(door, LOCATIONS, HTTP_AUTHORIZATION=token))
            statuses += [reply.status for reply in replies]
        return statuses

    assert through_the_door(again) == [200] * 12
    assert sessions_begun() == 11


def test_a_view_answers_on_a_new_connection_too(right: dict[str, str]) -> None:
    assert post(right).status_code == 200
    lose_connections()
    assert post(right).status_code == 200
    lose_connections()
    assert isinstance(steps.answer(exchange_of(right)), Authorized)
    assert sessions_begun() == 3


def test_sessions_begun_are_answers_given_or_more_by_what_was_in_flight(right: dict[str, str], settings: Any) -> None:
    settings.EXCHANGES_PER_MINUTE = settings.SESSIONS_PER_INSTALLATION = 1_000_000
    losses = 5

    async def amid(door: Door) -> list[int]:
        async def caller() -> list[int]:
            return [(await knock(door, URL, right)).status for _ in range(12)]

        callers = [asyncio.create_task(caller()) for _ in range(CALLERS)]
        for _ in range(losses):
            await asyncio.sleep(0.05)
            await asyncio.to_thread(lose_connections)
        return [status for each in callers for status in await each]

    statuses = through_the_door(amid)
    assert set(statuses) <= {200, 503}
    answered = statuses.count(200)
    assert answered <= sessions_begun() <= answered + losses * CALLERS


def test_while_the_database_is_away_everybody_learns_it_at_once(
    right: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if ON_POSTGRESQL:
        monkeypatch.setitem(connection.settings_dict, "PORT", "1")
    else:
        monkeypatch.setattr("installs.exchange.steps._run", away)

    async def many(door: Door) -> list[Reply]:
        return await asyncio.gather(*(knock(door, URL, right) for _ in range(100)))

    replies = through_the_door(many)
    assert Counter(reply.status for reply in replies) == {503: 100}


def away(made: object) -> None:
    raise Unavailable


def test_one_whose_value_no_database_takes_fails_nobody_else(right: dict[str, str]) -> None:
    fine = exchange_of(right)
    broken = Exchange(replace(fine.request, scope="a\0b"), fine.address)

    async def beside(door: Door) -> list[Any]:
        waiting: Line[Authorized | Refused] = Line(Exchange, door.database)
        asked = (waiting.answer(each) for each in (fine, broken, fine))
        return await asyncio.gather(*asked, return_exceptions=True)

    first, theirs, last = through_the_door(beside)
    assert isinstance(first, Authorized)
    assert isinstance(last, Authorized)
    # SQLite takes it.
    assert isinstance(theirs, psycopg.DataError if ON_POSTGRESQL else Authorized)
    assert ledger.take() == []
