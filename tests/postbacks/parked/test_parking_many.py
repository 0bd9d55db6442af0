"""Whoever writes an attempt down marks its host, whatever waits for it; what waits follows in batches, in order."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import TestCase
from django.utils import timezone

from installs.installations import lifecycle
from installs.models import Attempt, Delivery, PostbackHost
from installs.postbacks import courier, parking
from linnapp import batches
from linnapp.models import Account, Application, TimelineEntry, User
from tests.kit.people import acting
from tests.kit.posting import deliver, install, with_postback
from tests.kit.receivers import Reply, receiving

pytestmark = pytest.mark.usefixtures("to_loopback")
State = Delivery.State
HELD = 12


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """The jobs that parking puts into the queue."""
    jobs: list[tuple[Any, ...]] = []
    monkeypatch.setattr("installs.postbacks.parking.jobs.ask", lambda *job: jobs.append(job))
    return jobs


def waiting(like: Delivery, state: str, number: int) -> None:
    """So many more to the same host, the first of them the oldest."""
    now = timezone.now()
    Delivery.objects.bulk_create(
        Delivery(
            application=like.application,
            installation=like.installation,
            event=Delivery.Event.TOKEN_ROTATED,
            url=like.url,
            host=like.host,
            tracking=str(place),
            nonce=f"{place}",
            state=state,
            created_at=now - timedelta(minutes=number - place),
            next_attempt_at=now + timedelta(hours=1) if state == State.DUE else None,
            tried=5,
        )
        for place in range(number)
    )


def parked(application: Application, host: str) -> None:
    now = timezone.now()
    PostbackHost.objects.create(
        application=application,
        host=host,
        failing_since=now - timedelta(days=6),
        parked_at=now - timedelta(days=1),
        next_trial_at=now - timedelta(seconds=1),
    )


def states() -> dict[str, int]:
    found = list(Delivery.objects.values_list("state", flat=True))
    return {state: found.count(state) for state in sorted(set(found))}


def test_the_one_that_is_written_down_parks_the_host_and_a_job_holds_the_rest(
    application: Application, cakes: Account, alice: User, carol: User, asked: list[tuple[Any, ...]]
) -> None:
    with receiving(Reply(500)) as receiver:
        install(application, cakes, with_postback(application, receiver.url, alice), carol)
        courier.courier.run()
        row = Delivery.objects.get()
        waiting(row, State.DUE, HELD)
        PostbackHost.objects.update(failing_since=timezone.now() - timedelta(days=6))
        Attempt.objects.bulk_create(Attempt(delivery=row) for _ in range(3))
        Delivery.objects.filter(pk=row.pk).update(next_attempt_at=timezone.now())
        with TestCase.captureOnCommitCallbacks(execute=True):
            courier.courier.run()
    host = PostbackHost.objects.get()
    assert host.is_parked
    assert states() == {State.DUE: HELD, State.HELD: 1}
    assert (parking.hold_due, host.pk) in asked
    parking.hold_due.call_local(host.pk)
    assert states() == {State.HELD: HELD + 1}


def test_what_somebody_sends_again_after_the_first_trial_is_not_held_by_a_late_job(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    with receiving() as receiver:
        version = with_postback(application, receiver.url, alice)
        row = install(application, cakes, version, carol).delivery
    assert row is not None
    parked(application, row.host)
    parking.hold_due.call_local(PostbackHost.objects.get().pk)
    assert states() == {State.DUE: 1}


def test_a_host_that_answers_is_told_at_once_with_the_number_and_a_job_releases_them_in_order(
    application: Application, cakes: Account, alice: User, carol: User, asked: list[tuple[Any, ...]]
) -> None:
    with receiving() as receiver:
        version = with_postback(application, receiver.url, alice)
        parked(application, receiver.host_and_port)
        install(application, cakes, version, carol, tracking="first")
        Delivery.objects.update(created_at=timezone.now() - timedelta(hours=2))
        waiting(Delivery.objects.get(), State.HELD, HELD)
        parking.try_held()
        with TestCase.captureOnCommitCallbacks(execute=True):
            courier.courier.run()
        assert states() == {State.DELIVERED: 1, State.HELD: HELD}
        assert TimelineEntry.objects.get(kind="POSTBACKS_RELEASED").facts["count"] == HELD
        assert (parking.release,) in asked
        assert not PostbackHost.objects.parked().exists()
        # What is new now waits behind those before it.
        lifecycle.install(application, account=cakes, version=version, by=acting(carol), tracking="last")
        assert states() == {State.DELIVERED: 1, State.HELD: HELD + 1}
        deliver()
        order = [sent.form["Tracking"] for sent in receiver.received]
        install(application, cakes, version, carol, tracking="later")
    due = Delivery.objects.exclude(tracking="later").order_by("created_at").values_list("pk", flat=True)
    sent = Attempt.objects.order_by("at", "pk").values_list("delivery", flat=True)
    assert set(sent) == set(due)
    assert order[0] == "first"
    assert Delivery.objects.get(tracking="later").state == State.DUE
    assert PostbackHost.objects.get().parked_at is None


def test_one_that_fails_while_others_are_released_is_tried_again_by_the_schedule(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    with receiving(Reply(500)) as receiver:
        version = with_postback(application, receiver.url, alice)
        parked(application, receiver.host_and_port)
        install(application, cakes, version, carol)
        PostbackHost.objects.update(failing_since=None, next_trial_at=None)
        Delivery.objects.update(state=State.DUE, next_attempt_at=timezone.now())
        courier.courier.run()
    assert Delivery.objects.get().state == State.DUE
    assert PostbackHost.objects.get().failing_since is None


def test_batches_release_the_oldest_first(
    application: Application, cakes: Account, alice: User, carol: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "MOST", 3)
    with receiving() as receiver:
        row = install(application, cakes, with_postback(application, receiver.url, alice), carol).delivery
    assert row is not None
    waiting(row, State.HELD, HELD)
    parking.free_stranded()
    rows = Delivery.objects.filter(event=Delivery.Event.TOKEN_ROTATED)
    by_turn = list(rows.order_by("next_attempt_at", "created_at").values_list("tracking", flat=True))
    assert by_turn == [str(place) for place in range(HELD)]
    assert rows.values_list("next_attempt_at").distinct().count() == HELD / 3
