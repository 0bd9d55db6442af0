"""What is done on a page before it is looked at."""

import io
from urllib.parse import urlencode, urlsplit

from PIL import Image
from playwright.sync_api import Page, Route

from tests.kit.people import PASSWORD
from tests.kit.places.patterns import Act
from tests.kit.signing_in.factors import FAY


def send(page: Page) -> None:
    """The form as it stands, whatever is missing in it."""
    page.locator(
        "main form[method=post]:not(.inline, [data-passkey=get]) button:not(.link):not([tabindex]):not(.people button)"
    ).last.click()


def open_keys(page: Page) -> None:
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keyboard shortcuts").wait_for()


def open_palette(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type("stock")
    page.get_by_role("option", name="Application of").first.wait_for()


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
    """All that is folded, the outer before what is in it; a folder of modules is open already."""
    folded = page.locator("main details:not(.menu):not(.filter):not([open]) > summary:visible")
    while folded.count():
        folded.first.click()


def open_attempts(page: Page) -> None:
    page.locator("main tbody a").first.click()
    unfold(page)


def open_line(page: Page) -> None:
    """One module of many: its fields come in place of its line."""
    page.locator(".line > a").first.click()
    page.locator(".module details[open]").first.wait_for()


def ask_where(page: Page) -> None:
    """To which folder a module of many goes."""
    page.get_by_role("button", name="Move to…").first.click()
    page.locator(".move-to").wait_for()


def crop_logo(page: Page) -> None:
    """A picture of another size than a logo has."""
    written = io.BytesIO()
    Image.new("RGB", (300, 200), "teal").save(written, "PNG")
    page.get_by_label("Choose a picture").set_input_files(
        {"name": "photo.png", "mimeType": "image/png", "buffer": written.getvalue()}
    )
    page.get_by_role("application").wait_for()


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


def sign_up(page: Page) -> None:
    page.get_by_label("Your name").fill("Nina")
    page.get_by_label("Company name").fill("Nina's Nook")
    page.get_by_label("E-mail").fill("nina@nook.example")
    page.get_by_label("Password").fill(PASSWORD)
    press("Create account")(page)
    page.get_by_role("heading", name="Check your e-mail").wait_for()


def give_the_password(page: Page) -> None:
    """Of somebody with a second factor. A browser in which it was given is led on from the sign-in."""
    if page.get_by_label("Password").is_visible():
        page.get_by_label("E-mail").fill(FAY)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="One more step").wait_for()


def give_a_wrong_code(page: Page) -> None:
    give_the_password(page)
    page.get_by_label("Code from your app").fill("none")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.locator(".error-summary").wait_for()


def send_no_passkey(page: Page) -> None:
    """As a browser does whose script broke off."""
    page.locator("[data-passkey]").evaluate("form => form.submit()")
    page.get_by_role("heading", name="You could not be signed in with this passkey").wait_for()


def send_from_older_tab(page: Page) -> None:
    """As after a sign-in in another tab: the form has another CSRF token, is kept, and is shown before it is sent."""
    page.locator("main form [name=csrfmiddlewaretoken]").first.evaluate("field => { field.value = 'a'.repeat(64) }")
    send(page)
    page.get_by_role("heading", name="Continue where you left off").wait_for()


def save_modules_from_older_tab(page: Page) -> None:
    """As App Modules is kept after a sign-in in another tab: many fields with long names, one of them changed."""
    tokens = page.locator("#manifest [name=csrfmiddlewaretoken]").all()
    for token in tokens:
        token.evaluate("field => { field.value = 'a'.repeat(64) }")
    page.locator("#manifest [name$=-formatted_name]").first.evaluate("field => { field.value = 'Bridge of stock' }")
    page.locator("#save").click()
    page.get_by_role("heading", name="Continue where you left off").wait_for()


def ask_before_what_is_kept(page: Page) -> None:
    send_from_older_tab(page)
    page.goto(f"/sign-in/again/?{urlencode({'next': urlsplit(page.url).path})}")
    page.get_by_text("What you typed is kept").wait_for()


def send_when_signed_out(page: Page) -> None:
    """The sign-in is over for this form alone."""
    cookies = page.context.cookies()
    page.context.clear_cookies(name="session")
    send(page)
    page.get_by_text("what you typed is kept for 15 minutes").wait_for()
    page.context.add_cookies([cookie for cookie in cookies if cookie["name"] == "session"])  # type: ignore[misc]


def without_passkeys(page: Page) -> None:
    """As at an address that passkeys do not belong to."""
    number = f"127.0.0.1:{urlsplit(page.url).port}"

    def from_there(route: Route) -> None:
        route.fulfill(response=route.fetch(headers=route.request.all_headers() | {"host": number}))

    page.route(page.url, from_there)
    page.reload()
    page.get_by_text("Passkeys work at one address only").wait_for()
    page.unroute(page.url)
