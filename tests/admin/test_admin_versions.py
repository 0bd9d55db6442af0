"""Staff withdraw a version and take that back: with the effect shown before, and a reason on record."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from installs.models import Installation
from linnapp.models import Application, TimelineEntry, User, Version
from tests.admin.test_admin_actions import act, ask
from tests.kit.consenting import external, release
from tests.kit.people import ClientOf

pytestmark = pytest.mark.django_db


def entries() -> list[tuple[str, str, str]]:
    rows = TimelineEntry.objects.order_by("pk").values_list("kind", "actor_name", "reason")
    return [row for row in rows if "WITHDRAW" in row[0]]


def withdrawn() -> list[str]:
    return [version.label for version in Version.objects.filter(withdrawn_at__isnull=False).order_by("pk")]


def test_the_effect_is_shown_and_the_reason_is_asked_for(
    installation: Installation,
    version: Version,
    application: Application,
    alice: User,
    paula: User,
    client_of: ClientOf,
) -> None:
    client = client_of(paula)
    newer = release(application, (1, 1, 0), external(moduleName="Newer"), alice)
    page = ask(client, "withdraw", newer, version).content.decode()
    assert "Withdraw 2 versions?" in page
    # Both together: neither is what is left.
    assert "Of Stock Bridge. Nobody new can install the application: no version is left. No account runs it." in page
    assert "1 account runs it: they keep it, and there is nothing to offer them." in page
    one = ask(client, "withdraw", newer).content.decode()
    assert "Of Stock Bridge. New installations get 1.0.0. No account runs it." in one
    other = ask(client, "withdraw", version).content.decode()
    assert "New installations get 1.1.0. 1 account runs it: they keep it, and are offered 1.1.0." in other
    assert "The developer and the accounts that run it read this." in page
    assert act(client, "withdraw", newer, reason="  ").status_code == 422
    assert withdrawn() == []
    assert entries() == []


def test_a_version_is_withdrawn_and_taken_back_with_a_reason(
    installation: Installation, version: Version, paula: User, client_of: ClientOf
) -> None:
    client = client_of(paula)
    assert (
        "Nobody new can install the application: no version is left."
        in ask(client, "withdraw", version).content.decode()
    )
    assert "1 version was withdrawn." in act(client, "withdraw", version, reason="It loses orders.").content.decode()
    assert withdrawn() == ["1.0.0"]
    assert "1 version: nothing changed." in act(client, "withdraw", version).content.decode()
    assert "It can be installed again." in ask(client, "take_back", version).content.decode()
    assert (
        "1 version can be installed again." in act(client, "take_back", version, reason="It does not.").content.decode()
    )
    assert withdrawn() == []
    assert "Not withdrawn: nothing changes." in ask(client, "take_back", version).content.decode()
    assert entries() == [
        # The application's, and those of its one installation.
        ("VERSION_WITHDRAWN", "Paula", "It loses orders."),
        ("VERSION_WITHDRAWN", "Paula", "It loses orders."),
        ("WITHDRAWAL_TAKEN_BACK", "Paula", "It does not."),
        ("WITHDRAWAL_TAKEN_BACK", "Paula", "It does not."),
    ]


def test_what_cannot_be_done_is_said_before_and_refused(
    version: Version, application: Application, paula: User, client_of: ClientOf
) -> None:
    client, development = client_of(paula), application.versions.development()
    assert "The Development Version cannot be withdrawn." in ask(client, "withdraw", development).content.decode()
    assert "The Development Version cannot be withdrawn, only" in act(client, "withdraw", development).content.decode()
    act(client, "withdraw", version)
    Version.objects.filter(pk=version.pk).update(withdrawn_at=timezone.now() - timedelta(hours=2))
    assert "Withdrawn more than 1 hour ago: that is final." in ask(client, "take_back", version).content.decode()
    assert "was withdrawn more than 1 hour ago" in act(client, "take_back", version).content.decode()
    Application.objects.update(retired_at=timezone.now())
    assert "Its application is retired" in ask(client, "withdraw", version).content.decode()
    assert "is retired: its versions can no longer be installed" in act(client, "withdraw", version).content.decode()
    assert withdrawn() == ["1.0.0"]


def test_whoever_may_only_look_withdraws_nothing(version: Version, sam: User, client_of: ClientOf) -> None:
    sam.user_permissions.add(Permission.objects.get(codename="view_version"))
    act(client_of(sam), "withdraw", version)
    assert withdrawn() == []
    sam.user_permissions.add(Permission.objects.get(codename="change_version"))
    act(client_of(sam), "withdraw", version)
    assert withdrawn() == ["1.0.0"]
