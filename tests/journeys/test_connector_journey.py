"""A connector of one's own installation, from one click to a rotated secret: it works, renews its session by itself,
says what is wrong, and is mended; and no page of it shows a credential."""

import re
import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.journeys.test_journey import UUID, create_application, note_credentials, sign_in
from tests.kit.hands import PATIENCE_MS, Mouse, hands_on
from tests.kit.portal import Portal

pytestmark = [pytest.mark.browser, pytest.mark.slow]

STEPS = ["Name", "Address", "Connection", "Authorise", "Session token", "Server", "First call"]
CALL = "/api/Inventory/GetStockLocations"


@pytest.fixture
def alice(browser: Browser, live_portal: Portal) -> Iterator[Mouse]:
    expect.set_options(timeout=PATIENCE_MS)
    hands = hands_on(browser, live_portal.url, Mouse)
    sign_in(hands, "Alice")
    yield hands
    hands.page.context.close()


def test_connected_in_one_click_renewed_by_itself_and_mended_after_a_rotation(
    alice: Mouse, live_portal: Portal
) -> None:
    name = f"Shelf Reader {secrets.token_hex(3)}"
    create_application(alice, name)
    old = note_credentials(alice)["ApplicationSecret"]
    token = install_on_own_account(alice, name)
    connect(alice, name)
    expect_working(alice)

    end_its_sessions(alice, name)
    assert called(live_portal, name).startswith("200 OK\n")
    expect_one_session_by_the_same_token(alice, name, token)
    check_again(alice, name)
    expect_working(alice)

    new = rotate(alice, name, old)
    check_again(alice, name)
    expect_refused(alice, name, old)
    put_in(alice, new)
    expect_working(alice)
    assert called(live_portal, name).startswith("200 OK\n")
    assert not [value for value in (old, new, token) if value in live_portal.log.read_text()]


def called(portal: Portal, name: str) -> str:
    return portal.manage("connector_call", name, "POST", CALL)


def install_on_own_account(alice: Mouse, name: str) -> str:
    """The permanent token."""
    page = alice.page
    page.goto(page.locator("[data-installation-url]").inner_text())
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{name} by Northwind wants to connect to")
    alice.tick(page.get_by_role("checkbox"))
    alice.press(page.get_by_role("button", name="Install"))
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{name} is installed")
    token = page.locator(".credential code").inner_text()
    assert UUID.fullmatch(token)
    alice.press(page.get_by_role("button", name="Go to My apps"))
    alice.press(page.get_by_role("link", name=name, exact=True))
    return token


def connect(alice: Mouse, name: str) -> None:
    page = alice.page
    alice.press(page.get_by_role("button", name="Connect your own installation"))
    expect(page.locator("#messages")).to_contain_text(f"{name} is created from your own installation.")
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.locator("#connector-check")).to_contain_text("Not tested yet.")
    expect_no_credential(page)
    alice.press(page.get_by_role("button", name="Test connection"))


def to_connector(alice: Mouse, name: str) -> None:
    alice.press(alice.page.get_by_role("link", name="Connectors").first)
    alice.press(alice.page.locator("main table").get_by_role("link", name=name, exact=True))
    expect(alice.page.get_by_role("heading", level=1)).to_have_text(name)


def check_again(alice: Mouse, name: str) -> None:
    to_connector(alice, name)
    alice.press(alice.page.get_by_role("button", name="Test connection"))


def fact(page: Page, name: str) -> Locator:
    return page.locator("dl.facts > div", has=page.locator("dt", has_text=name)).locator("dd")


def step(page: Page, name: str) -> Locator:
    return page.locator("#connector-check li", has=page.get_by_text(name, exact=True))


def expect_working(alice: Mouse) -> None:
    """Each step stands there by itself, without a reload."""
    page = alice.page
    expect(page.get_by_text("It works.")).to_be_visible()
    expect(page.locator("#connector-check li[data-done] strong")).to_have_text(STEPS)
    expect(step(page, "First call")).to_contain_text(f"{CALL} answered 200: 1 stock location.")
    expect(fact(page, "State")).to_have_text("Working")
    expect(fact(page, "Last error")).to_have_text("none")
    expect(fact(page, "Session token")).to_contain_text("kept")
    expect_no_credential(page)


