"""Every page of the URL conf in a browser, as the person it is made for: axe finds nothing in light and in dark, on a
desk and on a phone; nothing scrolls sideways, nothing is complained of, nothing is asked of another host; the keyboard
reaches all of it, nothing moves while it loads, and it keeps within the budget of its weight.

axe asks all its rules of each page once, on a phone, and those of colours on a desk; what is dark on one page is light
on the next. AXE=all looks at each page all four ways.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import pytest
from django.http import HttpRequest
from django.template import loader
from django.test import RequestFactory
from django.urls import get_resolver
from playwright.sync_api import Page, expect

from linnapp.page_requests import Referenced
from linnapp.views.errors import server_error
from tests.kit import stage
from tests.kit.places.inspector import DESK, PHONE, PRIMARIES, STICKING_OUT, Inspector
from tests.kit.places.patterns import EVERYBODY, Place, names_of
from tests.kit.places.table import NOT_PAGES, PLACES, admin_addresses
from tests.kit.places.visiting import open_place, sign_in

# Gives all that is read of these names the longest one that an account may have, in a page as it stands.
LONG_NAME = f"{'W' * 60} {'Warehouse ' * 6}"[:119] + "s"
RENAME = """([names, long]) => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    for (const name of names) walker.currentNode.data = walker.currentNode.data.replaceAll(name, long);
  }
}"""
# So many pages are one test: several share the work between them.
PIECE, SECONDS_A_PAGE = 22, 0.9
ERROR_PAGES = ("400.html", "403.html", "403_csrf.html", "429.html", "500.html", "503.html")


def test_every_page_is_opened() -> None:
    opened = {place.name for place in PLACES}
    assert opened | NOT_PAGES == names_of(get_resolver())
    assert not opened & NOT_PAGES


def visit(inspector: Inspector, place: Place, facts: Mapping[str, str]) -> None:
    inspector.what = f"{place.person} {place.address(facts)}{' and an act' if place.act else ''}"
    open_place(inspector.page, place, facts)
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
def test_a_second_filled_button_is_told(inspector: Inspector) -> None:
    inspector.page.goto("/sign-in/")
    assert inspector.page.evaluate(PRIMARIES) == []
    inspector.page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    assert len(inspector.page.evaluate(PRIMARIES)) == 2


@pytest.mark.browser
@pytest.mark.slow(seconds=10)
def test_long_names_of_accounts_tear_no_page_of_support_apart(inspector: Inspector, facts: stage.Facts) -> None:
    sign_in(inspector.page, "Sam")
    for place in PLACES:
        if place.person == "Sam" and place.name.startswith("support_"):
            see_long_names(inspector, place.address(facts))
    assert inspector.faults == []


def see_long_names(inspector: Inspector, address: str) -> None:
    inspector.page.goto(address)
    inspector.page.evaluate(RENAME, [["Carol's Cakes", "Northwind"], LONG_NAME])
    for size in (PHONE, DESK):
        inspector.what = f"{address}, {size['width']}"
        inspector.page.set_viewport_size(cast(Any, size))
        if sticking_out := inspector.page.evaluate(STICKING_OUT):
            inspector.note(f"scrolls sideways: {sticking_out[1:]}")


@pytest.mark.browser
@pytest.mark.slow(seconds=6)
def test_long_names_tear_no_page_of_a_developer_apart(inspector: Inspector, facts: stage.Facts) -> None:
    """Those that name an account in a button or in a list of many columns."""
    sign_in(inspector.page, "Alice")
    for name in ("application_overview", "application_general", "application_installations"):
        see_long_names(inspector, Place(name, "Alice", use={"application": "new application"}).address(facts))
    for name in ("application_installations", "postback_list", "application_refused", "team"):
        see_long_names(inspector, Place(name, "Alice").address(facts))
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
    body = f"""<!doctype html><html lang="en"><title>Faults</title><style>.unseen:focus {{ outline: none }}</style>
        <nav><a href="/" class="unseen">Home</a></nav><main><h1>Faults</h1><img src="http://other.example/a">
        <p style="color: #ccc">Pale</p><p style="width: 2000px">Wide</p><span role="button">Not a button</span>
        <button tabindex="1">First</button></main><!-- {"x" * 61_000} --><script>console.error("Oh");
        setTimeout(() => document.querySelector("h1").before(document.createElement("textarea")), 200)</script>"""
    inspector.page.route("**/broken/", lambda route: route.fulfill(body=body, content_type="text/html"))
    inspector.page.route("http://other.example/**", lambda route: route.abort())
    inspector.page.goto("/broken/")
    inspector.page.wait_for_timeout(500)
    inspector.look()
    found = " ".join(inspector.faults)
    for fault in (
        "image-alt", "color-contrast", "scrolls sideways", "console: Oh", "asked http://other.example/a",
        "bytes unpacked, 60,000 at most", "moves while it loads", "no focus is seen on <a", "takes out of its order",
        "does not reach <span", "leads to no link past the frame",
    ):  # fmt: skip
        assert fault in found


def error_page(template: str) -> str:
    request: HttpRequest = RequestFactory().get("/broken/")
    cast(Referenced, request).reference = "7K2M93QX"
    if template == "500.html":
        return server_error(request).content.decode()
    said = {
        "request_id": "7K2M93QX",
        "sentence": "Too many attempts from your network. Wait 2 minutes, then try again.",
    }
    return loader.render_to_string(template, said | {"request": request})
