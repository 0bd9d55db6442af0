"""The Overview tab: what needs attention, a week in figures, the latest activity."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from installs.application import attention, figures, secret_ends
from installs.installations import lifecycle, suspending
from installs.models import Delivery, ExchangeHour, Installation, PostbackHost, RefusalGroup
from linnapp.models import Account, Application, User, Version
from linnapp.services import secrets
from tests.kit.people import ClientOf, acting
from tests.kit.posting import install, wait_for_200, with_postback

ENDPOINT = "https://hooks.northwind.example/installed"
State = Delivery.State


def overview(application: Application) -> str:
    return reverse("application_overview", args=(application.account.slug, application.pk))


def sentences(application: Application) -> list[str]:
    return [notice.sentence for notice in attention.notices(Application.objects.get(pk=application.pk))]


def refusal(application: Application, reason: str, count: int, at: datetime) -> None:
    hour = at.replace(minute=0, second=0, microsecond=0)
    RefusalGroup.objects.create(
        key=uuid4().hex, hour=hour, reason=reason, application_id=application.pk, count=count, last_at=at
    )


# Needs attention.


def test_nothing_to_say_means_no_section(client_of: ClientOf, alice: User, application: Application) -> None:
    assert sentences(application) == []
    assert "Needs attention" not in client_of(alice).get(overview(application)).content.decode()


def test_who_never_connected_for_a_day_is_counted(
    client_of: ClientOf, alice: User, application: Application, installation: Installation
) -> None:
    assert sentences(application) == []
    Installation.objects.update(installed_at=timezone.now() - timedelta(hours=25))
    assert sentences(application) == ["1 installation never connected"]
    page = client_of(alice).get(overview(application)).content.decode()
    assert "?state=never_connected" in page


def test_refused_exchanges_of_the_last_day_are_named_by_cause(
    client_of: ClientOf, alice: User, application: Application
) -> None:
    now = timezone.now()
    refusal(application, "UNKNOWN_TOKEN", 2, now)
    refusal(application, "SESSION_TOKEN_SENT", 5, now)
    refusal(application, "OVER_QUOTA", 50, now - timedelta(days=3))
    notice = attention.notices(application)[0]
    assert notice.sentence == "7 exchanges were refused in the last day"
    assert notice.detail == (
        "session token sent instead of the permanent token (5); not a permanent token of this portal (2)"
    )
    assert "<small>Session token sent instead" in client_of(alice).get(overview(application)).content.decode()


def test_what_only_named_the_application_is_no_news_but_a_retired_secret_is(application: Application) -> None:
    now = timezone.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    for secret in ("UNKNOWN", "ANOTHER", "RETIRED"):
        RefusalGroup.objects.create(
            key=secret,
            hour=hour,
            reason="UNPROVEN",
            named_application_id=application.pk,
            secret_sent=secret,
            count=3,
            last_at=now,
        )
    refusal(application, "UNKNOWN_TOKEN", 1, now)
    RefusalGroup.objects.create(
        key="call", asked="CALL", hour=hour, reason="SESSION_ENDED", application_id=application.pk, count=9, last_at=now
    )
    notice = attention.notices(application)[0]
    assert notice.sentence == "4 exchanges were refused in the last day"
    assert notice.detail == "retired Application Secret (3); not a permanent token of this portal (1)"


def test_suspended_installations_are_told(application: Application, installation: Installation, sam: User) -> None:
    suspending.suspend_by_staff(installation, by=acting(sam, reason="Asked for."))
    assert sentences(application) == ["1 installation is suspended"]


def test_a_secret_that_ends_soon_is_told(application: Application, alice: User) -> None:
    old = application.secrets.get()
    secrets.create_secret(application=application, by=acting(alice))
    secret_ends.retire_secret(old, after=timedelta(hours=24), by=acting(alice))
    assert sentences(application)[0].startswith(f"Application Secret …{old.tail} ends on ")


def test_versions_that_are_all_withdrawn_are_told(application: Application, version: Version) -> None:
    Version.objects.filter(pk=version.pk).update(withdrawn_at=timezone.now())
    assert sentences(application) == ["No version can be installed"]


@pytest.fixture
def owed(
    application: Application,
    northwind: Account,
    cakes: Account,
    depot: Account,
    alice: User,
    carol: User,
    dave: User,
) -> list[Delivery]:
    """A postback to each of three accounts' installations, all delivered."""
    version = with_postback(application, ENDPOINT, alice)
    for account, owner in ((northwind, alice), (cakes, carol), (depot, dave)):
        install(application, account, version, owner)
    Delivery.objects.update(state=State.DELIVERED, next_attempt_at=None, tried=1, ended_at=timezone.now())
    return list(Delivery.objects.order_by("created_at"))


