"""Rotating a permanent token in place: the old one works until the new one is used, or a day after that was handed
over."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from installs.exchange.refusals import Reason, sentence
from installs.installations import lifecycle, rotating, suspending
from installs.installations.rotating import Rotation
from installs.models import Delivery, Installation, PermanentToken, Session
from installs.postbacks import asking, courier, handover, packing, posting, records
from installs.postbacks.turns import claims
from installs.tasks import write_down_ended_tokens
from linnapp import timeline
from linnapp.errors import NotPossible
from linnapp.models import Account, Application, TimelineEntry, User
from linnapp.timeline import Side
from tests.kit.consenting import release
from tests.kit.exchanging import LOCATIONS, exchange, message
from tests.kit.people import acting
from tests.kit.posting import deliver, install, wait_for_200, with_postback
from tests.kit.receivers import Receiver, Reply, receiving

pytestmark = pytest.mark.usefixtures("to_loopback")
NOWHERE = "http://127.0.0.1:9/"
REPLACED = sentence(Reason.TOKEN_ENDED)


@pytest.fixture
def sent(application: Application, cakes: Account, alice: User, carol: User) -> Installation:
    """Stock Bridge on Carol's Cakes, whose permanent token went to an endpoint that answers no more."""
    with receiving() as receiver:
        version = with_postback(application, receiver.url, alice)
        row = install(application, cakes, version, carol, tracking="spring").installation
        deliver()
    return row


def told(installation: Installation, reader: Side = Side.STAFF) -> list[str]:
    entries = TimelineEntry.objects.about(installation.pk).order_by("pk")
    return [line.sentence for line in timeline.lines(entries, reader)]


def works(*tokens: PermanentToken) -> list[bool]:
    """Without using any of them."""
    live = set(PermanentToken.objects.live().values_list("pk", flat=True))
    return [token.pk in live for token in tokens]


def call(answer: Any) -> int:
    return Client().get(LOCATIONS, headers={"Authorization": answer.json()["Token"]}).status_code


def arrive(delivery: Delivery, receiver: Receiver) -> None:
    """At an endpoint that answers again, now."""
    due = {"url": receiver.url, "host": receiver.host_and_port, "next_attempt_at": timezone.now()}
    Delivery.objects.filter(pk=delivery.pk).update(**due)
    deliver()


def about_a_day(moment: datetime | None) -> bool:
    assert moment is not None
    return abs(moment - timezone.now() - timedelta(hours=24)) < timedelta(minutes=1)


# Without a PostbackUrl.


@pytest.mark.parametrize("person", ["carol", "alice", "bob"])
def test_the_new_one_is_for_whoever_rotated_and_the_old_one_works_for_another_day(
    installation: Installation, person: str, request: pytest.FixtureRequest
) -> None:
    old = lifecycle.current_token(installation)
    rotation = rotating.rotate(installation, by=acting(request.getfixturevalue(person)))
    assert rotation.old == old
    assert lifecycle.current_token(installation) == rotation.new != old
    assert rotation.new.value() != old.value()
    assert rotation.delivery is None
    assert about_a_day(rotation.old.ends_at)
    assert rotation.new.ends_at is None
    assert rotation.is_handed_over
    assert exchange(old).status_code == 200


def test_the_first_exchange_with_the_new_one_ends_the_old_one_and_its_sessions(
    installation: Installation, carol: User
) -> None:
    rotation = rotating.rotate(installation, by=acting(carol))
    before = exchange(rotation.old)
    assert call(before) == 200
    first = exchange(rotation.new)
    assert works(rotation.old, rotation.new) == [False, True]
    assert message(exchange(rotation.old)) == REPLACED
    assert [call(before), call(first)] == [401, 200]
    assert Session.objects.get(permanent_token=rotation.old).end == Session.End.TOKEN_ENDED
    assert exchange(rotation.new).status_code == 200
    assert rotating.rotation_of(installation) is None


def test_what_nobody_saw_yet_gives_the_old_one_no_end(
    installation: Installation, sam: User, carol: User, alice: User
) -> None:
    """Staff see no permanent token: theirs waits until the account or the developer looks at it."""
    rotation = rotating.rotate(installation, by=acting(sam, reason="It stood in a log."))
    assert (rotation.delivery, rotation.old.ends_at) == (None, None)
    assert not rotation.is_handed_over
    assert lifecycle.reveal_token(installation, by=acting(alice)) == rotation.new
    rotation.old.refresh_from_db()
    assert about_a_day(rotation.old.ends_at)
    ends = rotation.old.ends_at
    lifecycle.reveal_token(installation, by=acting(carol))
    rotation.old.refresh_from_db()
    assert rotation.old.ends_at == ends


