"""Ending the sessions of an installation by hand: its client programs authorise again."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from installs.installations import lifecycle, session_ends
from installs.models import Installation, Session
from linnapp import timeline
from linnapp.errors import NotPossible
from linnapp.models import TimelineEntry, User
from linnapp.timeline import Side
from tests.kit.exchanging import LOCATIONS, exchange
from tests.kit.people import acting


def call(answer: Any) -> int:
    return Client().get(LOCATIONS, headers={"Authorization": answer.json()["Token"]}).status_code


def told(installation: Installation, reader: Side) -> list[str]:
    entries = TimelineEntry.objects.about(installation.pk).order_by("pk")
    return [line.sentence for line in timeline.lines(entries, reader)][1:]


def test_live_sessions_end_with_a_cause_of_their_own_and_the_permanent_token_stays(
    installation: Installation, carol: User
) -> None:
    token = lifecycle.current_token(installation)
    sessions = [exchange(token) for _ in range(3)]
    over = Session.objects.order_by("created_at")[0]
    Session.objects.filter(pk=over.pk).update(expires_at=timezone.now())
    assert session_ends.end_sessions(installation, by=acting(carol)) == 2
    assert [call(session) for session in sessions] == [401] * 3
    ends = set(Session.objects.exclude(pk=over.pk).values_list("end", flat=True))
    # What ended by itself before is not told as ended by hand.
    assert (ends, Session.objects.get(pk=over.pk).end) == ({Session.End.BY_HAND}, "")
    assert call(exchange(token)) == 200
    assert Session.objects.live().count() == 1


def test_both_sides_read_who_ended_them(installation: Installation, alice: User, sam: User) -> None:
    token = lifecycle.current_token(installation)
    exchange(token)
    session_ends.end_sessions(installation, by=acting(alice))
    exchange(token)
    exchange(token)
    session_ends.end_sessions(installation, by=acting(sam, reason="A laptop was stolen."))
    assert told(installation, Side.CUSTOMER) == ["1 session ended by Northwind", "2 sessions ended by Support"]
    assert told(installation, Side.DEVELOPER) == ["1 session ended by Alice", "2 sessions ended by Support"]
    assert told(installation, Side.STAFF) == ["1 session ended by Alice", "2 sessions ended by Sam"]
    assert TimelineEntry.objects.order_by("pk").last().reason == "A laptop was stolen."  # type: ignore[union-attr]


def test_where_none_lives_nothing_is_told(installation: Installation, carol: User) -> None:
    assert session_ends.end_sessions(installation, by=acting(carol)) == 0
    assert told(installation, Side.STAFF) == []


def test_sessions_of_another_installation_go_on(
    installation: Installation, carol: User, dave: User, depot: Any
) -> None:
    other = lifecycle.install(installation.application, account=depot, version=installation.version, by=acting(dave))
    session = exchange(other.token)
    exchange(lifecycle.current_token(installation))
    assert session_ends.end_sessions(installation, by=acting(carol)) == 1
    assert call(session) == 200


@pytest.mark.parametrize("person", ["dave", "eve"])
def test_others_end_none(installation: Installation, person: str, request: pytest.FixtureRequest) -> None:
    session = exchange(lifecycle.current_token(installation))
    with pytest.raises(NotPossible, match="Only an Owner of Carol's Cakes can do this"):
        session_ends.end_sessions(installation, by=acting(request.getfixturevalue(person)))
    assert call(session) == 200