def become(delivery: Delivery, **fields: Any) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(**fields)


def test_postbacks_that_arrived_are_not_told(application: Application, owed: list[Delivery]) -> None:
    assert sentences(application) == []


def test_postbacks_that_wait_or_were_given_up_are_told_with_their_list(
    application: Application, owed: list[Delivery], client_of: ClientOf, alice: User
) -> None:
    now = timezone.now()
    become(owed[0], state=State.DUE, next_attempt_at=now + timedelta(hours=2), ended_at=None)
    become(owed[1], state=State.EXHAUSTED, ended_at=now - timedelta(days=6))
    become(owed[2], state=State.STOPPED, ended_at=now - timedelta(days=6))
    assert sentences(application) == [
        "2 postbacks not delivered in the last seven days",
        "1 postback waiting for another attempt",
    ]
    notices = attention.notices(application)
    assert [(notice.url_name, notice.query) for notice in notices] == [
        ("postback_list", "state=failed&kind=postback"),
        ("postback_list", "state=due&kind=postback"),
    ]
    page = client_of(alice).get(overview(application)).content.decode()
    assert "2 postbacks not delivered in the last seven days" in page


def test_what_nothing_mends_or_was_long_ago_is_not_told(
    application: Application, owed: list[Delivery], carol: User
) -> None:
    now = timezone.now()
    become(owed[0], state=State.DUE, next_attempt_at=now, tried=0)
    become(owed[1], state=State.STOPPED, ended_at=now)
    become(owed[2], state=State.EXHAUSTED, ended_at=now - timedelta(days=8))
    assert owed[1].installation is not None
    lifecycle.uninstall(owed[1].installation, by=acting(carol))
    Delivery.objects.create(
        application=application, event=Delivery.Event.TEST, state=State.STOPPED, ended_at=now, url=ENDPOINT, nonce="t"
    )
    assert sentences(application) == []


def test_a_parked_host_is_told_with_what_it_holds(application: Application, owed: list[Delivery]) -> None:
    parked = timezone.now() - timedelta(hours=5)
    PostbackHost.objects.create(
        application=application,
        host="hooks.northwind.example",
        failing_since=parked,
        parked_at=parked,
        next_trial_at=parked + timedelta(hours=6),
    )
    PostbackHost.objects.create(application=application, host="other.example", failing_since=parked)
    become(owed[0], state=State.HELD)
    become(owed[1], state=State.HELD)
    (notice,) = attention.notices(application)
    local, held = timezone.localtime(parked), "Postbacks to hooks.northwind.example have been held since"
    assert notice.sentence == f"{held} {local.day} {local:%B at %H:%M}"
    assert notice.detail.startswith("2 postbacks wait. The oldest is tried once an hour, next on ")
    assert notice.query == "state=held&kind=postback"


