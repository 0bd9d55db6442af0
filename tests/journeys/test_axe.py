"""Every page of the URL conf in a browser, as the person it is made for: axe finds nothing in light and in dark, on a
desk and on a phone; nothing scrolls sideways, nothing is complained of, nothing is asked of another host.

axe asks all its rules of each page once, on a phone, and those of colours on a desk; what is dark on one page is light
on the next. AXE=all looks at each page all four ways.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.http import HttpRequest
from django.template import loader
from django.test import RequestFactory
from django.urls import get_resolver, resolve
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

from linnapp.page_requests import Referenced
from linnapp.views.errors import server_error
from tests.kit import stage
from tests.kit.hands import PATIENCE_MS
from tests.kit.people import PASSWORD
from tests.kit.places.patterns import EVERYBODY, INA, NEWCOMER, NOBODY, Place, names_of
from tests.kit.places.table import NOT_PAGES, PLACES, admin_addresses
from tests.kit.portal import Portal, demo_portal
from tests.kit.signing_in.factors import INA_AT

DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
LIGHT, DARK = "light", "dark"
WHOLE = {"resultTypes": ["violations"], "preload": False}
COLOURS = WHOLE | {"runOnly": ["color-contrast"]}
RUN_AXE = "options => axe.run(options).then(results => results.violations)"
# What sticks out at the right of a page that scrolls sideways.
STICKING_OUT = """() => {
  const page = document.documentElement;
  if (page.scrollWidth <= page.clientWidth) return [];
  const all = [page, ...document.querySelectorAll("body *")];
  const wide = all.filter((one) => one.getBoundingClientRect().right > page.clientWidth);
  return wide.map((one) => `${one.tagName} to ${one.getBoundingClientRect().right} ${one.outerHTML.slice(0, 80)}`);
}"""
# Gives all that is read of these names the longest one that an account may have, in a page as it stands.
LONG_NAME = f"{'W' * 60} {'Warehouse ' * 6}"[:119] + "s"
RENAME = """([names, long]) => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    for (const name of names) walker.currentNode.data = walker.currentNode.data.replaceAll(name, long);
  }
}"""
# A list of the admin whose columns end outside of what is seen, and on a phone a cell that is not seen at all.
CUT_OFF = """() => {
  const results = document.querySelector("#changelist .results");
  if (!results) return [];
  const cells = [...results.querySelectorAll("tbody tr:first-child [data-label]:not(:empty)")];
  const unseen = cells.filter((cell) => !cell.getBoundingClientRect().width).map((cell) => cell.dataset.label);
  return results.scrollWidth > results.clientWidth ? [`${results.scrollWidth} px`, ...unseen] : unseen;
}"""
# So many pages are one test: several share the work between them.
PIECE, SECONDS_A_PAGE = 22, 0.7
ALL_WAYS = os.environ.get("AXE") == "all"
ERROR_PAGES = ("400.html", "403.html", "403_csrf.html", "429.html", "500.html", "503.html")


def test_every_page_is_opened() -> None:
    opened = {place.name for place in PLACES}
    assert opened | NOT_PAGES == names_of(get_resolver())
    assert not opened & NOT_PAGES


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory, prepared_state: Path) -> Iterator[Portal]:
    """A portal of its own: what the stage adds would be in the way of other tests."""
    with demo_portal(tmp_path_factory.mktemp("staged"), prepared_state, "sqlite") as portal:
        yield portal


@pytest.fixture(scope="module")
def facts(staged: Portal) -> stage.Facts:
    return stage.set_by(staged)


class Inspector:
    """Looks at one page after another in one window, and keeps what is wrong."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page, self.axe, self.origin = page, Axe().axe_script, origin
        self.faults: list[str] = []
        self.what = ""
        self.is_axe_at_work = False
        self.schemes = [DARK, LIGHT]
        page.on("console", self.hear)
        page.on("pageerror", lambda error: self.note(f"script failed: {error}"))
        page.on("request", self.watch)

    def note(self, fault: str) -> None:
        self.faults.append(f"{self.what}: {fault}")

    def hear(self, message: ConsoleMessage) -> None:
        """The browser itself remarks on each answer of 4xx; those are meant. axe tries inline styles."""
        if self.is_axe_at_work or message.text.startswith("Failed to load resource"):
            return
        if message.type in {"error", "warning"}:
            self.note(f"console: {message.text}")

    def watch(self, request: Request) -> None:
        target = urlsplit(request.url)
        if target.scheme in {"http", "https"} and f"{target.scheme}://{target.netloc}" != self.origin:
            self.note(f"asked {request.url}")

    def look(self) -> None:
        one, other = self.schemes
        self.show(PHONE, one, WHOLE)
        self.show(DESK, other, COLOURS)
        if ALL_WAYS:
            self.show(PHONE, other, COLOURS)
            self.show(DESK, one, COLOURS)
        self.schemes.reverse()

    def show(self, size: Any, scheme: Any, rules: Mapping[str, Any]) -> None:
        self.page.set_viewport_size(size)
        self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        self.is_axe_at_work = True
        if rules is WHOLE:
            self.page.evaluate(self.axe)
        violations = self.page.evaluate(RUN_AXE, dict(rules))
        self.is_axe_at_work = False
        for violation in violations:
            nodes = "; ".join(f"{node['html'][:160]} ({node['failureSummary'][:300]})" for node in violation["nodes"])
            self.note(f"{scheme}, {size['width']}: {violation['id']}: {nodes}")
        if sticking_out := self.page.evaluate(STICKING_OUT):
            self.note(f"{size['width']}: scrolls sideways: {sticking_out}")
        if cut_off := self.page.evaluate(CUT_OFF):
            self.note(f"{size['width']}: the list is cut off: {cut_off}")


