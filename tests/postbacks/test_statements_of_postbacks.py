"""Writing down what many attempts came to, and replaying many, asks the database as often as for few. Pages that count
what is held count the same."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from installs.installations import lifecycle
from installs.models import Delivery, Installation, PostbackHost
from installs.postbacks import asking, health, packing, records
from installs.postbacks.posting import Result
from installs.postbacks.turns import claims
from linnapp import credentials
from linnapp.errors import NotPossible
from linnapp.models import Account, Application, User, Version
from tests.kit.people import acting
from tests.kit.posting import with_postback

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("to_loopback")]
State = Delivery.State
URL = "https://hooks.example.com/a"
HOST = "hooks.example.com"


def owed(installation: Installation, count: int, **facts: Any) -> list[Delivery]:
    made = {"state": State.DUE, "next_attempt_at": timezone.now(), "url": URL, "host": HOST} | facts
    return Delivery.objects.bulk_create(
        Delivery(
            application_id=installation.application_id,
            installation=installation,
            event=Delivery.Event.AUTHORISED,
            nonce=credentials.new_link_key(),
            **made,
        )
        for _ in range(count)
    )


def written(installation: Installation, count: int) -> int:
    """Statements that the states of so many failed attempts cost, each with a cause and a next moment of its own."""
    owed(installation, count)
    posts = packing.pack(claims.claim(count))
    assert len(posts) == count
    results = [
        Result(post, timezone.now(), 1, 500, {}, "5xx", f"Answered {number}.", "", "")
        for number, post in enumerate(posts)
    ]
    judged = [(result, records._judge(result)) for result in results]
    with CaptureQueriesContext(connection) as asked:
        records._write_states(judged, set())
    for result, judgement in judged:
        row = Delivery.objects.get(pk=result.post.delivery_id)
        assert (row.state, row.tried, row.claimed_until) == (State.DUE, 1, None)
        assert (row.outcome, row.next_attempt_at) == (result.cause, judgement.again_at)
    Delivery.objects.all().delete()
    return len(asked)


def test_the_states_of_many_attempts_take_as_many_statements_as_of_few(installation: Installation) -> None:
    assert written(installation, 2) == written(installation, 30)


def failed(installation: Installation, count: int) -> list[Delivery]:
    ended = {"state": State.EXHAUSTED, "next_attempt_at": None, "ended_at": timezone.now(), "tried": 8}
    return owed(installation, count, **ended)


@pytest.mark.parametrize("to_newest", [False, True])
def test_replaying_many_takes_as_many_statements_as_few(
    installation: Installation, alice: User, to_newest: bool
) -> None:
    application = installation.application
    if to_newest:
        with_postback(application, "https://new.example.com/b", alice, (1, 0, 1))

    def replayed(count: int) -> int:
        rows = failed(installation, count)
        since = timezone.now() - timedelta(hours=1)
        with CaptureQueriesContext(connection) as asked:
            assert asking.replay(application, since=since, to_newest=to_newest, by=acting(alice)) == count
        hosts = {"new.example.com" if to_newest else HOST}
        again = Delivery.objects.filter(pk__in=[row.pk for row in rows])
        assert set(again.values_list("state", "tried", "ended_at", "decides")) == {(State.DUE, 0, None, False)}
        assert set(again.values_list("host", flat=True)) == hosts
        return len(asked)

    # What the first one reads of the application is at hand afterwards.
    replayed(1)
    assert replayed(2) == replayed(60)


def test_what_has_no_newer_address_is_not_replayed_at_all(installation: Installation, alice: User) -> None:
    failed(installation, 3)
    since = timezone.now() - timedelta(hours=1)
    with pytest.raises(NotPossible, match="no Postback URL"):
        asking.replay(installation.application, since=since, to_newest=True, by=acting(alice))
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.EXHAUSTED}


def test_pages_count_alike_what_is_held(
    application: Application, installation: Installation, version: Version, depot: Account, dave: User
) -> None:
    over = lifecycle.install(application, account=depot, version=version, by=acting(dave)).installation
    parked = {"failing_since": timezone.now() - timedelta(days=6), "parked_at": timezone.now()}
    PostbackHost.objects.create(application=application, host=HOST, **parked)
    owed(installation, 2, state=State.HELD, next_attempt_at=None)
    owed(over, 3, state=State.HELD, next_attempt_at=None)
    lifecycle.uninstall(over, by=acting(dave))
    host: Any = PostbackHost.objects.parked().with_what_is_held().get()
    ((_, told),) = health.held_by_host(application)
    assert host.held == told == health.of_each([application])[application.pk].held == 2
