"""Many modules in a browser: opened in place with JavaScript, on a page of their own without, and nothing lost."""

import json
import re
import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.kit.hands import HANDS, PATIENCE_MS, Mouse, hands_on
from tests.kit.portal import Portal

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MAKE = """
import json
from linnapp.manifest import parse
from linnapp.models import Account, User
from linnapp.services import applications
from linnapp.services.manifests import save_manifest
from tests.kit.manifests import of_many
from tests.kit.people import acting
account = Account.objects.get(slug="northwind")
alice = acting(User.objects.get(email__startswith="alice"))
made, _ = applications.create_application(account=account, name="%s", kind="SYSTEM", by=alice)
save_manifest(made, parse(of_many(12)), expected_revision=made.manifest_revision, by=alice)
print(made.pk)
"""
READ = """
import json
from linnapp.manifest import to_json
from linnapp.models import Application
from linnapp.services.manifests import manifest_of
print(json.dumps(to_json(manifest_of(Application.objects.get(pk="%s")))["Modules"]))
"""


@pytest.fixture(params=list(HANDS.values()), ids=list(HANDS))
def alice(request: pytest.FixtureRequest, browser: Browser, live_portal: Portal) -> Iterator[Mouse]:
    expect.set_options(timeout=PATIENCE_MS)
    hands = hands_on(browser, live_portal.url, request.param)
    hands.page.goto("/sign-in/")
    hands.press(hands.page.get_by_role("button", name=re.compile("^Alice ")))
    expect(hands.page).to_have_title(re.compile("Applications"))
    yield hands
    hands.page.context.close()


def line(page: Page, name: str) -> Locator:
    return page.locator(".line > a, .line > button").filter(has_text=re.compile(rf"^\s*{name}\b"))


def test_modules_are_opened_changed_moved_and_saved(alice: Mouse, live_portal: Portal) -> None:
    application = live_portal.ask(MAKE % f"Parts {secrets.token_hex(3)}").strip()
    before = json.loads(live_portal.ask(READ % application))
    page = alice.page
    page.goto(f"/a/northwind/applications/{application}/modules/")
    expect(page.get_by_label("Formatted Name")).to_have_count(0)
    if alice.script:
        changes_in_place(alice)
    else:
        changes_on_pages(alice)
    alice.press(page.locator("#save"))
    expect(page.locator("#messages")).to_contain_text("Your Development Version has it.")
    now = json.loads(live_portal.ask(READ % application))
    assert [module["formattedName"] for module in now][:4] == ["Part 3", "Part 1", "Part 2", "Part 0"]
    assert {module["moduleName"] for module in now} >= {"Fourth", "Fifth"}
    before_by_key = {module["key"]: module for module in before}
    changed = [module for module in now if module != before_by_key[module["key"]]]
    assert [module["moduleName"] for module in changed] == ["Fourth", "Fifth"]