def test_installations_that_failed_are_told_for_a_week(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    wait_for_200(application)
    install(application, cakes, with_postback(application, ENDPOINT, alice), carol)
    assert sentences(application) == []
    Installation.objects.update(waits_until=timezone.now() - timedelta(seconds=1))
    (notice,) = attention.notices(application)
    assert notice.sentence == "1 installation failed in the last seven days"
    assert "No worker of the portal took the postback within 60 seconds" in notice.detail
    assert notice.query == "state=failed"
    Installation.objects.update(state="FAILED", failure="Answered 500.", installed_at=timezone.now())
    assert "The last one: Answered 500." in attention.notices(application)[0].detail
    Installation.objects.update(installed_at=timezone.now() - timedelta(days=8))
    assert sentences(application) == []


# Figures.


def test_postbacks_delivered_are_counted_by_the_day_they_were_owed(
    application: Application, owed: list[Delivery], client_of: ClientOf, alice: User
) -> None:
    now = timezone.now()
    Delivery.objects.create(
        application=application, event=Delivery.Event.TEST, state=State.DELIVERED, url=ENDPOINT, nonce="t"
    )
    become(owed[1], created_at=now - timedelta(days=2))
    become(owed[2], state=State.EXHAUSTED)
    week = figures.week(application)
    assert (week.delivered, week.owed, week.delivered_percent) == (2, 3, 66.6)
    assert [day.delivered for day in week.days] == [0, 0, 0, 0, 1, 0, 1]
    page = client_of(alice).get(overview(application)).content.decode()
    assert "Postbacks delivered<strong>2</strong><small>66.6 % delivered</small>" in page
    become(owed[0], created_at=now - timedelta(days=9))
    assert figures.week(application).delivered == 1


def test_where_none_is_owed_no_percentage_is_made_up(
    client_of: ClientOf, alice: User, application: Application
) -> None:
    assert "none to send" in client_of(alice).get(overview(application)).content.decode()


def test_the_week_adds_up(application: Application, installation: Installation) -> None:
    now = timezone.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    for ago, exchanges in ((0, 3), (2, 5), (9, 100)):
        ExchangeHour.objects.create(
            installation=installation,
            application=application,
            hour=hour - timedelta(days=ago),
            exchanges=exchanges,
            addresses=1,
        )
    refusal(application, "OVER_QUOTA", 2, now)
    week = figures.week(application)
    assert (week.active, week.installed, week.exchanges, week.refused, week.causes) == (1, 1, 8, 2, 1)
    assert week.answered_percent == 80.0
    assert [day.exchanges for day in week.days] == [0, 0, 0, 0, 5, 0, 3]
    assert [day.active for day in week.days] == [0, 0, 0, 0, 0, 0, 1]
    assert week.days[-1].date == timezone.localdate()


def test_installations_that_came_and_went_are_in_the_days_before(
    application: Application, installation: Installation
) -> None:
    now = timezone.now()
    Installation.objects.update(
        installed_at=now - timedelta(days=20), uninstalled_at=now - timedelta(days=2), state="UNINSTALLED"
    )
    assert [day.active for day in figures.week(application).days] == [1, 1, 1, 1, 0, 0, 0]


def test_without_seven_days_there_is_no_chart(
    client_of: ClientOf, alice: User, application: Application, installation: Installation
) -> None:
    client = client_of(alice)
    assert '<svg class="sparkline"' not in client.get(overview(application)).content.decode()
    Installation.objects.update(installed_at=timezone.now() - timedelta(days=8))
    page = client.get(overview(application)).content.decode()
    assert page.count('<svg class="sparkline"') == 4
    assert "<title>Active installations by day: 1, 1, 1, 1, 1, 1, 1</title>" in page
    assert "The same by day" in page


def test_a_line_stays_within_its_picture() -> None:
    assert figures.polyline([0, 5, 10], width=100, height=40) == "0.0,39.0 50.0,20.0 100.0,1.0"
    assert figures.polyline([0, 0], width=100, height=40) == "0.0,39.0 100.0,39.0"


# Latest activity, and who may.


def test_the_last_lines_of_activity_leave_out_exchanges(
    client_of: ClientOf, alice: User, application: Application, installation: Installation
) -> None:
    page = client_of(alice).get(overview(application)).content.decode()
    assert "1.0.0 installed by Carol&#x27;s Cakes" in page
    assert "Version 1.0.0 created by Alice" in page


def test_strangers_find_nothing(client_of: ClientOf, dave: User, carol: User, installation: Installation) -> None:
    for stranger in (dave, carol):
        assert client_of(stranger).get(overview(installation.application)).status_code == 404
    assert client_of(None).get(overview(installation.application)).headers["Location"].startswith("/sign-in/")


def test_it_is_only_read(client_of: ClientOf, alice: User, application: Application) -> None:
    assert client_of(alice).post(overview(application)).status_code == 405


def test_it_needs_a_bounded_number_of_queries(
    client_of: ClientOf,
    alice: User,
    application: Application,
    installation: Installation,
    django_assert_max_num_queries: Callable[..., Any],
) -> None:
    client = client_of(alice)
    with django_assert_max_num_queries(12):
        client.get(overview(application))
