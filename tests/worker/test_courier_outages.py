"""The courier beside a database that is away for longer than a claim lasts."""

import time
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from installs.models import Delivery, Installation
from installs.models.deliveries import DeliveryQuerySet, host_of
from installs.outbound import Stage, Step
from installs.postbacks import courier, packing, records, signing_secrets
from installs.postbacks.courier import Courier, Left, Told
from installs.postbacks.turns import claims
from linnapp import credentials
from tests.kit.receivers import Received, Reply, receiving

pytestmark = pytest.mark.usefixtures("to_loopback", "short_claims")
# Of one sending thread: what is claimed at a time.
CLAIMED = 2
# What never rests is stopped after so many seconds.
LIMIT = 6


class Database:
    """Away while told so, for whatever the courier asks of it: the tests' own transaction goes on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_away = False
        for place, name in (
            (courier, "groups_due"),
            (records, "write"),
            (packing, "tell_step"),
            (DeliveryQuerySet, "update"),
        ):
            monkeypatch.setattr(place, name, self._unless_away(getattr(place, name)))
        monkeypatch.setattr(courier, "connections", SimpleNamespace(close_all=lambda: None))

    def _unless_away(self, ask: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*of: Any, **options: Any) -> Any:
            if self.is_away:
                raise OperationalError("the connection is closed")
            return ask(*of, **options)

        return asked


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Database:
    return Database(monkeypatch)


@pytest.fixture
def short_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    over = time.monotonic() + LIMIT
    monkeypatch.setattr(claims, "LEASE", timedelta(seconds=0.6))
    monkeypatch.setattr(courier, "LEFT_TO_BEGIN", timedelta(seconds=0.2))
    monkeypatch.setattr(courier, "DATABASE_AWAY_SECONDS", 0.05)
    monkeypatch.setattr(courier, "STOP_SECONDS", 0)
    monkeypatch.setattr(courier, "stop_asked", lambda: time.monotonic() > over)


def owe(installation: Installation, url: str, number: int, **fields: Any) -> None:
    signing_secrets.ensure(installation.application)
    owed = {"application": installation.application, "installation": installation, "event": "authorised", **fields}
    due = {"url": url, "host": host_of(url), "next_attempt_at": timezone.now()}
    Delivery.objects.bulk_create(Delivery(**owed, **due, nonce=credentials.new_link_key()) for _ in range(number))


def test_what_is_under_way_ends_though_the_database_is_away_and_nothing_is_sent_twice(
    installation: Installation, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One hangs; the other waits for the thread until its claim is over, and another worker sends it."""
    began: list[float] = []

    def hangs(received: Received) -> Reply:
        began.append(time.monotonic())
        database.is_away = len(began) == 1
        return Reply(delay=1.3 if database.is_away else 0)

    def sleep(seconds: float) -> None:
        time.sleep(seconds)
        if time.monotonic() > began[0] + 1.5:
            database.is_away = False
            others = Delivery.objects.exclude(pk=receiver.received[0].headers["webhook-id"])
            others.update(state=Delivery.State.DELIVERED, next_attempt_at=None, claimed_until=None)

    monkeypatch.setattr(courier, "time", SimpleNamespace(monotonic=time.monotonic, sleep=sleep))
    at_work = Courier(threads=1)
    with receiving(hangs) as receiver:
        owe(installation, receiver.url, CLAIMED)
        at_work.run()
        assert len(receiver.received) == 1
    assert at_work.under_way == {}
    assert Delivery.objects.delivered().count() == CLAIMED


def claimed_by(at_work: Courier, installation: Installation, **fields: Any) -> None:
    """None of its threads is started."""
    owe(installation, "https://hooks.example.com/", CLAIMED, **fields)
    assert at_work._claim()[0] == CLAIMED


def test_what_is_given_back_counts_for_nobody_any_more(installation: Installation, database: Database) -> None:
    at_work = Courier(threads=1)
    claimed_by(at_work, installation)
    database.is_away = True
    with pytest.raises(OperationalError):
        at_work._give_back()
    assert at_work.under_way == {}


def test_what_a_thread_left_counts_for_nobody_and_steps_are_told_once_the_database_is_back(
    installation: Installation, database: Database
) -> None:
    at_work = Courier(threads=1)
    claimed_by(at_work, installation, event=Delivery.Event.TEST)
    one, other = at_work.line.give_back()
    steps = [Step(stage, "As it was", 1, passed=True) for stage in (Stage.NAME, Stage.ADDRESS)]
    told = [Told(one.delivery_id, step) for step in steps]
    database.is_away = True
    with pytest.raises(OperationalError):
        at_work._write([told[0], Left(other)])
    assert at_work.under_way.keys() == {one.delivery_id}
    at_work.news.put(told[1])
    database.is_away = False
    at_work._write_what_came_meanwhile()
    assert [step["name"] for step in Delivery.objects.get(pk=one.delivery_id).steps] == ["name", "address"]
