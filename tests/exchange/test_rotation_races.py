"""A permanent token is rotated and its old one ended while two hundred clients exchange both, at the doors of two
processes: no session is left that began with an ended one, and nobody is refused for another reason."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import connection

from installs.exchange.door import Door
from installs.exchange.first_uses import FirstUse
from installs.exchange.refusals import Reason, sentence
from installs.exchange.steps import Not, run
from installs.installations import lifecycle, rotating, session_ends
from installs.installations.rotating import Rotation
from installs.models import Installation, PermanentToken, Session
from linnapp.actors import Actor
from linnapp.errors import NotPossible
from linnapp.models import User
from tests.exchange.test_group_races import ON_POSTGRESQL, acted, held
from tests.kit.exchanging import URL, exchange, knock, members_of, through_the_door
from tests.kit.people import acting

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("nothing_noted")]
CALLERS = 200
# Before the act, and after it.
ANSWERED = 200
Sent = Callable[[int], dict[str, str]]
REPLACED = sentence(Reason.TOKEN_ENDED)
# Two hundred of one installation wait for each other; a slow machine asks some to come again.
ANSWERS = {200, 400, 503}


@pytest.fixture(autouse=True)
def roomy(settings: Any) -> None:
    settings.EXCHANGES_PER_MINUTE = settings.SESSIONS_PER_INSTALLATION = 1_000_000


class Clients:
    """Two hundred of them, at two doors in turn, until they are called off; and what each was answered last."""

    def __init__(self, doors: list[Door], sent: Sent) -> None:
        self.sent = sent
        self.statuses: list[int] = []
        self.refusals: set[str] = set()
        self.done = asyncio.Event()
        numbers = range(CALLERS)
        self.callers = [asyncio.create_task(self.exchange(doors[number % 2], number // 2)) for number in numbers]

    async def exchange(self, door: Door, number: int) -> None:
        while not self.done.is_set():
            self.note(await knock(door, URL, self.sent(number)))

    def note(self, reply: Any) -> None:
        self.statuses.append(reply.status)
        if reply.status == 400:
            self.refusals.add(json.loads(reply.body)["Message"].rpartition(" (reference")[0])

    async def so_many_more(self, number: int) -> None:
        enough = len(self.statuses) + number
        while len(self.statuses) < enough:
            await asyncio.sleep(0.001)

    async def called_off(self) -> None:
        self.done.set()
        await asyncio.gather(*self.callers)


def both(rotation: Rotation) -> Sent:
    sent = [members_of(rotation.old), members_of(rotation.new)]
    return lambda number: sent[number % 2]


def now_in_use(installation: Installation) -> Sent:
    sent = members_of(lifecycle.current_token(installation))
    return lambda number: sent


def amid(sent: Sent, act: Callable[[], object], then: Sent) -> Clients:
    """Clients exchange while the act happens, and go on after it."""

    async def scenario(door: Door) -> Clients:
        other = Door()
        clients = Clients([door, other], sent)
        await clients.so_many_more(ANSWERED)
        await asyncio.to_thread(acted, act)
        clients.sent = then
        await clients.so_many_more(ANSWERED)
        await clients.called_off()
        await other.close()
        return clients

    return through_the_door(scenario)


def nothing_outlives(ended: PermanentToken) -> None:
    connection.close()
    ended.refresh_from_db()
    assert ended.ends_at is not None
    assert not Session.objects.filter(permanent_token=ended, ended_at=None).exists()
    # Each brings the moment at which it came: what waited its turn behind a later one was ended with all that stood.
    later = Session.objects.filter(permanent_token=ended, created_at__gt=ended.ends_at)
    assert not later.exclude(ended_at=ended.ends_at).exists()
    assert Session.objects.filter(permanent_token=ended).exists()


def test_nobody_is_refused_while_somebody_rotates(installation: Installation, carol: User) -> None:
    sent = now_in_use(installation)
    clients = amid(sent, lambda: rotating.rotate(installation, by=acting(carol)), sent)
    assert clients.refusals == set()
    assert PermanentToken.objects.live().count() == 2
    assert Session.objects.live().count() == clients.statuses.count(200) >= 2 * ANSWERED - clients.statuses.count(503)


def test_no_session_outlives_the_first_use(installation: Installation, carol: User) -> None:
    sent = now_in_use(installation)
    rotation = rotating.rotate(installation, by=acting(carol))
    first = []
    clients = amid(sent, lambda: first.append(exchange(rotation.new).status_code), both(rotation))
    assert {200, 400} <= set(clients.statuses) <= ANSWERS
    assert clients.refusals == {REPLACED}
    nothing_outlives(rotation.old)
    # Among so many the first one may be asked to come again, too; a client is the first then.
    assert set(first) <= {200, 503}
    assert Session.objects.count() == [*clients.statuses, *first].count(200)


def test_both_at_once_from_the_start(installation: Installation, carol: User) -> None:
    """A hundred are the first to use the new one."""
    rotation = rotating.rotate(installation, by=acting(carol))
    clients = amid(both(rotation), lambda: None, both(rotation))
    assert clients.refusals <= {REPLACED}
    nothing_outlives(rotation.old)
    rotation.old.refresh_from_db()
    assert rotation.old.ended_by_use


def test_no_session_outlives_the_end_by_hand(installation: Installation, carol: User) -> None:
    sent = now_in_use(installation)
    rotation = rotating.rotate(installation, by=acting(carol))
    clients = amid(sent, lambda: rotating.end_old_token(installation, by=acting(carol)), both(rotation))
    assert clients.refusals == {REPLACED}
    nothing_outlives(rotation.old)


def test_rotating_and_ending_by_two_people_at_once_end_in_one_of_the_two(
    installation: Installation, carol: User, alice: User
) -> None:
    """And in no deadlock, with exchanges of both among them."""
    rotation = rotating.rotate(installation, by=acting(carol))

    def everything() -> None:
        for by in (acting(carol), acting(alice)):
            for service in (rotating.end_old_token, rotating.rotate, session_ends.end_sessions):
                refused_or_done(service, installation, by)

    clients = amid(both(rotation), everything, both(rotation))
    assert clients.refusals <= {REPLACED}
    connection.close()
    assert PermanentToken.objects.live().count() <= 2
    live = PermanentToken.objects.live().values("pk")
    assert not Session.objects.live().exclude(permanent_token__in=live).exists()


def refused_or_done(service: Callable[..., object], installation: Installation, by: Actor) -> None:
    with suppress(NotPossible):
        service(installation, by=by)


def test_a_first_use_stands_aside_for_whoever_holds_the_installation(installation: Installation, carol: User) -> None:
    """The session has begun by then: the old one ends a moment later, before the client is answered."""
    rotation = rotating.rotate(installation, by=acting(carol))
    first = members_of(rotation.new)

    async def beside(door: Door) -> Counter[int]:
        with held(installation):
            waits = [asyncio.create_task(knock(door, URL, first)) for _ in range(3)]
            await asyncio.sleep(0.3)
            assert not any(each.done() for each in waits)
        return Counter(reply.status for reply in await asyncio.gather(*waits))

    assert through_the_door(beside) == {200: 3}
    assert PermanentToken.objects.get(pk=rotation.old.pk).ended_by_use


def test_what_is_held_is_asked_for_again(installation: Installation, carol: User) -> None:
    rotation = rotating.rotate(installation, by=acting(carol))
    ask = FirstUse(rotation.new.pk)
    if ON_POSTGRESQL:
        # SQLite has one writer: nobody holds a row alone.
        with held(installation):
            assert run(ask.alone) is Not.NOW
            assert run(lambda: FirstUse.together([ask, ask])) == [Not.NOW, Not.NOW]
    assert run(lambda: FirstUse.together([ask, ask])) == [True, True]
    assert run(ask.alone) is True
