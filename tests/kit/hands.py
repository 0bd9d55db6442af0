"""The hands of a person at a browser: the same acts with the mouse, with the keyboard alone, and without JavaScript."""

from typing import Any, Protocol

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

# The machine that runs the tests may be busy; none of this is waited for when the page is quick.
PATIENCE_MS = 20_000
MOST_TABS = 200

# What Tab has reached: whether it is seen to have the focus, and whether anything lies over it.
FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body || one === document.documentElement) return null;
  const look = getComputedStyle(one);
  const ringed = one.matches(":focus-visible") && look.outlineStyle !== "none" && parseFloat(look.outlineWidth) >= 2;
  const box = one.getClientRects()[0];
  if (!box) return {ringed, seen: false, what: one.outerHTML.slice(0, 200)};
  const isOnTop = (x, y) => {
    const top = document.elementFromPoint(x, y);
    return Boolean(top) && (one.contains(top) || Boolean(one.closest("label")?.contains(top)));
  };
  const seen = [0.1, 0.5, 0.9].some((part) => isOnTop(box.x + box.width * part, box.y + box.height * part));
  return {ringed, seen, what: one.outerHTML.slice(0, 200)};
}"""
HAS_FOCUS = "one => one === document.activeElement"


class Hands(Protocol):
    """What a person can do to a page."""

    page: Page

    def press(self, target: Locator) -> None: ...
    def tick(self, box: Locator) -> None: ...
    def choose(self, radio: Locator) -> None: ...
    def write(self, field: Locator, text: str) -> None: ...
    def copied(self, button: Locator, shown: Locator) -> str: ...


class Mouse:
    script = True

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, target: Locator) -> None:
        target.click()

    def tick(self, box: Locator) -> None:
        box.click()
        expect(box).to_be_checked()

    def choose(self, radio: Locator) -> None:
        radio.click()
        expect(radio).to_be_checked()

    def write(self, field: Locator, text: str) -> None:
        field.click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(text)
        expect(field).to_have_value(text)

    def copied(self, button: Locator, shown: Locator) -> str:
        """What the button puts into the clipboard, which is what stands beside it."""
        self.press(button)
        expect(self.page.locator("#announcer")).to_have_text("Copied")
        value = str(self.page.evaluate("navigator.clipboard.readText()"))
        expect(shown).to_have_text(value)
        return value


class WithoutScript(Mouse):
    """A browser with JavaScript switched off; what needs it is not shown."""

    script = False

    def copied(self, button: Locator, shown: Locator) -> str:
        expect(button).to_be_hidden()
        return shown.inner_text()


class Keyboard(Mouse):
    """Tab, Enter, Space, arrows and letters. Fails where the focus cannot be seen, is covered, or was lost."""

    def reach(self, target: Locator) -> None:
        expect(target).to_be_visible()
        rounds = 0
        for _ in range(MOST_TABS):
            if target.evaluate(HAS_FOCUS):
                return
            self.page.keyboard.press("Tab")
            rounds += self.passed_the_end()
            assert rounds < 2, f"Tab does not lead to {target}"
        raise AssertionError(f"{MOST_TABS} times Tab do not lead to {target}")

    def passed_the_end(self) -> bool:
        """Behind the last element of a page the focus is the browser's, once."""
        focused: dict[str, Any] | None = self.page.evaluate(FOCUSED)
        if focused is None:
            return True
        assert focused["ringed"], f"the focus cannot be seen on {focused['what']}"
        assert focused["seen"], f"the focus is covered or out of sight on {focused['what']}"
        return False

    def press(self, target: Locator) -> None:
        self.reach(target)
        self.page.keyboard.press("Enter")

    def tick(self, box: Locator) -> None:
        self.reach(box)
        self.page.keyboard.press("Space")
        expect(box).to_be_checked()

    def choose(self, radio: Locator) -> None:
        """Tab stops at the radio that is chosen, or at the first; arrows lead to the others."""
        group = self.page.locator(f'input[name="{radio.get_attribute("name")}"]')
        chosen = group.and_(self.page.locator(":checked"))
        self.reach(chosen if chosen.count() else group.first)
        self.page.keyboard.press("Space")
        for _ in range(group.count()):
            if radio.is_checked():
                return
            self.page.keyboard.press("ArrowDown")
        expect(radio).to_be_checked()

    def write(self, field: Locator, text: str) -> None:
        self.reach(field)
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(text)
        expect(field).to_have_value(text)


HANDS: dict[str, type[Mouse]] = {"mouse": Mouse, "keyboard": Keyboard, "without-javascript": WithoutScript}


def hands_on(browser: Browser, portal_url: str, kind: type[Mouse], **options: Any) -> Mouse:
    """Somebody at a browser of their own, not signed in yet. The caller closes `page.context`."""
    options.setdefault("locale", "en-GB")
    context = browser.new_context(base_url=portal_url, java_script_enabled=kind.script, **options)
    context.set_default_timeout(PATIENCE_MS)
    allow_clipboard(context, portal_url)
    return kind(context.new_page())


def allow_clipboard(context: BrowserContext, portal_url: str) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=portal_url)
