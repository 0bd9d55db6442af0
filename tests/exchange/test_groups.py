"""Exchanges that are answered together: each as if it had come alone."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from installs.exchange import statements, steps
from installs.exchange.authorization import Exchange, Outcome
from installs.exchange.cases import AT_ONCE, Authorized, Refused
from installs.exchange.refusals import Reason
from installs.exchange.statements import Engine
from installs.exchange.steps import Not
from installs.installations import lifecycle, suspending
from installs.models import Installation, PermanentToken, Session
from linnapp.models import Account, Application, Secret, User, Version
from tests.kit.exchanging import WRONG, exchange_of, post
from tests.kit.people import acting

# Those that are begun, or why one is refused, or not answered yet.
Told = Reason | bool | Not


def together(*asks: Exchange) -> list[Outcome | Not]:
    return steps.run(lambda: Exchange.together(asks))


def alone(ask: Exchange) -> Outcome | Not:
    return steps.run(ask.alone)


def told(outcomes: Sequence[Outcome | Not]) -> list[Told]:
    return [_told(outcome) for outcome in outcomes]


def _told(outcome: Outcome | Not) -> Told:
    if isinstance(outcome, Not):
        return outcome
    return outcome.reason if isinstance(outcome, Refused) else True


@pytest.fixture
def elsewhere(
    application: Application, version: Version, installation: Installation, depot: Account, dave: User
) -> dict[str, str]:
    """The credentials of the same application on another account."""
    other = lifecycle.install(application, account=depot, version=version, by=acting(dave)).installation
    return {
        "ApplicationId": str(other.application_id),
        "ApplicationSecret": other.application.secrets.get().value(),
        "Token": lifecycle.current_token(other).value(),
    }


def test_each_of_a_group_is_told_its_own(
    right: dict[str, str], elsewhere: dict[str, str], django_assert_num_queries: Any
) -> None:
    session_token = post(right).json()["Token"]
    asks = [
        exchange_of(right | {"ApplicationSecret": WRONG}),
        exchange_of(right),
        exchange_of(right | {"Token": WRONG}),
        exchange_of(elsewhere),
        exchange_of(right | {"Token": session_token}),
        exchange_of(right | {"Token": right["ApplicationSecret"]}),
    ]
    with django_assert_num_queries(1 if connection.vendor == "postgresql" else 2):
        outcomes = together(*asks)
    assert told(outcomes) == [
        Reason.UNPROVEN,
        True,
        Reason.UNKNOWN_TOKEN,
        True,
        Reason.SESSION_TOKEN_SENT,
        Reason.OTHER_CREDENTIAL_SENT,
    ]
    of = {Session.objects.get(pk=each.session_id).installation_id for each in outcomes if isinstance(each, Authorized)}
    assert of == set(Installation.objects.values_list("pk", flat=True))
    assert Session.objects.count() == 3


def test_all_of_one_installation_begin_together(right: dict[str, str], elsewhere: dict[str, str]) -> None:
    mine, others = exchange_of(right), exchange_of(elsewhere)
    assert told(together(mine, others, mine, mine, others, mine)) == [True] * 6
    assert Session.objects.count() == 6


def test_more_of_one_installation_than_the_cap_leave_the_cap(right: dict[str, str], settings: Any) -> None:
    settings.SESSIONS_PER_INSTALLATION = cap = 3
    for _ in range(2):
        assert told(together(*[exchange_of(right)] * 10)) == [True] * 10
        assert Session.objects.live().count() == cap


def test_what_has_just_begun_is_the_last_to_end(right: dict[str, str], settings: Any) -> None:
    """Also where others are younger, by the clock of another process."""
    settings.SESSIONS_PER_INSTALLATION = cap = 3
    together(*[exchange_of(right)] * cap)
    Session.objects.update(last_used_at=timezone.now() + timedelta(seconds=1))
    (begun,) = together(exchange_of(right))
    assert isinstance(begun, Authorized)
    assert Session.objects.live().filter(pk=begun.session_id).exists()
    assert Session.objects.live().count() == cap


def test_the_quota_counts_those_of_the_same_group(right: dict[str, str], settings: Any) -> None:
    settings.EXCHANGES_PER_MINUTE = 1
    mine = exchange_of(right)
    assert told(together(mine, mine)) == [True, Not.TOGETHER]
    assert told([alone(mine)]) == [Reason.OVER_QUOTA]
    assert told(together(mine, mine)) == [Reason.OVER_QUOTA] * 2
    assert Session.objects.count() == 1


def test_the_session_cap_counts_those_of_the_same_group(right: dict[str, str], settings: Any) -> None:
    settings.SESSIONS_PER_INSTALLATION = cap = AT_ONCE + 1
    mine = exchange_of(right)
    for _ in range(cap):
        assert told(together(mine, mine)) == [True, True]
        assert Session.objects.live().count() <= cap
    last = together(mine, mine)
    assert isinstance(alone(mine), Authorized)
    assert Session.objects.live().count() == cap
    assert Session.objects.filter(end=Session.End.REPLACED).count() == cap + 3
    assert all(
        Session.objects.live().filter(pk=each.session_id).exists() for each in last if isinstance(each, Authorized)
    )


def test_a_stranger_uses_up_nothing_of_the_installation_whose_token_is_sent(
    right: dict[str, str], settings: Any
) -> None:
    settings.EXCHANGES_PER_MINUTE = 1
    stranger, mine = exchange_of(right | {"ApplicationSecret": WRONG}), exchange_of(right)
    outcomes = together(stranger, stranger, mine)
    assert told(outcomes) == [Reason.UNPROVEN, Reason.UNPROVEN, Not.TOGETHER]
    assert isinstance(alone(mine), Authorized)


@pytest.mark.parametrize("kind", [Secret, PermanentToken])
def test_a_credential_that_ends_within_the_minute_is_looked_at_alone(right: dict[str, str], kind: Any) -> None:
    kind.objects.update(ends_at=timezone.now() + timedelta(seconds=50))
    assert told(together(exchange_of(right))) == [Not.TOGETHER]
    assert isinstance(alone(exchange_of(right)), Authorized)
    kind.objects.update(ends_at=timezone.now() + timedelta(hours=1))
    assert told(together(exchange_of(right))) == [True]


def test_what_ended_is_refused_and_others_begin(right: dict[str, str], elsewhere: dict[str, str], carol: User) -> None:
    suspending.suspend(Installation.objects.get(account__name="Carol's Cakes"), by=acting(carol))
    mine, others = exchange_of(right), exchange_of(elsewhere)
    assert told(together(mine, others)) == [Reason.SUSPENDED_BY_ACCOUNT, True]
    Secret.objects.update(ends_at=timezone.now())
    assert told(together(mine, others)) == [Reason.UNPROVEN] * 2


def test_a_token_that_ends_between_the_moment_and_the_look_begins_no_session(
    right: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    moments, now = iter([timezone.now()]), timezone.now
    PermanentToken.objects.update(ends_at=timezone.now())
    monkeypatch.setattr(timezone, "now", lambda: next(moments, None) or now())
    assert told([alone(exchange_of(right))]) == [Not.NOW]
    assert told([alone(exchange_of(right))]) == [Reason.TOKEN_ENDED]
    assert not Session.objects.exists()


def test_a_group_at_its_limit_is_answered(right: dict[str, str]) -> None:
    wrong = exchange_of(right | {"Token": WRONG})
    outcomes = together(*[wrong] * (statements.MOST_TOGETHER - 1), exchange_of(right))
    assert told(outcomes) == [Reason.UNKNOWN_TOKEN] * (statements.MOST_TOGETHER - 1) + [True]


@pytest.mark.parametrize("name", [field.name for field in fields(Engine)])
def test_what_psycopg_makes_of_a_statement_is_kept(name: str) -> None:
    assert 0 < len(getattr(statements.POSTGRESQL, name)) <= psycopg._queries.MAX_CACHED_STATEMENT_LENGTH
