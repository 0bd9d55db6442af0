"""General in a browser: a picture of any size becomes the logo, and the name counts what is left of it."""

import base64
import io
import re
import secrets
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.journeys.test_modules_journey import MAKE
from tests.kit.hands import PATIENCE_MS
from tests.kit.portal import Portal

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LOGO = """
import base64
from linnapp.models import Application
from django.core.files.storage import default_storage
with default_storage.open(f"logos/{Application.objects.get(pk='%s').logo_digest}.png") as file:
    print(base64.b64encode(file.read()).decode())
"""


@pytest.fixture
def general(browser: Browser, live_portal: Portal) -> Iterator[Page]:
    expect.set_options(timeout=PATIENCE_MS)
    page = browser.new_context(base_url=live_portal.url, viewport={"width": 1280, "height": 900}).new_page()
    page.goto("/sign-in/")
    page.get_by_role("button", name=re.compile("^Alice ")).click()
    expect(page).to_have_title(re.compile("Applications"))
    application = live_portal.ask(MAKE % f"Logo {secrets.token_hex(3)}").strip()
    page.goto(f"/a/northwind/applications/{application}/general/")
    yield page
    page.context.close()


def picture(size: tuple[int, int]) -> FilePayload:
    """Its left half is red and its right half blue."""
    image = Image.new("RGB", size, "#0000ff")
    image.paste("#ff0000", (0, 0, size[0] // 2, size[1]))
    written = io.BytesIO()
    image.save(written, "PNG")
    return {"name": "photo.png", "mimeType": "image/png", "buffer": written.getvalue()}


def save_logo(page: Page) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name="Save logo").click()
    expect(page.locator("#messages li")).to_contain_text("Logo saved")


def kept(page: Page, live_portal: Portal) -> Image.Image:
    """The logo as it was stored."""
    application = page.url.split("/applications/")[1].split("/")[0]
    return Image.open(io.BytesIO(base64.b64decode(live_portal.ask(LOGO % application)))).convert("RGBA")


def is_red(image: Image.Image, at: tuple[int, int]) -> bool:
    red, _, blue, _ = pixel(image, at)
    return red > blue


def pixel(image: Image.Image, at: tuple[int, int]) -> tuple[int, ...]:
    found = image.getpixel(at)
    assert isinstance(found, tuple)
    return found


def test_a_picture_is_cut_by_mouse_and_by_keyboard(general: Page, live_portal: Portal) -> None:
    general.get_by_label("Choose a picture").set_input_files(picture((800, 400)))
    square = general.get_by_role("application")
    expect(square).to_be_visible()
    expect(general.get_by_text("This picture is 800 x 400.")).to_be_visible()
    save_logo(general)
    middle = kept(general, live_portal)
    assert middle.size == (140, 140)
    assert is_red(middle, (10, 70))
    assert not is_red(middle, (130, 70))
    # All of the picture to the right: the square is red.
    general.get_by_label("Choose a picture").set_input_files(picture((800, 400)))
    square.scroll_into_view_if_needed()
    box = square.bounding_box()
    assert box
    general.mouse.move(box["x"] + 20, box["y"] + 140)
    general.mouse.down()
    general.mouse.move(box["x"] + 260, box["y"] + 140, steps=3)
    general.mouse.up()
    save_logo(general)
    left = kept(general, live_portal)
    assert is_red(left, (2, 70))
    assert is_red(left, (137, 70))
    # By keyboard to the left, and out to the whole of it.
    general.get_by_label("Choose a picture").set_input_files(picture((800, 400)))
    expect(square).to_be_visible()
    square.focus()
    for _ in range(6):
        general.keyboard.press("Shift+ArrowLeft")
    save_logo(general)
    right = kept(general, live_portal)
    assert not is_red(right, (2, 70))
    assert not is_red(right, (137, 70))
    general.get_by_label("Choose a picture").set_input_files(picture((800, 400)))
    expect(square).to_be_visible()
    general.get_by_label("Zoom").focus()
    general.keyboard.press("Home")
    save_logo(general)
    whole = kept(general, live_portal)
    assert pixel(whole, (70, 5))[3] == 0
    assert is_red(whole, (10, 70))
    assert not is_red(whole, (130, 70))


def test_a_picture_of_the_right_size_is_sent_as_it_is(general: Page) -> None:
    general.get_by_label("Choose a picture").set_input_files(picture((140, 140)))
    expect(general.locator("#logo [data-preview]").first).to_be_visible()
    expect(general.get_by_role("application")).to_be_hidden()
    general.get_by_label("Choose a picture").set_input_files(
        {"name": "notes.png", "mimeType": "image/png", "buffer": b"no picture"}
    )
    expect(general.get_by_text("This file is not a picture we can read.")).to_be_visible()


def test_the_last_characters_of_the_name_are_counted_and_said(general: Page) -> None:
    name = general.get_by_label("Name", exact=True)
    name.fill("x" * 64)
    expect(general.get_by_text("left.")).to_have_count(0)
    name.press_sequentially("x" * 5)
    expect(general.locator("#id_name_helptext")).to_contain_text("11 characters left.")
    expect(general.locator("#announcer")).to_have_text("11 characters left.")
    name.fill("x" * 79)
    expect(general.locator("#id_name_helptext")).to_contain_text("1 character left.")
