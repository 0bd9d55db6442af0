"""The shortest way from signing up to a first call: what is pressed is counted."""

import json
import re
import secrets
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.kit.hands import PATIENCE_MS, Mouse, hands_on
from tests.kit.people import PASSWORD
from tests.kit.portal import Portal

pytestmark = [pytest.mark.browser, pytest.mark.slow]
MOST_PRESSED = 6
CONFIRMATION = """
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
print(EmailConfirmationHMAC(EmailAddress.objects.get(email={email!r})).key)
"""


class Counting(Mouse):
    """A mouse that notes what it pressed. What has the focus already is written into without it."""

    def __init__(self, mouse: Mouse) -> None:
        super().__init__(mouse.page)
        self.pressed: list[str] = []

    def press(self, target: Locator) -> None:
        self.pressed.append(target.inner_text().strip())
        super().press(target)

    def tick(self, box: Locator) -> None:
        self.pressed.append("the box")
        super().tick(box)


@pytest.fixture
def erin(browser: Browser, live_portal: Portal) -> Iterator[Mouse]:
    """Somebody new, on the first page after signing up."""
    expect.set_options(timeout=PATIENCE_MS)
    hands = hands_on(browser, live_portal.url, Mouse)
    page, email = hands.page, f"erin-{secrets.token_hex(4)}@emporium.example"
    page.goto("/sign-up/")
    page.get_by_label("Your name").fill("Erin")
    page.get_by_label("Company name").fill("Emporium")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("button", name="Resend")).to_be_visible()
    page.goto(f"/verify/{live_portal.ask(CONFIRMATION.format(email=email)).strip()}/")
    page.get_by_role("button", name="Yes, it is mine").click()
    yield hands
    page.context.close()


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl: the command of the first call uses it")
def test_somebody_new_makes_a_first_call_with_six_presses(erin: Mouse) -> None:
    hands, page = Counting(erin), erin.page
    expect(page.get_by_role("heading", level=1)).to_have_text("What brings you here?")
    hands.press(page.get_by_role("button", name="I build applications"))
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type("Hello Stock")
    hands.press(page.get_by_role("button", name="Create"))
    hands.press(page.get_by_role("button", name="Next: Install it on Emporium"))
    hands.tick(page.get_by_role("checkbox"))
    hands.press(page.get_by_role("button", name="Install", exact=True))
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello Stock is installed")
    command = hands.copied(page.get_by_role("button", name="Copy the command"), page.locator("pre code"))
    expect(page.locator("#first-call")).to_contain_text("Waiting for the first call")
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(done.stdout)["Status"]["State"] == "AVAILABLE"
    expect(page.locator("#first-call")).to_contain_text("The first call was made")
    assert len(hands.pressed) <= MOST_PRESSED, hands.pressed
    hands.press(page.get_by_role("button", name="Back to Hello Stock"))
    expect(page.locator(".first-call summary")).to_have_text(re.compile(r"First call \d+ s after creation"))
    expect(page.get_by_role("heading", name="Let others install it")).to_be_visible()