# With one.


def test_the_new_one_goes_out_by_a_postback_and_the_day_begins_when_it_arrived(sent: Installation, carol: User) -> None:
    rotation = rotating.rotate(sent, by=acting(carol))
    assert rotation.delivery is not None
    assert (rotation.delivery.event, rotation.old.ends_at) == (Delivery.Event.TOKEN_ROTATED, None)
    with receiving() as receiver:
        arrive(rotation.delivery, receiver)
        (postback,) = receiver.wait_for(1)
    assert postback.form["Token"] == rotation.new.value()
    assert (postback.form["Event"], postback.form["Tracking"]) == ("token_rotated", "spring")
    assert postback.form["InstallationId"] == str(sent.pk)
    rotation.old.refresh_from_db()
    assert about_a_day(rotation.old.ends_at)
    assert exchange(rotation.old).status_code == 200


def test_while_the_postback_fails_both_work(sent: Installation, carol: User) -> None:
    rotation = rotating.rotate(sent, by=acting(carol))
    assert rotation.delivery is not None
    with receiving(Reply(503)) as receiver:
        arrive(rotation.delivery, receiver)
    assert works(rotation.old, rotation.new) == [True, True]
    under_way = rotating.rotation_of(sent)
    assert under_way is not None
    assert not under_way.is_handed_over
    assert exchange(rotation.old).status_code == 200


@pytest.mark.parametrize("state", [Delivery.State.STOPPED, Delivery.State.EXHAUSTED, Delivery.State.HELD])
def test_a_postback_that_was_given_up_or_is_held_ends_nothing_until_it_arrives(
    sent: Installation, carol: User, alice: User, state: Delivery.State
) -> None:
    rotation = rotating.rotate(sent, by=acting(carol))
    assert rotation.delivery is not None
    Delivery.objects.filter(pk=rotation.delivery.pk).update(state=state, next_attempt_at=None)
    write_down_ended_tokens.call_local()
    assert works(rotation.old, rotation.new) == [True, True]
    # Nor does looking at it: the program that needs it is the endpoint's.
    lifecycle.reveal_token(sent, by=acting(carol))
    rotation.old.refresh_from_db()
    assert rotation.old.ends_at is None
    asking.redeliver(rotation.delivery, by=acting(alice))
    with receiving() as receiver:
        arrive(rotation.delivery, receiver)
    rotation.old.refresh_from_db()
    assert about_a_day(rotation.old.ends_at)


def test_whatever_postback_brings_the_new_one_counts(sent: Installation, carol: User) -> None:
    """What still waits from before the rotation carries the newest, and so does authorising again."""
    rotation = rotating.rotate(sent, by=acting(carol))
    again = install(sent.application, sent.account, sent.version, carol)
    assert (again.token, again.created) == (rotation.new, False)
    assert again.delivery is not None
    with receiving() as receiver:
        Delivery.objects.exclude(pk=again.delivery.pk).update(next_attempt_at=timezone.now() + timedelta(hours=1))
        arrive(again.delivery, receiver)
        (postback,) = receiver.wait_for(1)
    assert (postback.form["Event"], postback.form["Token"]) == ("authorised", rotation.new.value())
    rotation.old.refresh_from_db()
    assert about_a_day(rotation.old.ends_at)


def test_a_postback_with_the_old_one_hands_nothing_over(sent: Installation, carol: User) -> None:
    """It was under way when somebody rotated."""
    with receiving() as receiver:
        Delivery.objects.update(state=Delivery.State.DUE, next_attempt_at=timezone.now(), url=receiver.url)
        (post,) = packing.pack(claims.claim(10))
        rotation = rotating.rotate(sent, by=acting(carol))
        records.write([posting.attempt(post, courier.courier.client, lambda step: None)])
        (postback,) = receiver.wait_for(1)
    assert postback.form["Token"] == rotation.old.value()
    rotation.old.refresh_from_db()
    assert rotation.old.ends_at is None


