"""What is noted while the database is away, or ends a transaction for another's sake, is written later: nothing of it
is lost, and two processes write the same groups at once without waiting for each other in a circle."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import DataError, OperationalError, connection
from django.db.models import Sum

from installs.exchange import ledger, records
from installs.exchange.ledger import note
from installs.exchange.refusals import Reason
from installs.models import FailureWindow, RefusalGroup, RefusalSample

pytestmark = pytest.mark.usefixtures("nothing_noted")
ADDRESSES = [f"10.0.{number}.1" for number in range(30)]


def noted(addresses: list[str] = ADDRESSES) -> None:
    for address in addresses:
        note(Reason.UNPROVEN, address=address, facts={})


def counted() -> int:
    return RefusalGroup.objects.aggregate(total=Sum("count"))["total"] or 0


@pytest.mark.django_db
@pytest.mark.parametrize("broken", ["write", "count_failures"])
def test_what_could_not_be_written_is_written_the_next_time(monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    noted()
    with monkeypatch.context() as away:
        away.setattr(records, broken, fails(OperationalError("deadlock detected")))
        for _ in range(2):
            with pytest.raises(OperationalError):
                ledger.flush()
    noted(ADDRESSES[:3])
    ledger.flush()
    assert counted() == len(ADDRESSES) + 3
    assert RefusalSample.objects.count() == len(ADDRESSES) + 3
    failures = dict(FailureWindow.objects.values_list("address", "failures"))
    assert failures == dict.fromkeys(ADDRESSES, 1) | dict.fromkeys(ADDRESSES[:3], 2)


@pytest.mark.django_db
def test_the_thread_goes_on_and_says_that_they_wait(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    noted()
    monkeypatch.setattr(ledger, "close_old_connections", lambda: None)
    with monkeypatch.context() as away:
        away.setattr(records, "write", fails(OperationalError("the server closed the connection")))
        ledger._flush_safely(ledger.flush)
    assert "Refusals of the last moment wait to be recorded: the server closed" in caplog.text
    ledger._flush_safely(ledger.flush)
    assert counted() == len(ADDRESSES)


@pytest.mark.django_db
def test_what_the_database_never_takes_does_not_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    noted()
    with monkeypatch.context() as broken:
        broken.setattr(records, "write", fails(DataError("a NUL")))
        with pytest.raises(DataError):
            ledger.flush()
    assert ledger.take() == []


def test_while_it_is_away_no_more_is_kept_than_the_process_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "MOST_GROUPS", 5)
    noted(ADDRESSES[:5])
    waiting, failures = ledger._kept.take()
    noted(ADDRESSES[5:10])
    ledger._kept.give_back(waiting, failures)
    kept = ledger.take()
    assert len(kept) == 6
    assert sum(group.count for group in kept) == 10
    assert sum(len(group.samples) for group in kept) == 10


def fails(fault: Exception) -> Any:
    def broken(*args: object) -> None:
        raise fault

    return broken


@pytest.mark.django_db(transaction=True)
def test_two_processes_write_the_same_at_once() -> None:
    together = threading.Barrier(2)

    def flush(addresses: list[str]) -> None:
        try:
            for _ in range(5):
                kept = ledger._Ledger()
                with lock:
                    noted(addresses)
                    kept.groups, kept.failures = ledger._kept.groups, ledger._kept.failures
                    ledger._kept.groups, ledger._kept.failures = {}, Counter()
                groups, failures = kept.take()
                together.wait(30)
                records.write(groups)
                records.count_failures(failures)
        finally:
            connection.close()

    lock = threading.Lock()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(flush, [ADDRESSES, ADDRESSES[::-1]]))
    assert counted() == 10 * len(ADDRESSES)
    assert set(FailureWindow.objects.values_list("failures", flat=True)) == {10}
