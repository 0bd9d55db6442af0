"""The tour of the README, from the README itself: what it tells to type is typed, what it tells to press is pressed."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.hands import PATIENCE_MS
from tests.portal import ROOT, Portal

README = (ROOT / "README.md").read_text()
TOUR = README.partition("\n## Five minutes")[2].partition("\n## ")[0]
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STEP = re.compile(r"^\d+\. (.*)$", re.MULTILINE)
BOLD = re.compile(r"\*\*(.+?)\*\*( twice)?")
END_OF_BLOCK = "--- end of block ---"


def test_the_tour_has_steps_and_blocks() -> None:
    assert len(STEP.findall(TOUR)) == 5
    assert [kind for kind, _ in BLOCK.findall(TOUR)] == ["sh", "sh", "text", "sh", "text", "sh", "text"]


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl: the README's commands use it")
def test_what_the_tour_types_answers_as_shown(live_portal: Portal, tmp_path: Path) -> None:
    (tmp_path / "manage.py").symlink_to(ROOT / "manage.py")
    blocks = BLOCK.findall(TOUR)
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


def words() -> list[str]:
    """What the numbered steps tell to press, in their order."""
    steps = " ".join(STEP.findall(TOUR))
    return [word for word, twice in BOLD.findall(steps) for _ in range(2 if twice else 1)]


@pytest.mark.browser
def test_what_the_tour_tells_to_press_is_there(browser: Browser, live_portal: Portal) -> None:
    context = browser.new_context(base_url=live_portal.url)
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page = context.new_page()
    page.goto("/")
    for word in words():
        BEFORE.get(word, nothing)(page)
        follow(page, word)
    expect(page.locator(".checklist li[data-done]")).to_have_count(4)
    expect(page.locator(".checklist li:not([data-done])")).to_contain_text("First exchange")
    context.close()


def nothing(page: Page) -> None:
    """Most words need nothing but themselves."""


BEFORE: dict[str, Callable[[Page], None]] = {
    "Create": lambda page: page.get_by_label("Name").fill("Hello Stock"),
    "Install": lambda page: page.get_by_role("checkbox").check(),
}


def follow(page: Page, word: str) -> None:
    """Presses what bears the word: a button, a link, a radio; or chooses it from a list."""
    option = page.locator("option", has_text=word)
    pressed = [page.get_by_role(role, name=word, exact=True) for role in ("button", "link")]
    begins = [page.get_by_role(role, name=re.compile(rf"^{word}\b")) for role in ("button", "radio")]
    there = pressed[0].or_(pressed[1]).or_(begins[0]).or_(begins[1]).or_(option)
    there.first.wait_for(state="attached")
    if option.count():
        page.locator("select", has=option).select_option(label=word)
    else:
        there.first.click()
