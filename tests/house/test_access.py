"""Every URL by every person. A URL that is not in the table fails the suite: a new view says here who may see it.

The people: Alice owns Northwind and Bob develops there; Carol owns a customer's account, on which Stock Bridge is
installed; Dave is a stranger to both; Sam is of Support, Paula is superuser; nobody is signed out.
"""

import re
from dataclasses import dataclass, field

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from installs.installations import lifecycle
from installs.models import Installation
from linnapp.models import Account, User
from tests.house.world import World, address, everything_of, routes
from tests.kit.people import ClientOf

PEOPLE = ("nobody", "alice", "bob", "carol", "dave", "sam", "paula")
TO_SIGN_IN = 302


@dataclass(frozen=True)
class Who:
    """Statuses by person; whoever is not named gets `others`, and somebody signed out is sent to sign in."""

    statuses: dict[str, int] = field(default_factory=dict)
    others: int = 404
    nobody: int = TO_SIGN_IN
    method: str = "get"

    def expected(self, person: str) -> int:
        return self.nobody if person == "nobody" else self.statuses.get(person, self.others)


def only(*names: str, status: int = 200, method: str = "get") -> Who:
    return Who(dict.fromkeys(names, status), method=method)


TEAM = only("alice", "bob")
TEAM_POST = only("alice", "bob", status=302, method="post")
# Steps of the editor: the draft travels in the form, and a form without one is refused in words.
DRAFT = only("alice", "bob", status=400, method="post")
JSON_DRAFT = only("alice", "bob", status=422, method="post")
OWNER = only("alice")
OWNER_POST = only("alice", status=302, method="post")
CUSTOMER = only("carol")
CUSTOMER_POST = only("carol", status=302, method="post")
SIGNED_IN = Who(others=200)
ANYBODY = Who(others=200, nobody=200)
STAFF = only("sam", "paula")

