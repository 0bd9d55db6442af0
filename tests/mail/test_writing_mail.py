"""Mail is written down with what it tells, and with nothing that a reader of the table should not read."""

import pytest
from django.core.mail import EmailMessage
from django.db import transaction
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from linnapp import jobs, mail, outbox
from linnapp.models import Account, OutgoingMail, User
from linnapp.services import people
from tests.kit.people import acting
from tests.mail.sink import Sink

MESSAGE = ("Subject", "Body", "portal@linnapp.example", ["carol@carolscakes.example"])
Kind = OutgoingMail.Kind


@pytest.mark.django_db
def test_a_mail_is_a_row_at_once_and_wakes_the_worker_when_the_transaction_ends(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(jobs, "ask", asked.append)
    with django_capture_on_commit_callbacks(execute=True):
        assert mail.Outbox().send_messages([EmailMessage(*MESSAGE)]) == 1
        row = OutgoingMail.objects.get()
        assert not asked
    assert asked == [outbox.wake]
    assert (row.recipient, row.state) == ("carol@carolscakes.example", OutgoingMail.State.WAITING)
    assert row.message_id.endswith("@localhost>")
    kept = str(list(OutgoingMail.objects.values()))
    assert "Body" not in kept
    assert "Subject" not in kept


@pytest.mark.django_db(transaction=True)
def test_mail_of_a_transaction_that_fails_is_never_sent(sink: Sink) -> None:
    with transaction.atomic():
        mail.send(Kind.OTHER, "Subject", "Body", "carol@carolscakes.example")
        transaction.set_rollback(True)
    outbox.send_due()
    assert not OutgoingMail.objects.exists()
    assert not sink.mails


@pytest.mark.django_db(transaction=True)
def test_what_an_older_release_left_in_the_queue_is_written_down_and_sent(sink: Sink, settings: Settings) -> None:
    """The job as it was put there: by its old name, with the messages in it and retries of its own."""
    huey = settings.HUEY
    message = EmailMessage(*MESSAGE)
    message.connection = None
    old = mail.send_mail.s([message], retries=5, retry_delay=60)
    assert old.name == "send_mail"
    assert huey._registry.task_to_string(type(old)) == "linnapp.mail.send_mail"
    data = huey.serialize_task(old)
    huey.execute(huey.deserialize_task(data))
    assert OutgoingMail.objects.get().recipient == "carol@carolscakes.example"
    outbox.send_due()
    assert sink.addresses() == ["carol@carolscakes.example"]
    assert sink.mails[0]["From"] == "portal@linnapp.example"
    huey.flush()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "subject", ["Contoso\r\nBcc: all@example.com invites you", "Contoso\u2028\x85Bcc: all@example.com"]
)
def test_a_line_end_in_a_subject_neither_stops_a_mail_nor_adds_to_its_head(subject: str) -> None:
    mail.Outbox().send_messages([EmailMessage(subject, *MESSAGE[1:])])
    head = outbox.message_of(OutgoingMail.objects.get()).message()
    assert "Contoso Bcc: all@example.com" in str(head["Subject"])
    assert head["Bcc"] is None


@pytest.mark.django_db
def test_a_file_is_refused_where_it_is_attached() -> None:
    message = EmailMessage(*MESSAGE)
    message.attach("list.csv", "a,b", "text/csv")
    with pytest.raises(ValueError, match="send a link to the file"):
        mail.Outbox().send_messages([message])


@pytest.mark.django_db
def test_mails_with_a_link_end_with_it(northwind: Account, alice: User, sink: Sink) -> None:
    """Invitations, links for a new password and confirmations; a notice has no end."""
    invitation, _ = people.invite(northwind, email="erin@emporium.example", role="DEVELOPER", by=acting(alice))
    assert OutgoingMail.objects.get(kind=Kind.INVITATION).ends_at == invitation.expires_at
    browser = Client()
    browser.post("/password/", {"email": alice.email})
    form = {"name": "N", "company": "New Bakery", "email": "new@somewhere.example", "password1": "quite-long-and-new-1"}
    browser.post("/sign-up/", form)
    mail.send(Kind.NOTICE, "Subject", "Body", alice.email)
    days = {
        row.kind: (row.ends_at - timezone.now()).days + 1 if row.ends_at else None
        for row in OutgoingMail.objects.exclude(kind=Kind.INVITATION)
    }
    assert days == {Kind.PASSWORD: 3, Kind.CONFIRMATION: 3, Kind.NOTICE: None}
