"""The worker sends what is written down: at least once, by one thread at a time, and not for ever."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from linnapp import credentials, mail, outbox
from linnapp.errors import NotPossible
from linnapp.models import OutgoingMail, TimelineEntry, User
from tests.kit.people import acting
from tests.mail.sink import Sink

pytestmark = pytest.mark.django_db(transaction=True)
CAROL = "carol@carolscakes.example"
State, Kind = OutgoingMail.State, OutgoingMail.Kind


def write(address: str = CAROL, **more: object) -> OutgoingMail:
    mail.send(Kind.NOTICE, "Subject", "A body to read", address, **more)  # type: ignore[arg-type]
    return OutgoingMail.objects.latest("pk")


def again(row: OutgoingMail) -> OutgoingMail:
    """Sent as if its time had come."""
    OutgoingMail.objects.filter(pk=row.pk).update(due_at=timezone.now())
    outbox.send_due()
    row.refresh_from_db()
    return row


def test_a_mail_is_sent_and_its_text_is_gone(sink: Sink) -> None:
    row = write()
    outbox.send_due()
    row.refresh_from_db()
    assert (row.state, row.content_encrypted, row.tries) == (State.SENT, "", 1)
    [sent] = sink.mails
    assert (sent["To"], sent["Subject"], sent["Message-ID"]) == (CAROL, "Subject", row.message_id)
    assert sent.get_content().strip().splitlines() == ["A body to read", "", "— linnapp at localhost:8000"]
    outbox.send_due()
    assert len(sink.mails) == 1


def test_many_go_over_one_connection_also_where_the_server_ends_it(sink: Sink) -> None:
    addresses = [f"person-{number}@x.example" for number in range(5)]
    for address in addresses:
        write(address)
    outbox.send_due()
    assert (sink.addresses(), sink.connections) == (addresses, 1)
    sink.ends_after = 2
    for address in addresses:
        write(address)
    outbox.send_due()
    assert sink.addresses() == sorted(addresses * 2)
    assert not OutgoingMail.objects.exclude(state=State.SENT).exists()


def test_threads_share_what_is_due_and_send_each_mail_once(sink: Sink) -> None:
    for number in range(30):
        write(f"person-{number}@x.example")

    def work() -> None:
        outbox.send_due()
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sink.mails) == len({mail["Message-ID"] for mail in sink.mails}) == 30


def test_one_whose_worker_was_killed_is_sent_once_more_with_the_same_message_id(sink: Sink) -> None:
    row = write()
    taken = outbox._next()
    assert taken is not None
    post = outbox._Post()
    post.send(outbox.message_of(taken))
    post.close()
    outbox.send_due()
    assert len(sink.mails) == 1, "it is another's for a while"
    assert again(row).state == State.SENT
    assert [mail["Message-ID"] for mail in sink.mails] == [row.message_id] * 2


def test_what_a_slow_thread_learns_after_another_took_the_mail_counts_no_more(sink: Sink) -> None:
    row = write()
    slow = outbox._next()
    assert slow is not None
    again(row)
    outbox._end(slow, State.FAILED, "It went wrong.")
    row.refresh_from_db()
    assert row.state == State.SENT


def test_a_server_that_is_away_is_tried_again_after_growing_waits_and_for_two_days_at_most(
    sink: Sink, settings: Settings
) -> None:
    settings.DELIVERY_EMAIL = settings.DELIVERY_EMAIL | {"EMAIL_PORT": 1}
    row, waits = write(), []
    for _ in range(6):
        row = again(row)
        waits.append(round((row.due_at - timezone.now()).total_seconds() / 60))
    assert waits == [1, 5, 30, 120, 360, 1440]
    said = "No mail leaves: the mail server could not be reached (Connection refused)."
    assert (row.state, row.said) == (State.WAITING, f"{said} Check the host and the port in EMAIL_URL.")
    row = again(row)
    assert (row.state, row.tries, bool(row.content_encrypted)) == (State.FAILED, 7, True)


@pytest.mark.parametrize(
    ("answer", "state", "said"),
    [
        ("550 5.1.1 No such user", State.FAILED, "The mail server refused the address: 550 5.1.1 No such user."),
        ("450 Greylisted", State.WAITING, "The mail server refused the address: 450 Greylisted."),
    ],
)
def test_an_address_that_the_server_refuses_for_good_is_not_tried_again(
    sink: Sink, answer: str, state: str, said: str
) -> None:
    sink.refusals[CAROL] = answer
    row, other = write(), write("dave@x.example")
    outbox.send_due()
    row.refresh_from_db()
    assert (row.state, row.said, row.tries) == (state, said, 1)
    assert sink.addresses() == [other.recipient]


def test_nothing_of_a_mail_that_the_server_repeats_is_kept(sink: Sink) -> None:
    key = credentials.new_link_key()
    sink.refusals[CAROL] = f"550 Spam: http://localhost/invitations/{key}"
    assert key not in again(write()).said


def test_what_cannot_be_written_as_a_mail_keeps_no_other_back(sink: Sink) -> None:
    row = write("two@lines.example\nBcc: all@example.com")
    write()
    outbox.send_due()
    row.refresh_from_db()
    assert row.state == State.FAILED
    assert sink.addresses() == [CAROL]


def test_a_mail_is_not_sent_after_its_link_ended(sink: Sink) -> None:
    row = again(write(ends_at=timezone.now() - timedelta(seconds=1)))
    assert (row.state, row.content_encrypted, sink.mails) == (State.LAPSED, "", [])


def test_a_mail_that_failed_is_sent_again_while_its_text_is_kept(sink: Sink, paula: User) -> None:
    sink.refusals[CAROL] = "550 No"
    row = again(write())
    del sink.refusals[CAROL]
    outbox.send_again(row, by=acting(paula, reason="The server was mended"))
    outbox.send_due()
    assert sink.addresses() == [CAROL]
    assert TimelineEntry.objects.get(kind="MAIL_SENT_AGAIN").facts["mail"] == f"Notice to {CAROL}"
    with pytest.raises(NotPossible, match="it did not fail"):
        outbox.send_again(row, by=acting(paula))


def test_texts_of_failed_mails_end_after_seven_days_and_rows_after_thirty(sink: Sink, paula: User) -> None:
    now, rows = timezone.now(), [write() for _ in range(4)]
    days = {State.FAILED: 8, State.SENT: 31, State.WAITING: 31}
    for row, (state, age) in zip(rows, days.items(), strict=False):
        then = now - timedelta(days=age)
        OutgoingMail.objects.filter(pk=row.pk).update(state=state, created_at=then, ended_at=then)
    failed, late = OutgoingMail.objects.get(pk=rows[0].pk), rows[3]
    OutgoingMail.objects.filter(pk=late.pk).update(state=State.FAILED, ended_at=now, ends_at=now)
    assert outbox.drop_old() == 1
    assert not OutgoingMail.objects.filter(pk=rows[1].pk).exists()
    assert OutgoingMail.objects.get(pk=rows[2].pk).content_encrypted
    for row, why in ((failed, "only kept for 7 days"), (late, "its link has expired")):
        with pytest.raises(NotPossible, match=why):
            outbox.send_again(row, by=acting(paula))


def test_without_a_mail_server_the_worker_prints(capsys: pytest.CaptureFixture[str], settings: Settings) -> None:
    settings.EMAIL_BACKEND = "linnapp.mail.Outbox"
    settings.DELIVERY_EMAIL = {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    again(write())
    assert f"To: {CAROL}" in capsys.readouterr().out
