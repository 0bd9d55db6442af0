"""The sign-in ends in the middle: at General, in the manifest's editor, at a new version, a connector, a consent; with
JavaScript and without. Nothing typed is lost, nothing is sent twice."""

import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.kit.hands import PATIENCE_MS, Mouse, WithoutScript, hands_on
from tests.kit.people import PASSWORD
from tests.kit.portal import Portal

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MAKE = """
import json
from linnapp.models import Application
from linnapp.services import applications, people
from tests.kit.people import acting, person
erin = person("Erin", "erin-{key}@emporium.example")
account = people.create_account(name="Emporium {key}", owner=erin)
made, _ = applications.create_application(account=account, name="Shelf {key}", kind="SYSTEM", by=acting(erin))
print(json.dumps([erin.email, account.slug, str(made.pk)]))
"""
END = """
from django.contrib.sessions.models import Session
print(Session.objects.filter(pk="{key}").delete()[0])
"""
LEFT = """
import json
from installs.models import Connector, Installation
from linnapp.models import Application, KeptPost
from linnapp.services.manifests import manifest_of
made = Application.objects.get(pk="{application}")
versions = list(made.versions.released().values_list("notes", flat=True))
print(json.dumps([made.description, manifest_of(made).modules[0].formatted_name, versions,
    Connector.objects.filter(account=made.account).count(),
    Installation.objects.filter(application=made).count(), KeptPost.objects.filter(person__email="{email}").count()]))
"""
NO_VIOLATION = {"resultTypes": ["violations"]}


@dataclass
class Desk:
    """Erin at a browser, her application, and the hand that ends her sign-in."""

    hands: Mouse
    portal: Portal
    email: str
    account: str
    application: str

    def open(self, part: str) -> None:
        self.hands.page.goto(f"/a/{self.account}/applications/{self.application}/{part}")

    def end_sign_in(self) -> None:
        [key] = [one["value"] for one in self.hands.page.context.cookies() if one["name"] == "session"]
        assert self.portal.ask(END.format(key=key)).strip() == "1"

    def sign_in(self, email: str = "") -> None:
        page = self.hands.page
        expect(page).to_have_title(re.compile("Sign in"))
        expect(page.get_by_text("what you typed is kept for 15 minutes")).to_be_visible()
        self.hands.write(page.get_by_label("E-mail"), email or self.email)
        self.hands.write(page.get_by_label("Password"), PASSWORD)
        self.hands.press(page.get_by_role("button", name="Sign in", exact=True))

    def go_on(self) -> None:
        """On the page after the sign-in, which sends itself where there is a script and nothing is to be seen first."""
        page = self.hands.page
        self.sign_in()
        expect(page).not_to_have_title(re.compile("Sign in"))
        page.wait_for_load_state()
        if not self.hands.script or page.locator("form:not([data-sends-itself]) [name=kept_form]").count():
            expect(page.get_by_role("heading", level=1)).to_have_text("Continue where you left off")
            self.press("Send")

    def press(self, button: str) -> None:
        self.hands.press(self.hands.page.get_by_role("button", name=button, exact=True))


def desk_of(browser: Browser, portal: Portal, kind: type[Mouse]) -> Desk:
    expect.set_options(timeout=PATIENCE_MS)
    made = portal.ask(MAKE.format(key=secrets.token_hex(4)))
    hands = hands_on(browser, portal.url, kind)
    desk = Desk(hands, portal, *json.loads(made))
    hands.page.goto("/sign-in/")
    hands.write(hands.page.get_by_label("E-mail"), desk.email)
    hands.write(hands.page.get_by_label("Password"), PASSWORD)
    desk.press("Sign in")
    expect(hands.page).to_have_title(re.compile("Applications"))
    return desk


@pytest.fixture(params=[Mouse, WithoutScript], ids=["script", "without-javascript"])
def desk(request: pytest.FixtureRequest, browser: Browser, live_portal: Portal) -> Iterator[Desk]:
    made = desk_of(browser, live_portal, request.param)
    yield made
    made.hands.page.context.close()


def test_a_sign_in_that_ends_in_the_middle_loses_nothing_and_sends_nothing_twice(desk: Desk) -> None:
    describes(desk)
    edits_the_manifest(desk)
    releases(desk)
    adds_a_connector(desk)
    installs(desk)
    left = json.loads(desk.portal.ask(LEFT.format(application=desk.application, email=desk.email)))
    assert left == ["Counts what\nis on the shelf.", "Shelf reader", ["First."], 1, 1, 0]


def describes(desk: Desk) -> None:
    page = desk.hands.page
    desk.open("general/")
    page.get_by_label("Description").fill("Counts what\nis on the shelf.")
    desk.end_sign_in()
    desk.press("Save changes")
    desk.go_on()
    expect(page.get_by_label("Description")).to_have_value("Counts what\nis on the shelf.")
    expect(page).to_have_url(re.compile("/general/"))


