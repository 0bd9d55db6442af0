import pickle

import pytest
from django.conf import settings as portal_settings
from django.core import mail
from django.core.mail import EmailMessage
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from linnapp.mail import QueuedMail, send_mail

MESSAGE = ("Subject", "Body", "portal@linnapp.example", ["carol@carolscakes.example"])


@pytest.mark.django_db
def test_mail_is_queued_when_the_transaction_ends_and_not_before(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    before = len(portal_settings.HUEY)
    with django_capture_on_commit_callbacks(execute=True):
        assert QueuedMail().send_messages([EmailMessage(*MESSAGE)]) == 1
        assert len(portal_settings.HUEY) == before
    assert len(portal_settings.HUEY) == before + 1
    portal_settings.HUEY.flush()


@pytest.mark.django_db(transaction=True)
def test_mail_of_a_transaction_that_fails_is_never_sent() -> None:
    before = len(portal_settings.HUEY)
    with transaction.atomic():
        QueuedMail().send_messages([EmailMessage(*MESSAGE)])
        transaction.set_rollback(True)
    assert len(portal_settings.HUEY) == before


def test_a_message_survives_the_queue() -> None:
    assert pickle.loads(pickle.dumps(EmailMessage(*MESSAGE))).to == ["carol@carolscakes.example"]


def test_the_worker_sends_with_the_operators_backend(settings: Settings) -> None:
    settings.DELIVERY_EMAIL = {"EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend"}
    send_mail.call_local([EmailMessage(*MESSAGE)])
    assert [message.subject for message in mail.outbox] == ["Subject"]


def test_without_a_mail_server_the_worker_prints(capsys: pytest.CaptureFixture[str]) -> None:
    send_mail.call_local([EmailMessage(*MESSAGE)])
    assert "To: carol@carolscakes.example" in capsys.readouterr().out


@pytest.mark.django_db
@pytest.mark.parametrize(
    "subject", ["Contoso\r\nBcc: all@example.com invites you", "Contoso\u2028\x85Bcc: all@example.com"]
)
def test_a_line_end_in_a_subject_neither_stops_a_mail_nor_adds_to_its_head(
    subject: str, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    message = EmailMessage(subject, *MESSAGE[1:])
    with django_capture_on_commit_callbacks(execute=True):
        QueuedMail().send_messages([message])
    portal_settings.HUEY.flush()
    head = message.message()
    assert "Contoso Bcc: all@example.com" in str(head["Subject"])
    assert head["Bcc"] is None