def changes_in_place(alice: Mouse) -> None:
    page = alice.page
    alice.write(page.get_by_label("Find a module"), "part 4")
    expect(page.locator(".module:visible")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#unsaved")).to_contain_text("No unsaved changes")
    alice.press(line(page, "Part 4"))
    expect(page.locator(".module summary[id$=-row]")).to_be_focused()
    alice.write(page.get_by_label("Module Name"), "Fourth")
    expect(page.locator("#unsaved")).to_contain_text("1 unsaved change")
    alice.write(page.get_by_label("Find a module"), " ")
    alice.press(line(page, "Part 5"))
    expect(page.get_by_label("Module Name")).to_have_count(2)
    alice.write(page.locator(".module", has_text="Part 5").get_by_label("Module Name"), "Fifth")
    alice.press(page.get_by_role("button", name="Move down Part 0"))
    expect(page.locator("#unsaved")).to_contain_text("3 unsaved changes")
    expect(page.get_by_label("Module Name")).to_have_count(2)
    expect(page.get_by_role("button", name="Move down Part 0")).to_be_focused()


def changes_on_pages(alice: Mouse) -> None:
    page = alice.page
    alice.press(line(page, "Part 4"))
    alice.write(page.get_by_label("Module Name"), "Fourth")
    alice.press(page.locator("#save"))
    expect(page.locator("#messages")).to_contain_text("Your Development Version has it.")
    alice.press(page.get_by_role("button", name="Move down Part 0"))
    alice.press(line(page, "Part 5"))
    alice.write(page.get_by_label("Module Name"), "Fifth")


def with_script(browser: Browser, live_portal: Portal) -> Mouse:
    """Alice, with twelve modules in three folders before her."""
    expect.set_options(timeout=PATIENCE_MS)
    hands = Mouse(browser.new_context(base_url=live_portal.url, viewport={"width": 1280, "height": 720}).new_page())
    hands.page.goto("/sign-in/")
    hands.press(hands.page.get_by_role("button", name=re.compile("^Alice ")))
    expect(hands.page).to_have_title(re.compile("Applications"))
    application = live_portal.ask(MAKE % f"Parts {secrets.token_hex(3)}").strip()
    hands.page.goto(f"/a/northwind/applications/{application}/modules/")
    return hands


def folder(page: Page, name: str) -> Locator:
    return page.locator(".folder").filter(has=page.locator("h2", has_text=re.compile(f"^{name}$")))


def test_folders_stay_folded_and_a_moved_module_is_seen(browser: Browser, live_portal: Portal) -> None:
    alice = with_script(browser, live_portal)
    page = alice.page
    alice.press(folder(page, "Folder 1").locator("> summary"))
    expect(line(page, "Part 4")).to_be_hidden()
    alice.press(page.get_by_role("button", name="Move to… Part 3"))
    expect(page.get_by_label("Move to folder")).to_be_focused()
    expect(line(page, "Part 4")).to_be_hidden()
    page.get_by_label("Move to folder").select_option("Folder 2")
    alice.press(page.get_by_role("button", name="Move", exact=True))
    expect(folder(page, "Folder 2").get_by_text("Moved from “Folder 0”.")).to_be_visible()
    expect(line(page, "Part 3")).to_be_focused()
    expect(line(page, "Part 4")).to_be_hidden()
    # Looked for, it is seen; afterwards its folder is as it was.
    alice.write(page.get_by_label("Find a module"), "part 4")
    expect(line(page, "Part 4")).to_be_visible()
    alice.write(page.get_by_label("Find a module"), " ")
    expect(line(page, "Part 4")).to_be_hidden()
    # Enter in the name of a new folder moves, and saves nothing.
    alice.press(page.get_by_role("button", name="Move to… Part 0"))
    alice.write(page.get_by_label("or to a new folder"), "Folder 1")
    page.keyboard.press("Enter")
    expect(line(page, "Part 0")).to_be_focused()
    expect(line(page, "Part 4")).to_be_visible()
    expect(page.locator("#unsaved")).to_contain_text("2 unsaved changes")
    page.context.close()


def test_after_saving_one_is_back_where_one_was(browser: Browser, live_portal: Portal) -> None:
    alice = with_script(browser, live_portal)
    page = alice.page
    alice.press(folder(page, "Folder 0").locator("> summary"))
    alice.press(line(page, "Part 8"))
    alice.write(page.get_by_label("Module Name"), "Eighth")
    expect(page.locator("#unsaved")).to_contain_text("1 unsaved change")
    page.locator("#save").focus()
    page.evaluate("scrollTo(0, 250)")
    page.keyboard.press("Enter")
    expect(page.locator("#unsaved")).to_contain_text("Your Development Version has it.")
    expect(page.get_by_label("Module Name")).to_have_value("Eighth")
    expect(line(page, "Part 0")).to_be_hidden()
    expect(page.locator("#save")).to_be_focused()
    assert page.evaluate("scrollY") == 250
    page.context.close()
