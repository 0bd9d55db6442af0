"""The demo's postbacks: every end that one can come to, told as it would have been, and nothing left to send."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from installs import demo
from installs.application import attention, figures
from installs.application.checklist import checklist
from installs.connectors import calling
from installs.exchange import authorization
from installs.exchange.wire import ExchangeRequest
from installs.installations import lifecycle
from installs.models import (
    AlertSent,
    Attempt,
    Connector,
    Delivery,
    Installation,
    PermanentToken,
    PostbackHost,
    Review,
    SigningSecret,
)
from installs.store import listings, offers
from linnapp import credentials
from linnapp.models import Application, TimelineEntry

State = Delivery.State
pytestmark = [pytest.mark.usefixtures("loaded"), pytest.mark.django_db]


@pytest.fixture(scope="module")
def loaded(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Loaded once for all of these, which only read; taken back at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        demo.load()
        yield
        transaction.set_rollback(True)


def application(name: str) -> Application:
    return Application.objects.get(name=name)


def states(name: str) -> set[str]:
    return set(Delivery.objects.filter(application__name=name).values_list("state", flat=True))


def test_nobody_of_it_gets_a_mail_about_what_was() -> None:
    assert not AlertSent.objects.exists()


def test_nothing_is_due_for_hours_but_the_hourly_trial_of_the_parked_host() -> None:
    now = timezone.now()
    assert not Delivery.objects.due(now + timedelta(hours=2)).exists()
    parked = PostbackHost.objects.parked().get()
    assert parked.next_trial_at is not None
    assert timedelta(minutes=30) < parked.next_trial_at - now < PostbackHost.TRIAL_EVERY
    assert not Installation.objects.lapsed().exists()


def test_every_end_is_there_with_the_attempts_that_led_to_it() -> None:
    assert states("Blue Market") == {State.DELIVERED, State.DUE, State.EXHAUSTED, State.STOPPED}
    assert states("Parcel Sync") == {State.DELIVERED, State.HELD, State.EXHAUSTED}
    assert states("Ledger Link") == {State.DELIVERED}
    causes = set(Attempt.objects.failed().values_list("cause", flat=True))
    assert {"Answered 503 Service Unavailable.", "No answer within 10 seconds."} <= causes
    for delivery in Delivery.objects.filter(state=State.EXHAUSTED):
        assert delivery.attempts.count() == delivery.tried == 10
    retried = Delivery.objects.delivered().filter(tried__gt=1)
    assert retried.count() >= 3
    assert Delivery.objects.delivered().count() > 20 * retried.count()


def test_it_all_lies_in_the_past_in_the_order_in_which_it_happened() -> None:
    now = timezone.now()
    for delivery in Delivery.objects.prefetch_related("attempts").select_related("installation"):
        assert delivery.installation is not None
        moments = [delivery.installation.installed_at, *(attempt.at for attempt in delivery.attempts.all())]
        assert moments == sorted(moments)
        assert moments[-1] < now
        assert delivery.ended_at in (None, moments[-1])
    told = TimelineEntry.objects.filter(kind__in=("POSTBACK", "POSTBACK_ENDED")).order_by("pk")
    moments = [entry.at for entry in told]
    assert moments == sorted(Attempt.objects.values_list("at", flat=True))
    for secret in SigningSecret.objects.select_related("application"):
        first = Delivery.objects.of_application(secret.application).earliest("created_at")
        assert secret.created_at <= first.created_at


def test_one_installation_failed_with_its_reason() -> None:
    failed = Installation.objects.failed().get()
    assert str(failed) == "Review Lamp on Carol's Cakes"
    assert failed.why_failed.startswith("Answered 500 Internal Server Error")
    assert failed.failed_at is not None
    assert failed.failed_at - failed.installed_at < timedelta(minutes=1)
    assert not PermanentToken.objects.live().filter(installation=failed).exists()


def test_one_installation_waits_long_enough_to_be_looked_at() -> None:
    pending = Installation.objects.get(state=Installation.State.PENDING)
    assert str(pending) == "Review Lamp on Dave's Depot"
    assert pending.is_pending
    assert pending.waits_until is not None
    assert pending.waits_until == lifecycle.current_token(pending).ends_at
    assert pending.waits_until > timezone.now() + timedelta(days=7)


def test_overview_tells_of_it() -> None:
    market, parcels = application("Blue Market"), application("Parcel Sync")
    assert [line.done for line in checklist(market).lines if line.name == "postback"] == [True]
    assert figures.week(market).delivered_percent not in (None, 0, 100)
    sentences = [notice.sentence for notice in attention.notices(market)]
    assert "2 postbacks not delivered in the last seven days" in sentences
    assert "1 postback waiting for another attempt" in sentences
    (parked,) = [notice for notice in attention.notices(parcels) if "have been held since" in notice.sentence]
    assert parked.detail.startswith("4 postbacks wait.")


def test_accounts_updated_and_one_went_back_and_those_of_visitors_have_an_update_waiting() -> None:
    told = TimelineEntry.objects.filter(kind__in=("UPDATED", "WENT_BACK"))
    assert told.filter(kind="UPDATED").count() > 40
    assert told.filter(kind="WENT_BACK").count() == 1
    for moved in Installation.objects.moved_lately():
        assert moved.moved_at is not None
        assert moved.installed_at < moved.moved_at < timezone.now()
        assert told.filter(subject_id=moved.pk, at=moved.moved_at).exists()
    waiting = Installation.objects.with_update_available().filter(account__name="Carol's Cakes")
    assert {str(row.application) for row in waiting} >= {"Stock Bridge", "Parcel Sync"}


def test_northwind_has_its_own_application_in_development_and_a_connector_that_authorises() -> None:
    own = Installation.objects.of_own_applications().get()
    assert (str(own), own.version.is_development) == ("Stock Bridge on Northwind", True)
    connector = Connector.objects.get()
    assert (str(connector), str(connector.account), connector.state) == ("Stock Bridge", "Northwind", "UNTESTED")
    given = calling.credentials_of(connector)
    values = (given.application_id, given.application_secret, given.token)
    request = ExchangeRequest(*(credentials.canonical(value) or "" for value in values))
    assert authorization.authorize(request, address="192.0.2.1").installation_id == own.pk


def test_the_log_keeps_no_permanent_token() -> None:
    kept = "".join(Attempt.objects.values_list("request", flat=True))
    assert "Token=" in kept
    for token in PermanentToken.objects.filter(installation__deliveries__isnull=False).distinct():
        assert token.value() not in kept


def test_what_is_listed_was_reviewed_one_waits_and_one_was_returned() -> None:
    by_listing = {row.name: row.listing for row in Application.objects.exclude(listing="LISTED")}
    assert by_listing == {"Blue Market": "RETURNED", "Review Lamp": "IN_REVIEW"}
    assert set(offers.on_offer()) == set(Application.objects.filter(listing="LISTED"))
    assert [listings.changed_fields(row) for row in Application.objects.listed()] == [[]] * 4
    assert Review.objects.accepted().count() == 4
    for review in Review.objects.exclude(decision=""):
        assert review.decided_at is not None
        assert review.application.created_at < review.requested_at < review.decided_at < timezone.now()
    assert Review.objects.open().get().requested_at < timezone.now() - timedelta(days=2)


def test_one_permanent_token_is_being_rotated() -> None:
    [token] = PermanentToken.objects.not_handed_over()
    assert token.installation.account.name == "Dave's Depot"
    assert token.replaces
    assert TimelineEntry.objects.filter(kind="TOKEN_ROTATED", subject_id=token.installation_id, side="STAFF").exists()


def test_what_is_told_of_an_hour_comes_where_the_hour_was() -> None:
    told = TimelineEntry.objects.filter(kind="EXCHANGES")
    assert told.exists()
    for entry in told:
        assert entry.at - datetime.fromisoformat(entry.facts["hour"]) <= timedelta(hours=1)
