"""First attempts of events go out in order, whatever becomes of them; an Events URL that fails holds no postback."""

import threading
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connections, transaction
from django.utils import timezone

from installs import tasks
from installs.installations import lifecycle, suspending
from installs.models import Attempt, Delivery, EventCounter, Installation, PostbackHost
from installs.postbacks import asking, packing, parking, records, retention
from installs.postbacks.courier import Courier, courier
from installs.postbacks.posting import attempt
from installs.postbacks.turns.claims import claim
from linnapp.errors import NotPossible
from linnapp.models import Account, Application, TimelineEntry, User
from tests.kit.events import body, send_events, told
from tests.kit.people import acting
from tests.kit.posting import deliver, install, with_postback
from tests.kit.receivers import Received, Reply, nobody_listens, receiving

pytestmark = pytest.mark.usefixtures("to_loopback")
State = Delivery.State


def on_and_off(installation: Installation, by: User, times: int) -> None:
    for _ in range(times):
        suspending.suspend(installation, by=acting(by))
        suspending.resume(installation, by=acting(by))


def test_first_attempts_are_in_order_though_the_first_event_fails_and_answers_are_slow(
    application: Application, installation: Installation, alice: User, carol: User
) -> None:
    def answer(received: Received) -> Reply:
        return Reply(500 if body(received)["data"]["number"] == 1 else 200, delay=0.02)

    with receiving(answer) as receiver:
        send_events(application, receiver.url, alice)
        on_and_off(installation, carol, 4)
        deliver()
        Delivery.objects.filter(state=State.DUE).update(next_attempt_at=timezone.now())
        deliver()
    assert [number for _, number in told(receiver)] == [1, 2, 3, 4, 5, 6, 7, 8, 1]
    assert len({one.headers["webhook-id"] for one in receiver.received}) == 8


def test_one_installation_does_not_wait_for_another(
    application: Application, installation: Installation, depot: Account, alice: User, carol: User, dave: User
) -> None:
    slow = str(installation.pk)

    def answer(received: Received) -> Reply:
        return Reply(delay=0.6 if body(received)["data"]["installation"]["id"] == slow else 0)

    other = install(application, depot, installation.version, dave).installation
    with receiving(answer) as receiver:
        send_events(application, receiver.url, alice)
        on_and_off(installation, carol, 1)
        on_and_off(other, dave, 2)
        deliver()
        came = [
            (body(one)["data"]["installation"]["id"] == slow, body(one)["data"]["number"]) for one in receiver.received
        ]
    assert [number for is_slow, number in came if not is_slow] == [1, 2, 3, 4]
    assert came.index((False, 4)) < came.index((True, 2))


def test_only_what_is_chosen_counts_and_what_is_undone_leaves_no_gap(
    application: Application, installation: Installation, alice: User, carol: User
) -> None:
    with receiving() as receiver:
        send_events(application, receiver.url, alice, "installation.suspended")
        on_and_off(installation, carol, 1)
        with transaction.atomic():
            suspending.suspend(installation, by=acting(carol))
            transaction.set_rollback(True)
        with pytest.raises(NotPossible):
            suspending.resume(installation, by=acting(carol))
        on_and_off(installation, carol, 1)
        send_events(application, "", alice)
        on_and_off(installation, carol, 1)
        send_events(application, receiver.url, alice)
        lifecycle.uninstall(installation, by=acting(carol))
        deliver()
    assert told(receiver) == [("installation.uninstalled", 3)]
    assert EventCounter.objects.get().last == 3
    assert list(Delivery.objects.events().order_by("number").values_list("state", flat=True)) == [
        State.STOPPED,
        State.STOPPED,
        State.DELIVERED,
    ]


