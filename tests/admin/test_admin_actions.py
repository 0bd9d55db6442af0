"""Staff suspend, resume, list and unlist: with the effect shown before, and a reason on record."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from installs.application import removal
from installs.installations import lifecycle
from installs.models import Installation, Session
from linnapp.models import Account, Application, TimelineEntry, User, Version
from linnapp.services import applications
from tests.admin.test_admin import make_session, path_of
from tests.kit.people import ClientOf, acting

pytestmark = pytest.mark.django_db
Row = Account | Application | Installation | Version


def ask(client: Client, action: str, *rows: Row, **more: str) -> Any:
    chosen = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    return client.post(path_of(type(rows[0])), chosen | more, follow=True)


def act(client: Client, action: str, *rows: Row, reason: str = "Ticket 4411") -> Any:
    """As the page that asks has it."""
    found = re.search(r'name="read" value="([^"]*)"', ask(client, action, *rows).content.decode())
    return ask(client, action, *rows, apply="1", reason=reason, read=found[1] if found else "")


def entries() -> list[tuple[str, str, str]]:
    kinds = ("SUSPENDED", "RESUMED", "LISTED", "UNLISTED")
    rows = TimelineEntry.objects.order_by("pk").values_list("kind", "actor_name", "reason")
    return [row for row in rows if row[0].endswith(kinds)]


def test_suspending_shows_the_effect_and_asks_why_before_anything_happens(
    installation: Installation, application: Application, paula: User, client_of: ClientOf
) -> None:
    make_session(installation)
    page = ask(client_of(paula), "suspend", application).content.decode()
    assert "Suspend 1 application?" in page
    assert "1 session ends now. 1 account cannot use it: Carol&#x27;s Cakes." in page
    assert "Its owner and everybody who installed it read this." in page
    application.refresh_from_db()
    assert application.suspended_by_staff_at is None
    assert Session.objects.live().count() == 1
    assert entries() == []


def test_without_a_reason_nothing_happens(application: Application, paula: User, client_of: ClientOf) -> None:
    answer = act(client_of(paula), "suspend", application, reason="  ")
    assert answer.status_code == 422
    assert "Write the reason." in answer.content.decode()
    application.refresh_from_db()
    assert application.suspended_by_staff_at is None


def test_an_application_is_suspended_and_resumed_with_a_reason(
    installation: Installation, application: Application, paula: User, client_of: ClientOf
) -> None:
    make_session(installation)
    client = client_of(paula)
    assert "1 application was suspended." in act(client, "suspend", application).content.decode()
    application.refresh_from_db()
    assert application.suspension_reason == "Ticket 4411"
    assert Session.objects.live().count() == 0
    assert "1 application: nothing changed." in act(client, "suspend", application).content.decode()
    assert "1 account can use it again" in ask(client, "resume", application).content.decode()
    act(client, "resume", application, reason="Mended")
    application.refresh_from_db()
    assert application.suspended_by_staff_at is None
    assert entries() == [
        # The application's, and those of its one installation.
        ("APPLICATION_SUSPENDED", "Paula", "Ticket 4411"),
        ("APPLICATION_SUSPENDED", "Paula", "Ticket 4411"),
        ("APPLICATION_RESUMED", "Paula", "Mended"),
        ("APPLICATION_RESUMED", "Paula", "Mended"),
    ]


def test_what_is_over_or_retired_is_not_resumed(
    installation: Installation, application: Application, carol: User, alice: User, paula: User, client_of: ClientOf
) -> None:
    client = client_of(paula)
    act(client, "suspend", installation)
    lifecycle.uninstall(installation, by=acting(carol))
    installation.refresh_from_db()
    assert "Uninstalled: there is nothing to resume." in ask(client, "resume", installation).content.decode()
    refused = act(client, "resume", installation).content.decode()
    assert "is uninstalled, and its permanent token stopped working" in refused
    act(client, "suspend", application)
    removal.remove_application(application, by=acting(alice))
    assert "Retired: it cannot be resumed." in ask(client, "resume", application).content.decode()
    assert "is retired: it can no longer be changed" in act(client, "resume", application).content.decode()
    assert "RESUMED" not in str(entries())


def test_an_installation_is_suspended_and_resumed_with_a_reason(
    installation: Installation, paula: User, client_of: ClientOf
) -> None:
    make_session(installation)
    client = client_of(paula)
    page = ask(client, "suspend", installation).content.decode()
    assert "1 session ends now. Carol&#x27;s Cakes cannot use Stock Bridge." in page
    act(client, "suspend", installation)
    installation.refresh_from_db()
    assert installation.suspended_by_staff_at is not None
    assert Session.objects.live().count() == 0
    act(client, "resume", installation, reason="Mended")
    installation.refresh_from_db()
    assert installation.suspended_by_staff_at is None
    assert entries() == [
        ("INSTALLATION_SUSPENDED", "Paula", "Ticket 4411"),
        ("INSTALLATION_RESUMED", "Paula", "Mended"),
    ]


def test_what_cannot_be_installed_is_not_listed(application: Application, paula: User, client_of: ClientOf) -> None:
    client = client_of(paula)
    assert (
        "No version can be installed: it cannot be listed."
        in ask(client, "list_in_store", application).content.decode()
    )
    assert "has no version that can be installed" in act(client, "list_in_store", application).content.decode()
    application.refresh_from_db()
    assert application.listing == Application.Listing.UNLISTED


def test_an_application_is_listed_and_unlisted(
    application: Application, version: Version, paula: User, client_of: ClientOf
) -> None:
    client = client_of(paula)
    page = ask(client, "list_in_store", application).content.decode()
    assert "shown as verified. Nobody requested it. Missing for a listing: logo, description" in page
    act(client, "list_in_store", application, reason="Reviewed")
    application.refresh_from_db()
    assert application.is_verified
    act(client, "take_off_store", application, reason="Complaints")
    application.refresh_from_db()
    assert not application.is_verified
    assert entries() == [
        ("APPLICATION_LISTED", "Paula", "Reviewed"),
        ("APPLICATION_UNLISTED", "Paula", "Complaints"),
    ]


def test_several_rows_are_counted_and_one_that_cannot_stops_no_other(
    installation: Installation,
    application: Application,
    version: Version,
    depot: Account,
    paula: User,
    client_of: ClientOf,
) -> None:
    over = Installation.objects.create(
        application=application, account=depot, version=version, state=Installation.State.UNINSTALLED
    )
    page = act(client_of(paula), "suspend", installation, over).content.decode()
    assert "1 installation was suspended." in page
    assert "Stock Bridge on Dave&#x27;s Depot is uninstalled, and its permanent token stopped working then." in page
    assert len(entries()) == 1


def test_every_row_of_a_long_list_can_be_chosen_at_once(
    northwind: Account, alice: User, paula: User, client_of: ClientOf
) -> None:
    made = [
        applications.create_application(account=northwind, name=f"App {n}", kind="SYSTEM", by=acting(alice))[0]
        for n in range(55)
    ]
    client = client_of(paula)
    page = client.post(
        path_of(Application),
        {"action": "suspend", "_selected_action": str(made[0].pk), "select_across": "1", "index": "0"},
    )
    assert "Suspend 55 applications?" in page.content.decode()
    assert "55 applications were suspended." in act(client, "suspend", *made).content.decode()


def test_whoever_may_only_look_cannot_act(application: Application, sam: User, client_of: ClientOf) -> None:
    sam.user_permissions.add(Permission.objects.get(codename="view_application"))
    act(client_of(sam), "suspend", application)
    application.refresh_from_db()
    assert application.suspended_by_staff_at is None
    sam.user_permissions.add(Permission.objects.get(codename="change_application"))
    act(client_of(sam), "suspend", application)
    application.refresh_from_db()
    assert application.suspended_by_staff_at is not None
