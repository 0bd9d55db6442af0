"""A passkey from its making to its loss, in a browser with an authenticator of its own and under the policy of
production; and an app without JavaScript."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from tests.kit.hands import PATIENCE_MS
from tests.kit.people import PASSWORD
from tests.kit.portal import Portal
from tests.kit.signing_in.factors import code_of

pytestmark = [pytest.mark.browser, pytest.mark.slow(seconds=15)]
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@dataclass
class Somebody:
    """Somebody at a browser."""

    page: Page
    email: str
    faults: list[str] = field(default_factory=list)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def leave(self) -> None:
        self.page.context.clear_cookies()

    def give_the_password(self) -> None:
        self.page.goto("/sign-in/?next=/profile/security/")
        self.page.get_by_label("E-mail").fill(self.email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.press("Sign in")

    def expect_title(self, title: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(title)


def somebody(browser: Browser, portal: Portal, **options: Any) -> Iterator[Somebody]:
    expect.set_options(timeout=PATIENCE_MS)
    email = f"{secrets.token_hex(4)}@northwind.example"
    portal.ask(f"from tests.kit.people import person; person('Grace', {email!r})")
    context = browser.new_context(base_url=portal.url, **options)
    context.set_default_timeout(PATIENCE_MS)
    grace = Somebody(context.new_page(), email)
    # Whatever the policy forbids is told there.
    grace.page.on("console", lambda message: grace.faults.append(message.text) if message.type == "error" else None)
    grace.page.on("pageerror", lambda error: grace.faults.append(str(error)))
    yield grace
    context.close()


@pytest.fixture
def grace(browser: Browser, live_portal: Portal) -> Iterator[Somebody]:
    yield from somebody(browser, live_portal)


@pytest.fixture
def grace_without_script(browser: Browser, live_portal: Portal) -> Iterator[Somebody]:
    yield from somebody(browser, live_portal, java_script_enabled=False)


@pytest.fixture
def device(grace: Somebody) -> CDPSession:
    session = grace.page.context.new_cdp_session(grace.page)
    session.send("WebAuthn.enable")
    return session


def put_in(device: CDPSession) -> str:
    made = device.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    return str(made["authenticatorId"])


def test_a_passkey_is_made_used_lost_and_made_up_for(grace: Somebody, device: CDPSession) -> None:
    page, first = grace.page, put_in(device)
    grace.give_the_password()
    grace.expect_title("Security")
    codes = add_passkey(grace, "Laptop")
    assert len(set(codes)) == 10
    expect(page.locator("main")).to_contain_text("not used yet")

    for _ in range(2):
        grace.leave()
        page.goto("/sign-in/?next=/profile/security/")
        grace.press("Sign in with a passkey")
        grace.expect_title("Security")
    expect(page.locator("main")).to_contain_text("last used")

    grace.leave()
    grace.give_the_password()
    grace.expect_title("One more step")
    grace.press("Use a passkey")
    grace.expect_title("Security")

    page.goto("/sign-in/again/passkey/?next=/profile/")
    grace.press("Use a passkey")
    grace.expect_title("Profile")

    device.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": first})
    put_in(device)
    grace.leave()
    page.goto("/sign-in/")
    grace.press("Sign in with a passkey")
    expect(page.get_by_role("alert")).to_contain_text("No passkey was used")
    grace.give_the_password()
    page.get_by_label("Recovery code").fill(codes[0])
    grace.press("Sign in")
    grace.expect_title("Security")
    expect(page.locator("main")).to_contain_text("9 codes left")
    page.get_by_role("link", name="Remove Laptop").click()
    expect(page.locator("main")).to_contain_text("It is your only second factor.")
    grace.press("Remove")
    expect(page.locator("#messages")).to_contain_text("Passkey removed.")
    assert set(add_passkey(grace, "New laptop")).isdisjoint(codes)
    assert grace.faults == []


def add_passkey(grace: Somebody, name: str) -> list[str]:
    """The recovery codes that come with it."""
    grace.press("Add a passkey")
    grace.page.get_by_label("Name").fill(name)
    grace.press("Add passkey")
    grace.expect_title("Recovery codes")
    codes = re.findall(r"\d{4} \d{4}", grace.page.locator("pre").inner_text())
    grace.press("I have stored them")
    expect(grace.page.locator("main")).to_contain_text(name)
    return codes


def test_a_device_that_has_a_passkey_is_asked_for_no_second_one(grace: Somebody, device: CDPSession) -> None:
    put_in(device)
    grace.give_the_password()
    add_passkey(grace, "Laptop")
    grace.press("Add a passkey")
    grace.press("Add passkey")
    expect(grace.page.get_by_role("alert")).to_have_text("This device already has a passkey for you.")


def test_an_app_works_without_javascript_and_passkeys_say_that_they_need_it(grace_without_script: Somebody) -> None:
    grace = grace_without_script
    page = grace.page
    page.goto("/sign-in/")
    expect(page.locator("main")).to_contain_text("Passkeys need JavaScript")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    grace.give_the_password()
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.locator("main")).to_contain_text("Passkeys need JavaScript")
    expect(page.get_by_role("button", name="Add passkey")).to_be_hidden()
    page.goto("/profile/security/")
    grace.press("Add an app")
    secret = page.locator("dd code").inner_text()
    assert page.locator("img.qr").evaluate("one => one.naturalWidth") > 0
    page.get_by_label("Code that the app shows").fill(code_of(secret, -1))
    grace.press("Add app")
    grace.expect_title("Recovery codes")
    grace.leave()
    grace.give_the_password()
    expect(page.get_by_role("button", name="Use a passkey")).to_have_count(0)
    page.get_by_label("Code from your app").fill(code_of(secret))
    grace.press("Sign in")
    grace.expect_title("Security")
