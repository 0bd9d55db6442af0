"""A release that one account takes, reads about and goes back from, while another stays: as both of them and the
developer see it in their browsers."""

import re
import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.journeys.test_journey import create_application, sign_in
from tests.kit.hands import PATIENCE_MS, Mouse, hands_on
from tests.kit.portal import Portal

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ACCOUNTS = {"Carol": "Carol's Cakes", "Dave": "Dave's Depot"}
ORDERS = "GlobalPermissions.OrderBook.ViewOrderDetailsNode"
STOCK = "GlobalPermissions.Inventory.EditStockLevel"
WHY = "Writes stock levels, so that nobody oversells."


@pytest.fixture
def people(browser: Browser, live_portal: Portal) -> Iterator[dict[str, Mouse]]:
    expect.set_options(timeout=PATIENCE_MS)
    seated = {name: hands_on(browser, live_portal.url, Mouse) for name in ("Alice", *ACCOUNTS)}
    for name, hands in seated.items():
        sign_in(hands, name)
    yield seated
    for hands in seated.values():
        hands.page.context.close()


def test_one_updates_and_goes_back_and_the_other_stays(people: dict[str, Mouse]) -> None:
    alice, carol, dave = people["Alice"], people["Carol"], people["Dave"]
    name = f"Stock Writer {secrets.token_hex(3)}"
    create_application(alice, name)
    installation_url = alice.page.locator("[data-installation-url]").inner_text()
    release(alice, name, "1.0.0", "Reads orders.", ORDERS)
    for person in ACCOUNTS:
        install(people[person], installation_url, name)
    release(alice, name, "1.1.0", WHY, f"{ORDERS}\n{STOCK}")

    read_what_is_new(carol, name)
    update(carol, name)
    expect_on_first_version(dave, name)
    see_who_is_behind(alice, name, {"1.1.0": "Carol's Cakes", "1.0.0": "Dave's Depot"})
    expect_told(alice, ["Updated from 1.0.0 to 1.1.0"])

    go_back(carol, name)
    expect_on_first_version(dave, name)
    expect_on_first_version(carol, name)
    expect_both_behind(alice, name)
    expect_told(alice, ["Went back from 1.1.0 to 1.0.0", "Updated from 1.0.0 to 1.1.0"])


def release(alice: Mouse, name: str, number: str, notes: str, permissions: str) -> None:
    page = alice.page
    alice.press(page.get_by_role("navigation", name=name).get_by_role("link", name="App Modules"))
    expect(page).to_have_title(re.compile("^App Modules"))
    alice.write(page.get_by_label("LinnworksPermissions"), permissions)
    alice.press(page.locator("#save"))
    expect(page.locator("#messages")).to_contain_text("Your Development Version has it.")
    alice.press(page.get_by_role("button", name="Create New Version"))
    alice.press(page.get_by_role("button", name="Continue"))
    alice.write(page.get_by_label("Number"), number)
    alice.write(page.get_by_label("Notes"), notes)
    alice.press(page.get_by_role("button", name="Continue"))
    alice.press(page.get_by_role("button", name=f"Release {number}"))
    expect(page.get_by_text(f"Version {number} is released.")).to_be_visible()


def install(customer: Mouse, installation_url: str, name: str) -> None:
    page = customer.page
    page.goto(installation_url)
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{name} by Northwind wants to connect to")
    customer.tick(page.get_by_role("checkbox"))
    customer.press(page.get_by_role("button", name="Install"))
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{name} is installed")
    customer.press(page.get_by_role("button", name="Go to My apps"))
    expect(row_of(customer, name)).to_contain_text("1.0.0")


def row_of(customer: Mouse, name: str) -> Locator:
    return customer.page.locator("tbody tr", has=customer.page.get_by_role("link", name=name, exact=True))


def to_my_apps(customer: Mouse) -> None:
    customer.press(customer.page.get_by_role("link", name="My apps").first)
    expect(customer.page.get_by_role("heading", level=1)).to_have_text("My apps")