def expect_no_credential(page: Page) -> None:
    """Tokens and secrets are UUIDs, and no page of a connector needs to show one."""
    expect(page.locator("body")).not_to_contain_text(UUID)
    in_fields = [field.input_value() for field in page.locator("main input:not([type=hidden]), main textarea").all()]
    assert not [value for value in in_fields if UUID.search(value)]


def to_installation(alice: Mouse, name: str) -> None:
    alice.press(alice.page.get_by_role("link", name="My apps").first)
    alice.press(alice.page.locator("main table").get_by_role("link", name=name, exact=True))


def end_its_sessions(alice: Mouse, name: str) -> None:
    page = alice.page
    to_installation(alice, name)
    expect(sessions(page)).to_contain_text("Used")
    alice.press(page.get_by_role("button", name="Suspend…"))
    expect(page.get_by_text("1 session ends at once.")).to_be_visible()
    alice.press(page.get_by_role("button", name=f"Suspend {name}"))
    alice.press(page.get_by_role("button", name="Resume"))
    expect(page.get_by_role("button", name="Suspend…")).to_be_visible()
    expect(sessions(page)).to_contain_text("No session is live.")


def sessions(page: Page) -> Locator:
    return page.locator("article", has=page.get_by_role("heading", name=re.compile("^Sessions")))


def expect_one_session_by_the_same_token(alice: Mouse, name: str, token: str) -> None:
    page = alice.page
    to_installation(alice, name)
    expect(sessions(page).locator("li")).to_have_count(1)
    expect(page.locator("#permanent-token")).to_contain_text(token)


def rotate(alice: Mouse, name: str, old: str) -> str:
    """The new Application Secret; the old one has ended, and its sessions with it."""
    page = alice.page
    alice.press(page.get_by_role("link", name="Applications").first)
    alice.press(page.locator("main").get_by_role("link", name=name, exact=True))
    alice.press(page.get_by_role("navigation", name=name).get_by_role("link", name="General"))
    alice.press(page.get_by_role("button", name="Create another secret"))
    expect(page.locator("#messages")).to_contain_text("New Application Secret created.")
    new = page.locator(".secret code", has_not_text=old).filter(has_text=UUID).inner_text()
    alice.press(page.get_by_role("link", name=f"Retire the secret ending {old[-4:]}"))
    alice.choose(page.get_by_role("radio", name="Now"))
    alice.press(page.get_by_role("button", name="Retire this secret"))
    expect(page.locator("#messages")).to_contain_text("has ended, and its sessions with it")
    return new


def expect_refused(alice: Mouse, name: str, old: str) -> None:
    page = alice.page
    told = page.locator("#connector-check .notice[data-tone=failed]")
    expect(told).to_contain_text(f"Application secret …{old[-4:]} was retired")
    expect(told).to_contain_text(f"Reveal the live one on the General page of {name}")
    expect(step(page, "Authorise")).to_have_attribute("data-tone", "failed")
    expect(step(page, "Session token")).to_contain_text("Not reached.")
    expect(fact(page, "State")).to_have_text("Failing")
    expect_no_credential(page)


def put_in(alice: Mouse, secret: str) -> None:
    page = alice.page
    alice.press(page.get_by_role("button", name="Edit", exact=True))
    field = page.get_by_label(re.compile("^Application secret"))
    expect(field).to_have_value("")
    expect_no_credential(page)
    alice.write(field, secret)
    alice.press(page.get_by_role("button", name="Save"))
    expect(page.locator("#messages")).to_have_text("Changed: Application secret.")
    expect(fact(page, "Session token")).to_contain_text("none")
    expect_no_credential(page)
    alice.press(page.get_by_role("button", name="Test connection"))
