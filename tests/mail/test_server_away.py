"""The mail server is away, or lets the portal not in: what waits for it leaves as soon as it is back, and nothing
goes over half a connection."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from linnapp import mail, outbox
from linnapp.errors import NotPossible
from linnapp.models import OutgoingMail, TimelineEntry, User
from tests.kit.people import acting
from tests.mail.sink import Sink

pytestmark = pytest.mark.django_db(transaction=True)
State = OutgoingMail.State
AWAY = {"EMAIL_PORT": 1}


@pytest.fixture(autouse=True)
def asks_at_each_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "ASKS_EVERY", 0)


def write(address: str) -> OutgoingMail:
    mail.send(mail.Kind.NOTICE, "Subject", "A body", address)
    return OutgoingMail.objects.latest("pk")


def wait_in_vain(sink: Sink, settings: Settings, number: int = 3) -> list[OutgoingMail]:
    """Mails whose next try is a day ahead, because the server was away."""
    back = settings.DELIVERY_EMAIL
    settings.DELIVERY_EMAIL = back | AWAY
    rows = [write(f"person-{each}@x.example") for each in range(number)]
    outbox.send_due()
    OutgoingMail.objects.update(due_at=timezone.now() + timedelta(days=1), tries=6)
    settings.DELIVERY_EMAIL = back
    return rows


def states() -> set[str]:
    return set(OutgoingMail.objects.values_list("state", flat=True))


def test_all_that_waited_leaves_with_the_next_mail(sink: Sink, settings: Settings) -> None:
    wait_in_vain(sink, settings)
    write("new@x.example")
    outbox.send_due()
    assert (len(sink.mails), states()) == (4, {State.SENT})


def test_it_leaves_where_there_is_no_next_mail(sink: Sink, settings: Settings) -> None:
    wait_in_vain(sink, settings)
    outbox.send_due()
    outbox.send_due()
    assert (len(sink.mails), states()) == (3, {State.SENT})


def test_asking_whether_it_is_back_costs_a_mail_no_try_and_is_done_once_a_minute(
    sink: Sink, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_in_vain(sink, settings)
    settings.DELIVERY_EMAIL = settings.DELIVERY_EMAIL | AWAY
    outbox.send_due()
    assert set(OutgoingMail.objects.values_list("tries", flat=True)) == {6}
    monkeypatch.setattr(outbox, "ASKS_EVERY", 60)
    settings.DELIVERY_EMAIL = settings.DELIVERY_EMAIL | {"EMAIL_PORT": sink.port}
    outbox.send_due()
    assert sink.connections == 0


def test_what_another_has_in_hand_and_what_was_refused_itself_stay(sink: Sink, settings: Settings) -> None:
    [taken] = wait_in_vain(sink, settings, 1)
    OutgoingMail.objects.update(due_at=timezone.now())
    in_hand = outbox._next()
    assert in_hand is not None
    sink.refusals["full@x.example"] = "450 Full"
    refused = write("full@x.example")
    outbox.send_due()
    write("new@x.example")
    outbox.send_due()
    assert sink.addresses() == ["new@x.example"]
    for row in (taken, refused):
        row.refresh_from_db()
        assert row.due_at > timezone.now()


def test_staff_have_a_waiting_mail_tried_at_once(sink: Sink, settings: Settings, paula: User) -> None:
    [row] = wait_in_vain(sink, settings, 1)
    with pytest.raises(NotPossible, match="use “Send now”"):
        outbox.send_again(row, by=acting(paula))
    outbox.send_now(row, by=acting(paula, reason="The server was mended"))
    assert TimelineEntry.objects.filter(kind="MAIL_TRIED_NOW").count() == 1
    with pytest.raises(NotPossible, match="it is being sent, or is about to be"):
        outbox.send_now(row, by=acting(paula))
    outbox.send_due()
    assert states() == {State.SENT}
    with pytest.raises(NotPossible, match="it is not waiting"):
        outbox.send_now(row, by=acting(paula))


def test_one_in_hand_is_not_sent_a_second_time_by_staff(sink: Sink, settings: Settings, paula: User) -> None:
    [row] = wait_in_vain(sink, settings, 1)
    OutgoingMail.objects.update(due_at=timezone.now())
    outbox._next()
    with pytest.raises(NotPossible, match="it is being sent"):
        outbox.send_now(row, by=acting(paula))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"EMAIL_USE_TLS": True}, "the mail server does not offer STARTTLS, which EMAIL_URL asks for."),
        (
            {"EMAIL_HOST_USER": "portal", "EMAIL_HOST_PASSWORD": "secret"},
            "the mail server does not offer a sign-in, which EMAIL_URL asks for.",
        ),
    ],
)
def test_nothing_goes_over_a_connection_that_is_less_than_what_was_asked_for(
    sink: Sink, settings: Settings, asked: dict[str, object], said: str
) -> None:
    settings.DELIVERY_EMAIL = settings.DELIVERY_EMAIL | asked
    rows = [write("one@x.example"), write("two@x.example")]
    outbox.send_due()
    assert sink.mails == []
    for row in rows:
        row.refresh_from_db()
        assert row.said == f"No mail leaves: {said} Check its scheme and port."


def test_a_server_that_hangs_up_is_told_without_a_word_of_the_program(
    sink: Sink, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink.greeting = ""
    row = write("one@x.example")
    outbox.send_due()
    row.refresh_from_db()
    assert row.said == (
        "No mail leaves: the mail server closed the connection immediately. Check the scheme and the port in EMAIL_URL."
    )
