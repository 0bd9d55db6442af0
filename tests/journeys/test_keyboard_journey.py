"""Ways through the portal by keys: g and a letter, the list of keys, and what Ctrl-K finds."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.kit.hands import PATIENCE_MS
from tests.kit.portal import Portal

pytestmark = [pytest.mark.browser, pytest.mark.slow(seconds=4)]

LIST = "/a/northwind/applications/"


@pytest.fixture
def alice(browser: Browser, live_portal: Portal) -> Iterator[Page]:
    expect.set_options(timeout=PATIENCE_MS)
    context = browser.new_context(base_url=live_portal.url, locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto("/sign-in/")
    page.locator(".people button", has_text="Alice").click()
    expect(page).to_have_title(re.compile("^Applications"))
    yield page
    context.close()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_letters_lead_to_pages_until_they_are_turned_off(alice: Page) -> None:
    press(alice, "g", "s")
    expect(alice).to_have_title(re.compile("^Store"))
    alice.get_by_role("link", name="My apps").focus()
    press(alice, "?")
    keys = alice.get_by_role("dialog", name="Keyboard shortcuts")
    expect(keys.locator("div", has_text="Applications")).to_have_text(re.compile(r"Applications\s*g a"))
    # Not in a dialog.
    press(alice, "g", "a", "Control+k", "Escape")
    expect(keys).to_be_hidden()
    expect(alice.get_by_role("link", name="My apps")).to_be_focused()
    # Nor while somebody types.
    press(alice, "/")
    alice.keyboard.type("g a?/")
    expect(alice.locator("#portal-search")).to_have_value("g a?/")
    expect(alice.get_by_role("dialog")).to_have_count(0)
    # As somebody with a mouse finds them.
    alice.locator(".person > summary").click()
    alice.get_by_role("button", name="Keyboard shortcuts").click()
    keys.get_by_role("checkbox", name="Single-key shortcuts").uncheck()
    keys.get_by_role("button", name="Close").click()
    alice.goto("/profile/")
    press(alice, "g", "a", "?", "/")
    expect(alice.locator("#portal-search")).not_to_be_focused()
    expect(alice).to_have_title(re.compile("^Profile"))
    press(alice, "Control+k")
    expect(alice.get_by_role("dialog", name="Go to")).to_be_visible()


def test_an_application_is_found_by_name_and_its_pages_from_there(alice: Page) -> None:
    opened_by = alice.get_by_role("link", name="Team").first
    opened_by.focus()
    press(alice, "Control+k")
    field, options = alice.get_by_role("combobox"), alice.get_by_role("option")
    expect(options.first).to_have_attribute("aria-selected", "true")
    alice.keyboard.type("no such thing")
    expect(alice.locator("#palette [role=status]")).to_have_text(re.compile("^Nothing found for “no such thing”"))
    expect(options).to_have_count(1)
    press(alice, "Escape")
    expect(opened_by).to_be_focused()
    press(alice, "Control+k")
    alice.keyboard.type("stock bri")
    expect(options.first).to_contain_text("Application of Northwind")
    expect(field).to_have_attribute("aria-activedescendant", str(options.first.get_attribute("id")))
    press(alice, "Enter")
    expect(alice).to_have_title(re.compile("^Overview · Stock Bridge"))
    press(alice, "Control+k", "End", "Home", "ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    alice.keyboard.type("vers")
    expect(options.first).to_contain_text("Versions")
    press(alice, "Enter")
    expect(alice).to_have_title(re.compile("^Versions"))
    # What has no line of its own is on the page of results.
    press(alice, "Control+k")
    alice.keyboard.type("1.0.0")
    expect(options.last).to_contain_text("Search everything for “1.0.0”")
    press(alice, "End", "Enter")
    expect(alice.get_by_role("heading", name="Versions")).to_be_visible()
