"""What somebody waits for goes first, and what leads to something that is over goes nowhere."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from linnapp import mail, outbox
from linnapp.models import Account, Invitation, OutgoingMail, User
from linnapp.services import people
from tests.kit.people import acting
from tests.mail.sink import Sink

pytestmark = pytest.mark.django_db
State, Kind = OutgoingMail.State, OutgoingMail.Kind
BULK = 400
ERIN = "erin@emporium.example"


def bulk(number: int) -> None:
    """Notices that fell due before anything else."""
    past = timezone.now() - timedelta(hours=1)
    OutgoingMail.objects.bulk_create(
        OutgoingMail(message_id=f"<{place}@x>", kind=Kind.NOTICE, recipient=f"{place}", due_at=past)
        for place in range(number)
    )


def write(kind: str, address: str = ERIN, **more: Any) -> None:
    mail.send(kind, "Subject", "A body to read", address, **more)


def kinds_in_turn(number: int) -> list[str]:
    """As a worker takes them."""
    turns: list[str] = []

    def note(row: OutgoingMail, post: object) -> None:
        turns.append(row.kind)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbox, "_send", note)
        patch.setattr(outbox, "stop_asked", lambda: len(turns) >= number)
        outbox.send_due()
    return turns


def test_what_somebody_waits_for_goes_before_all_that_waits_longer(sink: Sink) -> None:
    bulk(BULK)
    for kind in (Kind.INVITATION, Kind.PASSWORD, Kind.UPDATES):
        write(kind)
    assert kinds_in_turn(3) == [Kind.PASSWORD, Kind.INVITATION, Kind.NOTICE]


def test_a_flood_of_what_is_waited_for_keeps_nothing_back_for_ever(sink: Sink) -> None:
    bulk(2)
    for place in range(9):
        write(Kind.SIGN_IN, f"{place}@x.example")
    waited_for = [Kind.SIGN_IN] * outbox.WAITED_FOR_IN_TURN
    assert kinds_in_turn(8) == [*waited_for, Kind.NOTICE, *waited_for, Kind.NOTICE]


@pytest.mark.usefixtures("as_new")
def test_the_next_one_is_read_off_an_index(sink: Sink, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    bulk(BULK)
    write(Kind.INVITATION)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    plan = OutgoingMail.objects.due_of_kind(Kind.PASSWORD, timezone.now()).explain()
    assert "mails_by_" in plan
    assert "Seq Scan" not in plan
    with django_assert_max_num_queries(9):
        outbox._next()


def states() -> list[tuple[str, str]]:
    return list(OutgoingMail.objects.order_by("pk").values_list("state", "content_encrypted"))


@pytest.mark.parametrize("end", ["revoked", "accepted"])
def test_the_mail_of_an_invitation_that_is_over_is_not_sent(
    sink: Sink, northwind: Account, cakes: Account, alice: User, carol: User, dave: User, end: str
) -> None:
    invitation, _ = people.invite(northwind, email=dave.email, role="DEVELOPER", by=acting(alice))
    people.invite(cakes, email=dave.email, role="DEVELOPER", by=acting(carol))
    # Given up: it would be sent again by hand.
    OutgoingMail.objects.filter(opens__startswith=str(northwind.pk)).update(state=State.FAILED)
    if end == "revoked":
        people.revoke(invitation, by=acting(alice))
    else:
        people.accept(invitation, by=acting(dave))
    over, stays = states()
    assert over == (State.LAPSED, "")
    assert stays[0] == State.WAITING
    assert OutgoingMail.objects.earliest("pk").said == mail.OVER


def test_an_invitation_sent_anew_takes_the_place_of_the_one_that_waits(
    sink: Sink, northwind: Account, alice: User
) -> None:
    for _ in range(2):
        people.invite(northwind, email=ERIN, role="DEVELOPER", by=acting(alice))
    assert [state for state, _ in states()] == [State.LAPSED, State.WAITING]
    assert OutgoingMail.objects.earliest("pk").said == mail.REPLACED
    assert Invitation.objects.count() == 1


def link_in_the_last() -> str:
    body = str(outbox.message_of(OutgoingMail.objects.latest("pk")).body)
    found = re.search(r"http://localhost:8000(/\S+)", body)
    assert found
    return found[1]


def test_a_link_for_a_new_password_is_mailed_once_and_not_after_it_was_used(
    sink: Sink, client: Client, alice: User
) -> None:
    for _ in range(2):
        client.post("/password/", {"email": alice.email})
    links = OutgoingMail.objects.filter(kind=Kind.PASSWORD).order_by("pk")
    assert [row.state for row in links] == [State.LAPSED, State.WAITING]
    address = client.get(link_in_the_last(), follow=True).redirect_chain[-1][0]
    client.post(address, {"password1": "another long secret", "password2": "another long secret"})
    assert {row.state for row in links.all()} == {State.LAPSED}
    assert OutgoingMail.objects.get(kind=Kind.SIGN_IN).state == State.WAITING


def test_a_link_that_confirms_an_address_is_not_mailed_once_it_is_confirmed(sink: Sink, client: Client) -> None:
    form = {"name": "Erin", "email": ERIN, "password1": "a long enough secret", "company": "Erin's Emporium"}
    client.post("/sign-up/", form)
    assert [state for state, _ in states()] == [State.WAITING]
    client.post(link_in_the_last())
    assert states() == [(State.LAPSED, "")]
