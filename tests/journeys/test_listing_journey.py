"""A listing that is returned and then listed, as the three who have to do with it see it in their browsers."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.test_journey import sign_in
from tests.kit.hands import PATIENCE_MS, Mouse, hands_on
from tests.kit.portal import Portal

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NAME = "Blue Market"
REASONS = "Say which countries it sells to."


@pytest.fixture
def people(browser: Browser, live_portal: Portal) -> Iterator[dict[str, Mouse]]:
    expect.set_options(timeout=PATIENCE_MS)
    seated = {name: hands_on(browser, live_portal.url, Mouse) for name in ("Alice", "Paula", "Carol")}
    for name, hands in seated.items():
        sign_in(hands, name)
    yield seated
    for hands in seated.values():
        hands.page.context.close()


def test_returned_and_then_listed(people: dict[str, Mouse]) -> None:
    alice, paula, carol = people["Alice"], people["Paula"], people["Carol"]
    request_listing(alice)
    open_the_store(carol)
    expect(carol.page.get_by_role("heading", level=1)).to_have_text("Store")
    expect(carol.page.get_by_role("link", name=NAME, exact=True)).to_have_count(0)
    decide(paula, "Return", REASONS)
    expect(paula.page.get_by_text(f"{NAME} was returned to its developer.")).to_be_visible()
    alice.page.reload()
    expect(alice.page.get_by_text(REASONS)).to_be_visible()
    mend_the_description(alice)
    request_listing(alice)
    decide(paula, "List", "Well said.")
    expect(paula.page.get_by_text(f"{NAME} is listed in the store.")).to_be_visible()
    alice.page.reload()
    alice.press(alice.page.get_by_role("link", name="See it in the store"))
    expect(alice.page.get_by_text("Sells in the Netherlands")).to_be_visible()
    install_from_the_store(carol)


def to_listing(alice: Mouse) -> None:
    page = alice.page
    alice.press(page.get_by_role("link", name="Applications").first)
    alice.press(page.get_by_role("link", name=NAME, exact=True))
    alice.press(page.get_by_role("navigation", name=NAME).get_by_role("link", name="General"))
    alice.press(page.get_by_role("button", name="Listing", exact=True))
    expect(page.get_by_role("heading", name="Listing in the store")).to_be_visible()


def request_listing(alice: Mouse) -> None:
    to_listing(alice)
    alice.press(alice.page.get_by_role("button", name="Request listing"))
    expect(alice.page.get_by_text("Requested. This portal's staff will review it")).to_be_visible()
    expect(alice.page.get_by_role("button", name="Take the request back")).to_be_visible()


def decide(paula: Mouse, button: str, reason: str) -> None:
    """Three clicks from the admin's first page."""
    page = paula.page
    page.goto("/admin/")
    paula.press(page.get_by_role("link", name="Reviews open"))
    paula.press(page.get_by_role("link", name=NAME, exact=True))
    expect(page.get_by_text("What an installer reads")).to_be_visible()
    paula.write(page.get_by_label("Reason"), reason)
    paula.press(page.get_by_role("button", name=button, exact=True))


def mend_the_description(alice: Mouse) -> None:
    page = alice.page
    alice.press(page.get_by_role("navigation", name=NAME).get_by_role("link", name="General"))
    alice.write(
        page.get_by_label("Description"), "Sells in the Netherlands and Belgium: orders come here, stock goes there."
    )
    alice.press(page.get_by_role("button", name="Save changes"))
    expect(page.get_by_text("Saved.")).to_be_visible()


def open_the_store(carol: Mouse) -> None:
    page: Page = carol.page
    alike = page.get_by_role("navigation").get_by_role("link", name="Store", exact=True)
    carol.press(alike.first)


def install_from_the_store(carol: Mouse) -> None:
    page = carol.page
    open_the_store(carol)
    carol.press(page.get_by_role("link", name=NAME, exact=True))
    expect(page.get_by_role("heading", level=1)).to_have_text(NAME)
    carol.press(page.locator(".head").get_by_role("button", name=re.compile("^Install")))
    expect(page.get_by_text("wants to connect to")).to_be_visible()
    expect(page.get_by_text("Verified", exact=True)).to_be_visible()
    expect(page.get_by_text("Nobody at this portal has checked")).to_have_count(0)
