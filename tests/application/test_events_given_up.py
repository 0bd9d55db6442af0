"""Events that nobody got stand under Needs attention, apart from postbacks."""

from datetime import timedelta

from django.utils import timezone

from installs.application import attention
from installs.models import Delivery, Installation
from linnapp.models import Application, User
from tests.kit.events import send_events

ENDPOINT = "https://hooks.northwind.example/events"


def test_events_that_were_given_up_are_told_for_a_week(
    application: Application, installation: Installation, alice: User
) -> None:
    send_events(application, ENDPOINT, alice)
    Delivery.objects.create(
        kind=Delivery.Kind.EVENT,
        application=application,
        installation=installation,
        event="installation.updated",
        subject=installation.pk,
        number=1,
        state=Delivery.State.EXHAUSTED,
        ended_at=timezone.now(),
        url=ENDPOINT,
        nonce="event",
    )
    (notice,) = attention.notices(application)
    assert (notice.sentence, notice.query) == (
        "1 event not delivered in the last seven days",
        "state=failed&kind=event",
    )
    Delivery.objects.update(ended_at=timezone.now() - timedelta(days=8))
    assert list(attention.notices(application)) == []
