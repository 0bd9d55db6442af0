"""The sign-in of somebody with a second factor ends in the middle: typed, password, code, sent; and the dialog, whose
code is given in another tab."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.kit.hands import Mouse, WithoutScript
from tests.kit.people import PASSWORD
from tests.kit.portal import Portal
from tests.kit.signing_in.factors import code_of
from tests.typed.test_typed_in_a_browser import NO_VIOLATION, Desk, desk_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
FACTOR = """
from linnapp.models import User
from tests.kit.signing_in.factors import with_app
print(with_app(User.objects.get(email="{email}")))
"""
SAID = """
from linnapp.models import Application, KeptPost
print(Application.objects.get(pk="{application}").description, KeptPost.objects.filter(person__email="{email}").count())
"""


@pytest.fixture(params=[Mouse, WithoutScript], ids=["script", "without-javascript"])
def desk(request: pytest.FixtureRequest, browser: Browser, live_portal: Portal) -> Iterator[Desk]:
    made = desk_of(browser, live_portal, request.param)
    yield made
    made.hands.page.context.close()


@pytest.fixture
def desk_with_script(browser: Browser, live_portal: Portal) -> Iterator[Desk]:
    made = desk_of(browser, live_portal, Mouse)
    yield made
    made.hands.page.context.close()


def give_code(page: Page, secret: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("One more step")
    page.get_by_label("Code from your app").fill(code_of(secret))
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_what_was_typed_goes_on_after_password_and_code(desk: Desk) -> None:
    page = desk.hands.page
    desk.open("general/")
    secret = desk.portal.ask(FACTOR.format(email=desk.email)).strip()
    page.get_by_label("Description").fill("Counts what is on the shelf.")
    desk.end_sign_in()
    desk.press("Save changes")
    desk.sign_in()
    expect(page.get_by_text("What you typed is kept for 15 minutes")).to_be_visible()
    give_code(page, secret)
    if not desk.hands.script:
        expect(page.get_by_role("heading", level=1)).to_have_text("Continue where you left off")
        desk.press("Send")
    expect(page).to_have_url(re.compile("/general/"))
    expect(page.get_by_label("Description")).to_have_value("Counts what is on the shelf.")
    said = desk.portal.ask(SAID.format(application=desk.application, email=desk.email))
    assert said.strip() == "Counts what is on the shelf. 0"


def test_the_dialog_goes_on_once_the_code_was_given_in_another_tab(desk_with_script: Desk) -> None:
    desk = desk_with_script
    page, dialog = desk.hands.page, desk.hands.page.locator("dialog#sign-in-again")
    desk.open("modules/")
    secret = desk.portal.ask(FACTOR.format(email=desk.email)).strip()
    desk.end_sign_in()
    desk.hands.press(page.get_by_role("button", name=re.compile("^Remove ")).first)
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_label("Password").press("Enter")
    expect(dialog.get_by_role("heading")).to_have_text("Your second factor")
    assert Axe().run(page, options=NO_VIOLATION).response["violations"] == []
    with page.context.expect_page() as opened:
        dialog.get_by_role("link", name="Use your second factor in a new tab").click()
    give_code(opened.value, secret)
    expect(opened.value).not_to_have_title(re.compile("One more step|Sign in"))
    # Two windows side by side: this one was never hidden, and no browser without a screen says that it is looked at.
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(dialog).to_be_hidden()
    expect(page.locator(".module .gone")).to_have_count(1)


def test_a_script_goes_on_after_a_sign_in_in_another_tab(desk_with_script: Desk) -> None:
    """Its token is of before, and no dialog was ever open."""
    desk = desk_with_script
    page = desk.hands.page
    desk.open("modules/")
    desk.end_sign_in()
    other = page.context.new_page()
    other.goto("/sign-in/")
    other.get_by_label("E-mail").fill(desk.email)
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Sign in", exact=True).click()
    expect(other).to_have_title(re.compile("Applications"))
    desk.hands.press(page.get_by_role("button", name=re.compile("^Remove ")).first)
    expect(page.locator(".module .gone")).to_have_count(1)
    expect(page.locator("dialog#sign-in-again[open]")).to_have_count(0)
    desk.hands.press(page.get_by_role("button", name=re.compile("^Undo")).first)
    expect(page.locator(".module .gone")).to_have_count(0)
