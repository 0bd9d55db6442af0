"""How the heaviest pages come and are gone through: nothing moves while they load, on a desk and on a phone, Tab goes
round the whole of each, the link past the frame works, and what a page loads is kept for ever."""

import re
from collections.abc import Iterator
from typing import Any, cast

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.kit import stage
from tests.kit.hands import PATIENCE_MS
from tests.kit.places.inspector import DESK, PHONE
from tests.kit.places.keyboard import faults_of_round
from tests.kit.places.patterns import Place
from tests.kit.places.shifts import WATCH, moment, shifts_before
from tests.kit.places.visiting import sign_in
from tests.kit.places.weights import STATIC, weigh
from tests.kit.portal import Portal

pytestmark = [pytest.mark.browser, pytest.mark.once]
ALICES = (
    "application_list", "application_overview", "application_general", "manifest_edit", "version_list",
    "application_installations", "postback_list", "application_activity",
)  # fmt: skip
HEAVY: dict[str, list[Place | str]] = {
    "Alice": [Place(name, "Alice") for name in ALICES],
    "Carol": [Place(name, "Carol") for name in ("store", "my_apps", "installation_detail", "authorize")],
    "Paula": ["/admin/", "/admin/installs/delivery/", "/admin/linnapp/application/"],
}
A_YEAR = 365 * 24 * 3600
# What scripts of a page do once it is there, and a table that asks again by itself, are over then.
SETTLED_MS = 250


@pytest.fixture
def window(browser: Browser, staged: Portal) -> Iterator[Page]:
    context = browser.new_context(base_url=staged.url, reduced_motion="reduce", locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.add_init_script(WATCH)
    yield page
    context.close()


def addresses(person: str, facts: stage.Facts) -> list[str]:
    return [one if isinstance(one, str) else one.address(facts) for one in HEAVY[person]]


@pytest.mark.slow(seconds=15)
@pytest.mark.parametrize("person", HEAVY)
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_nothing_moves_while_a_page_loads(size: Any, person: str, window: Page, facts: stage.Facts) -> None:
    sign_in(window, person)
    window.set_viewport_size(size)
    moved = {}
    for address in addresses(person, facts):
        window.goto(address, wait_until="load")
        window.wait_for_timeout(SETTLED_MS)
        if shifts := shifts_before(window, moment(window)):
            moved[address] = shifts
    assert moved == {}


@pytest.mark.slow(seconds=15)
@pytest.mark.parametrize("person", HEAVY)
def test_tab_goes_round_the_whole_page(person: str, window: Page, facts: stage.Facts) -> None:
    sign_in(window, person)
    window.set_viewport_size(cast(Any, DESK))
    found = {}
    for address in addresses(person, facts):
        window.goto(address)
        if faults := faults_of_round(window):
            found[address] = faults
    assert found == {}


@pytest.mark.parametrize("address", ["/sign-in/", "/profile/", "/admin/linnapp/application/"])
def test_the_first_link_leads_past_the_frame(address: str, window: Page, staged: Portal) -> None:
    if address != "/sign-in/":
        sign_in(window, "Paula")
    window.goto(address)
    # Away from a field that has the focus already.
    window.evaluate("document.activeElement.blur(); document.body.tabIndex = -1; document.body.focus()")
    window.keyboard.press("Tab")
    expect(window.locator(":focus")).to_have_text(re.compile("Skip to"))
    window.keyboard.press("Enter")
    window.keyboard.press("Tab")
    assert window.evaluate("Boolean(document.activeElement.closest('main'))")


def test_what_a_page_loads_is_kept_for_ever(window: Page, staged: Portal, facts: stage.Facts) -> None:
    """By names that change with what is in it: nothing that is kept is out of date."""
    sign_in(window, "Paula")
    loaded: set[str] = set()
    for address in ("/profile/", "/admin/linnapp/application/"):
        window.goto(address)
        loaded |= {path for path in weigh(window).files if path.startswith(STATIC)}
    assert len(loaded) > 10
    for path in loaded:
        kept = requests.get(staged.url + path, timeout=20).headers["Cache-Control"]
        assert "immutable" in kept, path
        assert int(re.findall(r"max-age=(\d+)", kept)[0]) >= A_YEAR
    words = window.request.get("/admin/jsi18n/")
    assert words.headers["cache-control"] == "private, max-age=86400"
    assert words.headers["content-encoding"] == "gzip"