def in_a_thread(work: Callable[[], object]) -> None:
    try:
        work()
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_acts_at_the_same_time_are_numbered_without_a_gap(
    application: Application, northwind: Account, version: object, alice: User, bob: User, paula: User
) -> None:
    """Of the application as a whole: each thread suspends and resumes it."""
    send_events(application, "https://hooks.example.com/events", alice)
    faults: list[Exception] = []

    def act() -> None:
        try:
            for _ in range(5):
                suspending.suspend_application(application, by=acting(paula, reason="Race"))
                suspending.resume_application(application, by=acting(paula, reason="Race"))
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=in_a_thread, args=(act,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    rows = list(Delivery.objects.events().order_by("number").values_list("number", "event"))
    assert [number for number, _ in rows] == list(range(1, len(rows) + 1))
    assert [event for _, event in rows] == ["application.suspended", "application.resumed"] * (len(rows) // 2)


def test_a_failing_events_url_holds_no_postback_of_the_same_host(
    application: Application, cakes: Account, depot: Account, alice: User, carol: User, dave: User
) -> None:
    with receiving(lambda received: Reply(500 if received.path == "/events" else 200)) as receiver:
        version = with_postback(application, receiver.url + "/tokens", alice)
        send_events(application, receiver.url + "/events", alice)
        install(application, cakes, version, carol)
        deliver()
        event = Delivery.objects.events().get()
        PostbackHost.objects.update(failing_since=timezone.now() - timedelta(days=6))
        Attempt.objects.bulk_create(Attempt(delivery=event) for _ in range(3))
        Delivery.objects.events().update(next_attempt_at=timezone.now())
        Delivery.objects.owed().update(state=State.DUE, next_attempt_at=timezone.now() + timedelta(hours=1))
        deliver()
        assert Delivery.objects.owed().get().state == State.DUE
        Delivery.objects.owed().update(next_attempt_at=timezone.now())
        host = PostbackHost.objects.get()
        assert (host.kind, host.parked_at is not None) == ("event", True)
        assert TimelineEntry.objects.filter(kind="EVENTS_PARKED").count() == 1

        install(application, depot, version, dave)
        deliver()
        assert [one.path for one in receiver.received].count("/tokens") == 3
        assert set(Delivery.objects.owed().values_list("state", flat=True)) == {State.DELIVERED}
        assert set(Delivery.objects.events().values_list("state", flat=True)) == {State.HELD}


def test_what_was_held_goes_out_in_order_once_the_host_answers(
    application: Application, installation: Installation, alice: User, carol: User
) -> None:
    with receiving() as receiver:
        send_events(application, receiver.url, alice)
        PostbackHost.objects.create(
            application=application,
            host=receiver.host_and_port,
            kind="event",
            failing_since=timezone.now() - timedelta(days=6),
            parked_at=timezone.now(),
            next_trial_at=timezone.now(),
        )
        on_and_off(installation, carol, 3)
        deliver()
        assert receiver.received == []
        parking.try_held()
        deliver()
        assert [number for _, number in told(receiver)] == [1, 2, 3, 4, 5, 6]
    assert TimelineEntry.objects.get(kind="EVENTS_RELEASED").facts["count"] == 5


@pytest.mark.django_db(transaction=True)
def test_events_to_an_endpoint_that_hangs_leave_threads_to_postbacks_of_the_same_publisher(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    arrived, lock = threading.Event(), threading.Lock()
    open_at_once: list[int] = [0, 0]
    waited: list[bool] = []

    def hang(received: Received) -> Reply:
        with lock:
            open_at_once[0] += 1
            open_at_once[1] = max(open_at_once)
        waited.append(arrived.wait(5))
        with lock:
            open_at_once[0] -= 1
        return Reply()

    def arrive(received: Received) -> Reply:
        arrived.set()
        return Reply()

    with receiving(hang) as events, receiving(arrive) as postbacks:
        version = with_postback(application, postbacks.url, alice)
        send_events(application, events.url, alice)
        rows = [Delivery(application=application, subject=uuid4(), nonce=str(number)) for number in range(12)]
        for row in rows:
            row.kind, row.event, row.number, row.payload = Delivery.Kind.EVENT, "installation.updated", 1, "{}"
            row.next_attempt_at = timezone.now()
        Delivery.objects.bulk_create(rows)
        work = threading.Thread(target=in_a_thread, args=(Courier(8).run,))
        work.start()
        events.wait_for(1)
        install(application, cakes, version, carol)
        work.join()
    assert len(waited) == 13
    assert all(waited), "a postback waited for events to be answered"
    assert open_at_once[1] <= 4, "half of the eight threads"


def test_it_goes_to_the_address_of_now_and_held_ones_too(
    application: Application, installation: Installation, alice: User, carol: User
) -> None:
    with nobody_listens() as gone, receiving() as receiver:
        send_events(application, gone, alice)
        on_and_off(installation, carol, 1)
        deliver()
        assert Delivery.objects.events().filter(tried=1, state=State.DUE).count() == 2
        Delivery.objects.events().filter(number=1).update(state=State.HELD, next_attempt_at=None)
        send_events(application, receiver.url, alice)
        deliver()
    assert told(receiver) == [("installation.suspended", 1), ("installation.resumed", 2)]


def test_redelivered_and_replayed_it_keeps_number_and_id_and_goes_to_the_address_of_now(
    application: Application, installation: Installation, alice: User, carol: User
) -> None:
    with receiving(Reply(410)) as gone, receiving() as receiver:
        send_events(application, gone.url, alice)
        on_and_off(installation, carol, 1)
        lifecycle.uninstall(installation, by=acting(carol))
        deliver()
        assert set(Delivery.objects.events().values_list("state", flat=True)) == {State.STOPPED}
        send_events(application, "", alice)
        first = Delivery.objects.events().get(number=1)
        with pytest.raises(NotPossible, match="There is no Events URL now"):
            asking.redeliver(first, by=acting(alice))
        since = timezone.now() - timedelta(hours=1)
        assert asking.replay(application, since=since, by=acting(alice)) == 0

        send_events(application, receiver.url, alice)
        asking.redeliver(first, by=acting(alice))
        deliver()
        assert asking.replay(application, since=since, by=acting(alice)) == 2
        deliver()
    assert [number for _, number in told(receiver)] == [1, 2, 3]
    assert [one.headers["webhook-id"] for one in receiver.received] == [
        one.headers["webhook-id"] for one in gone.received
    ]
    assert TimelineEntry.objects.get(kind="EVENT_AGAIN").facts["number"] == 1
    assert TimelineEntry.objects.get(kind="EVENTS_REPLAYED").facts["count"] == 2


def test_they_go_on_while_the_application_is_suspended(
    application: Application, installation: Installation, alice: User, carol: User, paula: User
) -> None:
    with receiving() as receiver:
        send_events(application, receiver.url, alice)
        suspending.suspend_application(application, by=acting(paula, reason="It sends spam"))
        lifecycle.uninstall(installation, by=acting(carol))
        deliver()
    assert sorted(told(receiver)) == [("application.suspended", 1), ("installation.uninstalled", 1)]


@pytest.mark.parametrize("parked", [True, False], ids=["parked just before", "to be parked by it"])
def test_a_host_that_is_parked_while_another_address_was_set_holds_nothing(
    application: Application, installation: Installation, alice: User, carol: User, parked: bool
) -> None:
    """The address is set anew while an attempt to the one before is under way, which is parked by that attempt."""
    with receiving() as good, receiving(Reply(500)) as bad:
        send_events(application, bad.url, alice)
        suspending.suspend(installation, by=acting(carol))
        (post,) = packing.pack(claim(10, events=True))
        send_events(application, good.url, alice)
        PostbackHost.objects.create(
            application=application,
            host=bad.host_and_port,
            kind="event",
            failing_since=timezone.now() - timedelta(days=6),
            parked_at=timezone.now() if parked else None,
        )
        Attempt.objects.bulk_create(Attempt(delivery_id=post.delivery_id) for _ in range(3))
        records.write([attempt(post, courier.client, lambda step: None)])
        assert PostbackHost.objects.parked().exists() is parked
        assert Delivery.objects.get().state == State.DUE
        Delivery.objects.update(next_attempt_at=timezone.now())
        deliver()
    assert told(good) == [("installation.suspended", 1)]


def test_what_has_waited_for_the_whole_log_is_given_up_on_record_and_dropped(
    application: Application, installation: Installation, alice: User, carol: User, paula: User
) -> None:
    send_events(application, "https://hooks.example.com/events", alice)
    suspending.suspend(installation, by=acting(carol))
    suspending.suspend_application(application, by=acting(paula, reason="It sends spam"))
    Delivery.objects.update(created_at=timezone.now() - retention.KEPT - timedelta(days=1))
    assert retention.drop_old() == 2
    given_up = TimelineEntry.objects.filter(kind="EVENT_ENDED").order_by("facts__event")
    assert [(line.facts["event"], line.subject_id) for line in given_up] == [
        ("application suspended", None),
        ("suspended", installation.pk),
    ]
    assert EventCounter.objects.count() == 2, "numbers go on where they were"


def test_what_is_held_for_a_host_that_is_parked_no_more_is_freed_by_the_sweep(
    application: Application, installation: Installation, alice: User, carol: User
) -> None:
    """As when the host is released between the look at it and the commit of the event."""
    with receiving() as receiver:
        send_events(application, receiver.url, alice)
        on_and_off(installation, carol, 1)
        Delivery.objects.filter(number=2).update(state=State.HELD, next_attempt_at=None)
        for kind, parked_at in (("event", None), ("postback", timezone.now())):
            PostbackHost.objects.create(
                application=application,
                host=receiver.host_and_port,
                kind=kind,
                failing_since=parked_at,
                parked_at=parked_at,
            )
        tasks.sweep_postbacks.call_local()
        deliver()
        assert [number for _, number in told(receiver)] == [1, 2]
        now = timezone.now()
        PostbackHost.objects.filter(kind="event").update(
            failing_since=now, parked_at=now, next_trial_at=now + timedelta(hours=1)
        )
        on_and_off(installation, carol, 1)
        tasks.sweep_postbacks.call_local()
        deliver()
        assert set(Delivery.objects.filter(number__gt=2).values_list("state", flat=True)) == {State.HELD}
