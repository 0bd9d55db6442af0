"""A host that keeps failing is parked, tried hourly, and released in order by its first success."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import TestCase
from django.utils import timezone

from installs.installations import lifecycle
from installs.models import Attempt, Delivery, PostbackHost
from installs.postbacks import parking
from installs.postbacks.retries import ATTEMPTS
from linnapp.models import Account, Application, TimelineEntry, User
from tests.kit.people import acting
from tests.kit.posting import deliver, install, with_postback
from tests.kit.receivers import Reply, receiving

pytestmark = pytest.mark.usefixtures("to_loopback")
State = Delivery.State


def ago(**span: float) -> datetime:
    return timezone.now() - timedelta(**span)


def fails_since(host: PostbackHost, since: datetime, failures_today: int) -> None:
    """As if it had failed before, this often in the last day."""
    PostbackHost.objects.filter(pk=host.pk).update(failing_since=since)
    Attempt.objects.all().delete()
    for _ in range(failures_today):
        Attempt.objects.create(delivery=Delivery.objects.order_by("created_at")[0], at=ago(hours=2))


def due_now() -> None:
    Delivery.objects.filter(state=State.DUE).update(next_attempt_at=timezone.now())


@pytest.mark.parametrize(
    ("days", "failures_today", "parked"), [(5.1, 2, True), (4.9, 2, False), (5.1, 1, False), (30, 9, True)]
)
def test_it_is_parked_after_five_days_and_three_failures_in_the_last_of_them(
    application: Application, cakes: Account, alice: User, carol: User, days: float, failures_today: int, parked: bool
) -> None:
    with receiving(Reply(500)) as receiver:
        install(application, cakes, with_postback(application, receiver.url, alice), carol)
        deliver()
        fails_since(PostbackHost.objects.get(), ago(days=days), failures_today)
        due_now()
        with TestCase.captureOnCommitCallbacks(execute=False):
            deliver()
    assert (PostbackHost.objects.get().parked_at is not None) is parked
    assert (Delivery.objects.get().state == State.HELD) is parked
    assert TimelineEntry.objects.filter(kind="POSTBACKS_PARKED").exists() is parked
    assert [message.to for message in mail.outbox] == ([["alice@northwind.example"]] if parked else [])


def test_new_ones_are_held_the_oldest_is_tried_hourly_and_a_success_releases_the_rest_in_order(
    application: Application, cakes: Account, depot: Account, alice: User, carol: User, dave: User
) -> None:
    answers = [Reply(500), Reply(500), Reply(500)]
    with receiving(lambda received: answers.pop() if answers else Reply()) as receiver:
        version = with_postback(application, receiver.url, alice)
        install(application, cakes, version, carol, tracking="1")
        deliver()
        fails_since(PostbackHost.objects.get(), ago(days=6), 3)
        due_now()
        deliver()
        install(application, depot, version, dave, tracking="2")
        install(application, cakes, version, carol, tracking="3")
        assert set(Delivery.objects.values_list("state", flat=True)) == {State.HELD}
        deliver()
        assert len(receiver.received) == 2

        parking.try_held()
        deliver()
        assert len(receiver.received) == 2, "the next trial is an hour away"
        for expected in (3, 6):
            PostbackHost.objects.update(next_trial_at=ago(seconds=1))
            parking.try_held()
            deliver()
            assert len(receiver.received) == expected
        order = [postback.form["Tracking"] for postback in receiver.received]
    assert order[:4] == ["1", "1", "1", "1"]
    assert sorted(order[4:]) == ["2", "3"]
    assert PostbackHost.objects.get().parked_at is None
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.DELIVERED}
    assert TimelineEntry.objects.get(kind="POSTBACKS_RELEASED").facts["count"] == 2
    host = receiver.host_and_port
    assert [message.subject for message in mail.outbox] == [f"Postbacks to {host} are held", f"{host} answers again"]


def test_what_is_held_is_not_told_as_given_up_however_often_it_was_tried(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    with receiving(Reply(500)) as receiver:
        install(application, cakes, with_postback(application, receiver.url, alice), carol)
        deliver()
        fails_since(PostbackHost.objects.get(), ago(days=6), 3)
        Delivery.objects.update(tried=ATTEMPTS - 1, next_attempt_at=timezone.now())
        deliver()
    assert Delivery.objects.get().state == State.HELD
    assert not TimelineEntry.objects.filter(kind="POSTBACK_ENDED").exists()


def test_the_hourly_trial_is_of_an_installation_that_stands_and_what_is_over_is_given_up(
    application: Application, cakes: Account, depot: Account, alice: User, carol: User, dave: User
) -> None:
    with receiving() as receiver:
        version = with_postback(application, receiver.url, alice)
        now = timezone.now()
        PostbackHost.objects.create(
            application=application, host=receiver.host_and_port, failing_since=ago(days=6), parked_at=now
        )
        over = install(application, cakes, version, carol).installation
        stands = install(application, depot, version, dave).delivery
        lifecycle.uninstall(over, by=acting(carol))
        assert stands is not None
        host: Any = PostbackHost.objects.parked().with_what_is_held().get()
        assert (host.held, host.oldest_held) == (1, stands.pk)
        PostbackHost.objects.update(next_trial_at=ago(seconds=1))
        parking.try_held()
        deliver()
    assert Delivery.objects.get(installation=over).state == State.STOPPED
    assert Delivery.objects.get(pk=stands.pk).state == State.DELIVERED
    assert PostbackHost.objects.get().parked_at is None


def test_another_host_of_the_same_application_goes_on(
    application: Application, cakes: Account, depot: Account, alice: User, carol: User, dave: User
) -> None:
    with receiving(Reply(500)) as bad, receiving() as good:
        install(application, cakes, with_postback(application, bad.url, alice), carol)
        deliver()
        fails_since(PostbackHost.objects.get(), ago(days=6), 3)
        due_now()
        deliver()
        install(application, depot, with_postback(application, good.url, alice, (1, 0, 1)), dave)
        deliver()
        good.wait_for(1)
    assert Delivery.objects.get(installation__account=cakes).state == State.HELD


def test_a_success_in_between_begins_the_five_days_anew(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    answers = [Reply(500), Reply(200), Reply(500)]
    with receiving(lambda received: answers.pop()) as receiver:
        version = with_postback(application, receiver.url, alice)
        install(application, cakes, version, carol)
        deliver()
        fails_since(PostbackHost.objects.get(), ago(days=6), 0)
        due_now()
        deliver()
        assert PostbackHost.objects.get().failing_since is None
        install(application, cakes, version, carol)
        deliver()
    since = PostbackHost.objects.get().failing_since
    assert since is not None
    assert since > ago(minutes=1)
