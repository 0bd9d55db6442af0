"""What an act of support changes for the client program and for the developer's endpoint."""

import pytest
from django.test import Client

from installs.models import Delivery, Installation
from installs.support.acts import Act
from linnapp.models import Account, Application, User
from tests.kit.exchanging import LOCATIONS, exchange
from tests.kit.people import ClientOf
from tests.kit.posting import deliver, install, with_postback
from tests.kit.receivers import receiving
from tests.support.test_acts_of_support import POSTED, page_of


def call(session_token: str) -> int:
    return Client().get(LOCATIONS, headers={"Authorization": session_token}).status_code


@pytest.mark.django_db
def test_a_client_program_stops_goes_on_and_begins_a_new_session(
    paula: User, sam: User, installation: Installation, client_of: ClientOf
) -> None:
    admin, support, token = client_of(paula), client_of(sam), installation.permanent_tokens.get()
    first = exchange(token).json()["Token"]
    assert call(first) == 200
    support.post(page_of(installation, Act.END_SESSIONS), POSTED)
    assert call(first) == 401
    second = exchange(token).json()["Token"]
    assert call(second) == 200
    admin.post(page_of(installation, Act.SUSPEND), POSTED)
    assert (call(second), exchange(token).status_code) == (401, 400)
    support.post(page_of(installation, Act.RESUME), POSTED)
    assert call(exchange(token).json()["Token"]) == 200


@pytest.mark.parametrize("act", [Act.REDELIVER, Act.REPLAY])
@pytest.mark.usefixtures("to_loopback")
def test_a_postback_that_failed_arrives(
    act: Act,
    sam: User,
    alice: User,
    carol: User,
    application: Application,
    cakes: Account,
    client_of: ClientOf,
) -> None:
    with receiving() as receiver:
        version = with_postback(application, receiver.url, alice)
        made = install(application, cakes, version, carol)
        Delivery.objects.update(state=Delivery.State.EXHAUSTED, next_attempt_at=None)
        deliver()
        assert not receiver.received
        answer = client_of(sam).post(page_of(made.installation, act), POSTED)
        assert answer.status_code == 302, answer.content.decode()
        deliver()
        [sent] = receiver.received
    assert made.delivery is not None
    assert sent.headers["webhook-id"] == str(made.delivery.pk)
    made.delivery.refresh_from_db()
    assert made.delivery.state == Delivery.State.DELIVERED
