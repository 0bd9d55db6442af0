"""What becomes of postbacks that are older than the log."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from installs import tasks
from installs.models import Attempt, Delivery, Installation
from installs.postbacks import asking, retention
from linnapp import batches, timeline
from linnapp.models import Account, Application, TimelineEntry, User
from linnapp.timeline import Side
from tests.kit.people import acting
from tests.kit.posting import deliver, install, with_postback
from tests.kit.receivers import receiving

pytestmark = pytest.mark.usefixtures("to_loopback")
OLD = timedelta(days=90, minutes=1)
YOUNG = timedelta(days=89, hours=23)


def aged(by: timedelta) -> None:
    Delivery.objects.update(created_at=timezone.now() - by)


@pytest.fixture
def delivered(application: Application, cakes: Account, alice: User, carol: User) -> Delivery:
    with receiving() as receiver:
        install(application, cakes, with_postback(application, receiver.url, alice), carol)
        deliver()
    return Delivery.objects.get()


def test_a_day_before_it_is_there_and_then_it_goes_with_its_attempts(delivered: Delivery) -> None:
    told = list(TimelineEntry.objects.order_by("pk").values_list("pk", "kind"))
    aged(YOUNG)
    tasks.drop_what_is_over.call_local()
    assert Attempt.objects.get().delivery == delivered
    aged(OLD)
    tasks.drop_what_is_over.call_local()
    assert not Delivery.objects.exists()
    assert not Attempt.objects.exists()
    assert Installation.objects.get().state == Installation.State.ACTIVE
    assert list(TimelineEntry.objects.order_by("pk").values_list("pk", "kind")) == told


def test_tests_go_as_well(application: Application, alice: User) -> None:
    asking.send_test(application, url="https://hooks.example.com/", by=acting(alice))
    aged(OLD)
    before = TimelineEntry.objects.count()
    assert retention.drop_old() == 1
    assert not Delivery.objects.exists()
    assert TimelineEntry.objects.count() == before


@pytest.mark.parametrize("state", [Delivery.State.DUE, Delivery.State.HELD])
def test_what_still_waits_is_given_up_and_the_timeline_says_so(
    application: Application, cakes: Account, alice: User, carol: User, state: Delivery.State
) -> None:
    made = install(application, cakes, with_postback(application, "https://hooks.example.com/", alice), carol)
    Delivery.objects.update(state=state)
    aged(OLD)
    assert retention.drop_old() == 1
    entry = TimelineEntry.objects.get(kind="POSTBACK_ENDED")
    assert (entry.application_id, entry.account_id, entry.subject_id) == (
        application.pk,
        cakes.pk,
        made.installation.pk,
    )
    said = "Postback (installed) to hooks.example.com not delivered: it has waited for 90 days"
    assert timeline.line(entry, Side.CUSTOMER).sentence == said


def test_what_a_worker_may_be_at_stays(delivered: Delivery) -> None:
    aged(OLD)
    Delivery.objects.update(claimed_until=timezone.now() + timedelta(seconds=20))
    assert retention.drop_old() == 0
    Delivery.objects.update(claimed_until=timezone.now() - timedelta(hours=2))
    assert retention.drop_old() == 1


@pytest.mark.django_db(transaction=True)
def test_they_go_in_batches_each_in_a_transaction_of_its_own(
    delivered: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "MOST", 2)
    monkeypatch.setattr(batches, "HOLDS", 60)
    aged(OLD)
    copies = [Delivery.objects.get() for _ in range(4)]
    for number, copy in enumerate(copies):
        copy.pk, copy.nonce = None, f"copy-{number}"
        copy.save(force_insert=True)
    with CaptureQueriesContext(connection) as queries:
        assert retention.drop_old() == 5
    ends = [query["sql"] for query in queries if query["sql"].startswith(('DELETE FROM "installs_delivery"', "COMMIT"))]
    # Two, two, one.
    assert [sql == "COMMIT" for sql in ends] == [False, True] * 3
    assert not Delivery.objects.exists()
