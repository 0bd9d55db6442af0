"""A postback that fails though its permanent token is there: it stands below, and nobody is told that the token is
missing."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from installs.installations import lifecycle, rotating
from installs.models import Delivery, Installation
from installs.support.likely.causes import LikelyCause, Rank
from linnapp.models import Account, Application, User
from tests.kit.exchanging import exchange, members_of, post
from tests.kit.people import ClientOf, acting
from tests.kit.posting import deliver, install, with_postback
from tests.kit.receivers import Receiver, Reply, receiving
from tests.support.likely import causes, first, names

pytestmark = pytest.mark.usefixtures("nothing_noted", "to_loopback")


@pytest.fixture
def answers() -> list[Reply]:
    """What the endpoint says next; 200 once there is nothing more."""
    return []


@pytest.fixture
def receiver(answers: list[Reply]) -> Iterator[Receiver]:
    with receiving(lambda _: answers.pop(0) if answers else Reply()) as receiver:
        yield receiver


@pytest.fixture
def installed(receiver: Receiver, application: Application, cakes: Account, alice: User, carol: User) -> Installation:
    return install(application, cakes, with_postback(application, receiver.url, alice), carol).installation


def works(row: Installation) -> None:
    assert exchange(lifecycle.current_token(row)).status_code == 200


def authorised_again(row: Installation, by: User) -> None:
    install(row.application, row.account, row.version, by)


def is_told_as_missing(cause: LikelyCause) -> bool:
    told = f"{cause.sentence} {' '.join(cause.evidence)} {cause.for_developer} {cause.for_customer}"
    return "with the permanent token of" in told or "token was to be sent" in told or "could not be delivered" in told


def test_one_that_was_given_up_stands_below_once_its_token_is_exchanged(
    console: Client, installed: Installation, answers: list[Reply]
) -> None:
    answers.append(Reply(410))
    deliver()
    cause = first(console, installed)
    assert (cause.rule, cause.tone, is_told_as_missing(cause)) == ("postback-given-up", "failed", True)
    works(installed)
    right = members_of(lifecycle.current_token(installed))
    post(right | {"ApplicationSecret": right["Token"]})
    assert names(causes(console, installed)) == ["wrong-secret", "postback-given-up"]
    cause = causes(console, installed)[1]
    assert (cause.tone, cause.rank, is_told_as_missing(cause)) == ("waiting", Rank.WORKS_ANYWAY, False)
    assert cause.evidence[-1] == "The permanent token has arrived in another way: it has been exchanged since."
    assert cause.for_customer.endswith("there is nothing for you to do.")


def test_an_exchange_of_before_it_was_owed_says_nothing(
    console: Client, installed: Installation, answers: list[Reply], alice: User, carol: User
) -> None:
    """Nor one with the permanent token of before the rotation."""
    answers.extend([Reply(410), Reply(410)])
    deliver()
    works(installed)
    assert first(console, installed).tone == "waiting"
    authorised_again(installed, carol)
    deliver()
    assert first(console, installed).tone == "failed"
    works(installed)
    assert first(console, installed).tone == "waiting"
    old = members_of(lifecycle.current_token(installed))
    answers.append(Reply(410))
    rotating.rotate(installed, by=acting(alice))
    deliver()
    assert post(old).status_code == 200
    cause = first(console, installed)
    assert (cause.rule, cause.tone, is_told_as_missing(cause)) == ("postback-given-up", "failed", True)
    works(installed)
    assert first(console, installed).tone == "waiting"


def test_a_later_one_that_fails_takes_nothing_away(
    console: Client,
    installed: Installation,
    answers: list[Reply],
    carol: User,
    client_of: ClientOf,
) -> None:
    deliver()
    answers.append(Reply(410))
    authorised_again(installed, carol)
    deliver()
    assert list(Delivery.objects.newest_first().values_list("event", "state")) == [
        ("authorised", "STOPPED"),
        ("installed", "DELIVERED"),
    ]
    cause = first(console, installed)
    assert (cause.rule, cause.rank, is_told_as_missing(cause)) == ("postback-given-up", Rank.WORKS_ANYWAY, False)
    assert cause.evidence[-1] == "An earlier one carried the same permanent token."
    Installation.objects.update(installed_at=timezone.now() - timedelta(hours=25))
    found = causes(console, installed)
    assert names(found) == ["never-connected", "postback-given-up"]
    assert found[0].evidence[0].startswith("The permanent token was delivered to ")
    page = client_of(carol).get(f"/a/{installed.account.slug}/apps/").content.decode()
    assert "Ask Northwind, who have the permanent token." in page


def test_one_that_arrived_and_fails_when_it_is_sent_again(
    console: Client, installed: Installation, answers: list[Reply]
) -> None:
    deliver()
    answers.append(Reply(410))
    Delivery.objects.update(state=Delivery.State.DUE, next_attempt_at=timezone.now(), ended_at=None)
    deliver()
    cause = first(console, installed)
    assert (cause.rule, is_told_as_missing(cause)) == ("postback-given-up", False)
    assert cause.evidence[-1] == "It was delivered before, with the same permanent token."


def test_a_rotated_token_that_has_not_arrived_is_missing_whatever_arrived_before(
    console: Client, installed: Installation, answers: list[Reply], alice: User, carol: User, client_of: ClientOf
) -> None:
    deliver()
    Installation.objects.update(installed_at=timezone.now() - timedelta(hours=25))
    answers.append(Reply(410))
    rotating.rotate(installed, by=acting(alice))
    deliver()
    found = causes(console, installed)
    assert names(found) == ["postback-given-up", "never-connected"]
    assert is_told_as_missing(found[0])
    page = client_of(carol).get(f"/a/{installed.account.slug}/apps/").content.decode()
    assert "The permanent token has not reached Northwind" in page
