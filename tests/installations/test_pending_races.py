"""An installation that waits for its postback's 200, while others consent, exchange, uninstall and answer."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction

from installs.exchange.wire import ExchangeRequest
from installs.installations import lifecycle
from installs.models import Delivery, Installation, PermanentToken, Session
from installs.postbacks import deciding
from linnapp.errors import NotPossible
from linnapp.models import Account, Application, User
from tests.installations.test_install_races import at_once, end, exchange
from tests.kit.people import acting
from tests.kit.posting import deliver, wait_for_200, with_postback
from tests.kit.receivers import OK, Received, Reply, receiving

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("to_loopback")]
EXCHANGES = 50
NOWHERE = "http://127.0.0.1:9/"


@pytest.fixture
def waiting(application: Application, cakes: Account, alice: User, carol: User) -> Installation:
    wait_for_200(application)
    version = with_postback(application, NOWHERE, alice)
    row = lifecycle.install(application, account=cakes, version=version, by=acting(carol)).installation
    assert deciding.take(row.pk)
    return row


def request_of(row: Installation) -> ExchangeRequest:
    token = lifecycle.current_token(row).value().replace("-", "")
    return ExchangeRequest(row.application_id.hex, row.application.secrets.get().value().replace("-", ""), token)


def decide(row: Installation, *, passed: bool) -> None:
    with transaction.atomic():
        deciding.decide(row.pk, passed=passed, host="127.0.0.1:9", cause="Answered by a test.")


def nothing_lives() -> None:
    assert Session.objects.live().count() == 0
    assert PermanentToken.objects.live().count() == 0


def test_consents_at_once_leave_one_that_waits_and_one_postback_that_decides(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    wait_for_200(application)
    version = with_postback(application, NOWHERE, alice)

    def consent(number: int) -> lifecycle.Consented:
        return lifecycle.install(
            application, account=cakes, version=version, consent=f"{number % 8:032}", by=acting(carol)
        )

    consents = at_once(consent, 16)
    assert sorted(consented.created for consented in consents) == [False] * 15 + [True]
    assert Installation.objects.get().is_pending
    assert PermanentToken.objects.count() == 1
    assert Delivery.objects.filter(decides=True).count() == 1
    assert Delivery.objects.count() == 8


def test_exchanges_while_it_fails_leave_no_session_and_no_permanent_token(waiting: Installation) -> None:
    request, begun = request_of(waiting), threading.Semaphore(0)

    def act(number: int) -> None:
        if number == 0:
            for _ in range(EXCHANGES // 2):
                begun.acquire(timeout=20)
            decide(waiting, passed=False)
            return
        exchange(request)
        begun.release()
        exchange(request)

    at_once(act, EXCHANGES + 1)
    assert Session.objects.count() >= EXCHANGES // 2
    assert Installation.objects.get().state == Installation.State.FAILED
    nothing_lives()
    exchange(request)
    nothing_lives()


@pytest.mark.parametrize("passed", [True, False])
def test_uninstalling_and_deciding_at_once_end_in_one_of_the_two(
    waiting: Installation, carol: User, passed: bool
) -> None:
    """Whichever comes first, no installation is left that lives; and none is completed after its end."""
    request = request_of(waiting)

    def act(number: int) -> None:
        if number == 0:
            end(waiting, carol)
        elif number == 1:
            decide(waiting, passed=passed)
        else:
            exchange(request)

    at_once(act, 8)
    row = Installation.objects.get()
    assert row.state in (Installation.State.UNINSTALLED, Installation.State.FAILED)
    assert not (passed and row.state == Installation.State.FAILED)
    nothing_lives()


def test_uninstalled_while_the_endpoint_thinks_it_stays_uninstalled(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    wait_for_200(application)
    answered = threading.Event()

    def think(received: Received) -> Reply:
        assert answered.wait(8)
        return OK

    with receiving(think) as receiver, ThreadPoolExecutor(1) as worker:
        version = with_postback(application, receiver.url, alice)
        row = lifecycle.install(application, account=cakes, version=version, by=acting(carol)).installation
        at_work = worker.submit(work)
        receiver.wait_for(1)
        lifecycle.uninstall(row, by=acting(carol))
        again = lifecycle.install(application, account=cakes, version=version, by=acting(carol))
        answered.set()
        at_work.result(20)
    row.refresh_from_db()
    assert row.state == Installation.State.UNINSTALLED
    assert not row.permanent_tokens.live().exists()
    # It looked once more before it rested, and the second one was answered too.
    again.installation.refresh_from_db()
    assert again.installation.state == Installation.State.ACTIVE
    assert [token.ends_at for token in again.installation.permanent_tokens.all()] == [None]


def work() -> Any:
    try:
        deliver()
    finally:
        connection.close()


def test_a_consent_while_it_fails_waits_and_installs_anew_or_is_told(waiting: Installation, carol: User) -> None:
    def act(number: int) -> str:
        if number == 0:
            decide(waiting, passed=False)
            return ""
        try:
            return again(waiting, carol)
        except NotPossible as refusal:
            return str(refusal)

    at_once(act, 8)
    waiting.refresh_from_db()
    assert waiting.state == Installation.State.FAILED
    assert not waiting.permanent_tokens.live().exists()
    live = Installation.objects.live()
    assert live.count() <= 1
    assert PermanentToken.objects.live().count() == live.count()


def again(row: Installation, by: User) -> str:
    made = lifecycle.install(row.application, account=row.account, version=row.version, by=acting(by))
    return str(made.installation.pk)
