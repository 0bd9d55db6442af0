"""Staff suspend and resume accounts in the admin: what it reaches is told before, and the list says how each stands."""

import re

import pytest
from django.contrib.auth.models import Permission

from installs.installations import lifecycle, suspending
from installs.installations.suspending_accounts import suspend_account
from installs.models import Installation, Session
from linnapp.models import Account, Application, User, Version
from linnapp.services import applications, versions
from tests.admin.test_admin import make_session, path_of
from tests.admin.test_admin_actions import act, ask
from tests.kit.people import ClientOf, acting

pytestmark = pytest.mark.django_db


def installs(account: Account, application: Application, version: Version, by: User) -> Installation:
    return lifecycle.install(application, account=account, version=version, by=acting(by)).installation


def test_the_effect_on_either_side_is_told_before(
    installation: Installation,
    application: Application,
    version: Version,
    northwind: Account,
    cakes: Account,
    depot: Account,
    alice: User,
    paula: User,
    client_of: ClientOf,
) -> None:
    board, _ = applications.create_application(account=northwind, name="Order Board", kind="SYSTEM", by=acting(alice))
    first = versions.create_version(board, number=(1, 0, 0), notes="", expected_revision=1, by=acting(alice))
    make_session(installation)
    make_session(installs(northwind, board, first, alice))
    client = client_of(paula)
    page = read_form(ask(client, "suspend", northwind, cakes, depot))
    assert "Suspend 3 accounts?" in page
    assert (
        "2 sessions end now. It cannot use what it has installed: Order Board. Nobody can use what it makes: "
        "Order Board (on 1 account), Stock Bridge (on 1 account)."
    ) in page
    assert (
        "1 session ends now. It cannot use what it has installed: Stock Bridge. It has no applications of its own."
        in page
    )
    assert "No session is live. Nothing is installed on it. It has no applications of its own." in page
    assert "people read this on all of its pages." in page
    assert Session.objects.live().count() == 2
    assert not Account.objects.exclude(suspended_by_staff_at=None).exists()


def read_form(answer: object) -> str:
    return str(answer.content.decode()).replace("&#x27;", "'")  # type: ignore[attr-defined]


def test_an_account_is_suspended_and_resumed_with_a_reason(
    installation: Installation, cakes: Account, paula: User, client_of: ClientOf
) -> None:
    make_session(installation)
    client = client_of(paula)
    assert "1 account was suspended." in read_form(act(client, "suspend", cakes))
    cakes.refresh_from_db()
    assert cakes.suspension_reason == "Ticket 4411"
    assert not Session.objects.live().exists()
    assert "Already suspended: nothing changes." in read_form(ask(client, "suspend", cakes))
    assert "1 account: nothing changed." in read_form(act(client, "suspend", cakes))
    page = read_form(ask(client, "resume", cakes))
    assert "It can use again what it has installed: Stock Bridge. It has no applications of its own." in page
    assert "Applications and installations suspended on their own stay suspended." in page
    assert "1 account was resumed." in read_form(act(client, "resume", cakes, reason="Mended"))
    cakes.refresh_from_db()
    assert cakes.suspended_by_staff_at is None
    assert "Not suspended: nothing changes." in read_form(ask(client, "resume", cakes))


def test_without_a_reason_nothing_happens(cakes: Account, paula: User, client_of: ClientOf) -> None:
    assert act(client_of(paula), "suspend", cakes, reason=" ").status_code == 422
    cakes.refresh_from_db()
    assert cakes.suspended_by_staff_at is None


def test_whoever_may_only_look_is_offered_neither(cakes: Account, sam: User, client_of: ClientOf) -> None:
    sam.user_permissions.add(Permission.objects.get(codename="view_account"))
    client = client_of(sam)
    page = client.get(path_of(Account)).content.decode()
    assert "Carol" in page
    assert '<option value="suspend">' not in page
    act(client, "suspend", cakes)
    cakes.refresh_from_db()
    assert cakes.suspended_by_staff_at is None


def test_the_list_tells_the_state_and_is_narrowed_by_it(
    cakes: Account, depot: Account, paula: User, client_of: ClientOf
) -> None:
    suspend_account(cakes, by=acting(paula, reason="Spam."))
    client = client_of(paula)
    suspended = read_form(client.get(path_of(Account), {"shown": "Suspended"}))
    assert "Carol's Cakes" in suspended
    assert "Dave's Depot" not in suspended
    assert re.search(r"field-state[^>]*>Suspended</td>", suspended)
    live = read_form(client.get(path_of(Account), {"shown": "Live"}))
    assert "Dave's Depot" in live
    assert "Carol's Cakes" not in live


def test_what_it_makes_is_listed_as_suspended(
    application: Application, northwind: Account, paula: User, client_of: ClientOf
) -> None:
    client = client_of(paula)
    suspend_account(northwind, by=acting(paula, reason="Spam."))
    assert "Stock Bridge" in read_form(client.get(path_of(Application), {"shown": "Suspended"}))
    assert "Stock Bridge" not in read_form(client.get(path_of(Application), {"shown": "Live"}))


def test_an_installation_resumed_by_staff_stays_suspended_with_its_account(
    installation: Installation, cakes: Account, northwind: Account, paula: User, client_of: ClientOf
) -> None:
    suspending.suspend_by_staff(installation, by=acting(paula, reason="R."))
    client = client_of(paula)
    for account, whose in ((northwind, "its developer's account"), (cakes, "its account")):
        suspend_account(account, by=acting(paula, reason="Spam."))
        assert f"It stays suspended by the suspension of {whose}." in read_form(ask(client, "resume", installation))