@pytest.fixture
def inspector(browser: Browser, staged: Portal) -> Iterator[Inspector]:
    context = browser.new_context(base_url=staged.url)
    context.set_default_timeout(PATIENCE_MS)
    yield Inspector(context.new_page(), staged.url)
    context.close()


def sign_in(page: Page, person: str) -> None:
    if person == INA:
        page.goto("/sign-in/")
        page.get_by_label("E-mail").fill(INA_AT)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(lambda url: "/sign-in/" not in url)
    elif person not in (NOBODY, NEWCOMER):
        page.goto("/sign-in/")
        page.locator(".people button", has_text=person).click()
        page.wait_for_url("**/*")


def visit(inspector: Inspector, place: Place, facts: Mapping[str, str]) -> None:
    address = place.address(facts)
    inspector.what = f"{place.person} {address}{' and an act' if place.act else ''}"
    inspector.page.goto(address)
    if place.act:
        place.act(inspector.page)
        inspector.page.wait_for_load_state()
    there = resolve(unquote(urlsplit(inspector.page.url).path)).url_name
    assert there == place.name, f"{inspector.what} leads to {there}"
    inspector.look()


def pieces(of_what: str, all_of_it: Sequence[Any]) -> Iterator[Any]:
    """Parameters of tests: a name, and its part of the pages in their order."""
    for number, begin in enumerate(range(0, len(all_of_it), PIECE), start=1):
        part = all_of_it[begin : begin + PIECE]
        weight = pytest.mark.slow(seconds=len(part) * SECONDS_A_PAGE)
        yield pytest.param(of_what, part, id=f"{of_what} {number}", marks=weight)


def pieces_of_everybody() -> Iterator[Any]:
    for person in EVERYBODY:
        yield from pieces(person, [place for place in PLACES if place.person == person])


@pytest.mark.browser
@pytest.mark.parametrize(("person", "places"), list(pieces_of_everybody()))
def test_pages_are_for_everybody(
    person: str, places: Sequence[Place], inspector: Inspector, facts: stage.Facts
) -> None:
    sign_in(inspector.page, person)
    for place in places:
        visit(inspector, place, facts)
    assert inspector.faults == []


@pytest.mark.browser
@pytest.mark.slow(seconds=10)
def test_long_names_of_accounts_tear_no_page_of_support_apart(inspector: Inspector, facts: stage.Facts) -> None:
    sign_in(inspector.page, "Sam")
    for place in PLACES:
        if place.person == "Sam" and place.name.startswith("support_"):
            inspector.page.goto(place.address(facts))
            inspector.page.evaluate(RENAME, [["Carol's Cakes", "Northwind"], LONG_NAME])
            for size in (PHONE, DESK):
                inspector.what = f"{place.address(facts)}, {size['width']}"
                inspector.page.set_viewport_size(cast(Any, size))
                if sticking_out := inspector.page.evaluate(STICKING_OUT):
                    inspector.note(f"scrolls sideways: {sticking_out[1:]}")
    assert inspector.faults == []


@pytest.mark.browser
@pytest.mark.parametrize("half", [0, 1])
@pytest.mark.slow(seconds=30)
def test_the_admin_is_for_everybody(half: int, inspector: Inspector, facts: stage.Facts) -> None:
    sign_in(inspector.page, "Paula")
    for address in list(admin_addresses(facts))[half::2]:
        inspector.what = address
        inspector.page.goto(address)
        inspector.look()
    assert inspector.faults == []


@pytest.mark.browser
def test_a_review_and_what_a_search_finds_are_for_everybody(inspector: Inspector, facts: stage.Facts) -> None:
    page = inspector.page
    sign_in(page, "Paula")
    inspector.what = "an open review"
    page.goto("/admin/")
    page.get_by_role("link", name="Reviews open").click()
    page.locator("#result_list tbody a").first.click()
    page.get_by_role("button", name="Return").wait_for()
    inspector.look()
    inspector.what = "what a search finds"
    page.get_by_label("Search everything").fill("Stock")
    page.get_by_label("Search everything").press("Enter")
    page.locator(".found").first.wait_for()
    inspector.look()
    inspector.what = "what cannot be looked for"
    page.get_by_label("Search everything").fill("x")
    page.get_by_label("Search everything").press("Enter")
    page.get_by_text("Type at least 2 characters.").wait_for()
    inspector.look()
    assert inspector.faults == []


