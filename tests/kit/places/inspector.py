"""Looks at pages in a browser and keeps what is wrong with them: what axe finds in light and in dark, on a desk and on
a phone, what scrolls sideways or is cut off, what the console says, what is asked of another host, what the keyboard
does not reach, what moves while the page loads, and what is too heavy."""

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from axe_playwright_python.sync_playwright import Axe
from django.urls import Resolver404, resolve
from playwright.sync_api import ConsoleMessage, Page, Request

from tests.kit.places.keyboard import faults_of_sweep
from tests.kit.places.shifts import WATCH, moment, shifts_before
from tests.kit.places.weights import faults_of_weight, weigh

DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
LIGHT, DARK = "light", "dark"
WHOLE = {"resultTypes": ["violations"], "preload": False}
COLOURS = WHOLE | {"runOnly": ["color-contrast"]}
RUN_AXE = "options => axe.run(options).then(results => results.violations)"
# What sticks out at the right of a page that scrolls sideways.
STICKING_OUT = """() => {
  const page = document.documentElement;
  if (page.scrollWidth <= page.clientWidth) return [];
  const all = [page, ...document.querySelectorAll("body *")];
  const wide = all.filter((one) => one.getBoundingClientRect().right > page.clientWidth);
  return wide.map((one) => `${one.tagName} to ${one.getBoundingClientRect().right} ${one.outerHTML.slice(0, 80)}`);
}"""
# More than one filled button: which is it, that somebody should press? The colour is asked of one that is made for it.
PRIMARIES = """() => {
  const filled = (one) => getComputedStyle(one).backgroundColor;
  const main = document.querySelector("main") ?? document.body;
  const probe = main.appendChild(document.createElement("button"));
  const [primary, within] = [filled(probe), document.querySelector("dialog[open]") ?? main];
  probe.remove();
  const buttons = [...within.querySelectorAll(":is(button, [role=button], [type=submit]):not([aria-hidden])")];
  const found = buttons.filter((one) => one.checkVisibility() && filled(one) === primary);
  return found.length > 1 ? found.map((one) => one.innerText || one.value || one.outerHTML.slice(0, 120)) : [];
}"""
# A list of the admin whose columns end outside of what is seen, and on a phone a cell that is not seen at all.
CUT_OFF = """() => {
  const results = document.querySelector("#changelist .results");
  if (!results) return [];
  const cells = [...results.querySelectorAll("tbody tr:first-child [data-label]:not(:empty)")];
  const unseen = cells.filter((cell) => !cell.getBoundingClientRect().width).map((cell) => cell.dataset.label);
  return results.scrollWidth > results.clientWidth ? [`${results.scrollWidth} px`, ...unseen] : unseen;
}"""
ALL_WAYS = os.environ.get("AXE") == "all"


class Inspector:
    """Looks at one page after another in one window, and keeps what is wrong."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page, self.axe, self.origin = page, Axe().axe_script, origin
        self.faults: list[str] = []
        self.what = ""
        self.is_axe_at_work = False
        self.schemes = [DARK, LIGHT]
        page.add_init_script(WATCH)
        page.on("console", self.hear)
        page.on("pageerror", lambda error: self.note(f"script failed: {error}"))
        page.on("request", self.watch)

    def note(self, fault: str) -> None:
        self.faults.append(f"{self.what}: {fault}")

    def hear(self, message: ConsoleMessage) -> None:
        """The browser itself remarks on each answer of 4xx; those are meant. axe tries inline styles."""
        if self.is_axe_at_work or message.text.startswith("Failed to load resource"):
            return
        if message.type in {"error", "warning"}:
            self.note(f"console: {message.text}")

    def watch(self, request: Request) -> None:
        target = urlsplit(request.url)
        if target.scheme in {"http", "https"} and f"{target.scheme}://{target.netloc}" != self.origin:
            self.note(f"asked {request.url}")

    def look(self) -> None:
        loaded = moment(self.page)
        for fault in faults_of_weight(self.name, weigh(self.page)):
            self.note(fault)
        one, other = self.schemes
        self.show(PHONE, one, WHOLE)
        self.show(DESK, other, COLOURS)
        if ALL_WAYS:
            self.show(PHONE, other, COLOURS)
            self.show(DESK, one, COLOURS)
        self.schemes.reverse()
        for fault in (*shifts_before(self.page, loaded), *faults_of_sweep(self.page)):
            self.note(fault)

    @property
    def name(self) -> str:
        """Of the address of the page, empty where it has none."""
        try:
            return resolve(unquote(urlsplit(self.page.url).path)).view_name
        except Resolver404:
            return ""

    def show(self, size: Any, scheme: Any, rules: Mapping[str, Any]) -> None:
        self.page.set_viewport_size(size)
        self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        self.is_axe_at_work = True
        if rules is WHOLE:
            self.page.evaluate(self.axe)
        violations = self.page.evaluate(RUN_AXE, dict(rules))
        self.is_axe_at_work = False
        for violation in violations:
            nodes = "; ".join(f"{node['html'][:160]} ({node['failureSummary'][:300]})" for node in violation["nodes"])
            self.note(f"{scheme}, {size['width']}: {violation['id']}: {nodes}")
        if sticking_out := self.page.evaluate(STICKING_OUT):
            self.note(f"{size['width']}: scrolls sideways: {sticking_out}")
        if size == DESK and (primaries := self.page.evaluate(PRIMARIES)):
            self.note(f"more than one primary button: {primaries}")
        if cut_off := self.page.evaluate(CUT_OFF):
            self.note(f"{size['width']}: the list is cut off: {cut_off}")
