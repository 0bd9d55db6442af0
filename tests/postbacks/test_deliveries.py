"""From an installation to the developer's endpoint: what is owed, sent, retried and given up."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from installs.installations import lifecycle, suspending
from installs.models import Attempt, Delivery, Installation, SigningSecret
from installs.outbound.retry_after import LONGEST, retry_after
from installs.postbacks import retries, signing, signing_secrets
from linnapp.errors import NotPossible
from linnapp.models import Account, Application, TimelineEntry, User
from tests.kit.people import acting
from tests.kit.posting import deliver, install, with_postback
from tests.kit.receivers import Received, Reply, nobody_listens, receiving

pytestmark = pytest.mark.usefixtures("to_loopback")
State = Delivery.State


def test_the_permanent_token_arrives_in_the_address_and_in_the_form(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    with receiving() as receiver:
        url = f"{receiver.url}/in/[{{TRACKING}}]?token=[{{TOKEN}}]"
        made = install(application, cakes, with_postback(application, url, alice), carol, tracking="a/b & c")
        deliver()
        (postback,) = receiver.wait_for(1)
    token = made.token.value()
    assert postback.method == "POST"
    assert postback.path == f"/in/a%2Fb%20%26%20c?token={token}"
    assert postback.form == {
        "Token": token,
        "Tracking": "a/b & c",
        "ApplicationId": str(application.pk),
        "InstallationId": str(made.installation.pk),
        "AccountId": str(cakes.pk),
        "Event": "installed",
    }
    delivery = Delivery.objects.get()
    assert postback.headers["webhook-id"] == str(delivery.pk)
    secrets = [secret.value() for secret in SigningSecret.objects.filter(application=application)]
    signing.verify(postback.headers, postback.body, secrets, now=timezone.now())
    assert (delivery.state, delivery.outcome, delivery.tried) == (State.DELIVERED, "Answered 200 OK.", 1)
    (attempt,) = delivery.attempts.all()
    assert (attempt.passed, attempt.status) == (True, 200)


def test_what_the_log_keeps_has_no_permanent_token(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    def echo(received: Received) -> Reply:
        token = received.form["Token"]
        spelled = f"{received.path} {token} {token.replace('-', '')} {token.upper()} {{{token}}} {application.pk}"
        return Reply(headers={"X-Seen": received.path}, body=f"{spelled}{'.' * 20_000}".encode())

    with receiving(echo) as receiver:
        url = f"{receiver.url}/[{{TOKEN}}]?token=[{{TOKEN}}]"
        made = install(application, cakes, with_postback(application, url, alice), carol)
        deliver()
    attempt = Attempt.objects.get()
    token = made.token.value()
    written = f"{attempt.request} {attempt.answer} {attempt.cause}".lower()
    assert token not in written
    assert token.replace("-", "") not in written
    assert f"…{made.token.tail}" in attempt.answer
    assert str(application.pk) in attempt.answer
    assert f"Token=…{made.token.tail}" in attempt.request


@pytest.mark.parametrize(
    "spelled",
    [
        lambda token: f"you sent {token} to us".encode("utf-16"),
        lambda token: token.replace("-", "\\u002D").encode(),
        lambda token: token.replace("-", "%2D").encode(),
        lambda token: token.replace("-", "&#x2D;").encode(),
        lambda token: (b"." * (16 * 1024 - 40)) + token.replace("-", "\\u002D").encode() + b"." * 40,
    ],
    ids=["UTF-16", "of a script", "of an address", "of a page", "cut"],
)
def test_a_permanent_token_that_an_answer_spells_another_way_is_masked_too(
    application: Application, cakes: Account, alice: User, carol: User, spelled: Callable[[str], bytes]
) -> None:
    with receiving(lambda received: Reply(body=spelled(received.form["Token"]))) as receiver:
        made = install(application, cakes, with_postback(application, receiver.url, alice), carol)
        deliver()
    answer = Attempt.objects.get().answer
    assert answer.startswith("HTTP 200 OK")
    for part in made.token.value().split("-"):
        assert part not in answer.replace(f"…{made.token.tail}]", "")


def test_a_permanent_token_at_the_end_of_a_header_that_was_cut_leaves_nothing(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    def echo(received: Received) -> Reply:
        return Reply(headers={"X-Seen": f"{'z' * 970} {received.form['Token']}"})

    with receiving(echo) as receiver:
        made = install(application, cakes, with_postback(application, receiver.url, alice), carol)
        deliver()
    answer = Attempt.objects.get().answer
    assert f"z […{made.token.tail}]…\n" in answer
    assert made.token.value()[:8] not in answer


def test_without_a_postback_url_nothing_is_owed(application: Application, installation: Installation) -> None:
    assert not Delivery.objects.exists()


def test_authorising_again_sends_the_same_permanent_token_with_the_new_tracking_once_a_form(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    with receiving() as receiver:
        version = with_postback(application, receiver.url, alice)
        first = install(application, cakes, version, carol, consent="a" * 32, tracking="one")
        again = install(application, cakes, version, carol, consent="b" * 32, tracking="two")
        twice = install(application, cakes, version, carol, consent="b" * 32, tracking="two")
        older = install(application, cakes, version, carol, consent="a" * 32, tracking="one")
        deliver()
        sent = {postback.form["Tracking"]: postback.form for postback in receiver.wait_for(2)}
    assert again.delivery == twice.delivery
    assert older.delivery == first.delivery
    assert Delivery.objects.count() == 2
    assert {form["Token"] for form in sent.values()} == {first.token.value()}
    assert sent["two"]["Event"] == "authorised"


def test_a_failure_is_tried_again_by_the_schedule_and_given_up_in_the_end(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    with receiving(Reply(500)) as receiver:
        install(application, cakes, with_postback(application, receiver.url, alice), carol)
        for attempt in range(1, retries.ATTEMPTS + 1):
            deliver()
            delivery = Delivery.objects.get()
            assert delivery.tried == attempt
            if attempt < retries.ATTEMPTS:
                assert delivery.state == State.DUE
                assert delivery.next_attempt_at is not None
                wait = delivery.next_attempt_at - timezone.now()
                planned = retries.SCHEDULE[attempt - 1]
                assert planned * 0.8 - timedelta(seconds=2) < wait < planned * 1.2
                Delivery.objects.update(next_attempt_at=timezone.now())
        assert len(receiver.received) == retries.ATTEMPTS
        assert len({postback.headers["webhook-id"] for postback in receiver.received}) == 1
    assert delivery.state == State.EXHAUSTED
    assert delivery.outcome == "Answered 500 Internal Server Error."
    assert Installation.objects.get().state == Installation.State.ACTIVE
    ended = TimelineEntry.objects.filter(kind="POSTBACK_ENDED").get()
    assert ended.facts["outcome"] == "Answered 500 Internal Server Error"


def test_410_stops_it(application: Application, cakes: Account, alice: User, carol: User) -> None:
    with receiving(Reply(410)) as receiver:
        install(application, cakes, with_postback(application, receiver.url, alice), carol)
        deliver()
    assert Delivery.objects.get().state == State.STOPPED


@pytest.mark.parametrize("offset", ["+99999999999999999999", "+2400", "-9959"])
def test_a_retry_after_that_no_date_can_have_is_none(offset: str) -> None:
    for value in (f"Mon, 01 Jan 2026 00:00:00 {offset}", f"Mon, 01 Jan 9999 23:59:59 {offset}", "9" * 400):
        assert timedelta(0) <= retry_after(value, timezone.now()) <= LONGEST


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured(
    application: Application, cakes: Account, alice: User, carol: User, status: int
) -> None:
    with receiving(Reply(status, headers={"Retry-After": "7200"})) as receiver:
        install(application, cakes, with_postback(application, receiver.url, alice), carol)
        deliver()
    delivery = Delivery.objects.get()
    assert delivery.next_attempt_at is not None
    assert timedelta(minutes=119) < delivery.next_attempt_at - timezone.now() <= timedelta(hours=2)


def test_a_server_that_is_not_there_is_said_so(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    with nobody_listens() as url:
        install(application, cakes, with_postback(application, url, alice), carol)
        deliver()
    delivery = Delivery.objects.get()
    assert delivery.state == State.DUE
    assert "refused" in delivery.outcome


def test_after_uninstalling_nothing_is_sent_any_more(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    with receiving() as receiver:
        made = install(application, cakes, with_postback(application, receiver.url, alice), carol)
        lifecycle.uninstall(made.installation, by=acting(carol))
        deliver()
        assert receiver.received == []
    delivery = Delivery.objects.get()
    assert delivery.state == State.STOPPED
    assert "The installation and its permanent token have ended" in delivery.outcome


def test_while_the_application_is_suspended_postbacks_wait(
    application: Application, cakes: Account, alice: User, carol: User, sam: User
) -> None:
    with receiving() as receiver:
        install(application, cakes, with_postback(application, receiver.url, alice), carol)
        suspending.suspend_application(application, by=acting(sam, reason="Asked for."))
        deliver()
        assert receiver.received == []
        suspending.resume_application(application, by=acting(sam, reason="Done."))
        deliver()
        receiver.wait_for(1)


def test_a_rotated_signing_secret_signs_beside_the_old_one(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    with receiving() as receiver:
        install(application, cakes, with_postback(application, receiver.url, alice), carol)
        old = SigningSecret.objects.get().value()
        signing_secrets.rotate(application, after=timedelta(hours=24), by=acting(alice))
        deliver()
        (postback,) = receiver.wait_for(1)
    new = SigningSecret.objects.get(ends_at=None).value()
    assert len(postback.headers["webhook-signature"].split()) == 2
    for secret in (old, new):
        signing.verify(postback.headers, postback.body, [secret], now=timezone.now())
    with pytest.raises(NotPossible, match="works until"):
        signing_secrets.rotate(application, after=timedelta(0), by=acting(alice))
