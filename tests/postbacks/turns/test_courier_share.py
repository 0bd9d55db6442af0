"""The courier: a share of its threads for everybody, connections that are used again, and jobs that were lost."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from huey.contrib.djhuey import HUEY
from pytest_django.fixtures import Settings

from installs import tasks
from installs.models import Delivery
from installs.postbacks import courier
from installs.postbacks.courier import Courier
from installs.postbacks.turns.claims import claim
from linnapp.models import Account, Application, User
from linnapp.services import applications, people
from tests.kit.people import acting, person
from tests.kit.posting import deliver, install, with_postback
from tests.kit.receivers import Received, Reply, receiving

pytestmark = pytest.mark.usefixtures("to_loopback")
State = Delivery.State


@pytest.fixture
def bridge_of_dave(dave: User, depot: Account) -> Application:
    """An application of another publisher than Northwind."""
    made, _ = applications.create_application(
        account=depot, name="Depot", kind=Application.Type.SYSTEM, by=acting(dave)
    )
    return made


@pytest.fixture
def customers(db: None) -> list[tuple[User, Account]]:
    owners = [person(f"Customer {number}", f"customer-{number}@example.com") for number in range(12)]
    return [(owner, people.create_account(name=owner.name, owner=owner)) for owner in owners]


@pytest.fixture
def empty_queue() -> Iterator[None]:
    HUEY.flush()
    yield
    HUEY.flush()


def test_what_another_worker_holds_is_left_to_it_until_its_lease_is_over(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    with receiving() as receiver:
        install(application, cakes, with_postback(application, receiver.url, alice), carol)
        assert len(claim(10)) == 1
        assert claim(10) == []
        deliver()
        assert receiver.received == []
        Delivery.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
        deliver()
        assert len(receiver.received) == 1


def test_a_publisher_whose_endpoint_does_not_answer_holds_up_nobody_else(
    application: Application,
    bridge_of_dave: Application,
    customers: list[tuple[User, Account]],
    alice: User,
    dave: User,
) -> None:
    """Twelve postbacks of Northwind stand first in the line, before a courier of four threads."""
    other_has_it, northwind_answered = threading.Event(), threading.Event()
    before = []

    def silent(received: Received) -> Reply:
        other_has_it.wait(8)
        northwind_answered.set()
        return Reply()

    def prompt(received: Received) -> Reply:
        before.append(not northwind_answered.is_set())
        other_has_it.set()
        return Reply()

    with receiving(silent) as slow, receiving(prompt) as fast:
        version = with_postback(application, slow.url, alice)
        for owner, account in customers:
            install(application, account, version, owner)
        owner, account = customers[0]
        install(bridge_of_dave, account, with_postback(bridge_of_dave, fast.url, dave), owner)
        Courier(threads=4).run()
    assert before == [True]
    assert Delivery.objects.delivered().count() == 13


def test_connections_to_a_host_are_kept_and_used_again(
    application: Application, customers: list[tuple[User, Account]], alice: User
) -> None:
    with receiving() as receiver:
        version = with_postback(application, receiver.url, alice)
        for owner, account in customers:
            install(application, account, version, owner)
        Courier(threads=2).run()
        assert len(receiver.received) == 12
        # No more than two are sent at the same time.
        assert receiver.connections <= 2


def test_a_job_only_wakes_the_crew_that_every_worker_starts(settings: Settings) -> None:
    assert "installs.postbacks.courier.crew" in settings.ON_WORKER_START
    calls = courier.crew.calls
    courier.deliver.call_local()
    assert courier.crew.calls == calls + 1


@pytest.mark.usefixtures("empty_queue")
def test_a_lost_job_is_made_good_by_the_sweep(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    with receiving() as receiver:
        # The tests' transaction never commits: the row is there, and nobody was woken.
        install(application, cakes, with_postback(application, receiver.url, alice), carol)
        assert HUEY.pending_count() == 0
        tasks.sweep_postbacks.call_local()
        assert [job.name for job in HUEY.pending()] == ["deliver"]
        deliver()
        assert len(receiver.received) == 1
    assert Delivery.objects.get().state == State.DELIVERED