def test_authorising_again_shows_the_new_one(installation: Installation, sam: User, carol: User) -> None:
    rotation = rotating.rotate(installation, by=acting(sam, reason="Asked for."))
    again = install(installation.application, installation.account, installation.version, carol)
    assert again.token == rotation.new
    rotation.old.refresh_from_db()
    assert about_a_day(rotation.old.ends_at)


# The end.


def test_a_day_later_the_old_one_has_ended_with_a_worker_or_without(installation: Installation, carol: User) -> None:
    rotation = rotating.rotate(installation, by=acting(carol))
    session = exchange(rotation.old)
    write_down_ended_tokens.call_local()
    assert works(rotation.old, rotation.new) == [True, True]
    PermanentToken.objects.filter(pk=rotation.old.pk).update(ends_at=timezone.now())
    assert message(exchange(rotation.old)) == REPLACED
    assert call(session) == 401
    assert rotating.rotation_of(installation) is None
    write_down_ended_tokens.call_local()
    assert Session.objects.get().end == Session.End.TOKEN_ENDED
    assert exchange(rotation.new).status_code == 200
    write_down_ended_tokens.call_local()
    assert told(installation)[1:] == [rotated(rotation, "Carol"), lapsed(rotation)]
    rotation.old.refresh_from_db()
    assert not rotation.old.ended_by_use


def rotated(rotation: Rotation, who: str) -> str:
    return f"Permanent token rotated by {who}: …{rotation.new.tail} replaces …{rotation.old.tail}"


def lapsed(rotation: Rotation) -> str:
    old, new = rotation.old.tail, rotation.new.tail
    return f"Old permanent token …{old} ended 24 hours after …{new} was delivered or shown"


def test_each_end_stands_in_the_timeline_for_both_sides(installation: Installation, carol: User, sam: User) -> None:
    first = rotating.rotate(installation, by=acting(carol))
    exchange(first.new)
    write_down_ended_tokens.call_local()
    second = rotating.rotate(installation, by=acting(sam, reason="Asked for by phone."))
    rotating.end_old_token(installation, by=acting(carol))
    for reader, carols, sams in (
        (Side.CUSTOMER, "Carol", "Support"),
        (Side.DEVELOPER, "Carol's Cakes", "Support"),
        (Side.STAFF, "Carol", "Sam"),
    ):
        assert told(installation, reader)[1:] == [
            rotated(first, carols),
            f"Old permanent token …{first.old.tail} ended: …{first.new.tail} was used for the first time",
            rotated(second, sams),
            f"Old permanent token …{first.new.tail} ended by {carols}",
        ]
    reasons = TimelineEntry.objects.about(installation.pk).order_by("pk").values_list("reason", flat=True)
    assert list(reasons) == ["", "", "", "Asked for by phone.", ""]


def test_the_old_one_is_ended_at_once_for_a_token_that_leaked(sent: Installation, carol: User, alice: User) -> None:
    """Also where the new one has not arrived."""
    rotation = rotating.rotate(sent, by=acting(carol))
    session = exchange(rotation.old)
    assert rotating.end_old_token(sent, by=acting(alice)) == rotation.new
    assert works(rotation.old, rotation.new) == [False, True]
    assert message(exchange(rotation.old)) == REPLACED
    assert call(session) == 401
    assert Session.objects.get().end == Session.End.TOKEN_ENDED
    with pytest.raises(NotPossible, match="Only one permanent token of Stock Bridge on Carol's Cakes works"):
        rotating.end_old_token(sent, by=acting(alice))
    assert exchange(rotation.new).status_code == 200
    write_down_ended_tokens.call_local()
    assert len(told(sent)) == len(["installed", "postback", "rotated", "ended"])


# In the middle of it.


def test_while_the_old_one_works_it_is_not_rotated_again(sent: Installation, carol: User) -> None:
    rotation = rotating.rotate(sent, by=acting(carol))
    with pytest.raises(NotPossible) as refusal:
        rotating.rotate(sent, by=acting(carol))
    assert str(refusal.value) == (
        f"It has already been rotated, and the old permanent token …{rotation.old.tail} works until the new one "
        "is delivered. End the old one now, or wait, then rotate again."
    )
    assert PermanentToken.objects.live().count() == 2
    handover.begin_end(rotation.new)
    with pytest.raises(NotPossible, match=r"works until \d{1,2} \w+ \d{4} at \d\d:\d\d UTC\. End the old one now"):
        rotating.rotate(sent, by=acting(carol))
    rotating.end_old_token(sent, by=acting(carol))
    again = rotating.rotate(sent, by=acting(carol))
    assert works(rotation.old, rotation.new, again.new) == [False, True, True]


