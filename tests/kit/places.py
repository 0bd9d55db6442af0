"""Every page of the portal, as the person it is made for, and the states of a page that look different.

Addresses are made from the URL conf and from what `tests.kit.stage` tells. A URL without an entry fails the suite.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver
from playwright.sync_api import Page

from linnapp.demo_people import PEOPLE

NOBODY = "nobody"
EVERYBODY = (NOBODY, *(person.name for person in PEOPLE))
Act = Callable[[Page], None]


@dataclass(frozen=True)
class Place:
    """A page, and with `act` what is done there before it is looked at. `use` names facts for parts of its address;
    `begin` is the page to begin at, where an address alone does not lead to this one."""

    name: str
    person: str
    use: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    act: Act | None = None
    begin: str = ""

    def address(self, facts: Mapping[str, str]) -> str:
        pattern = PATTERNS[self.begin or self.name]
        named = {part: self.fact(part, facts) for part in pattern.parts}
        return pattern.address(named) + self.query

    def fact(self, part: str, facts: Mapping[str, str]) -> str:
        wanted = self.use.get(part, part)
        return facts.get(f"{self.person} {wanted}") or facts.get(wanted) or wanted


@dataclass(frozen=True)
class Pattern:
    route: str
    parts: tuple[str, ...]

    def address(self, named: Mapping[str, str]) -> str:
        return "/" + re.sub(r"%\((\w+)\)s", lambda part: named[part[1]], self.route)


def patterns(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, Pattern]]:
    """Name and address of each page of the URL conf; the admin's are left to `admin_addresses`."""
    for name in filter(lambda key: isinstance(key, str), resolver.reverse_dict):
        possible, *_ = resolver.reverse_dict.getlist(name)
        route, parts = possible[0][0]
        yield name, Pattern(before + route, tuple(parts))


PATTERNS: dict[str, Pattern] = dict(patterns(get_resolver()))


def names_of(resolver: URLResolver) -> set[str]:
    """Of all patterns without a namespace; one without a name would escape the table."""
    found: set[str] = set()
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            assert entry.name, f"{entry} has no name"
            found.add(entry.name)
        elif entry.namespace is None:
            found |= names_of(entry)
    return found


def send(page: Page) -> None:
    """The form as it stands, whatever is missing in it."""
    page.locator(
        "main form[method=post]:not(.inline) button:not(.link):not([tabindex]):not(.people button)"
    ).last.click()


def agree(page: Page) -> None:
    page.get_by_role("checkbox").check()
    send(page)


def press(name: str) -> Act:
    def act(page: Page) -> None:
        page.get_by_role("button", name=name).first.click()

    return act


def to_notes(page: Page) -> None:
    press("Continue")(page)
    page.get_by_label("Number").wait_for()


def to_wrong_notes(page: Page) -> None:
    to_notes(page)
    page.get_by_label("Number").fill("one")
    press("Continue")(page)
    page.locator(".error-summary").wait_for()


def to_release(page: Page) -> None:
    to_notes(page)
    press("Continue")(page)
    page.get_by_text("Releasing").wait_for()


def unfold(page: Page) -> None:
    for summary in page.locator("main details:not(.menu) > summary").all():
        summary.click()


def open_attempts(page: Page) -> None:
    page.locator("main table a").first.click()
    unfold(page)


def open_menus(page: Page) -> None:
    page.locator(".person > summary").click()


def spoil_manifest(page: Page) -> None:
    """What the editor refuses: a second module and an address that is none."""
    page.get_by_role("button", name="Add module").click()
    page.get_by_role("button", name="Add parameter").first.click()
    page.get_by_placeholder("Name").last.fill("PostbackUrl")
    page.get_by_label("Value").last.fill("hooks.example.com")
    page.locator("#save").click()
    page.locator(".error-summary").wait_for()


def spoil_json(page: Page) -> None:
    page.locator("#id_text").fill('{"Modules": [}')
    page.get_by_role("button", name="Save Manifest").first.click()


def send_wrong_grant(page: Page) -> None:
    page.get_by_label("Token required").or_(page.get_by_label("Token stored")).fill("a session token")
    page.get_by_label("Grant type").fill("password")
    send(page)
    page.locator(".error-summary").wait_for()


def enter_account(page: Page) -> None:
    page.get_by_label("Reason").fill("Ticket 4711: the logo of Stock Bridge does not show.")
    page.get_by_role("button", name="Enter").click()


