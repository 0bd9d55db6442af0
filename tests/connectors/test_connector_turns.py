"""Whose connector is tested next: nobody's slow servers keep another's test, and each page says what it waits for."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from installs.connectors import checking
from installs.connectors.client import AUTHORIZE
from installs.models import Connector, ConnectorCheck
from linnapp import crews, jobs, supervision
from linnapp.crews import Crew
from linnapp.models import Account, User
from linnapp.services import people
from tests.kit.connectors import api, connector, seen, url
from tests.kit.people import ClientOf, acting
from tests.kit.receivers import Received, Reply, receiving

State = ConnectorCheck.State
SLOW = "https://slow.example.com"


def asked_for(owner: User, number: int, base_url: str = SLOW) -> ConnectorCheck:
    """On an account of its own: each has one test at a time."""
    account = people.create_account(name=f"Account {owner.pk} {number}", owner=owner)
    return checking.start(connector(account, base_url, owner), by=acting(owner))


def taken() -> list[ConnectorCheck]:
    """All that may begin at this moment, in the order of their turns."""
    found = []
    while check := checking.take():
        found.append(check)
    return found


@pytest.mark.django_db
def test_a_person_has_two_at_work_over_all_accounts_and_others_come_before_the_rest(carol: User, dave: User) -> None:
    carols = [asked_for(carol, number, f"https://{number}.example.com") for number in range(4)]
    daves = [asked_for(dave, number, f"https://{number}.example.net") for number in range(2)]
    assert [check.pk for check in taken()] == [carols[0].pk, daves[0].pk, carols[1].pk, daves[1].pk]
    ConnectorCheck.objects.filter(pk=carols[0].pk).update(state=State.PASSED)
    assert [check.pk for check in taken()] == [carols[2].pk]


@pytest.mark.django_db
def test_a_host_has_two_at_work_whoever_tests_it_and_on_whatever_port(carol: User, dave: User, alice: User) -> None:
    first, second, third = (asked_for(person, 1, f"{SLOW}:{8443 + n}") for n, person in enumerate((carol, dave, alice)))
    elsewhere = asked_for(alice, 2, "https://fast.example.com")
    assert [check.pk for check in taken()] == [first.pk, second.pk, elsewhere.pk]
    ConnectorCheck.objects.filter(pk=second.pk).update(state=State.FAILED)
    assert [check.pk for check in taken()] == [third.pk]


@pytest.mark.django_db
def test_one_whose_worker_is_gone_keeps_nobody_for_ever(carol: User) -> None:
    for number in range(2):
        asked_for(carol, number)
    assert len(taken()) == 2
    ConnectorCheck.objects.update(created_at=timezone.now() - timedelta(seconds=91))
    waiting = asked_for(carol, 2)
    assert [check.pk for check in taken()] == [waiting.pk]


def page_of(check: ConnectorCheck, client: Client) -> str:
    return seen(client.get(url("connector_check", check.connector_id, account=check.connector.account.slug)))


@pytest.mark.django_db
def test_the_page_says_what_it_waits_for(carol: User, dave: User, client_of: ClientOf) -> None:
    checks = [asked_for(carol, number, f"https://{number}.example.com") for number in range(3)]
    assert "The test is waiting for its turn." not in page_of(checks[2], client_of(carol))
    taken()
    said = "The test is waiting for its turn. Only 2 of your connections are tested at a time."
    assert said in page_of(checks[2], client_of(carol))
    Connector.objects.update(base_url=SLOW)
    other = asked_for(dave, 1)
    said = "Only 2 connections to slow.example.com are tested at a time."
    assert said in page_of(other, client_of(dave))
    # Not that no worker took it, as after four seconds where nothing stands before it.
    ConnectorCheck.objects.filter(pk=other.pk).update(created_at=timezone.now() - timedelta(seconds=10))
    page = page_of(other, client_of(dave))
    assert said in page
    assert "No worker of the portal has taken it yet." not in page
    ConnectorCheck.objects.filter(pk=other.pk).update(created_at=timezone.now() - timedelta(seconds=61))
    assert "The test did not start within a minute. Test the connection again." in page_of(other, client_of(dave))


@pytest.mark.django_db
def test_the_page_says_when_all_threads_are_at_work(
    carol: User, dave: User, client_of: ClientOf, settings: Settings
) -> None:
    settings.CONNECTOR_CHECK_THREADS = 1
    asked_for(carol, 1, "https://one.example.com")
    taken()
    waiting = asked_for(dave, 1, "https://other.example.com")
    assert "The test is waiting for its turn. 1 connection is being tested right now." in page_of(
        waiting, client_of(dave)
    )


@pytest.mark.django_db(transaction=True)
def test_threads_that_take_at_the_same_moment_take_no_more_than_that(carol: User, dave: User) -> None:
    for number in range(6):
        asked_for(carol, number, f"https://{number}.example.com")
    asked_for(dave, 1)

    def take(_: int) -> list[ConnectorCheck]:
        try:
            return taken()
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        found = [check.pk for each in pool.map(take, range(8)) for check in each]
    assert len(found) == len(set(found)) == 3
    assert ConnectorCheck.objects.running(timezone.now()).filter(requested_by=carol).count() == 2


# At work.


@contextmanager
def crew_at_work(monkeypatch: pytest.MonkeyPatch, *, looks_every: float = 3600.0) -> Iterator[Crew]:
    """As in a worker, with connections of its own."""
    stop = threading.Event()
    monkeypatch.setattr(supervision, "_asked", [stop])
    monkeypatch.setattr(crews, "_started", [])

    def work() -> None:
        try:
            checking.work()
        finally:
            connection.close()

    crew = Crew("test", work, looks_every=looks_every, threads=8)
    monkeypatch.setattr(checking, "crew", crew)
    crew.start()
    try:
        yield crew
    finally:
        stop.set()
        crews.finish(10)


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("to_loopback")
def test_twelve_slow_ones_of_one_person_keep_nobody_elses(
    carol: User, dave: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def slow(received: Received) -> Reply:
        if received.path == AUTHORIZE:
            go_on.wait(10)
        return api(received)

    with receiving(slow) as servers, receiving(api) as quick:
        for number in range(12):
            asked_for(carol, number, servers.url)
        with crew_at_work(monkeypatch) as crew:
            crew.wake()
            wait_for(lambda: len(servers.received) == 2)
            # Of a name that is another's: 127.0.0.1 has two at work.
            other = asked_for(dave, 1, quick.url.replace("127.0.0.1", "localhost"))
            crew.wake()
            wait_for(lambda: ConnectorCheck.objects.get(pk=other.pk).is_over)
            assert len(servers.received) == 2
            go_on.set()
            wait_for(lambda: not ConnectorCheck.objects.under_way(timezone.now()).exists())
    assert set(ConnectorCheck.objects.values_list("state", flat=True)) == {State.PASSED}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("to_loopback")
def test_without_a_queue_it_is_found_by_looking(
    cakes: Account, carol: User, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*named: object) -> None:
        raise ConnectionError("no Redis")

    monkeypatch.setattr(checking, "run", away)
    with receiving(api) as receiver:
        row = connector(cakes, receiver.url, carol)
        with crew_at_work(monkeypatch, looks_every=0.05):
            assert client_of(carol).post(url("connector_check", row.pk)).status_code == 302
            wait_for(lambda: row.checks.filter(state=State.PASSED).exists())


def test_the_job_wakes_the_crew_also_one_of_an_earlier_release(monkeypatch: pytest.MonkeyPatch) -> None:
    crew = Crew("test", lambda: None, looks_every=1)
    monkeypatch.setattr(checking, "crew", crew)
    checking.run.call_local()
    checking.run.call_local("6a5ef9a1-0000-4000-8000-000000000001")
    assert crew.calls == 2
    assert jobs.ask(lambda: None)