# Pages of Northwind, of its application Stock Bridge, and of Stock Bridge on Carol's account.
TABLE: dict[str, Who] = {
    "home": Who(others=302),
    "account_home": only("alice", "bob", status=302),
    "start": TEAM,
    "application_list": TEAM,
    "application_new": TEAM,
    "application_overview": TEAM,
    "application_general": TEAM,
    "application_logo": only("alice", "bob", status=422, method="post"),
    "application_logo_remove": TEAM_POST,
    "application_remove": TEAM,
    "application_installations": TEAM,
    "application_token_reveal": TEAM_POST,
    "application_token_rotate": TEAM,
    "application_old_token_end": TEAM_POST,
    "application_sessions_end": TEAM,
    "application_activity": TEAM,
    "application_refused": TEAM,
    "postback_test": TEAM,
    "postback_test_typed": only("alice", "bob", method="post"),
    "postback_test_run": TEAM,
    "postback_settings": TEAM,
    "events_set": TEAM_POST,
    "events_test": TEAM_POST,
    "postback_mode": only("alice", "bob", status=422, method="post"),
    "postback_alerts": TEAM_POST,
    "signing_secret_reveal": TEAM_POST,
    "signing_secret_rotate": TEAM,
    "postback_list": TEAM,
    "postback_detail": TEAM,
    "postback_redeliver": TEAM_POST,
    "postback_replay": TEAM,
    "secret_reveal": TEAM_POST,
    "secret_create": TEAM_POST,
    "secret_retire": TEAM,
    "manifest_edit": TEAM,
    "manifest_module": TEAM,
    "manifest_json": TEAM,
    "manifest_export": TEAM,
    "draft_show": DRAFT,
    "draft_as_json": DRAFT,
    "draft_unsaved": DRAFT,
    "module_add": DRAFT,
    "module_put_back": DRAFT,
    "module_up": DRAFT,
    "module_down": DRAFT,
    "module_duplicate": DRAFT,
    "module_delete": DRAFT,
    "module_undo_delete": DRAFT,
    "parameter_add": DRAFT,
    "parameter_delete": DRAFT,
    "parameter_undo_delete": DRAFT,
    "json_preview": JSON_DRAFT,
    "json_import": JSON_DRAFT,
    "json_as_form": JSON_DRAFT,
    "version_list": TEAM,
    "version_review": TEAM,
    "version_notes": only("alice", "bob", status=302),
    "version_release": only("alice", "bob", status=302),
    "version_detail": TEAM,
    "version_export": TEAM,
    "version_withdraw": TEAM,
    "version_take_back": TEAM_POST,
    "logo": Who(others=404, nobody=404),
    "listing": TEAM,
    "listing_request": only("alice", "bob", status=422, method="post"),
    "listing_take_back": only("alice", "bob", status=422, method="post"),
    "store": TEAM,
    "store_application": TEAM,
    "my_apps": CUSTOMER,
    "installation_detail": CUSTOMER,
    "installation_refused": CUSTOMER,
    "installation_installed": CUSTOMER,
    "installation_token_reveal": CUSTOMER_POST,
    "installation_rotate": CUSTOMER,
    "installation_old_token_end": CUSTOMER_POST,
    "installation_sessions_end": CUSTOMER,
    "installation_uninstall": CUSTOMER,
    "installation_update": only("carol", status=302),  # on the latest version: there is nothing to update to
    "installation_go_back": only("carol", status=302),
    "installation_switch": Who(),  # the application's own account can choose
    "installation_suspend": CUSTOMER,
    "installation_resume": CUSTOMER_POST,
    "installation_postbacks": CUSTOMER,
    "connector_list": OWNER,
    "connector_new": OWNER,
    "connector_check": OWNER,
    "connector_edit": OWNER,
    "connector_enable": OWNER_POST,
    "connector_delete": OWNER,
    "connector_from_installation": CUSTOMER_POST,
    "update_mails_stop": Who(
        others=404, nobody=404
    ),  # no link of a mail: tests/installations/test_update_mails.py has one
    "update_mails_start_again": Who(others=404, nobody=404, method="post"),
    "authorize": Who({"sam": 403, "paula": 403}, others=200),  # who is a member of no account
    "access_enter": STAFF,
    "access_leave": Who(method="post"),  # for the one who is inside: tests/people/test_staff_access.py
    "access_end": OWNER_POST,
    "team": TEAM,
    "invitation_create": OWNER,
    "invitation_revoke": OWNER_POST,
    "member_role": OWNER_POST,
    "member_remove": only("alice", "bob"),  # Bob's own seat: leaving
    "account_activity": OWNER,
    "team_record": OWNER,
    "account_settings": OWNER,
    "account_factors": OWNER_POST,
    "account_new": SIGNED_IN,
    # Whoever has an account is led to it.
    "account_none": Who({"sam": 200, "paula": 200}, others=302),
    "profile_mails": SIGNED_IN,
    "profile_export": SIGNED_IN,
    "profile_delete": SIGNED_IN,
    "invitation_accept": Who(others=404, nobody=404),
    "profile": SIGNED_IN,
    "own_record": SIGNED_IN,
    "factor_begin": Who(others=302),
    "session_end": only("alice", status=302, method="post"),
    "sessions_end_others": Who(others=302, method="post"),
    "search": SIGNED_IN,
    # Read before anybody signs up; tests/documentation has what each reader finds there.
    "documentation": ANYBODY,
    "document": ANYBODY,
    "help_new": SIGNED_IN,
    "answered_calls": SIGNED_IN,
    "help_cases": TEAM,
    "help_case": OWNER,  # whoever opened it, and Owners
    "help_case_write": only("alice", status=422, method="post"),
    "help_case_solve": OWNER_POST,
    "application_report": TEAM,
    "support_cases": STAFF,
    "support_case": STAFF,
    "support_case_answer": only("sam", "paula", status=422, method="post"),
    "support_case_move": only("sam", "paula", status=422, method="post"),
    "support_case_assign": only("sam", "paula", status=422, method="post"),
    "support_search": STAFF,
    "support_refused": STAFF,
    "support_application": STAFF,
    "support_account": STAFF,
    "support_never_connected": STAFF,
    "support_installation": STAFF,
    "support_postbacks": STAFF,
    "support_act": STAFF,
    "support_act_undo": only("sam", "paula", status=302, method="post"),
    "support_hand_over": STAFF,
    "support_notes": STAFF,
    "support_note_add": STAFF,
    "support_note_remove": only("sam", status=302, method="post"),  # its writer
    "demo_sign_in": Who(others=404, nobody=404, method="post"),
}
# allauth's pages: signing in is for everybody, what concerns one's own sign-in for whoever has signed in.
ALLAUTH = {
    "account_login": Who(others=302, nobody=200),
    "account_signup": Who(others=302, nobody=200),
    "account_logout": Who(others=200, nobody=302),
    "account_reauthenticate": SIGNED_IN,
    "mfa_login_webauthn": Who(others=302),
    "mfa_authenticate": Who(others=302),
    "sign_in_leave": Who(others=302, method="post"),
    # None of these people has a second factor; tests/factors is about those who have.
    "mfa_reauthenticate": Who(others=302),
    "mfa_reauthenticate_webauthn": Who(others=302),
    "mfa_index": SIGNED_IN,
    "mfa_activate_totp": SIGNED_IN,
    "mfa_deactivate_totp": Who(),
    "mfa_add_webauthn": SIGNED_IN,
    "mfa_edit_webauthn": Who(),
    "mfa_remove_webauthn": Who(),
    "mfa_view_recovery_codes": Who(),
    "mfa_generate_recovery_codes": Who(),
    "mfa_download_recovery_codes": Who(),
    "sign_in_here": ANYBODY,
    "go_on": Who(),  # nothing is kept: tests/typed/ has what is
    "account_inactive": ANYBODY,
    "account_email": SIGNED_IN,
    "account_change_password": SIGNED_IN,
    "account_set_password": Who(others=302),
    "account_email_verification_sent": ANYBODY,
    "verification_again": Who(others=302, nobody=302, method="post"),
    "account_confirm_email": ANYBODY,
    "account_reset_password": ANYBODY,
    "account_reset_password_done": ANYBODY,
    "account_reset_password_from_key": ANYBODY,
    "account_reset_password_from_key_done": ANYBODY,
}
API = {
    "api_authorize": Who(others=415, nobody=415, method="post"),
    "api_profile": Who(others=415, nobody=415, method="post"),
    "api_time": ANYBODY,
    "api_stock_locations": Who(others=401, nobody=401),
    "metrics": ANYBODY,  # on this machine: tests/metrics/test_of_the_database.py has the others
    "api_not_found": Who(others=404, nobody=404),
}
EVERYTHING = TABLE | ALLAUTH


