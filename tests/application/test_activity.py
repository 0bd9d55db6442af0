"""The Activity tab: what happened, by day, with the developer's eyes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from installs.exchange import hours as hour_rows
from installs.installations import lifecycle
from installs.models import ExchangeHour, Installation, RefusalGroup
from linnapp import kinds, timeline
from linnapp.models import Account, Application, TimelineEntry, User, Version
from linnapp.services.applications import edit_application
from linnapp.timeline import Side
from linnapp.timeline_days import Hours, by_day
from linnapp.timeline_filter import OF_APPLICATION
from tests.kit.people import ClientOf, acting


def activity(application: Application) -> str:
    return reverse("application_activity", args=(application.account.slug, application.pk))


def hours(installation: Installation, *ago: int) -> None:
    now = hour_rows.hour_of(timezone.now())
    for number in ago:
        row = ExchangeHour.objects.create(
            installation=installation, hour=now - timedelta(hours=number), exchanges=10, refused=number, addresses=1
        )
        hour_rows.record_hour([row])


def test_it_reads_by_day_newest_first(
    client_of: ClientOf, alice: User, application: Application, installation: Installation
) -> None:
    page = client_of(alice).get(activity(application)).content.decode()
    assert page.index("1.0.0 installed by") < page.index("Version 1.0.0 created") < page.index("Stock Bridge created")
    today = timezone.localdate()
    assert f"{today:%A}, {today.day} {today:%B %Y}</h3>" in page


def test_a_customer_is_named_by_company_and_never_by_person(
    client_of: ClientOf, alice: User, application: Application, installation: Installation
) -> None:
    page = client_of(alice).get(activity(application)).content.decode()
    assert "installed by Carol&#x27;s Cakes" in page
    assert "by Carol<" not in page
    assert "by Carol " not in page


def test_what_it_is_about_can_be_chosen(
    client_of: ClientOf, alice: User, application: Application, installation: Installation
) -> None:
    client = client_of(alice)
    for about, shown, hidden in (
        ("installations", "1.0.0 installed by", "Version 1.0.0 created"),
        ("versions", "Version 1.0.0 created", "1.0.0 installed by"),
        ("details", "Stock Bridge created by Alice", "1.0.0 installed by"),
        ("credentials", "Application Secret …", "Stock Bridge created"),
    ):
        page = client.get(activity(application), {"about": about}).content.decode()
        assert shown in page
        assert hidden not in page


def test_every_kind_about_an_application_can_be_chosen() -> None:
    """A kind that no choice finds is of the team, of an account, of support, of a connector or of mail."""
    chosen = {kind for about, _ in OF_APPLICATION for kind in kinds.about(about)}
    elsewhere = {
        kind
        for kind in kinds.registered()
        if kind.startswith(
            ("MEMBER_", "PERSON_", "INVITATION_", "ACCOUNT_", "SUPPORT_", "STAFF_", "CONNECTOR_", "HELP_", "MAIL_")
        )
        or kind in kinds.of_record_alone()
    }
    assert {kind.about for kind in chosen} | {"staff"} == {about for about, _ in OF_APPLICATION}
    assert chosen | elsewhere == set(kinds.registered())


def test_search_finds_accounts_versions_and_the_team(
    client_of: ClientOf, alice: User, application: Application, installation: Installation
) -> None:
    client = client_of(alice)
    for query, found in (("cakes", True), ("1.0.0", True), ("Alice", False), (str(installation.pk), True)):
        page = client.get(activity(application), {"q": query}).content.decode()
        assert ("installed by Carol" in page) is found, query


def test_search_does_not_tell_who_works_for_a_customer(
    client_of: ClientOf, alice: User, carol: User, application: Application, installation: Installation
) -> None:
    type(carol).objects.filter(pk=carol.pk).update(name="Zebedee")
    carol.refresh_from_db()
    lifecycle.uninstall(installation, by=acting(carol))
    page = client_of(alice).get(activity(application), {"q": "Zebedee"}).content.decode()
    assert "Nothing matches." in page


def test_hours_of_exchanges_are_folded(
    client_of: ClientOf, alice: User, application: Application, installation: Installation
) -> None:
    hours(installation, 1, 2, 3, 4)
    page = client_of(alice).get(activity(application)).content.decode()
    assert "10 exchanges, 4 refused, on 1 installation" in page
    assert "from 1 address" not in page


def test_the_hour_that_runs_is_told_on_top(
    client_of: ClientOf, alice: User, application: Application, version: Version, depot: Account, dave: User
) -> None:
    installation = lifecycle.install(application, account=depot, version=version, by=acting(dave)).installation
    client, hour = client_of(alice), hour_rows.hour_of(timezone.now())
    assert "line here when the hour is over" not in client.get(activity(application)).content.decode()
    ExchangeHour.objects.create(
        installation=installation, application=application, hour=hour, exchanges=2, refused=1, addresses=1
    )
    RefusalGroup.objects.create(
        key="1", hour=hour, reason="TOKEN_ENDED", application_id=application.pk, count=1, last_at=timezone.now()
    )
    told = "2 exchanges, 1 refused. They get a line here when the hour is over."
    asked = [{}, {"about": "exchanges"}, {"about": "details"}, {"q": "Stock"}, {"sort": "oldest"}]
    pages = [client.get(activity(application), query).content.decode() for query in asked]
    assert [told in page for page in pages] == [True, True, False, False, False]
    of_one = client.get(activity(application), {"installation": str(installation.pk)}).content.decode()
    assert "2 exchanges, 0 refused. They get" in of_one


def test_three_hours_in_a_row_are_one_line_that_opens(application: Application, installation: Installation) -> None:
    noon = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)
    for number in (0, 1, 2):
        row = ExchangeHour.objects.create(
            installation=installation, hour=noon - timedelta(hours=number), exchanges=10, refused=1, addresses=1
        )
        hour_rows.record_hour([row])
    entries = TimelineEntry.objects.about_application(application.pk).of_application_as_a_whole().newest_first()
    first = by_day(timeline.lines(entries, Side.DEVELOPER))[0].entries[0]
    assert isinstance(first, Hours)
    assert (first.exchanges, first.refused, len(first.lines)) == (30, 3, 3)


def test_one_installation_has_its_own_hours(
    client_of: ClientOf,
    alice: User,
    application: Application,
    version: Version,
    installation: Installation,
    depot: Account,
    dave: User,
) -> None:
    lifecycle.install(application, account=depot, version=version, by=acting(dave))
    hours(installation, 1)
    page = client_of(alice).get(activity(application), {"installation": str(installation.pk)}).content.decode()
    assert "10 exchanges, 1 refused, from 1 address" in page
    assert "Only the activity of Stock Bridge on <strong>Carol&#x27;s Cakes</strong>" in page
    assert "Depot" not in page


def test_a_mangled_installation_narrows_nothing(client_of: ClientOf, alice: User, application: Application) -> None:
    response = client_of(alice).get(activity(application), {"installation": "x", "about": "nothing", "after": "y"})
    assert response.status_code == 200


def test_other_applications_stay_out(
    client_of: ClientOf, alice: User, application: Application, northwind: Account
) -> None:
    other = Application.objects.create(account=northwind, name="Other", type=Application.Type.SYSTEM)
    edit_application(other, by=acting(alice), summary="x")
    assert "Summary changed" not in client_of(alice).get(activity(application)).content.decode()


def test_it_turns_its_pages(client_of: ClientOf, alice: User, application: Application) -> None:
    for number in range(60):
        edit_application(application, by=acting(alice), summary=f"{number}")
    client = client_of(alice)
    first = client.get(activity(application))
    assert first.content.decode().count("Summary changed by Alice") == 50
    second = client.get(first.context["list"].next_url).content.decode()
    assert second.count("Summary changed by Alice") == 10
    assert "Stock Bridge created by Alice" in second


@pytest.mark.parametrize("person", ["dave", "carol"])
def test_strangers_find_nothing(
    client_of: ClientOf, installation: Installation, person: str, request: pytest.FixtureRequest
) -> None:
    stranger = request.getfixturevalue(person)
    assert client_of(stranger).get(activity(installation.application)).status_code == 404


def test_nobody_signs_in_first_and_nothing_is_posted(
    client_of: ClientOf, alice: User, application: Application
) -> None:
    assert client_of(None).get(activity(application)).headers["Location"].startswith("/sign-in/")
    assert client_of(alice).post(activity(application)).status_code == 405


def test_it_needs_few_queries(
    client_of: ClientOf,
    alice: User,
    application: Application,
    django_assert_max_num_queries: Callable[..., Any],
) -> None:
    for number in range(60):
        edit_application(application, by=acting(alice), summary=f"{number}")
    client = client_of(alice)
    with django_assert_max_num_queries(13):
        client.get(activity(application))
