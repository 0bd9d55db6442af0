"""The tour of the README, from the README itself: what it tells to type is typed, what it tells to press is pressed."""

import json
import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from linnapp import credentials
from tests.kit.hands import PATIENCE_MS
from tests.kit.portal import ROOT, Portal, environment, serving
from tests.kit.signing_in.factors import code_of
from tests.postbacks.test_receive_postbacks import Process, receiving
from tests.typed.forms import Forms

README = (ROOT / "README.md").read_text()
TOUR = README.partition("\n## Five minutes")[2].partition("\n## ")[0]
SHORT, FULL = (TOUR.partition(f"\n### {way}\n")[2].partition("\n### ")[0] for way in ("The short way", "The full way"))
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STEP = re.compile(r"^\d+\. (.*)$", re.MULTILINE)
BOLD = re.compile(r"\*\*(.+?)\*\*( twice)?")
SECOND_TERMINAL = ".venv/bin/python manage.py receive_postbacks\n"
END_OF_BLOCK = "--- end of block ---"


def test_the_tour_has_steps_and_blocks() -> None:
    assert [len(STEP.findall(way)) for way in (SHORT, FULL)] == [6, 5]
    kinds = [kind for kind, _ in BLOCK.findall(TOUR)]
    assert kinds == ["sh", "sh", "sh", "text", "sh", "text", "sh", "text"]
    assert BLOCK.findall(TOUR)[0][1] == SECOND_TERMINAL


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl: the README's commands use it")
def test_what_the_tour_types_answers_as_shown(live_portal: Portal, tmp_path: Path) -> None:
    (tmp_path / "manage.py").symlink_to(ROOT / "manage.py")
    blocks = [block for block in BLOCK.findall(TOUR) if block[1] != SECOND_TERMINAL]
    commands = [text for kind, text in blocks if kind == "sh"]
    assert answers(commands, live_portal, tmp_path) == list(shown(blocks))
    assert not (tmp_path / "session.json").exists()


def answers(commands: list[str], portal: Portal, folder: Path) -> list[str]:
    """What each block of commands prints, all typed into one shell."""
    script = f"\necho '{END_OF_BLOCK}'\n".join(["set -eu", *commands])
    script = script.replace(".venv/bin/python", shlex.quote(sys.executable))
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=portal.env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split(f"{END_OF_BLOCK}\n")[1:]


def shown(blocks: list[tuple[str, str]]) -> Iterator[str]:
    """What the README shows beneath each block of commands; nothing where nothing stands beneath."""
    for (kind, _), (next_kind, text) in zip(blocks, [*blocks[1:], ("", "")], strict=True):
        if kind == "sh":
            yield text if next_kind == "text" else ""


def words(way: str) -> list[str]:
    """What the numbered steps tell to press, in their order."""
    steps = " ".join(STEP.findall(way))
    return [word for word, twice in BOLD.findall(steps) for _ in range(2 if twice else 1)]


@pytest.fixture
def page(browser: Browser, live_portal: Portal) -> Iterator[Page]:
    context = browser.new_context(base_url=live_portal.url)
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page = context.new_page()
    page.goto("/")
    yield page
    context.close()


@pytest.mark.browser
@pytest.mark.skipif(not shutil.which("curl"), reason="no curl: the command of the first call uses it")
def test_what_the_short_way_tells_to_press_is_there(page: Page) -> None:
    before: dict[str, Callable[[], object]] = {
        "Create": lambda: page.get_by_label("Name").fill("Hello Stock"),
        "Install": page.get_by_role("checkbox").check,
        "Back to Hello Stock": lambda: answered(page.locator("pre code").inner_text()),
    }
    for word in words(SHORT):
        before.get(word, nothing)()
        follow(page, word)
    expect(page.locator(".first-call summary")).to_contain_text("First call")


@pytest.mark.browser
@pytest.mark.skipif(not shutil.which("curl"), reason="no curl: the command of the second terminal uses it")
def test_what_the_full_way_tells_to_press_is_there(page: Page, live_portal: Portal) -> None:
    follow(page, "Alice")
    with receiving(live_portal.env) as second_terminal:
        before: dict[str, Callable[[], object]] = {
            "Create": lambda: page.get_by_label("Name").fill("Hello Orders"),
            "Save Manifest": lambda: write_postback_url(page, second_terminal),
            "Install": page.get_by_role("checkbox").check,
            "Back to Hello Orders": lambda: see_it_sent(page),
            "Overview": lambda: paste_the_command(page, second_terminal),
        }
        for word in words(FULL):
            before.get(word, nothing)()
            follow(page, word)
    expect(page.locator(".first-call summary")).to_contain_text("First call")


