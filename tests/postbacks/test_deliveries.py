"""From an installation to the developer's endpoint: what is owed, sent, retried and given up."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from installs.installations import lifecycle, suspending
from installs.models import Attempt, Delivery, Installation, PermanentToken, Session, SigningSecret
from installs.models.installations import NOT_TAKEN, SUSPENDED_BEFORE
from installs.outbound.retry_after import LONGEST, retry_after
from installs.postbacks import asking, deciding, packing, retries, signing, signing_secrets
from linnapp.errors import NotPossible
from linnapp.models import Account, Application, TimelineEntry, User
from tests.kit.people import acting
from tests.kit.posting import deliver, install, wait_for_200, with_postback
from tests.kit.receivers import Received, Reply, nobody_listens, receiving

pytestmark = pytest.mark.usefixtures("to_loopback")
State = Delivery.State


def value(installation: Installation) -> str:
    return lifecycle.current_token(installation).value()


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
    assert "z …\n" in answer
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
    assert "The installation is over" in delivery.outcome


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


# Only install when my endpoint answers 200.


def test_it_waits_for_the_200_and_is_active_then(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    wait_for_200(application)
    with receiving() as receiver:
        made = install(application, cakes, with_postback(application, receiver.url, alice), carol)
        assert made.installation.state == Installation.State.PENDING
        assert made.installation.is_live
        deliver()
    row = Installation.objects.get()
    assert (row.state, row.waits_until) == (Installation.State.ACTIVE, None)
    assert PermanentToken.objects.get().ends_at is None
    assert TimelineEntry.objects.filter(kind="INSTALLATION_COMPLETED").count() == 1


@pytest.mark.parametrize("status", [201, 302, 404, 500])
def test_anything_but_200_fails_it_at_the_first_attempt(
    application: Application, cakes: Account, alice: User, carol: User, status: int
) -> None:
    wait_for_200(application)
    with receiving(Reply(status)) as receiver:
        version = with_postback(application, receiver.url, alice)
        install(application, cakes, version, carol, consent="c" * 32)
        deliver()
        deliver()
        assert len(receiver.received) == 1
    row = Installation.objects.get()
    assert row.state == Installation.State.FAILED
    assert f"Answered {status}" in row.failure
    assert not PermanentToken.objects.live().exists()
    assert Delivery.objects.get().state == State.STOPPED
    with pytest.raises(NotPossible, match="that installation failed: Answered"):
        install(application, cakes, version, carol, consent="c" * 32)


def test_what_no_worker_takes_reads_as_failed_and_makes_room(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    wait_for_200(application)
    with receiving() as receiver:
        version = with_postback(application, receiver.url, alice)
        made = install(application, cakes, version, carol)
        past = timezone.now() - timedelta(seconds=1)
        Installation.objects.update(waits_until=past)
        PermanentToken.objects.update(ends_at=past)
        late = Installation.objects.get()
        assert late.state == Installation.State.PENDING
        assert (late.is_live, late.shown_state) == (False, "failed")
        assert not Installation.objects.live().exists()
        assert Installation.objects.failed().get() == late
        again = install(application, cakes, version, carol)
        assert again.installation.pk != made.installation.pk
        deliver()
        assert [postback.form["InstallationId"] for postback in receiver.received] == [str(again.installation.pk)]
    late.refresh_from_db()
    assert late.state == Installation.State.FAILED
    assert late.failure == NOT_TAKEN
    assert Installation.objects.live().get().state == Installation.State.ACTIVE


def test_one_that_lapses_while_its_application_is_suspended_says_so_and_nothing_is_sent_afterwards(
    application: Application, cakes: Account, alice: User, carol: User, paula: User
) -> None:
    wait_for_200(application)
    with receiving() as receiver:
        made = install(application, cakes, with_postback(application, receiver.url, alice), carol).installation
        suspending.suspend_application(application, by=acting(paula, reason="It asks for too much."))
        past = timezone.now() - timedelta(seconds=1)
        Application.objects.update(suspended_by_staff_at=past - timedelta(seconds=30))
        Installation.objects.update(waits_until=past)
        deciding.fail_lapsed(Installation.objects.lapsed())
        suspending.resume_application(application, by=acting(paula, reason="It was mended."))
        deliver()
        assert receiver.received == []
    made.refresh_from_db()
    assert (made.state, made.failure) == (Installation.State.FAILED, SUSPENDED_BEFORE)
    assert Delivery.objects.get().outcome == SUSPENDED_BEFORE


def test_uninstalled_while_it_waits_its_postback_is_given_up_as_over(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    wait_for_200(application)
    with nobody_listens() as url:
        made = install(application, cakes, with_postback(application, url, alice), carol).installation
        lifecycle.uninstall(made, by=acting(carol))
        deliver()
    assert Delivery.objects.get().outcome == packing.OVER


def test_a_later_postback_that_fails_changes_nothing(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    wait_for_200(application)
    answers = iter([Reply(200), Reply(500)])
    with receiving(lambda received: next(answers)) as receiver:
        version = with_postback(application, receiver.url, alice)
        made = install(application, cakes, version, carol)
        deliver()
        install(application, cakes, version, carol)
        deliver()
    assert Installation.objects.get().state == Installation.State.ACTIVE
    assert value(made.installation) == made.token.value()
    assert Delivery.objects.filter(state=State.DUE).get().event == Delivery.Event.AUTHORISED


def test_failing_ends_its_sessions(application: Application, cakes: Account, alice: User, carol: User) -> None:
    """A receiver exchanges the permanent token before it answers."""
    wait_for_200(application)
    with receiving(Reply(500)) as receiver:
        made = install(application, cakes, with_postback(application, receiver.url, alice), carol)
        Session.objects.create(
            digest="d",
            installation=made.installation,
            permanent_token=made.token,
            secret=application.secrets.get(),
            expires_at=timezone.now() + timedelta(hours=1),
        )
        deliver()
    assert Session.objects.get().end == Session.End.FAILED


# Asked for again.


def test_one_is_sent_again_to_the_newest_address_under_the_same_id(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    with receiving(Reply(410)) as old, receiving() as new:
        install(application, cakes, with_postback(application, old.url, alice), carol)
        deliver()
        with_postback(application, new.url, alice, (1, 0, 1))
        delivery = Delivery.objects.get()
        asking.redeliver(delivery, to_newest=True, by=acting(alice))
        deliver()
        (postback,) = new.wait_for(1)
    assert postback.headers["webhook-id"] == str(delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.host) == (State.DELIVERED, new.host_and_port)
    assert [attempt.status for attempt in delivery.attempts.all()] == [410, 200]


def test_all_that_failed_are_replayed(
    application: Application, cakes: Account, depot: Account, alice: User, carol: User, dave: User
) -> None:
    answers = [Reply(410), Reply(410)]
    with receiving(lambda received: answers.pop() if answers else Reply()) as receiver:
        version = with_postback(application, receiver.url, alice)
        install(application, cakes, version, carol)
        gone = install(application, depot, version, dave)
        deliver()
        lifecycle.uninstall(gone.installation, by=acting(dave))
        since = timezone.now() - timedelta(hours=1)
        assert asking.replayable(application, since).count() == 1
        assert asking.replay(application, since=since, by=acting(alice)) == 1
        deliver()
    assert Delivery.objects.delivered().get().installation_id != gone.installation.pk


def test_a_test_carries_nobodys_permanent_token_and_tells_its_steps(application: Application, alice: User) -> None:
    with receiving() as receiver:
        test = asking.send_test(application, url=f"{receiver.url}/?t=[{{TOKEN}}]", by=acting(alice))
        deliver()
        (postback,) = receiver.wait_for(1)
    assert postback.form["Event"] == "test"
    assert postback.form["Token"] == "00000000-0000-4000-8000-000000000000"
    test.refresh_from_db()
    assert test.state == State.DELIVERED
    assert [step["name"] for step in test.steps][-1] == "answer"
    assert all(step["passed"] for step in test.steps)


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
    with pytest.raises(NotPossible, match="signs until"):
        signing_secrets.rotate(application, after=timedelta(0), by=acting(alice))


def test_what_was_dropped_from_the_log_meanwhile_is_said_so(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    made = install(application, cakes, with_postback(application, "https://hooks.example.com/", alice), carol)
    assert made.delivery is not None
    Delivery.objects.all().delete()
    with pytest.raises(NotPossible, match="older than 90 days"):
        asking.redeliver(made.delivery, by=acting(alice))
