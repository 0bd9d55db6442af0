"""Only install when my endpoint answers 200: what completes an installation, and what it fails by."""

from datetime import timedelta

import pytest
from django.utils import timezone

from installs.installations import lifecycle, suspending
from installs.models import Delivery, Installation, PermanentToken, Session
from installs.models.installations import NOT_TAKEN, SUSPENDED_BEFORE
from installs.postbacks import deciding, packing
from linnapp.errors import NotPossible
from linnapp.models import Account, Application, TimelineEntry, User
from tests.kit.people import acting
from tests.kit.posting import deliver, install, wait_for_200, with_postback
from tests.kit.receivers import Reply, nobody_listens, receiving

pytestmark = pytest.mark.usefixtures("to_loopback")
State = Delivery.State


def value(installation: Installation) -> str:
    return lifecycle.current_token(installation).value()


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
