"""The courier, where publishers share its threads."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from installs.installations import lifecycle
from installs.models import Delivery, Installation, PermanentToken, SigningSecret
from installs.models.deliveries import host_of
from installs.postbacks import courier, signing_secrets
from installs.postbacks.courier import Courier
from installs.postbacks.posting import UNEXPECTED
from installs.postbacks.turns import claims
from installs.postbacks.turns.paces import Pace
from linnapp import credentials
from linnapp.models import Account, Application, User
from linnapp.services import applications
from tests.kit.consenting import release
from tests.kit.people import acting
from tests.kit.receivers import Reply, receiving

pytestmark = pytest.mark.usefixtures("to_loopback")


@pytest.fixture
def of_another_publisher(depot: Account, dave: User, cakes: Account, carol: User) -> Installation:
    made, _ = applications.create_application(
        account=depot, name="Parcels", kind=Application.Type.SYSTEM, by=acting(dave)
    )
    version = release(made, (1, 0, 0), {"Modules": []}, dave)
    return lifecycle.install(made, account=cakes, version=version, by=acting(carol)).installation


def owe(installation: Installation, url: str, in_seconds: float = 0) -> Delivery:
    signing_secrets.ensure(installation.application)
    return Delivery.objects.create(
        application=installation.application,
        installation=installation,
        event=Delivery.Event.AUTHORISED,
        url=url,
        host=host_of(url),
        nonce=credentials.new_link_key(),
        next_attempt_at=timezone.now() + timedelta(seconds=in_seconds),
    )


@pytest.mark.parametrize("waiting", [21, 22, 23])
def test_a_slow_endpoint_keeps_nobody_elses_postback_waiting(
    waiting: int, installation: Installation, of_another_publisher: Installation
) -> None:
    """Of sixteen threads a publisher has twelve, and twice as many claimed: here nearly all of them."""
    with receiving(Reply(delay=1)) as slow, receiving() as quick:
        for _ in range(waiting):
            owe(installation, slow.url)
        soon = owe(of_another_publisher, quick.url, in_seconds=0.2)
        Courier(threads=16).run()
    assert Delivery.objects.delivered().count() == waiting + 1
    first_answer = min(row.ended_at for row in Delivery.objects.exclude(pk=soon.pk) if row.ended_at)
    soon.refresh_from_db()
    assert soon.ended_at is not None
    assert soon.ended_at < first_answer


def test_what_waited_too_long_for_a_thread_is_left_to_whoever_claims_it_next(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Begun near the end of its claim, it could be sent by a second worker as well."""
    held: list[UUID] = []

    def claim(number: int, **options: Any) -> claims.Claimed:
        claimed = claim_as_it_is(number, **options)
        held.extend(row.pk for row in claimed)
        return claimed

    claim_as_it_is = claims.claim
    monkeypatch.setattr(courier, "claim", claim)
    monkeypatch.setattr(claims, "LEASE", courier.LEFT_TO_BEGIN + timedelta(seconds=0.5))
    with receiving(Reply(delay=1)) as receiver:
        rows = [owe(installation, receiver.url) for _ in range(2)]
        Courier(threads=1).run()
        assert len(receiver.received) == 2
    assert {row.pk for row in Delivery.objects.delivered()} == {row.pk for row in rows}
    # More than once is a slow machine's: that it was claimed anew is what counts.
    assert len(held) > len(rows)


def test_the_pace_of_a_publisher_forgets_what_is_older_than_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    pace = Pace()
    pace.note([("person 1", "one.example")] * 2 + [("person 1", "two.example")])
    assert (pace.of("person 1"), pace.of("person 1", "one.example"), pace.of_all()) == (3, 2, 3)
    now = 101.5
    assert (pace.of("person 1"), pace.of("person 1", "one.example"), pace.of_all()) == (0, 0, 0)


def test_a_fault_of_the_portals_own_is_an_attempt_that_failed_and_ends_no_thread(installation: Installation) -> None:
    """As here, where a row was made without what it is signed with."""
    with receiving() as receiver:
        broken = owe(installation, receiver.url)
        SigningSecret.objects.all().delete()
        one_thread = Courier(threads=1)
        one_thread.run()
        owe(installation, receiver.url)
        one_thread.run()
        assert len(receiver.received) == 1
    broken.refresh_from_db()
    assert broken.state == Delivery.State.DUE
    assert broken.outcome == UNEXPECTED


@pytest.mark.parametrize("unreadable", [PermanentToken, SigningSecret])
def test_what_these_keys_cannot_read_holds_up_its_own_postback_and_nobody_elses(
    installation: Installation, of_another_publisher: Installation, unreadable: type[PermanentToken | SigningSecret]
) -> None:
    with receiving() as receiver:
        broken, other = owe(installation, receiver.url), owe(of_another_publisher, receiver.url)
        unreadable.objects.filter(pk=unreadable.objects.earliest("pk").pk).update(encrypted="of other keys")
        Courier(threads=1).run()
        assert [sent.headers["webhook-id"] for sent in receiver.received] == [str(other.pk)]
    broken.refresh_from_db()
    assert (broken.state, broken.tried, broken.outcome) == (Delivery.State.DUE, 1, UNEXPECTED)


def test_what_somebody_waits_for_is_sent_first_and_in_its_order(installation: Installation) -> None:
    with receiving() as receiver:
        rows = [owe(installation, receiver.url) for _ in range(4)]
        Delivery.objects.filter(pk__in=[rows[2].pk, rows[3].pk]).update(event=Delivery.Event.TEST)
        Courier(threads=1).run()
        order = [postback.headers["webhook-id"] for postback in receiver.received]
    assert order == [str(rows[place].pk) for place in (2, 3, 0, 1)]
