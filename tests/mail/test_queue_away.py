"""The queue only calls. One that is away, or whose file was removed, costs nobody a page and loses nothing."""

import logging
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from huey import crontab
from redis.backoff import NoBackoff

from linnapp import jobs, periodic, queues
from linnapp.queues import queue

SECRET = "a secret of thirty-two characters"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "huey.sqlite3"


def on(file: Path) -> Any:
    return queue("", file, SECRET)


def remove(file: Path) -> None:
    for path in file.parent.glob("huey.sqlite3*"):
        path.unlink()


@pytest.mark.parametrize("whole", [True, False], ids=["with its log", "alone"])
def test_a_file_that_was_removed_is_made_anew_and_both_sides_meet_in_it(file: Path, whole: bool) -> None:
    puts, takes = on(file), on(file)
    puts.storage.enqueue(b"lost")
    assert takes.storage.queue_size() == 1
    if whole:
        remove(file)
    else:
        file.unlink()
    puts.storage.enqueue(b"kept")
    assert takes.storage.dequeue() == b"kept"
    assert takes.storage.dequeue() is None
    remove(file)
    assert takes.storage.dequeue() is None
    puts.storage.add_to_schedule(b"later", datetime(2026, 1, 1, tzinfo=UTC))
    assert takes.storage.read_schedule(datetime(2027, 1, 1, tzinfo=UTC)) == [b"later"]


def test_a_file_in_a_folder_that_is_gone_is_no_error_of_whoever_asked(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    huey = on(folder / "huey.sqlite3")
    remove(folder / "huey.sqlite3")
    folder.rmdir()
    with pytest.raises(sqlite3.Error):
        huey.storage.enqueue(b"job")
    assert not jobs.ask(huey.storage.enqueue, b"job")
    folder.mkdir()
    assert jobs.ask(huey.storage.enqueue, b"job")
    assert huey.storage.dequeue() == b"job"


def test_redis_is_not_waited_for() -> None:
    """Refused at once, and never tried again with pauses, as redis-py does by itself."""
    huey = queue("redis://127.0.0.1:1/0", Path(), SECRET)
    assert not jobs.ask(huey.storage.enqueue, b"job")
    kwargs = huey.storage.pool.connection_kwargs
    assert isinstance(kwargs["retry"]._backoff, NoBackoff)
    assert (kwargs["socket_connect_timeout"], kwargs["socket_timeout"]) == (
        queues.CONNECTS_WITHIN,
        queues.ANSWERS_WITHIN,
    )


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs._Rest, "until", 0.0)


def test_a_queue_that_says_nothing_for_long_is_not_asked_again_for_a_while(
    fresh: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(jobs, "time", SimpleNamespace(monotonic=lambda: now[0]))
    asked = []

    def slow() -> None:
        asked.append(now[0])
        now[0] += 2
        raise TimeoutError

    assert not jobs.ask(slow)
    assert not jobs.ask(slow)
    now[0] += 10
    assert jobs.ask(lambda: None)
    assert asked == [100.0]


def test_a_worker_says_once_a_minute_that_its_queue_is_away() -> None:
    sieve = jobs.QueueIsAway()

    def said(name: str, message: str, error: Exception | None) -> str | None:
        info = (type(error), error, None) if error else None
        record = logging.LogRecord(name, logging.ERROR, "", 1, message, (), info)
        return record.getMessage() if sieve.filter(record) else None

    away = [said("huey.consumer.Worker", "Error reading from queue", ConnectionError("x")) for _ in range(3)]
    assert away == ["the job queue is away (ConnectionError): what waits is found by looking", None, None]
    assert said("huey.consumer.Scheduler", "Error reading schedule.", OSError("x"))
    assert said("huey", "A job broke off", OSError("x")) == "A job broke off"
    assert said("huey.consumer.Worker", "A fault of its own", ValueError()) == "A fault of its own"


class Job:
    def __init__(self, name: str, due: Any, does: Any) -> None:
        self.name, self.due, self.execute = name, due, does

    def validate_datetime(self, at: datetime) -> bool:
        return bool(self.due(at))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> tuple[periodic.Clock, list[str]]:
    done: list[str] = []

    def breaks() -> None:
        done.append("breaks")
        raise ValueError

    found = [
        Job("breaks", crontab(minute="*"), breaks),
        Job("minutely", crontab(minute="*"), lambda: done.append("minutely")),
        Job("hourly", crontab(minute="30"), lambda: done.append("hourly")),
    ]
    monkeypatch.setattr(
        periodic, "HUEY", SimpleNamespace(read_periodic=lambda at: [job for job in found if job.validate_datetime(at)])
    )
    return periodic.Clock(), done


def test_what_is_due_by_the_clock_is_done_once_a_minute_and_one_that_breaks_keeps_no_other(
    clock: tuple[periodic.Clock, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    works, done = clock
    now = [datetime(2026, 5, 1, 10, 29, 20, tzinfo=UTC)]
    monkeypatch.setattr(periodic, "timezone", SimpleNamespace(now=lambda: now[0]))
    began = now[0]
    monkeypatch.setattr(periodic, "time", SimpleNamespace(monotonic=lambda: (now[0] - began) / timedelta(seconds=1)))
    works.work()
    works.work()
    assert done == ["breaks", "minutely"]
    now[0] += timedelta(minutes=1)
    works.work()
    assert done[2:] == ["breaks", "minutely", "hourly"]
    # Stood still past the half hour: what was due meanwhile is done, once.
    now[0] += timedelta(minutes=63)
    works.work()
    assert done[5:] == ["breaks", "minutely", "hourly"]


def test_a_clock_that_is_set_back_stops_nothing_and_one_that_is_corrected_does_nothing_twice(
    clock: tuple[periodic.Clock, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    works, done = clock
    now, passed = [datetime(2026, 5, 1, 10, 31, tzinfo=UTC)], [0.0]
    monkeypatch.setattr(periodic, "timezone", SimpleNamespace(now=lambda: now[0]))
    monkeypatch.setattr(periodic, "time", SimpleNamespace(monotonic=lambda: passed[0]))
    works.work()
    now[0] -= timedelta(minutes=2)
    works.work()
    assert done == ["breaks", "minutely"]
    # A day back is doubted for five minutes, then believed.
    now[0] -= timedelta(days=1)
    works.work()
    assert done[2:] == []
    now[0] += timedelta(minutes=5)
    passed[0] += 300
    works.work()
    assert done[2:] == ["breaks", "minutely"]
    now[0] += timedelta(minutes=56)
    passed[0] += 3360
    works.work()
    assert done[4:] == ["breaks", "minutely", "hourly"]


def test_one_that_runs_is_not_begun_beside_itself(clock: tuple[periodic.Clock, list[str]]) -> None:
    works, _ = clock
    now = datetime(2026, 5, 1, 10, 29, tzinfo=UTC)
    assert [works.next(now).name, works.next(now).name] == ["breaks", "minutely"]
    assert works.next(now + timedelta(minutes=1)).name == "hourly"
    assert works.next(now + timedelta(minutes=1)) is None
    works.running.discard("minutely")
    assert works.next(now + timedelta(minutes=1)).name == "minutely"
