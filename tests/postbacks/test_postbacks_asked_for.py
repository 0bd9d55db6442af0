"""Postbacks that somebody asks for: one once more, all that failed, a test."""

from datetime import timedelta

import pytest
from django.utils import timezone

from installs.installations import lifecycle
from installs.models import Delivery
from installs.postbacks import asking
from linnapp.errors import NotPossible
from linnapp.models import Account, Application, User
from tests.kit.people import acting
from tests.kit.posting import deliver, install, with_postback
from tests.kit.receivers import Reply, receiving

pytestmark = pytest.mark.usefixtures("to_loopback")
State = Delivery.State


def test_one_is_sent_again_to_the_newest_address_under_the_same_id(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    with receiving(Reply(410)) as old, receiving() as new:
        install(application, cakes, with_postback(application, old.url, alice), carol)
        deliver()
        with_postback(application, new.url, alice, (1, 0, 1))
        delivery = Delivery.objects.get()
        asking.redeliver(delivery, to_newest=True, by=acting(alice))
        deliver()
        (postback,) = new.wait_for(1)
    assert postback.headers["webhook-id"] == str(delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.host) == (State.DELIVERED, new.host_and_port)
    assert [attempt.status for attempt in delivery.attempts.all()] == [410, 200]


def test_all_that_failed_are_replayed(
    application: Application, cakes: Account, depot: Account, alice: User, carol: User, dave: User
) -> None:
    answers = [Reply(410), Reply(410)]
    with receiving(lambda received: answers.pop() if answers else Reply()) as receiver:
        version = with_postback(application, receiver.url, alice)
        install(application, cakes, version, carol)
        gone = install(application, depot, version, dave)
        deliver()
        lifecycle.uninstall(gone.installation, by=acting(dave))
        since = timezone.now() - timedelta(hours=1)
        assert asking.replayable(application, since).count() == 1
        assert asking.replay(application, since=since, by=acting(alice)) == 1
        deliver()
    assert Delivery.objects.delivered().get().installation_id != gone.installation.pk


def test_a_test_carries_nobodys_permanent_token_and_tells_its_steps(application: Application, alice: User) -> None:
    with receiving() as receiver:
        test = asking.send_test(application, url=f"{receiver.url}/?t=[{{TOKEN}}]", by=acting(alice))
        deliver()
        (postback,) = receiver.wait_for(1)
    assert postback.form["Event"] == "test"
    assert postback.form["Token"] == "00000000-0000-4000-8000-000000000000"
    test.refresh_from_db()
    assert test.state == State.DELIVERED
    assert [step["name"] for step in test.steps][-1] == "answer"
    assert all(step["passed"] for step in test.steps)


def test_what_was_dropped_from_the_log_meanwhile_is_said_so(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    made = install(application, cakes, with_postback(application, "https://hooks.example.com/", alice), carol)
    assert made.delivery is not None
    Delivery.objects.all().delete()
    with pytest.raises(NotPossible, match="older than 90 days"):
        asking.redeliver(made.delivery, by=acting(alice))