def ask(client: Client, who: Who, url: str) -> int:
    return client.post(url).status_code if who.method == "post" else client.get(url).status_code


def test_every_url_stands_in_the_table() -> None:
    assert {str(pattern.name) for pattern in routes(settings.ROOT_URLCONF)} == EVERYTHING.keys()
    assert {str(pattern.name) for pattern in routes(settings.MACHINE_URLCONF)} == API.keys()


@pytest.mark.parametrize("person", PEOPLE)
def test_each_person_gets_what_the_table_says(person: str, world: World, client_of: ClientOf) -> None:
    seen = {}
    for pattern in routes(settings.ROOT_URLCONF):
        who = EVERYTHING[str(pattern.name)]
        # A client of its own each time: a page may sign somebody out, or uninstall.
        seen[pattern.name] = ask(client_of(world.users[person]), who, address(world, pattern))
    assert seen == {name: EVERYTHING[str(name)].expected(person) for name in seen}


@pytest.mark.once
@pytest.mark.parametrize("person", ["dave", "sam", "nobody"])
def test_a_stranger_changes_nothing_by_any_method(person: str, world: World, client_of: ClientOf) -> None:
    """Made from the URL conf itself: whatever has Northwind, its application or Carol's installation in its address."""
    before = everything_of(world)
    answers = {}
    for pattern in routes(settings.ROOT_URLCONF):
        url = address(world, pattern)
        if str(world.arguments["account"]) in url or "carols-cakes" in url:
            client = client_of(world.users[person])
            for method in ("get", "post", "put", "delete"):
                answers[f"{method} {pattern.name}"] = getattr(client, method)(url).status_code
    allowed = {302} if person == "nobody" else {404, 405}
    assert {name: status for name, status in answers.items() if status not in allowed} == {}
    assert len(answers) > 100
    assert everything_of(world) == before


@pytest.mark.once
@pytest.mark.parametrize("person", PEOPLE)
def test_looking_at_a_page_writes_no_session(person: str, world: World, client_of: ClientOf) -> None:
    """Another tab of the same browser may be about to. Going to a page that sends on is not looking at one."""
    client = client_of(world.users[person])
    looked_at, writes = 0, []
    for pattern in routes(settings.ROOT_URLCONF):
        if EVERYTHING[str(pattern.name)].method != "get" or pattern.name in {"account_confirm_email"}:
            continue
        with CaptureQueriesContext(connection) as queries:
            looked_at += client.get(address(world, pattern)).status_code == 200
        found = [query["sql"] for query in queries if re.match(r'[^S].*"django_session"', query["sql"])]
        writes += [f"{pattern.name}: {sql}" for sql in found]
    assert writes == []
    assert looked_at >= 5


@pytest.mark.parametrize("name", sorted(API))
def test_the_api_asks_for_no_sign_in_and_sets_no_cookie(name: str, world: World, client_of: ClientOf) -> None:
    url = "/api/nothing" if name == "api_not_found" else reverse(name, urlconf=settings.MACHINE_URLCONF)
    for person in ("nobody", "alice"):
        client = client_of(world.users[person])
        client.cookies.clear()
        answer = client.post(url) if API[name].method == "post" else client.get(url)
        assert answer.status_code == API[name].expected(person)
        assert not answer.cookies


def test_the_owner_of_another_account_cannot_reach_an_installation_through_her_own_address(
    world: World, client_of: ClientOf, dave: User, depot: Account, installation: Installation
) -> None:
    client = client_of(dave)
    for name in (
        "installation_detail",
        "installation_postbacks",
        "installation_uninstall",
        "installation_update",
        "installation_go_back",
        "installation_switch",
        "installation_suspend",
        "installation_resume",
        "installation_token_reveal",
        "installation_rotate",
        "installation_old_token_end",
        "installation_sessions_end",
    ):
        url = reverse(name, args=[depot.slug, installation.pk])
        answers = (client.get(url).status_code, client.post(url).status_code)
        assert answers in {(404, 404), (404, 405), (405, 404)}
    assert lifecycle.current_token(installation).ends_at is None
