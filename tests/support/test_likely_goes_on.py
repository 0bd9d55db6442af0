"""What still goes on: refusals count from the last exchange or call that was answered, and only if they are of this
installation."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from installs.application import secret_ends
from installs.exchange import hours
from installs.installations import lifecycle, session_ends
from installs.models import Installation, RefusalGroup, Session
from installs.support.acts import Act
from installs.support.likely.causes import Rank
from installs.support.messages import draft
from linnapp.models import Account, Secret, User
from linnapp.services import secrets
from tests.kit.exchanging import WRONG, exchange, post
from tests.kit.people import acting
from tests.support.likely import call, causes, first, names, page_of

pytestmark = pytest.mark.usefixtures("nothing_noted")


def works(right: dict[str, str]) -> str:
    """A good exchange; its session token."""
    answer = post(right)
    assert answer.status_code == 200
    return str(answer.json()["Token"])


def idle(minutes: int = 31) -> None:
    """All sessions began, and were used last, so many minutes before they really did."""
    for row in Session.objects.all():
        row.created_at -= timedelta(minutes=minutes)
        row.last_used_at -= timedelta(minutes=minutes)
        row.save()


def use(session_token: str) -> None:
    """A good call half a minute after the last one, which is when a use is written."""
    Session.objects.filter(ended_at=None).update(last_used_at=timezone.now() - timedelta(seconds=31))
    assert call(session_token).status_code == 200


@pytest.fixture
def retired(installation: Installation, alice: User) -> Secret:
    """The live secret, after Alice has retired the first."""
    old = Secret.objects.get(application=installation.application)
    made = secrets.create_secret(application=installation.application, by=acting(alice))
    secret_ends.retire_secret(old, after=timedelta(0), by=acting(alice))
    return made


# Of calls.


def test_a_client_that_has_authorised_again_is_not_blamed_for_its_last_answers(
    console: Client, installation: Installation, right: dict[str, str]
) -> None:
    """Those that were on their way with the old session when the new one began."""
    old = works(right)
    idle()
    for _ in range(3):
        assert call(old).status_code == 401
    assert first(console, installation).rule == "never-authorises-again"
    works(right)
    for _ in range(3):
        call(old)
    assert causes(console, installation) == []
    # The new one has ended as well, and was never called with.
    Session.objects.update(last_used_at=timezone.now() - timedelta(minutes=31))
    cause = first(console, installation)
    assert cause.rule == "never-authorises-again"
    assert any(line.startswith("3 calls were refused since") for line in cause.evidence)


def test_one_answer_to_each_of_two_clients_is_no_fault(
    console: Client, installation: Installation, right: dict[str, str], carol: User
) -> None:
    tokens = [works(right), works(right)]
    session_ends.end_sessions(installation, by=acting(carol))
    for token in tokens:
        call(token)
    assert causes(console, installation) == []
    call(tokens[0])
    assert names(causes(console, installation)) == ["never-authorises-again"]


def test_where_samples_have_an_end_it_is_at_least_so_often(
    console: Client, installation: Installation, right: dict[str, str], retired: Secret
) -> None:
    for _ in range(22):
        post(right)
    page_of(console, installation)
    works(right | {"ApplicationSecret": retired.value()})
    post(right)
    assert first(console, installation).evidence[-1].startswith("At least 1 exchange was refused since")


@pytest.mark.parametrize("fault", ["not served", "permanent token"])
def test_good_calls_take_a_cause_about_calls_away(
    console: Client, installation: Installation, right: dict[str, str], fault: str
) -> None:
    session_token = works(right)
    wrong = {"not served": (session_token, "/api/Orders/GetOpenOrders"), "permanent token": (right["Token"],)}[fault]
    assert call(*wrong).status_code in (401, 404)
    assert names(causes(console, installation)) == [
        {"not served": "call-not-served", "permanent token": "permanent-token-in-calls"}[fault]
    ]
    use(session_token)
    assert causes(console, installation) == []
    # Within the half minute in which no use is written.
    call(*wrong)
    assert causes(console, installation) == []
    Session.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    Session.objects.update(last_used_at=timezone.now() - timedelta(minutes=1))
    call(*wrong)
    assert len(causes(console, installation)) == 1


def test_a_good_call_says_nothing_of_exchanges(
    console: Client, installation: Installation, right: dict[str, str]
) -> None:
    session_token = works(right)
    post(right | {"ApplicationSecret": WRONG})
    use(session_token)
    assert names(causes(console, installation)) == ["wrong-secret"]


# Too many sessions.


def test_the_cap_is_told_while_it_goes_on(
    console: Client, installation: Installation, right: dict[str, str], settings: Any, carol: User
) -> None:
    settings.SESSIONS_PER_INSTALLATION = 3
    for _ in range(4):
        works(right)
    assert names(causes(console, installation)) == ["sessions-capped"]
    # An hour later, while as many live as may.
    Session.objects.filter(end=Session.End.REPLACED).update(ended_at=timezone.now() - timedelta(minutes=61))
    assert names(causes(console, installation)) == ["sessions-capped"]
    Session.objects.filter(ended_at=None).first().delete()  # type: ignore[union-attr]
    assert causes(console, installation) == []


def test_its_own_button_takes_it_away(
    console: Client, installation: Installation, right: dict[str, str], settings: Any, carol: User
) -> None:
    settings.SESSIONS_PER_INSTALLATION = 3
    for _ in range(4):
        works(right)
    session_ends.end_sessions(installation, by=acting(carol))
    assert causes(console, installation) == []
    for _ in range(4):
        works(right)
    assert names(causes(console, installation)) == ["sessions-capped"]


# What may be another's.


def test_what_may_be_anothers_stands_below_and_is_told_to_nobody_else(
    console: Client, installation: Installation, right: dict[str, str], retired: Secret, sam: User
) -> None:
    post(right | {"Token": WRONG})
    Installation.objects.update(installed_at=timezone.now() - timedelta(hours=25))
    found = causes(console, installation)
    assert names(found) == ["never-connected", "retired-secret"]
    cause = found[1]
    assert (cause.rank, cause.for_customer) == (Rank.MAY_BE, "")
    assert cause.sentence.startswith("A client that may be this installation's still sends ")
    assert cause.for_developer.startswith("A client of Stock Bridge, which may be that of Carol's Cakes, still sends ")
    row = Installation.objects.with_its_facts().get(pk=installation.pk)
    message = draft(row, Act.TELL_DEVELOPER, sam, cause=cause.rule)
    assert cause.reference
    assert cause.reference not in message.text
    # With its permanent token it is proven to be its own.
    post(right)
    cause = first(console, installation)
    assert (cause.rule, cause.rank) == ("retired-secret", Rank.PROVEN)
    assert cause.reference in draft(row, Act.TELL_DEVELOPER, sam, cause=cause.rule).text


def test_behind_one_server_an_address_tells_nothing(
    console: Client, installation: Installation, right: dict[str, str]
) -> None:
    accounts = Account.objects.bulk_create(
        Account(name=f"Customer {n}", slug=f"customer-{n}", contact_email="c@x.example") for n in range(5)
    )
    of = {"application": installation.application, "version": installation.version}
    others = Installation.objects.bulk_create(Installation(account=account, **of) for account in accounts)
    works(right)
    post(right | {"Token": WRONG})
    Session.objects.update(ended_at=timezone.now())
    assert names(causes(console, installation)) == ["other-value-sent"]
    for other in others:
        assert exchange(lifecycle.give_token(other)).status_code == 200
    Session.objects.update(ended_at=timezone.now())
    hours.fold()
    assert causes(console, installation) == []


# The figures beside them.


def test_what_sent_its_permanent_token_is_counted_on_the_case(
    console: Client, installation: Installation, right: dict[str, str]
) -> None:
    assert "None of the requests of this installation was refused in the last 30 days." in page_of(
        console, installation
    )
    post(right | {"ApplicationSecret": WRONG})
    works(right)
    page = page_of(console, installation)
    assert "Nothing wrong is visible" in page
    assert "1 time, 1 of them named, not proven, last " in page
    assert "not in the last 30 days" not in page
    RefusalGroup.objects.update(hour=timezone.now() - timedelta(days=20), last_at=timezone.now() - timedelta(days=20))
    assert "not in the last 30 days" not in page_of(console, installation)
