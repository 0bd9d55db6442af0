"""Against a portal that runs: its own installation connected in one click, tested while one looks on, called from a
terminal, its session ended, a wrong secret in it told and mended."""

import re
import subprocess
import sys

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.kit.hands import Mouse
from tests.kit.places.acts import agree
from tests.kit.portal import ROOT, Portal

CALL = "/api/Inventory/GetStockLocations"
# What a page says as it comes: a body that is asked for later may be gone by then.
CAME = "addEventListener('DOMContentLoaded', () => { window.came = document.body.textContent })"


def signed_in(browser: Browser, portal: Portal, *, script: bool) -> Page:
    context = browser.new_context(base_url=portal.url, java_script_enabled=script, locale="en-GB")
    page = context.new_page()
    page.goto("/sign-in/")
    page.locator(".people button", has_text="Alice").click()
    return page


def called(portal: Portal, *arguments: str) -> tuple[int, str]:
    command = [sys.executable, "manage.py", "connector_call", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=portal.env, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def connect(page: Page, demo: dict[str, str]) -> None:
    """Stock Bridge, installed on its own account, in one click."""
    page.goto(f"/Authorization/Authorize/{demo['APPLICATION_ID']}?account=northwind")
    agree(page)
    page.goto("/a/northwind/connectors/")
    page.get_by_role("button", name="Connect Stock Bridge").click()


def look_until(page: Page, text: str) -> None:
    """With a script it comes by itself; without one its reader presses Refresh."""
    for _ in range(100):
        refresh = page.get_by_role("link", name="Refresh")
        if page.get_by_text(text).count() or not refresh.count() or not refresh.is_visible():
            break
        refresh.click()
        page.wait_for_timeout(100)
    expect(page.get_by_text(text).first).to_be_visible(timeout=20_000)


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without"])
def test_ones_own_installation_works_in_one_click(
    live_portal: Portal, demo: dict[str, str], browser: Browser, script: bool
) -> None:
    # What others had the portal write stands in the same log.
    before = len(live_portal.log.read_text())
    page = signed_in(browser, live_portal, script=script)
    connect(page, demo)
    name = page.locator("h1").inner_text()
    page.add_init_script(CAME)
    Mouse(page).press(page.get_by_role("button", name="Test connection"))
    look_until(page, "It works.")
    # Where the test was over before the page came, there is nothing to announce.
    if script and "It works." not in page.evaluate("came"):
        expect(page.locator("#announcer")).to_have_text("Working: the connection was tested.")
    expect(page.locator("#connector-check")).to_contain_text(f"{CALL} answered 200")
    status, said = called(live_portal, name, "POST", CALL)
    assert (status, said.splitlines()[0]) == (0, "200 OK"), said
    assert '"LocationName"' in said
    live_portal.ask("from installs.models import Session; Session.objects.all().delete()")
    status, said = called(live_portal, name, "GET", CALL)
    assert (status, said.splitlines()[0]) == (0, "200 OK"), said
    assert called(live_portal, "Nothing", "GET", CALL)[0] == 1
    page.goto("/a/northwind/connectors/")
    expect(page.get_by_role("row", name=re.compile(f"^{re.escape(name)} "))).to_contain_text("Working")
    assert "Traceback" not in live_portal.log.read_text()[before:]
    page.context.close()


def test_a_wrong_secret_is_told_and_mended(live_portal: Portal, demo: dict[str, str], browser: Browser) -> None:
    page = signed_in(browser, live_portal, script=True)
    connect(page, demo)
    page.wait_for_url(re.compile(r"/connectors/[0-9a-f-]{36}/$"))
    connector = page.url
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("Application secret").fill("6a5ef9a1-0000-4000-8000-00000000cafe")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Changed: Application secret.")).to_be_visible()
    page.get_by_role("button", name="Test connection").click()
    look_until(page, "Compare Application id, Application secret and Token with the developer portal.")
    expect(page.locator("#connector-check")).to_contain_text("The server refused with 400")
    secret = live_portal.ask(
        "from installs.models import Connector; from linnapp.models import Application\n"
        f"row = Connector.objects.get(pk='{connector.rstrip('/').rpartition('/')[2]}')\n"
        "print(Application.objects.get(pk=row.application_id).secrets.live().last().value())",
    ).strip()
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("Application secret").fill(secret)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Test connection").click()
    look_until(page, "It works.")
    assert secret not in page.content()
    page.context.close()