def edits_the_manifest(desk: Desk) -> None:
    page = desk.hands.page
    desk.open("modules/")
    field = page.get_by_label("Formatted Name").first
    if not field.is_visible():
        desk.hands.press(page.locator(".module summary").first)
    desk.end_sign_in()
    desk.hands.write(field, "Shelf reader")
    if desk.hands.script:
        signs_in_beside(desk)
        desk.end_sign_in()
    desk.hands.press(page.locator("#save"))
    desk.go_on()
    expect(page.locator("#messages")).to_contain_text("Your Development Version has it.")


def signs_in_beside(desk: Desk) -> None:
    """In a dialog of the page, which what asks by itself does not open while somebody types."""
    page, dialog = desk.hands.page, desk.hands.page.locator("dialog#sign-in-again")
    expect(page.locator("#manifest .said")).to_contain_text("You were signed out. Nothing you typed is lost.")
    expect(dialog).to_have_count(0)
    desk.hands.press(page.get_by_role("button", name=re.compile("^Remove ")).first)
    expect(dialog.get_by_role("heading")).to_have_text("You were signed out")
    assert Axe().run(page, options=NO_VIOLATION).response["violations"] == []
    dialog.get_by_label("Password").fill("wrong")
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog.get_by_role("alert")).to_contain_text("password is wrong")
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_label("Password").press("Enter")
    expect(dialog).to_be_hidden()
    expect(page.locator(".module .gone")).to_have_count(1)
    desk.hands.press(page.locator(".module").get_by_role("button", name=re.compile("Undo")))
    expect(page.get_by_label("Formatted Name").first).to_have_value("Shelf reader")


def releases(desk: Desk) -> None:
    page = desk.hands.page
    desk.open("versions/new/")
    desk.press("Continue")
    desk.hands.write(page.get_by_label("Notes"), "First.")
    desk.end_sign_in()
    desk.press("Continue")
    desk.go_on()
    expect(page.get_by_text("Releasing 1.0.0.")).to_be_visible()
    desk.end_sign_in()
    desk.press("Release 1.0.0")
    desk.go_on()
    expect(page.get_by_text("Version 1.0.0 is released.")).to_be_visible()


def adds_a_connector(desk: Desk) -> None:
    page = desk.hands.page
    page.goto(f"/a/{desk.account}/connectors/new/")
    typed = {"name": "Warehouse", "base_url": "https://api.linnworks.net", "scope": "all"}
    typed |= {"grant_type": "client_credentials", "token_key": "token"}
    for name in ("token", "application_id", "application_secret"):
        typed[name] = "6a5ef9a1-0000-4000-8000-000000000001"
    for name, value in typed.items():
        page.locator(f"main [name={name}]").fill(value)
    desk.end_sign_in()
    page.locator("main [name=name]").press("Enter")
    desk.go_on()
    expect(page.get_by_role("heading", level=1)).to_have_text("Warehouse")


def installs(desk: Desk) -> None:
    page = desk.hands.page
    page.goto(f"/Authorization/Authorize/{desk.application}")
    desk.hands.tick(page.get_by_role("checkbox"))
    desk.end_sign_in()
    desk.press("Install")
    desk.go_on()
    expect(page.get_by_role("heading", level=1)).to_contain_text("is installed")


def test_another_person_who_signs_in_gets_nothing(browser: Browser, live_portal: Portal) -> None:
    desk = desk_of(browser, live_portal, Mouse)
    other = json.loads(live_portal.ask(MAKE.format(key=secrets.token_hex(4))))[0]
    page = desk.hands.page
    desk.open("general/")
    page.get_by_label("Description").fill("A plan of ours.")
    desk.end_sign_in()
    desk.press("Save changes")
    desk.sign_in(other)
    expect(page.get_by_role("heading", level=1)).to_have_text("There is nothing to continue")
    assert "A plan of ours" not in page.content()
    assert desk.account not in page.content()
    page.context.close()


def test_the_dialog_opens_again_whenever_a_sign_in_ends_on_the_same_page(browser: Browser, live_portal: Portal) -> None:
    desk = desk_of(browser, live_portal, Mouse)
    page, dialog = desk.hands.page, desk.hands.page.locator("dialog#sign-in-again")
    gone = page.locator(".module .gone")
    desk.open("modules/")
    for button, left in (("^Remove ", 1), ("^Undo", 0), ("^Remove ", 1)):
        desk.end_sign_in()
        desk.hands.press(page.get_by_role("button", name=re.compile(button)).first)
        sign_in_beside(desk)
        expect(gone).to_have_count(left)
    desk.end_sign_in()
    undo = page.get_by_role("button", name=re.compile("^Undo")).first
    desk.hands.press(undo)
    dialog.get_by_role("button", name="Not now").click()
    expect(dialog).to_be_hidden()
    expect(gone).to_have_count(1)
    desk.hands.press(undo)
    sign_in_beside(desk)
    expect(gone).to_have_count(0)
    page.context.close()


def sign_in_beside(desk: Desk) -> None:
    dialog = desk.hands.page.locator("dialog#sign-in-again")
    expect(dialog.get_by_role("heading")).to_have_text("You were signed out")
    expect(dialog.get_by_label("Password")).to_have_value("")
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_label("Password").press("Enter")
    expect(dialog).to_be_hidden()
