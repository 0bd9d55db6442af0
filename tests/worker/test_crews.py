"""Threads of a worker that do one kind of work: when they look, and when they stop."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from linnapp import crews, supervision
from linnapp.crews import Crew

# Longer than any test takes: nobody looks by itself.
NEVER = 3600.0
pytestmark = pytest.mark.usefixtures("own_stop")


@pytest.fixture
def own_stop(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """What asks these crews to stop, and no other; they are gone afterwards."""
    asked = threading.Event()
    started: list[Crew] = []
    monkeypatch.setattr(supervision, "_asked", [asked])
    monkeypatch.setattr(crews, "_started", started)
    yield asked
    asked.set()
    crews.finish(5)
    assert [thread.name for crew in started for thread in crew.threads if thread.is_alive()] == []


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)


def began(work: Callable[[], Any], *, looks_every: float = NEVER, threads: int = 1) -> Crew:
    crew = Crew("test", work, looks_every=looks_every, threads=threads)
    crew.start()
    return crew


def test_it_looks_when_it_begins_and_when_it_is_woken() -> None:
    looks: list[int] = []
    crew = began(lambda: looks.append(1))
    wait_for(lambda: len(looks) == 1)
    crew.wake()
    wait_for(lambda: len(looks) == 2)


def test_woken_while_at_work_it_looks_once_more() -> None:
    looks: list[int] = []
    at_work, go_on = threading.Event(), threading.Event()

    def work() -> None:
        looks.append(1)
        at_work.set()
        assert go_on.wait(10)

    crew = began(work)
    assert at_work.wait(10)
    # However often: what came meanwhile is found by one look.
    for _ in range(3):
        crew.wake()
    go_on.set()
    wait_for(lambda: len(looks) == 2)
    time.sleep(0.05)
    assert len(looks) == 2


def test_one_that_broke_off_goes_on() -> None:
    looks: list[int] = []

    def work() -> None:
        looks.append(1)
        if len(looks) == 1:
            raise RuntimeError("the database restarts")

    crew = began(work)
    wait_for(lambda: len(looks) == 1)
    crew.wake()
    wait_for(lambda: len(looks) == 2)


def test_one_that_nobody_wakes_looks_by_itself() -> None:
    looks: list[int] = []
    began(lambda: looks.append(1), looks_every=0.01)
    wait_for(lambda: len(looks) >= 3)


def test_all_its_threads_are_woken_and_work_at_the_same_time() -> None:
    together = threading.Barrier(4)
    crew = began(lambda: together.wait(10), threads=3)
    together.wait(10)
    crew.wake()
    together.wait(10)


def test_one_at_work_does_not_keep_another_crew() -> None:
    go_on, other = threading.Event(), threading.Event()
    began(lambda: go_on.wait(10))
    began(other.set)
    assert other.wait(10)
    go_on.set()


def test_asked_to_stop_they_end_and_are_waited_for(own_stop: threading.Event) -> None:
    go_on, at_work = threading.Event(), threading.Event()

    def work() -> None:
        at_work.set()
        go_on.wait(10)

    idle, busy = began(lambda: None), began(work)
    assert at_work.wait(10)
    own_stop.set()
    crews.finish(0.1)
    # Nobody looked for an hour but by the wish to stop; what is at work has its time, and no more.
    assert not idle.threads[0].is_alive()
    assert busy.threads[0].is_alive()
    go_on.set()
    crews.finish(5)
    assert not busy.threads[0].is_alive()


def test_they_are_asked_at_the_wish_to_stop_and_not_after_what_else_ends(own_stop: threading.Event) -> None:
    go_on, at_work = threading.Event(), threading.Event()

    def work() -> None:
        at_work.set()
        go_on.wait(10)

    idle, busy = began(lambda: None), began(work)
    assert at_work.wait(10)
    finishing = crews.finish_once(own_stop, 30)
    own_stop.set()
    # Woken: by itself it would look in an hour.
    idle.threads[0].join(10)
    assert not idle.threads[0].is_alive()
    assert finishing.is_alive()
    go_on.set()
    finishing.join(10)
    assert not finishing.is_alive()
    assert not busy.threads[0].is_alive()


def test_they_are_started_by_the_names_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = threading.Event()
    crew = Crew("named", looked.set, looks_every=NEVER)
    monkeypatch.setattr(crews, "named_by_a_test", crew, raising=False)
    crews.start(["linnapp.crews.named_by_a_test"])
    assert looked.wait(10)