def search_for(words: str) -> Act:
    def act(page: Page) -> None:
        page.locator("main input[name=q]").fill(words)
        page.locator("main input[name=q]").press("Enter")

    return act


CHANGED = {"application": "changed application"}
RETRIED = "retried installation"
ROTATED = {"application": "rotated application", "installation": "rotated installation"}
WITHDRAWN = {"application": "withdrawn application", "version": "withdrawn version"}

# Addresses that are no page: they act and lead on, or give a file, or a part of a page that stands above.
NOT_PAGES = {
    "home", "application_logo", "application_logo_remove", "secret_reveal", "secret_create", "logo",
    "manifest_export", "json_preview", "json_import", "json_as_form", "draft_show", "draft_as_json", "draft_unsaved",
    "module_add", "module_put_back", "module_up", "module_down", "module_duplicate", "module_delete",
    "module_undo_delete", "parameter_add", "parameter_delete", "parameter_undo_delete", "version_export",
    "version_take_back",
    "postback_test_typed", "postback_mode", "signing_secret_reveal",
    "application_token_reveal", "installation_token_reveal", "application_old_token_end", "installation_old_token_end",
    "invitation_revoke", "member_role", "demo_sign_in",
    "postback_redeliver", "installation_resume", "update_mails_start_again", "listing_take_back",
    "connector_enable", "connector_from_installation", "access_leave", "access_end",
}  # fmt: skip

