"""Staff find a mail by its recipient, read what went wrong, and have it sent again; its text is not shown."""

import pytest
from django.utils import timezone
from pytest_django import Settings

from linnapp import mail
from linnapp.models import OutgoingMail, User
from tests.admin.editing import act
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
    assert "erin@emporium.example gets the mail of" in asked
    act(client, failed, "send_again")
    failed.refresh_from_db()
    assert (failed.state, failed.tries) == (OutgoingMail.State.WAITING, 0)
    assert "Send again" not in client.get(f"{page}change/").content.decode()
