"""What is done on a page before it is looked at."""

from playwright.sync_api import Page

from tests.kit.places.patterns import Act


def send(page: Page) -> None:
    """The form as it stands, whatever is missing in it."""
    page.locator(
        "main form[method=post]:not(.inline) button:not(.link):not([tabindex]):not(.people button)"
    ).last.click()


def agree(page: Page) -> None:
    page.get_by_role("checkbox").check()
    send(page)


def press(name: str) -> Act:
    def act(page: Page) -> None:
        page.get_by_role("button", name=name).first.click()

    return act


def to_notes(page: Page) -> None:
    press("Continue")(page)
    page.get_by_label("Number").wait_for()


def to_wrong_notes(page: Page) -> None:
    to_notes(page)
    page.get_by_label("Number").fill("one")
    press("Continue")(page)
    page.locator(".error-summary").wait_for()


def to_release(page: Page) -> None:
    to_notes(page)
    press("Continue")(page)
    page.get_by_text("Releasing").wait_for()


def unfold(page: Page) -> None:
    for summary in page.locator("main details:not(.menu):not(.filter) > summary").all():
        summary.click()


def open_attempts(page: Page) -> None:
    page.locator("main table a").first.click()
    unfold(page)


def open_line(page: Page) -> None:
    """One module of many: its fields come in place of its line."""
    page.locator(".line > a").first.click()
    page.locator(".module details[open]").wait_for()


def open_menus(page: Page) -> None:
    page.locator(".person > summary").click()


def spoil_manifest(page: Page) -> None:
    """What the editor refuses: a second module and an address that is none."""
    page.get_by_role("button", name="Add module").click()
    page.get_by_role("button", name="Add parameter").first.click()
    page.get_by_placeholder("Name").last.fill("PostbackUrl")
    page.get_by_label("Value").last.fill("hooks.example.com")
    page.locator("#save").click()
    page.locator(".error-summary").wait_for()


def spoil_json(page: Page) -> None:
    page.locator("#id_text").fill('{"Modules": [}')
    page.get_by_role("button", name="Save Manifest").first.click()


def send_wrong_grant(page: Page) -> None:
    page.get_by_label("Token required").or_(page.get_by_label("Token stored")).fill("a session token")
    page.get_by_label("Grant type").fill("password")
    send(page)
    page.locator(".error-summary").wait_for()


def enter_account(page: Page) -> None:
    page.get_by_label("Reason").fill("Ticket 4711: the logo of Stock Bridge does not show.")
    page.get_by_role("button", name="Enter").click()


def search_for(words: str) -> Act:
    def act(page: Page) -> None:
        page.locator("main input[name=q]").fill(words)
        page.locator("main input[name=q]").press("Enter")

    return act