PLACES = [
    Place("account_login", NOBODY),
    Place("account_login", NOBODY, act=send),
    Place("account_signup", NOBODY),
    Place("account_signup", NOBODY, act=send),
    Place("account_inactive", NOBODY),
    Place("account_email_verification_sent", NOBODY),
    Place("account_confirm_email", NOBODY, use={"key": "confirm key"}),
    Place("account_confirm_email", NOBODY, use={"key": "of-no-use"}),
    Place("account_reset_password", NOBODY),
    Place("account_reset_password", NOBODY, act=send),
    Place("account_reset_password_done", NOBODY),
    Place("account_reset_password_from_key", NOBODY, use={"key": "password key"}),
    Place("account_reset_password_from_key", NOBODY, use={"key": "of-no-use"}),
    Place("account_reset_password_from_key_done", NOBODY),
    Place("invitation_accept", NOBODY),
    Place("update_mails_stop", NOBODY, use={"key": "mails key"}),
    Place("update_mails_stop", NOBODY, use={"key": "of-no-use"}),
    Place("update_mails_stop", NOBODY, use={"key": "mails key"}, act=send),
    Place("application_list", "Alice"),
    Place("application_list", "Alice", query="?q=nothing+is+called+so"),
    Place("application_list", "Alice", act=open_menus),
    Place("application_list", "Dave"),
    Place("application_new", "Alice"),
    Place("application_new", "Alice", act=send),
    Place("application_overview", "Alice", act=unfold),
    Place("application_overview", "Alice", use={"application": "new application"}),
    Place("application_overview", "Alice", use={"application": "long application"}),
    Place("application_overview", "Alice", use={"application": "retired application"}),
    Place("application_general", "Alice"),
    Place("application_general", "Alice", act=press("Reveal")),
    Place("application_general", "Alice", use={"application": "long application"}),
    Place("application_general", "Alice", use={"application": "retired application"}),
    Place("secret_retire", "Alice"),
    Place("application_remove", "Alice"),
    Place("application_remove", "Alice", use={"application": "new application"}),
    Place("manifest_edit", "Alice", act=unfold),
    Place("manifest_edit", "Alice", use={"application": "long application"}),
    Place("manifest_edit", "Alice", act=spoil_manifest),
    Place("manifest_edit", "Alice", use={"application": "retired application"}),
    Place("manifest_json", "Alice"),
    Place("manifest_json", "Alice", act=spoil_json),
    Place("version_list", "Alice"),
    Place("version_list", "Alice", use={"application": "new application"}),
    Place("version_review", "Alice", use=CHANGED),
    Place("version_review", "Alice"),
    Place("version_review", "Alice", use={"application": "long application"}),
    Place("version_notes", "Alice", use=CHANGED, begin="version_review", act=to_notes),
    Place("version_notes", "Alice", use=CHANGED, begin="version_review", act=to_wrong_notes),
    Place("version_release", "Alice", use=CHANGED, begin="version_review", act=to_release),
    Place("version_detail", "Alice", act=unfold),
    Place("version_withdraw", "Alice"),
    Place("version_list", "Alice", use=WITHDRAWN),
    Place("version_detail", "Alice", use=WITHDRAWN),
    Place("application_installations", "Alice"),
    Place("application_installations", "Alice", act=press("Reveal")),
    Place("application_installations", "Alice", use={"application": "new application"}),
    Place("application_installations", "Alice", query="?q=nothing+is+called+so"),
    Place("application_token_rotate", "Alice", use={"application": "retried application", "installation": RETRIED}),
    Place("application_token_rotate", "Alice", use=ROTATED),
    Place("application_sessions_end", "Alice"),
    Place("application_overview", "Alice", use={"application": "rotated application"}),
    Place("application_installations", "Alice", use={"application": "rotated application"}),
    Place("postback_test", "Alice"),
    Place("postback_test", "Alice", query="?url=hooks.example.com", act=send),
    Place("postback_test", "Alice", use={"application": "retired application"}),
    Place("postback_test_run", "Alice", use={"delivery": "test delivery"}),
    Place("postback_settings", "Alice"),
    Place("postback_settings", "Alice", act=press("Reveal")),
    Place("postback_settings", "Alice", use={"application": "new application"}),
    Place("postback_settings", "Alice", use={"application": "retired application"}),
    Place("signing_secret_rotate", "Alice"),
    Place("postback_list", "Alice"),
    Place("postback_list", "Alice", use={"application": "new application"}),
    Place("postback_list", "Alice", query="?q=nothing+is+called+so"),
    Place("postback_detail", "Alice", act=unfold),
    Place("postback_replay", "Alice"),
    Place("postback_replay", "Alice", query="?since=1990-01-01T00:00"),
    Place("postback_replay", "Alice", use={"application": "new application"}),
    Place("application_activity", "Alice"),
    Place("application_activity", "Alice", use={"application": "new application"}),
    Place("connector_list", "Alice"),
    Place("connector_list", "Alice", query="?q=nothing+is+called+so"),
    Place("connector_list", "Dave"),
    Place("connector_new", "Alice"),
    Place("connector_new", "Alice", act=send),
    Place("connector_check", "Alice"),
    Place("connector_check", "Alice", use={"connector": "failing connector"}),
    Place("connector_check", "Alice", use={"connector": "untested connector"}),
    Place("connector_edit", "Alice"),
    Place("connector_edit", "Alice", act=send_wrong_grant),
    Place("connector_delete", "Alice"),
    Place("team", "Alice"),
    Place("invitation_create", "Alice"),
    Place("invitation_create", "Alice", act=send),
    Place("member_remove", "Alice"),
    Place("account_settings", "Alice"),
    Place("account_activity", "Alice"),
    Place("account_new", "Alice"),
    Place("account_new", "Alice", act=send),
    Place("search", "Alice"),
    Place("search", "Alice", act=search_for("Stock")),
    Place("search", "Alice", act=search_for("nothing is called so")),
    Place("profile", "Alice"),
    Place("account_email", "Alice"),
    Place("account_change_password", "Alice"),
    Place("account_change_password", "Alice", act=send),
    Place("account_reauthenticate", "Alice"),
    Place("account_logout", "Alice"),
    Place("authorize", "Alice"),
    Place("authorize", "Alice", use={"application": "new application"}),
    Place("team", "Bob"),
    Place("account_set_password", "Bob"),
    Place("account_set_password", "Bob", act=send),
    Place("store", "Alice"),
    Place("store", "Bob"),
    Place("store", "Carol"),
    Place("store", "Carol", query="?q=nothing+is+called+so"),
    Place("store_application", "Carol"),
    Place("store_application", "Carol", use={"application": "answering application"}),
    Place("store_application", "Bob"),
    Place("store_application", "Dave"),
    Place("listing", "Alice"),
    Place("listing", "Alice", use={"application": "new application"}),
    Place("listing_request", "Alice", use={"application": "new application"}, begin="listing", act=send),
    Place("listing", "Alice", use={"application": "long application"}),
    Place("listing", "Alice", use={"application": "retired application"}),
    Place("listing", "Alice", use={"application": "review application"}),
    Place("listing", "Alice", use={"application": "returned application"}),
    Place("my_apps", "Carol"),
    Place("my_apps", "Carol", query="?q=nothing+is+called+so"),
    Place("installation_detail", "Carol"),
    Place("installation_detail", "Carol", act=press("Reveal")),
    Place("installation_installed", "Carol"),
    Place("installation_installed", "Carol", use={"installation": "retried installation"}),
    Place("installation_installed", "Carol", use={"installation": "waiting installation"}),
    Place("installation_installed", "Carol", use={"installation": "failed installation"}),
    Place("installation_detail", "Carol", use={"installation": "waiting installation"}),
    Place("installation_detail", "Carol", use={"installation": "failed installation"}),
    Place("installation_uninstall", "Carol"),
    Place("installation_detail", "Carol", use={"installation": "behind installation"}),
    Place("installation_update", "Carol", use={"installation": "behind installation"}),
    Place("installation_detail", "Carol", use={"installation": "updated installation"}),
    Place("installation_detail", "Carol", use={"installation": "withdrawn installation"}),
    Place("installation_update", "Carol", use={"installation": "withdrawn installation"}),
    Place("installation_go_back", "Carol", use={"installation": "updated installation"}),
    Place("installation_suspend", "Carol"),
    Place("installation_sessions_end", "Carol"),
    Place("installation_rotate", "Carol"),
    Place("installation_rotate", "Carol", use={"installation": RETRIED}),
    Place("installation_rotate", "Carol", use={"installation": "rotated installation"}),
    Place("installation_rotate", "Carol", use={"installation": "shown installation"}),
    Place("installation_detail", "Carol", use={"installation": "rotated installation"}),
    Place("installation_detail", "Carol", use={"installation": "shown installation"}),
    Place("installation_detail", "Carol", use={"installation": "paused installation"}),
    Place("authorize", "Carol", use={"application": "paused application"}),
    Place("installation_switch", "Alice", use={"installation": "own installation"}),
    Place("installation_detail", "Alice", use={"installation": "own installation"}),
    Place("installation_postbacks", "Carol"),
    Place("installation_uninstall", "Carol", use={"installation": "waiting installation"}),
    Place("authorize", "Carol"),
    Place("authorize", "Carol", use={"application": "failed application"}),
    Place("authorize", "Carol", use={"application": "retried application"}),
    Place("authorize", "Carol", use={"application": "suspended application"}),
    Place("my_apps", "Dave"),
    Place("team", "Dave"),
    Place("invitation_accept", "Dave"),
    Place("invitation_accept", "Dave", use={"token": "of-no-use"}),
    Place("authorize", "Dave", act=send),
    Place("authorize", "Dave", use={"application": "long application"}),
    Place("installation_installed", "Dave", use={"application": "long application"}, begin="authorize", act=agree),
    Place("authorize", "Dave", use={"application": "00000000-0000-0000-0000-000000000000"}),
    Place("application_list", "Dave", use={"account": "northwind"}),
    Place("profile", "Sam"),
    Place("support_search", "Sam"),
    Place("support_search", "Sam", act=search_for("Stock")),
    Place("support_search", "Sam", act=search_for("nothing is called so")),
    Place("support_installation", "Sam"),
    Place("support_postbacks", "Sam"),
    Place("support_postbacks", "Sam", act=open_attempts),
    Place("support_installation", "Sam", use={"installation": "waiting installation"}),
    Place("support_installation", "Sam", use={"installation": "failed installation"}),
    Place("access_enter", "Sam", use={"slug": "carols-cakes"}),
    Place("access_enter", "Sam", use={"slug": "carols-cakes"}, act=send),
    Place("application_list", "Sam", use={"slug": "northwind"}, begin="access_enter", act=enter_account),
    Place("application_overview", "Sam"),
    Place("manifest_edit", "Sam"),
]


def admin_addresses(facts: Mapping[str, str]) -> Iterator[str]:
    """The admin's first page and its search, its lists, what an export asks, one page of each model, where rows are
    added, what an act of one row asks for, what moves an application, and where a file is sent."""
    yield "/admin/"
    yield "/admin/search/"
    yield f"/admin/linnapp/application/{facts['admin linnapp.application']}/move/"
    for model in admin.site._registry:
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        yield base
        if model._meta.label_lower == "linnapp.application":
            yield f"{base}export/private/?q=Stock"
        if row := facts.get(f"admin {model._meta.label_lower}"):
            yield f"{base}{row}/change/"
    yield from (f"/admin/linnapp/{model}/add/" for model in ("account", "invitation"))
    yield f"/admin/linnapp/application/{facts['application']}/act/suspend/"
    yield "/admin/linnapp/account/import/"
