"""Every page of an account, for staff who are inside to look and to work."""

from collections.abc import Iterator

import pytest
from django.conf import settings

from linnapp.models import Account, Application, StaffAccess, User
from linnapp.services import access
from tests.house.test_access import CUSTOMER_POST, OWNER_POST, TABLE
from tests.house.world import (
    TEAM_ONLY,
    World,
    address,
    everything_of,
    routes,
    secrets_of_the_database,
    tell_the_team_only,
)
from tests.kit.people import ClientOf, acting

pytestmark = pytest.mark.once
# What staff who look read nothing of: summaries, names and folders of modules, and forms that hold them.
ONLY_THE_TEAM = {
    *("application_general", "application_remove", "listing", "version_detail", "version_export", "version_review"),
    *("manifest_edit", "manifest_module", "manifest_json", "manifest_export", "version_notes", "version_release"),
    *("application_token_rotate", "application_sessions_end", "version_withdraw", "secret_retire"),
    *("postback_settings", "postback_test", "postback_test_run", "postback_replay", "signing_secret_rotate"),
}
# What an Owner alone does, and whoever installs: staff do neither, and read no form for it.
ONLY_AN_OWNER = {
    *("application_new", "invitation_create", "member_remove", "connector_new", "connector_edit", "connector_delete"),
    *("installation_installed", "installation_uninstall", "installation_go_back", "application_report"),
    *("installation_switch", "installation_suspend", "installation_rotate", "installation_sessions_end"),
}


@pytest.fixture
def entered(world: World, sam: User, paula: User, northwind: Account, cakes: Account) -> World:
    """Sam is inside of both accounts to look, Paula to work."""
    for account in (northwind, cakes):
        access.enter(account, purpose=StaffAccess.Purpose.LOOK, by=acting(sam, reason="Looks"))
        access.enter(account, purpose=StaffAccess.Purpose.WORK, by=acting(paula, reason="Works"))
    return world


def pages_of_accounts(world: World) -> Iterator[tuple[str, str]]:
    for pattern in routes(settings.ROOT_URLCONF):
        url = address(world, pattern)
        if url.startswith("/a/"):
            yield str(pattern.name), url


def test_staff_who_look_send_nothing_by_any_method(entered: World, client_of: ClientOf) -> None:
    before, client = everything_of(entered), client_of(entered.users["sam"])
    answers = {
        f"{method} {name}": getattr(client, method)(url).status_code
        for name, url in pages_of_accounts(entered)
        for method in ("post", "put", "patch", "delete")
    }
    assert {name: status for name, status in answers.items() if status != 403} == {}
    assert len(answers) > 200
    assert everything_of(entered) == before


def test_staff_who_look_read_what_the_team_does_but_for_what_is_the_teams_alone(
    entered: World, client_of: ClientOf
) -> None:
    client = client_of(entered.users["sam"])
    seen = {name: client.get(url).status_code for name, url in pages_of_accounts(entered)}
    read = {name for name, status in seen.items() if status == 200}
    assert {name for name, status in seen.items() if status == 403} == ONLY_THE_TEAM
    assert {name for name, status in seen.items() if status == 404} == ONLY_AN_OWNER
    assert {"application_overview", "installation_detail", "my_apps", "team", "connector_list"} <= read
    assert set(seen.values()) <= {200, 302, 403, 404, 405}


def test_staff_who_look_find_nothing_secret_and_nothing_of_the_teams_alone(
    entered: World, application: Application, client_of: ClientOf
) -> None:
    tell_the_team_only(application)
    client, hidden = client_of(entered.users["sam"]), {TEAM_ONLY, *secrets_of_the_database()}
    found = []
    for name, url in pages_of_accounts(entered):
        for address_of_it in (url, f"{url}?format=csv"):
            answer = client.get(address_of_it)
            text = b"".join(answer) if answer.streaming else answer.content
            found += [f"{name}: {value}" for value in hidden if value.encode() in text]
    assert found == []


def test_staff_who_work_do_what_a_developer_does_and_nothing_of_an_owners(entered: World, client_of: ClientOf) -> None:
    client = client_of(entered.users["paula"])
    seen = {name: client.get(url).status_code for name, url in pages_of_accounts(entered)}
    assert {name for name, status in seen.items() if status == 404} == ONLY_AN_OWNER
    assert {name for name, status in seen.items() if status == 403} == set()
    owners = {name for name, who in TABLE.items() if who in (OWNER_POST, CUSTOMER_POST)} | ONLY_AN_OWNER
    before = everything_of(entered)
    for name, url in pages_of_accounts(entered):
        if name in owners:
            assert client.post(url).status_code in {404, 405}, name
    assert everything_of(entered) == before