def read_what_is_new(carol: Mouse, name: str) -> None:
    """What it newly reaches stands above the notes, and those above what differs."""
    to_my_apps(carol)
    carol.press(row_of(carol, name).get_by_role("button", name="Update to 1.1.0"))
    main = carol.page.locator("main")
    expect(main.get_by_role("heading", level=1)).to_have_text(f"Update {name} to 1.1.0?")
    expect(main.get_by_role("heading", level=2)).to_have_text(
        ["It will newly be able to", "Notes from its developer", "What differs"]
    )
    newly = main.locator("article", has_text="It will newly be able to")
    expect(newly).to_contain_text("Change how many of each product you have")
    expect(newly).not_to_contain_text("order")
    compared = main.locator("table.compared")
    expect(compared.get_by_role("columnheader")).to_have_text(["Field", "Today, 1.0.0", "After, 1.1.0"])
    expect(compared).to_contain_text("Change how many of each product you have")
    notes = main.locator("section", has_text="Notes from its developer")
    expect(notes).to_contain_text(WHY)
    expect(notes).not_to_contain_text("Reads orders.")


def update(carol: Mouse, name: str) -> None:
    page = carol.page
    carol.press(page.get_by_role("button", name="Update to 1.1.0"))
    expect(page.locator("#messages")).to_contain_text(f"{name} is now on 1.1.0. You can go back to 1.0.0 until")
    expect(page.locator(".timeline")).to_contain_text("Updated from 1.0.0 to 1.1.0")
    to_my_apps(carol)
    expect(row_of(carol, name)).to_contain_text("1.1.0")
    expect(row_of(carol, name)).not_to_contain_text("Update to")


def go_back(carol: Mouse, name: str) -> None:
    page = carol.page
    carol.press(row_of(carol, name).get_by_role("link", name=name, exact=True))
    carol.press(page.get_by_role("link", name="Go back to 1.0.0"))
    lost = page.locator("article", has_text="It will no longer")
    expect(lost).to_contain_text("Change how many of each product you have")
    carol.press(page.get_by_role("button", name="Go back to 1.0.0"))
    expect(page.locator("#messages")).to_contain_text(f"{name} is on 1.0.0 again.")
    expect(page.locator(".timeline")).to_contain_text("Went back from 1.1.0 to 1.0.0")


def expect_on_first_version(customer: Mouse, name: str) -> None:
    to_my_apps(customer)
    row = row_of(customer, name)
    expect(row.locator("[data-label=Version]")).to_have_text("1.0.0")
    expect(row).to_contain_text("Update to 1.1.0")


def to_versions(alice: Mouse, name: str) -> None:
    alice.press(alice.page.get_by_role("navigation", name=name).get_by_role("link", name="Versions"))
    expect(alice.page).to_have_title(re.compile("^Versions"))


def see_who_is_behind(alice: Mouse, name: str, on_version: dict[str, str]) -> None:
    page = alice.page
    for number, account in on_version.items():
        to_versions(alice, name)
        alice.press(page.locator("main table").get_by_role("link", name=number, exact=True))
        accounts = page.locator("section", has_text="Accounts on it").locator("tbody th")
        expect(accounts).to_have_text([account])
    to_versions(alice, name)
    expect(page.get_by_text("1 live installation is behind 1.1.0, the latest version.")).to_be_visible()
    alice.press(page.get_by_role("link", name="Show them"))
    rows = page.locator("main tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Dave's Depot")
    expect(rows).to_contain_text("1.0.0, 1 behind")


def expect_both_behind(alice: Mouse, name: str) -> None:
    page = alice.page
    to_versions(alice, name)
    expect(page.get_by_text("2 live installations are behind 1.1.0, the latest version.")).to_be_visible()
    alice.press(page.get_by_role("link", name="Show them"))
    accounts = page.locator("main tbody th")
    expect(accounts).to_have_count(2)
    for account in ACCOUNTS.values():
        expect(accounts.filter(has_text=account)).to_have_count(1)


def expect_told(alice: Mouse, moves: list[str]) -> None:
    """Newest first, each by the account that moved."""
    page = alice.page
    alice.press(page.locator("main nav").get_by_role("link", name="Versions"))
    lines = page.locator("section", has_text="Recent updates").locator(".timeline li")
    expect(lines).to_have_count(len(moves))
    for number, move in enumerate(moves):
        expect(lines.nth(number)).to_contain_text(move)
        expect(lines.nth(number)).to_contain_text("Carol's Cakes")
