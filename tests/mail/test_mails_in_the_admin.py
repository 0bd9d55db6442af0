"""Staff find a mail by its recipient, read what went wrong, and have it sent again; its text is not shown."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone
from pytest_django import Settings

from linnapp import kinds, mail
from linnapp.models import OutgoingMail, User
from linnapp.names import isolated
from linnapp.words import moment_in_words
from tests.admin.editing import act
from tests.kit.connectors import seen
from tests.kit.people import ClientOf

pytestmark = pytest.mark.django_db
LIST = "/admin/linnapp/outgoingmail/"


@pytest.fixture
def failed(settings: Settings) -> OutgoingMail:
    settings.EMAIL_BACKEND = "linnapp.mail.Outbox"
    mail.send(mail.Kind.INVITATION, "Contoso invites you", "The key is sesame", "erin@emporium.example")
    said = "The mail server refused the address: 550 No."
    OutgoingMail.objects.update(state=OutgoingMail.State.FAILED, said=said, ended_at=timezone.now())
    return OutgoingMail.objects.get()


def test_a_failed_mail_is_found_by_its_recipient_with_what_went_wrong(
    failed: OutgoingMail, paula: User, client_of: ClientOf
) -> None:
    client = client_of(paula)
    assert "550 No." in client.get(LIST, {"q": "erin@"}).content.decode()
    assert "550 No." not in client.get(LIST, {"q": "dave@"}).content.decode()
    for page in (client.get(LIST), client.get(f"{LIST}{failed.pk}/change/")):
        text = page.content.decode()
        assert "550 No." in text
        assert "sesame" not in text
        assert "Contoso" not in text
        assert failed.content_encrypted not in text


def test_it_is_sent_again_with_a_reason(failed: OutgoingMail, paula: User, client_of: ClientOf) -> None:
    client, page = client_of(paula), f"{LIST}{failed.pk}/"
    assert "Send again" in client.get(f"{page}change/").content.decode()
    asked = client.get(f"{page}act/send_again/").content.decode()
    assert "erin@emporium.example gets the e-mail of" in asked
    assert f"Send again: {isolated(str(failed))}?" in asked
    done = seen(client.get(act(client, failed, "send_again").headers["Location"]))
    assert f"{isolated('1 e-mail')} will be tried again now." in done
    assert "sent a failed e-mail again" in kinds.MAIL_SENT_AGAIN.sentence
    failed.refresh_from_db()
    assert (failed.state, failed.tries) == (OutgoingMail.State.WAITING, 0)
    assert "Send again" not in client.get(f"{page}change/").content.decode()


def test_one_that_waits_is_tried_at_once(failed: OutgoingMail, paula: User, client_of: ClientOf) -> None:
    client, page = client_of(paula), f"{LIST}{failed.pk}/"
    later = timezone.now() + timedelta(hours=6)
    OutgoingMail.objects.update(state=OutgoingMail.State.WAITING, due_at=later, ended_at=None, tries=5)
    text = client.get(f"{page}change/").content.decode()
    assert "Send now" in text
    assert "Send again" not in text
    asked = client.get(f"{page}act/send_now/").content.decode()
    assert f"Send now: {isolated(str(failed))}?" in asked
    assert f"instead of on {moment_in_words(later)}" in asked
    assert "it is still waiting" in client.get(f"{page}act/send_again/").content.decode()
    done = seen(client.get(act(client, failed, "send_now").headers["Location"]))
    assert f"{isolated('1 e-mail')} will be tried now." in done
    failed.refresh_from_db()
    assert failed.due_at <= timezone.now()
    assert failed.tries == 0


def test_its_dates_are_told_as_all_others(failed: OutgoingMail, paula: User, client_of: ClientOf) -> None:
    client, page = client_of(paula), f"{LIST}{failed.pk}/change/"
    assert "None" not in seen(client.get(page))
    due = datetime(2027, 3, 4, 5, 6, 7, 8, tzinfo=UTC)
    OutgoingMail.objects.update(state=OutgoingMail.State.WAITING, due_at=due, ended_at=None)
    text = seen(client.get(page))
    assert "4 Mar 2027, 05:06" in text
    assert not re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|None", text)


def test_support_with_the_permission_answers_who_got_no_mail_and_sends_nothing(
    failed: OutgoingMail, sam: User, client_of: ClientOf
) -> None:
    assert client_of(sam).get(LIST).status_code == 403
    sam.groups.get(name="Support").permissions.add(Permission.objects.get(codename="view_outgoingmail"))
    client = client_of(sam)
    assert "550 No." in client.get(LIST, {"q": "erin@"}).content.decode()
    page = client.get(f"{LIST}{failed.pk}/change/").content.decode()
    assert "550 No." in page
    assert "sesame" not in page
    assert "Send again" not in page