def test_rotating_again_tells_first_how_the_one_before_ended(installation: Installation, carol: User) -> None:
    first = rotating.rotate(installation, by=acting(carol))
    exchange(first.new)
    second = rotating.rotate(installation, by=acting(carol))
    assert (second.old, works(first.old, first.new, second.new)) == (first.new, [False, True, True])
    assert [line.partition(" …")[0] for line in told(installation)[1:]] == [
        "Permanent token rotated by Carol:",
        "Old permanent token",
        "Permanent token rotated by Carol:",
    ]


def test_uninstalling_ends_both_and_nothing_is_sent_any_more(sent: Installation, carol: User) -> None:
    rotation = rotating.rotate(sent, by=acting(carol))
    lifecycle.uninstall(sent, by=acting(carol))
    assert works(rotation.old, rotation.new) == [False, False]
    assert message(exchange(rotation.new)) == message(exchange(rotation.old)) == sentence(Reason.UNINSTALLED)
    assert rotation.delivery is not None
    with receiving() as receiver:
        arrive(rotation.delivery, receiver)
        assert receiver.received == []
    assert Delivery.objects.get(pk=rotation.delivery.pk).state == Delivery.State.STOPPED
    write_down_ended_tokens.call_local()
    assert told(sent)[-1] == "Uninstalled by Carol"
    assert not PermanentToken.objects.exclude(replaces=None).exists()


def test_suspending_stops_both_and_resuming_finds_both_as_they_were(sent: Installation, carol: User) -> None:
    rotation = rotating.rotate(sent, by=acting(carol))
    suspending.suspend(sent, by=acting(carol))
    for token in (rotation.old, rotation.new):
        assert message(exchange(token)) == sentence(Reason.SUSPENDED_BY_ACCOUNT)
    assert rotation.delivery is not None
    with receiving() as receiver:
        arrive(rotation.delivery, receiver)
        receiver.wait_for(1)
    rotation.old.refresh_from_db()
    assert about_a_day(rotation.old.ends_at)
    suspending.resume(sent, by=acting(carol))
    assert exchange(rotation.old).status_code == 200
    assert exchange(rotation.new).status_code == 200
    assert works(rotation.old, rotation.new) == [False, True]


def test_a_token_that_leaked_is_rotated_and_ended_while_it_is_suspended(sent: Installation, carol: User) -> None:
    suspending.suspend(sent, by=acting(carol))
    rotation = rotating.rotate(sent, by=acting(carol))
    rotating.end_old_token(sent, by=acting(carol))
    suspending.resume(sent, by=acting(carol))
    assert message(exchange(rotation.old)) == REPLACED
    assert exchange(rotation.new).status_code == 200


def test_one_that_waits_for_its_200_is_not_rotated(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    wait_for_200(application)
    row = install(application, cakes, with_postback(application, NOWHERE, alice), carol).installation
    with pytest.raises(NotPossible, match="is still waiting for its endpoint's answer"):
        rotating.rotate(row, by=acting(carol))
    assert PermanentToken.objects.count() == 1


def test_a_version_that_lost_its_postback_url_meanwhile_changes_nothing(
    sent: Installation, alice: User, carol: User
) -> None:
    """The address is the one it was owed to."""
    rotation = rotating.rotate(sent, by=acting(carol))
    Installation.objects.update(version=release(sent.application, (2, 0, 0), {"Modules": []}, alice))
    lifecycle.reveal_token(sent, by=acting(carol))
    rotation.old.refresh_from_db()
    assert rotation.old.ends_at is None


@pytest.mark.parametrize("person", ["dave", "eve"])
def test_strangers_and_developers_of_the_customer_rotate_nothing(
    installation: Installation, person: str, request: pytest.FixtureRequest
) -> None:
    by = acting(request.getfixturevalue(person))
    for service in (rotating.rotate, rotating.end_old_token):
        with pytest.raises(NotPossible, match="Only an Owner of Carol's Cakes can do this"):
            service(installation, by=by)
    assert PermanentToken.objects.count() == 1
