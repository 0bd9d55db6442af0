"""On paper a page is what it says, whole, without what it offers to do; and a phone has one button for filters."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.test_journey import sign_in
from tests.kit.hands import PATIENCE_MS, Mouse, hands_on
from tests.kit.portal import Portal

pytestmark = [pytest.mark.browser, pytest.mark.slow]
BLACK, WHITE = "rgb(0, 0, 0)", "rgb(255, 255, 255)"


@pytest.fixture
def page(browser: Browser, live_portal: Portal) -> Iterator[Page]:
    expect.set_options(timeout=PATIENCE_MS)
    hands = hands_on(browser, live_portal.url, Mouse, color_scheme="dark")
    sign_in(hands, "Alice")
    yield hands.page
    hands.page.context.close()


def open_tab(page: Page, name: str) -> None:
    page.goto("/a/northwind/")
    page.get_by_role("main").get_by_role("link", name="Blue Market", exact=True).click()
    page.locator(".tabs").get_by_role("link", name=name).click()
    expect(page.get_by_role("table")).to_be_visible()


def colour(page: Page, of: str, name: str) -> str:
    found: str = page.locator(of).first.evaluate(f"element => getComputedStyle(element)['{name}']")
    return found


def test_a_delivery_is_printed_whole_in_black_on_white(page: Page) -> None:
    open_tab(page, "Postbacks")
    page.goto(f"{page.url}?state=exhausted")
    page.locator("tbody th a").first.click()
    request = page.locator("details details pre").last
    expect(page.get_by_text("10 attempts, all")).to_be_visible()
    expect(request).not_to_be_visible()
    page.emulate_media(media="print")
    expect(request).to_be_visible()
    for left_out in (".rail", ".top", ".tabs", "main button"):
        for part in page.locator(left_out).all():
            expect(part).not_to_be_visible()
    assert colour(page, "main h2", "color") == BLACK
    assert colour(page, "body", "background-color") == WHITE
    assert colour(page, "article dd code", "color") == BLACK


def test_on_a_phone_one_button_holds_search_filters_and_sorts(page: Page) -> None:
    open_tab(page, "Postbacks")
    tools = page.locator(".list-tools")
    chip = tools.get_by_role("link", name="Exhausted", exact=True)
    expect(chip).to_be_visible()
    expect(tools.get_by_role("link", name="Oldest first")).not_to_be_visible()
    expect(tools.locator("summary").first).not_to_be_visible()
    page.get_by_role("columnheader", name="Made").get_by_role("link").click()
    expect(page.get_by_role("columnheader", name="Made")).to_have_attribute("aria-sort", "ascending")
    page.set_viewport_size({"width": 390, "height": 844})
    expect(chip).not_to_be_visible()
    expect(tools.get_by_role("searchbox")).not_to_be_visible()
    tools.locator("summary").first.click()
    expect(tools.get_by_role("searchbox")).to_be_visible()
    expect(tools.get_by_role("link", name="Oldest first")).to_have_attribute("aria-current", "true")
    chip.click()
    expect(tools.locator("summary").first).to_have_text("Filter 1 in force")
    expect(page.locator(".phone-menu > summary")).to_contain_text("Northwind")
