"""From New App to a first authorised call and back, as people do it: with the mouse, with the keyboard alone, and with
JavaScript switched off. The steps are written once."""

import re
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.kit.hands import HANDS, PATIENCE_MS, Mouse, hands_on
from tests.kit.portal import Portal

pytestmark = [pytest.mark.browser, pytest.mark.slow]

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SAVED = re.compile(r"^\s*Saved \d\d:\d\d\. Your Development Version has it\.")
Sit = Callable[[], Mouse]


@pytest.fixture(params=list(HANDS.values()), ids=list(HANDS))
def sit(request: pytest.FixtureRequest, browser: Browser, live_portal: Portal) -> Iterator[Sit]:
    """Gives one more person a browser of their own."""
    expect.set_options(timeout=PATIENCE_MS)
    seated: list[Mouse] = []

    def sit_down() -> Mouse:
        seated.append(hands_on(browser, live_portal.url, request.param))
        return seated[-1]

    yield sit_down
    for hands in seated:
        hands.page.context.close()


def test_from_new_app_to_a_first_authorised_call(sit: Sit, live_portal: Portal) -> None:
    alice, carol = sit(), sit()
    name = f"Hello Stock {secrets.token_hex(3)}"
    sign_in(alice, "Alice")
    create_application(alice, name)
    credentials = note_credentials(alice)
    installation_url = alice.page.locator("[data-installation-url]").inner_text()
    edit_manifest(alice)
    create_first_version(alice, credentials)
    credentials["Token"] = install(carol, installation_url, name)
    call_with(exchange(live_portal, credentials), live_portal)
    see_the_first_call(alice)
    uninstall(carol, name)
    see_it_refused(live_portal, credentials)


def sign_in(hands: Mouse, person: str) -> None:
    if "/sign-in/" not in hands.page.url:
        hands.page.goto("/")
    hands.press(hands.page.get_by_role("button", name=re.compile(f"^{person} ")))


def create_application(alice: Mouse, name: str) -> None:
    page = alice.page
    expect(page).to_have_title(re.compile("Applications"))
    alice.press(page.get_by_role("button", name="New App"))
    alice.choose(page.get_by_role("radio", name="Embedded Application"))
    alice.choose(page.get_by_role("radio", name="System Integration"))
    alice.write(page.get_by_label("Name"), name)
    alice.press(page.get_by_role("button", name="Create"))
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.get_by_role("navigation", name=name).locator("[aria-current]")).to_have_text("General")


def note_credentials(alice: Mouse) -> dict[str, str]:
    """ID and secret, as the page after New App gives them."""
    return {
        "ApplicationId": alice.copied(*shown(alice.page, "Application ID")),
        "ApplicationSecret": alice.copied(*shown(alice.page, "Application Secret")),
    }


def shown(page: Page, what: str) -> tuple[Any, Any]:
    row = page.locator("dl.rows > div", has=page.locator("dt", has_text=re.compile(f"^{what}$")))
    return row.locator("[data-copy]"), row.locator("code")


def edit_manifest(alice: Mouse) -> None:
    page = alice.page
    alice.press(page.get_by_role("link", name="App Modules"))
    expect(page).to_have_title(re.compile("^App Modules"))
    field = page.get_by_label("Formatted Name")
    if not field.is_visible():
        alice.press(page.locator(".module summary[id$=-row]").first)
    alice.write(field, "Stock for Hello Stock")
    alice.press(page.locator("#save", has_text="Save Manifest"))
    expect(page.locator("#messages")).to_have_text(SAVED)
    expect(field).to_have_value("Stock for Hello Stock")


def create_first_version(alice: Mouse, credentials: dict[str, str]) -> None:
    page = alice.page
    alice.press(page.get_by_role("button", name="Create New Version"))
    expect(page.get_by_text("This is the first version")).to_be_visible()
    alice.press(page.get_by_role("button", name="Continue"))
    expect(page.get_by_label("Number")).to_have_value("1.0.0")
    alice.write(page.get_by_label("Notes"), "Reads stock.")
    alice.press(page.get_by_role("button", name="Continue"))
    expect(page.get_by_text("Releasing 1.0.0.")).to_be_visible()
    alice.press(page.get_by_role("button", name="Release 1.0.0"))
    expect(page.get_by_text("Version 1.0.0 is released.")).to_be_visible()
    expect(page.get_by_text("Reads stock.")).to_be_visible()


def install(carol: Mouse, installation_url: str, name: str) -> str:
    """The permanent token, as the page after installing gives it."""
    page = carol.page
    page.goto(f"{installation_url}?Tracking=order-77")
    expect(page).to_have_title(re.compile("Sign in"))
    sign_in(carol, "Carol")
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{name} by Northwind wants to connect to")
    expect(page.get_by_text("Nobody at this portal has checked")).to_be_visible()
    box = page.get_by_role("checkbox")
    expect(box).not_to_be_checked()
    carol.press(page.get_by_role("button", name="Install"))
    expect(page.get_by_role("alert")).to_be_visible()
    carol.tick(page.get_by_role("checkbox"))
    carol.press(page.get_by_role("button", name="Install"))
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{name} is installed")
    token = carol.copied(page.locator(".credential [data-copy]"), page.locator(".credential code"))
    assert UUID.fullmatch(token)
    return token


def exchange(portal: Portal, credentials: dict[str, str]) -> str:
    """The session token."""
    answer = requests.post(f"{portal.url}/api/Auth/AuthorizeByApplication", json=credentials, timeout=20)
    assert answer.status_code == 200, answer.text
    assert answer.json()["Company"] == "Carol's Cakes"
    return str(answer.json()["Token"])


def call_with(session_token: str, portal: Portal) -> None:
    url = f"{portal.url}/api/Inventory/GetStockLocations"
    answer = requests.post(url, headers={"Authorization": session_token}, timeout=20)
    assert [location["LocationName"] for location in answer.json()] == ["Default"]


def see_the_first_call(alice: Mouse) -> None:
    page = alice.page
    alice.press(page.get_by_role("link", name="Overview"))
    summary = page.locator("details", has_text="First call").locator("summary")
    expect(summary).to_have_text(re.compile(r"First call \d+ (min|s)\b.* after creation"))
    alice.press(summary)
    lines = page.locator(".checklist li[data-done]")
    expect(lines).to_have_count(5)
    expect(lines.filter(has_text="First exchange")).to_have_count(1)


def uninstall(carol: Mouse, name: str) -> None:
    page = carol.page
    carol.press(page.get_by_role("button", name="Go to My apps"))
    row = page.get_by_role("row", name=name)
    expect(row).to_contain_text("Active")
    carol.press(row.get_by_role("link", name=name, exact=True))
    carol.press(page.get_by_role("button", name="Uninstall"))
    expect(page.get_by_text("1 session ends at once.")).to_be_visible()
    carol.press(page.get_by_role("button", name=f"Uninstall {name}"))
    expect(page.locator("#messages")).to_have_text(f"{name} is uninstalled from Carol's Cakes.")


def see_it_refused(portal: Portal, credentials: dict[str, str]) -> None:
    answer = requests.post(f"{portal.url}/api/Auth/AuthorizeByApplication", json=credentials, timeout=20)
    assert answer.status_code == 400
    assert answer.json()["Message"].startswith("This application was uninstalled from the account")
