"""Staff inside an account: one edits a manifest on its behalf, another looks; what each may, and what Owners read."""

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
    seated = {name: hands_on(browser, live_portal.url, Mouse) for name in ("Alice", "Paula", "Carol", "Sam")}
    for name, hands in seated.items():
        sign_in(hands, name)
    yield seated
    for hands in seated.values():
        hands.page.context.close()


def test_a_manifest_is_edited_on_the_accounts_behalf_and_an_owner_ends_it(people: dict[str, Mouse]) -> None:
    alice, paula = people["Alice"], people["Paula"]
    from_the_admin(paula)
    expect(paula.page.get_by_role("heading", name="Enter Northwind")).to_be_visible()
    enter(paula, REASON)
    expect(paula.page.get_by_role("complementary", name="Staff access")).to_contain_text("to work")
    ask_for_another_permission(paula)
    paula.press(paula.page.get_by_role("button", name="Save Manifest"))
    expect(paula.page.locator("#messages")).to_contain_text("Saved")
    creates_a_version(paula)
    reads_who_and_why(alice.page)
    end_it(alice)
    refused_and_kept(paula)


def from_the_admin(paula: Mouse) -> None:
    page = paula.page
    page.goto(f"/admin/linnapp/application/?q={NAME.replace(' ', '+')}")
    paula.press(page.get_by_role("link", name=NAME, exact=True))
    paula.press(page.get_by_role("link", name="Edit the manifest"))


def enter(staff: Mouse, reason: str) -> None:
    staff.write(staff.page.get_by_label("Reason"), reason)
    staff.press(staff.page.get_by_role("button", name="Enter"))


def ask_for_another_permission(paula: Mouse) -> None:
    permissions = paula.page.get_by_label("LinnworksPermissions")
    paula.write(permissions, "GlobalPermissions.OrderBook.EditOrderNode")


def creates_a_version(paula: Mouse) -> None:
    page = paula.page
    paula.press(page.get_by_role("button", name="Create New Version"))
    paula.press(page.get_by_role("button", name="Continue"))
    paula.write(page.get_by_label("Notes"), "Asks for fewer permissions.")
    paula.press(page.get_by_role("button", name="Continue"))
    paula.press(page.get_by_role("button", name="Release"))
    expect(page.locator("#messages")).to_contain_text("is released.")
    paula.press(page.get_by_role("link", name="App Modules", exact=True))


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
    expect(alice.page.get_by_text("Paula of this portal's staff can no longer open your pages.")).to_be_visible()


def refused_and_kept(paula: Mouse) -> None:
    """A button of the draft says so above the editor, which keeps all; the form says so on a page that does."""
    page = paula.page
    edited = page.get_by_label("LinnworksPermissions")
    paula.write(edited, "GlobalPermissions.Inventory.Typed")
    paula.press(page.get_by_role("button", name="Add module"))
    expect(page.get_by_role("alert")).to_contain_text("Alice ended it")
    expect(edited).to_have_value("GlobalPermissions.Inventory.Typed")
    page.get_by_role("button", name="Save Manifest").click()
    expect(page.get_by_role("heading", name="Your access to Northwind has ended")).to_be_visible()
    expect(page.get_by_text("Alice ended it")).to_be_visible()
    expect(page.get_by_role("button", name="Send it again")).to_be_visible()


def test_support_looks_behind_glass_and_the_owner_reads_what_at_and_ends_it(people: dict[str, Mouse]) -> None:
    sam, carol = people["Sam"], people["Carol"]
    sam.page.goto("/inside/carols-cakes/?purpose=LOOK&next=/a/carols-cakes/apps/")
    enter(sam, "Ticket 4712: an update does not come.")
    looks_around(sam)
    reads_what_was_looked_at(carol)
    carol.page.goto("/a/carols-cakes/team/")
    carol.press(carol.page.get_by_role("button", name="End the access of Sam"))
    sam.page.reload()
    expect(sam.page.get_by_role("heading", name="Your access to Carol's Cakes has ended")).to_be_visible()
    sam.page.goto("/admin/")
    expect(sam.page.get_by_role("complementary", name="Staff access")).to_have_count(0)


def looks_around(sam: Mouse) -> None:
    page = sam.page
    banner = page.get_by_role("complementary", name="Staff access")
    expect(banner).to_contain_text("to look")
    sam.press(page.get_by_role("rowheader", name="Stock Bridge").get_by_role("link"))
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()
    for act in ("Uninstall…", "Suspend…", "Reveal"):
        expect(page.get_by_role("main").get_by_role("button", name=act)).to_have_count(0)
    page.goto("/admin/")
    expect(banner.get_by_role("button", name="Leave Carol's Cakes")).to_be_visible()
    page.go_back()


def reads_what_was_looked_at(carol: Mouse) -> None:
    page = carol.page
    page.goto("/a/carols-cakes/team/")
    carol.press(page.get_by_role("link", name="What Sam looked at and did"))
    expect(page.get_by_role("main")).to_contain_text("Ticket 4712: an update does not come.")
    lines = page.locator(".timeline")
    expect(lines).to_contain_text("Sam of this portal's staff looked at My apps")
    expect(lines).to_contain_text("looked at Stock Bridge on Carol's Cakes")