def test_the_first_admin_signs_in_with_what_was_typed_sets_up_a_factor_and_is_in_the_admin(
    tmp_path: Path, empty_state: Path
) -> None:
    """No mail confirms the address first."""
    env = environment(shutil.copytree(empty_state, tmp_path / "state"), DEMO="false")
    email, password = "olga@operators.example", "a long enough secret"
    [command] = re.findall(r"Create the first admin with `(.+?)`", README)
    said = typed_into(command, env, [email, "Olga", password, password])
    assert "Superuser created successfully." in said
    with serving(env) as portal, requests.Session() as browser:
        closed = sent(browser, f"{portal.url}/admin/", "/sign-in/", login=email, password=password)
        assert (closed.status_code, closed.url) == (403, f"{portal.url}/admin/")
        assert "Set up a second factor first" in closed.text
        [begin] = re.findall(r'href="(/[^"]+\?next=%2Fadmin%2F)"', closed.text)
        security = browser.get(f"{portal.url}{begin}", timeout=20)
        assert 'href="/profile/security/app/"' in security.text
        made = with_app(browser, f"{portal.url}/profile/security/app/")
        assert "I have stored them, continue" in made.text
        admin = browser.get(f"{portal.url}/admin/", timeout=20)
    assert (admin.status_code, admin.url) == (200, f"{portal.url}/admin/")
    assert "Olga" in admin.text


def sent(browser: requests.Session, address: str, action: str, **typed: str) -> requests.Response:
    """The form to `action` on the page that an address leads to, with what is typed into it."""
    page = browser.get(address, timeout=20)
    fields = next(fields for where, fields in Forms(page.text).found if where == action)
    there = urljoin(page.url, action)
    return browser.post(there, fields | typed, headers={"Referer": page.url}, timeout=20)


def with_app(browser: requests.Session, address: str) -> requests.Response:
    """By the key that the page shows, and the code that an app would show of it."""
    page = browser.get(address, timeout=20)
    [key] = re.findall(r"<code>([A-Z2-7]{32})</code>", page.text)
    [(action, fields)] = [form for form in Forms(page.text).found if "pending" in form[1]]
    there = urljoin(page.url, action)
    return browser.post(there, fields | {"code": code_of(key)}, headers={"Referer": page.url}, timeout=20)


def typed_into(command: str, env: dict[str, str], lines: list[str]) -> str:
    """What a command says in a terminal in which these lines are typed, each when it asks for one."""
    ours, its = pty.openpty()
    words = [sys.executable, *shlex.split(command)[1:]]
    said = b""
    with subprocess.Popen(
        words, cwd=ROOT, env=env, stdin=its, stdout=its, stderr=its, start_new_session=True
    ) as process:
        os.close(its)
        with suppress(OSError), os.fdopen(ours, "r+b", buffering=0) as terminal:
            while part := terminal.read(1024):
                said += part
                if lines and said.rstrip(b" ").endswith(b":"):
                    terminal.write(f"{lines.pop(0)}\n".encode())
                    said = b""
    assert process.returncode == 0, said
    return said.decode()


def nothing() -> None:
    """Most words need nothing but themselves."""


def write_postback_url(page: Page, second_terminal: Process) -> None:
    """The README's address is that of the receiver's own port, which may be taken here."""
    assert "write `http://127.0.0.1:9000/` as its value" in TOUR
    page.get_by_label("Value").fill(second_terminal.url)


def see_it_sent(page: Page) -> None:
    expect(page.locator("#installation-sent")).to_contain_text("Sent to 127.0.0.1:")


def paste_the_command(page: Page, second_terminal: Process) -> None:
    """With the Application Secret as General shows it to whoever has just made the application."""
    secret = page.locator("main code", has_text=credentials.UUID_SHAPE).nth(1).inner_text()
    block = second_terminal.block()
    assert "Genuine. Answered 200." in block
    answered(
        block.partition(
            "Set APPLICATION_SECRET to the Application Secret on General, then exchange the permanent token:\n"
        )[2],
        APPLICATION_SECRET=secret,
    )


def answered(command: str, **variables: str) -> None:
    done = subprocess.run(
        ["bash", "-c", command], env=os.environ | variables, capture_output=True, text=True, timeout=60, check=True
    )
    assert json.loads(done.stdout)["Status"]["State"] == "AVAILABLE"


def follow(page: Page, word: str) -> None:
    """Presses what bears the word: a button, a link, a radio; or chooses it from a list."""
    option = page.locator("option", has_text=word)
    pressed = [page.get_by_role(role, name=word, exact=True) for role in ("button", "link")]
    begins = [page.get_by_role(role, name=re.compile(rf"^{word}\b")) for role in ("button", "radio")]
    there = pressed[0].or_(pressed[1]).or_(begins[0]).or_(begins[1]).or_(option)
    there.first.wait_for(state="attached")
    # What is seen is the word alone, and only readers are told to what it belongs.
    seen = page.locator("button:has(> .visually-hidden)", has_text=re.compile(rf"^\s*{word}\b"))
    if option.count():
        page.locator("select", has=option).select_option(label=word)
    elif not pressed[0].or_(pressed[1]).count() and seen.count():
        seen.first.click()
    else:
        there.first.click()
