"""Send test postback in a browser, against a portal that runs: from App Modules to the answer, step by step, with
JavaScript and without."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.kit.hands import HANDS, PATIENCE_MS, Mouse, hands_on
from tests.kit.portal import Portal, demo_portal
from tests.kit.receivers import Received, Reply, receiving

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory, prepared_state: Path) -> Iterator[Portal]:
    allowed = {"OUTBOUND_ALLOW_HTTP": "true", "OUTBOUND_ALLOWED_NETWORKS": "127.0.0.0/8"}
    with demo_portal(tmp_path_factory.mktemp("tests"), prepared_state, "sqlite", **allowed) as portal:
        yield portal


@pytest.fixture(params=list(HANDS.values()), ids=list(HANDS))
def alice(request: pytest.FixtureRequest, browser: Browser, portal: Portal) -> Iterator[Mouse]:
    expect.set_options(timeout=PATIENCE_MS)
    hands = hands_on(browser, portal.url, request.param)
    hands.page.goto("/")
    hands.press(hands.page.get_by_role("button", name=re.compile("^Alice ")))
    expect(hands.page).to_have_title(re.compile("Applications"))
    hands.page.goto(str(hands.page.get_by_role("link", name="Stock Bridge").get_attribute("href")))
    yield hands
    hands.page.context.close()


def step(page: Page, name: str) -> Locator:
    return page.locator("#postback-test li", has=page.get_by_text(name, exact=True))


def test_from_app_modules_to_the_answer(alice: Mouse) -> None:
    asked, answer = threading.Event(), threading.Event()

    def after_a_while(received: Received) -> Reply:
        asked.set()
        answer.wait(8)
        return Reply(body=b"thanks")

    with receiving(after_a_while) as receiver:
        page = open_with_typed(alice, f"{receiver.url}/in?t=[{{TOKEN}}]")
        tester = type(alice)(page)
        tester.press(page.get_by_role("button", name="Send test postback"))
        expect(page).to_have_title(re.compile("^Test postback"))
        assert asked.wait(10)
        if not tester.script:
            refresh_until(page, step(page, "Connection").get_by_text("Connected to"))
        expect(step(page, "Connection")).to_contain_text(f"Connected to 127.0.0.1, port {receiver.port}.")
        expect(step(page, "Connection")).to_contain_text(re.compile(r"\d+ ms"))
        expect(step(page, "Answer")).to_contain_text("Waiting for the answer")
        again = page.get_by_label("Postback URL")
        tester.write(again, f"{receiver.url}/again")
        answer.set()
        if tester.script:
            # Nothing is pressed, and what is being typed below stays.
            expect(step(page, "Answer")).to_contain_text("The server answered 200 OK.")
            expect(page.locator("#announcer")).to_have_text("Delivered: Answered 200 OK.")
            expect(again).to_have_value(f"{receiver.url}/again")
        else:
            receiver.wait_for(1)
            refresh_until(page, page.locator("#postback-test").get_by_text("thanks"))
            expect(step(page, "Answer")).to_contain_text("The server answered")
        expect(page.locator("#postback-test")).to_contain_text("thanks")


def open_with_typed(alice: Mouse, url: str) -> Page:
    """The test page in a tab of its own, with an address that App Modules has not saved; the draft stays."""
    editor = alice.page
    alice.press(editor.get_by_role("link", name="App Modules"))
    expect(editor).to_have_title(re.compile("^App Modules"))
    if not editor.get_by_role("button", name="Add parameter").first.is_visible():
        alice.press(editor.locator(".module summary").first)
    alice.press(editor.get_by_role("button", name="Add parameter").first)
    name = editor.get_by_placeholder("Name").last
    field = editor.get_by_label("Value").last
    if not name.input_value():
        alice.write(name, "PostbackUrl")
    expect(name).to_have_value("PostbackUrl")
    alice.write(field, url)
    note = editor.get_by_text("In a query the permanent token ends up in the access logs")
    if alice.script:
        # Said while it is typed, and gone with what it is about.
        expect(note).to_be_visible()
        alice.write(field, url.partition("?")[0])
        expect(note).to_be_hidden()
        alice.write(field, url)
    with editor.context.expect_page() as opened:
        alice.press(editor.get_by_role("button", name="Send test postback"))
    expect(opened.value.get_by_label("Postback URL")).to_have_value(url)
    expect(field).to_have_value(url)
    return opened.value


def refresh_until(page: Page, shown: Locator) -> None:
    """Without JavaScript its reader looks again: a step is written down a moment after it was taken."""
    for _ in range(50):
        if shown.count():
            return
        page.get_by_role("link", name="Refresh").click()
        page.wait_for_timeout(100)