@pytest.mark.browser
def test_the_sidebar_of_the_admin_unfolds_what_is_looked_for(inspector: Inspector) -> None:
    page = inspector.page
    sign_in(page, "Paula")
    page.goto("/admin/linnapp/application/")
    sessions = page.locator("#nav-sidebar").get_by_role("link", name="Sessions")
    expect(sessions).to_be_hidden()
    page.locator("#nav-filter").fill("sess")
    sessions.click()
    page.locator("#nav-filter").fill("")
    page.reload()
    expect(sessions).to_be_visible()
    assert inspector.faults == []


@pytest.mark.browser
def test_what_an_action_of_the_admin_asks_for_is_for_everybody(inspector: Inspector, facts: stage.Facts) -> None:
    inspector.what = "what an action of the admin asks for"
    sign_in(inspector.page, "Paula")
    suspend_first(inspector.page)
    inspector.look()
    assert inspector.faults == []


@pytest.mark.browser
def test_what_moving_an_application_does_is_for_everybody(inspector: Inspector, facts: stage.Facts) -> None:
    inspector.what = "what moving an application does"
    page = inspector.page
    sign_in(page, "Paula")
    page.goto(f"/admin/linnapp/application/{facts['admin linnapp.application']}/move/")
    page.get_by_label("To which account").fill("Dave's Depot")
    page.get_by_label("In 24 hours").check()
    page.get_by_role("button", name="Show what happens").click()
    page.get_by_label("Reason").wait_for()
    inspector.look()
    assert inspector.faults == []


def suspend_first(page: Page) -> None:
    page.goto("/admin/installs/installation/")
    page.locator("input.action-select").first.check()
    page.locator("select[name=action]").select_option("suspend")
    page.get_by_role("button", name="Run").or_(page.get_by_role("button", name="Go")).first.click()
    page.get_by_label("Reason").wait_for()


@pytest.mark.browser
@pytest.mark.parametrize("template", ERROR_PAGES)
def test_error_pages_are_for_everybody(template: str, inspector: Inspector) -> None:
    """What no address shows: each stands in for an answer of the portal."""
    inspector.what = template
    inspector.page.route("**/broken/", lambda route: route.fulfill(body=error_page(template), content_type="text/html"))
    inspector.page.goto("/broken/")
    inspector.look()
    assert inspector.faults == []


@pytest.mark.browser
@pytest.mark.parametrize("was_sent", [False, True])
def test_the_page_of_staff_without_a_second_factor_is_for_everybody(was_sent: bool, inspector: Inspector) -> None:
    """The demo asks its staff for none."""
    inspector.what = "staff without a second factor"
    typed = [("title", "Late stock"), ("text", "x" * 300)] if was_sent else []
    request = RequestFactory().get("/support/")
    context = {"request": request, "was_sent": was_sent, "typed": typed, "door": "", "asking": None}
    body = loader.render_to_string("linnapp/factors/needed.html", context)
    inspector.page.route("**/broken/", lambda route: route.fulfill(body=body, content_type="text/html"))
    inspector.page.goto("/broken/")
    expect(inspector.page.get_by_role("heading", name="Set up a second factor first")).to_be_visible()
    inspector.look()
    assert inspector.faults == []


@pytest.mark.browser
def test_a_page_full_of_faults_is_noticed(inspector: Inspector) -> None:
    body = """<!doctype html><html lang="en"><title>Faults</title><main><h1>Faults</h1><img src="http://other.example/a">
        <p style="color: #ccc">Pale</p><p style="width: 2000px">Wide</p></main><script>console.error("Oh")</script>"""
    inspector.page.route("**/broken/", lambda route: route.fulfill(body=body, content_type="text/html"))
    inspector.page.route("http://other.example/**", lambda route: route.abort())
    inspector.page.goto("/broken/")
    inspector.look()
    found = " ".join(inspector.faults)
    for fault in ("image-alt", "color-contrast", "scrolls sideways", "console: Oh", "asked http://other.example/a"):
        assert fault in found


def error_page(template: str) -> str:
    request: HttpRequest = RequestFactory().get("/broken/")
    cast(Referenced, request).reference = "7K2M93QX"
    if template == "500.html":
        return server_error(request).content.decode()
    said = {"request_id": "7K2M93QX", "sentence": "Too many at once from your network. Wait 2 minutes, then try again."}
    return loader.render_to_string(template, said | {"request": request})
