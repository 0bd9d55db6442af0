"""Staff edit a manifest on an account's behalf, from the admin: what they do, and what the account reads."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.test_journey import sign_in
from tests.kit.hands import PATIENCE_MS, Mouse, hands_on
from tests.kit.portal import Portal

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NAME = "Order Board"
REASON = "Ticket 4711: Alice asked by phone for another address."


@pytest.fixture
def people(browser: Browser, live_portal: Portal) -> Iterator[dict[str, Mouse]]:
    expect.set_options(timeout=PATIENCE_MS)
    seated = {name: hands_on(browser, live_portal.url, Mouse) for name in ("Alice", "Paula")}
    for name, hands in seated.items():
        sign_in(hands, name)
    yield seated
    for hands in seated.values():
        hands.page.context.close()


def test_a_manifest_is_edited_on_the_accounts_behalf_and_an_owner_ends_it(people: dict[str, Mouse]) -> None:
    alice, paula = people["Alice"], people["Paula"]
    from_the_admin(paula)
    enter(paula)
    take_a_permission_away(paula)
    paula.press(paula.page.get_by_role("button", name="Save Manifest"))
    expect(paula.page.locator("#messages")).to_contain_text("Saved")
    reads_who_and_why(alice.page)
    end_it(alice)
    refused_and_kept(paula)


def from_the_admin(paula: Mouse) -> None:
    page = paula.page
    page.goto(f"/admin/linnapp/application/?q={NAME.replace(' ', '+')}")
    paula.press(page.get_by_role("link", name=NAME, exact=True))
    paula.press(page.get_by_role("link", name="Edit the manifest"))


def enter(paula: Mouse) -> None:
    page = paula.page
    expect(page.get_by_role("heading", name="Enter Northwind")).to_be_visible()
    paula.write(page.get_by_label("Reason"), REASON)
    paula.press(page.get_by_role("button", name="Enter"))
    expect(page.get_by_role("complementary", name="Staff access")).to_contain_text("to work")


def take_a_permission_away(paula: Mouse) -> None:
    permissions = paula.page.get_by_label("LinnworksPermissions")
    paula.write(permissions, "GlobalPermissions.OrderBook.ViewOrderDetailsNode")


def reads_who_and_why(page: Page) -> None:
    page.goto("/a/northwind/applications/")
    page.get_by_role("link", name=NAME, exact=True).click()
    page.get_by_role("link", name="Activity", exact=True).click()
    line = page.locator(".timeline li").first
    expect(line).to_contain_text("Paula of this portal's staff")
    expect(line).to_contain_text(REASON)


def end_it(alice: Mouse) -> None:
    alice.page.goto("/a/northwind/team/")
    alice.press(alice.page.get_by_role("button", name="End the access of Paula"))
    expect(alice.page.get_by_text("Paula of this portal's staff cannot open your pages any more.")).to_be_visible()


def refused_and_kept(paula: Mouse) -> None:
    page = paula.page
    page.get_by_role("button", name="Save Manifest").click()
    expect(page.get_by_role("heading", name="Your access to Northwind has ended")).to_be_visible()
    expect(page.get_by_text("Alice of Northwind ended it")).to_be_visible()
    expect(page.get_by_role("button", name="Send it again")).to_be_visible()
