"""What each page weighs, by `python -m bench.weights`: the table of docs/performance.md, and all pages on the screen.

A demo portal of its own, with what the tests add to it so that every page has something to show; each page is opened by
a browser as the people it is for. The bytes are those that the tests keep within bounds (tests/kit/places/weights.py).
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

# The tables of pages are made from the URL conf.
from django.urls import resolve  # noqa: E402
from playwright.sync_api import Browser, sync_playwright  # noqa: E402

from tests.kit import chromium, stage  # noqa: E402
from tests.kit.places.patterns import EVERYBODY  # noqa: E402
from tests.kit.places.table import PLACES, admin_addresses  # noqa: E402
from tests.kit.places.visiting import sign_in  # noqa: E402
from tests.kit.places.weights import Weight, budget_of, weigh  # noqa: E402
from tests.kit.portal import ROOT, demo_portal, prepared  # noqa: E402

DOCUMENT = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- weights: written by python -m bench.weights -->", "<!-- end of weights -->"
HEAD = "| page | HTML, kB | on the wire, kB | first load, kB | at most |\n|---|---|---|---|---|"
SHOWN = 12
Named = tuple[str, Weight]


def addresses(facts: stage.Facts) -> Iterator[tuple[str, str]]:
    """Person and address of each page that an address alone leads to."""
    for place in PLACES:
        if place.person in EVERYBODY and not place.act and not place.begin:
            yield place.person, place.address(facts)
    yield from (("Paula", address) for address in admin_addresses(facts))


def weighed(browser: Browser, url: str, facts: stage.Facts) -> Iterator[Named]:
    """Each page that comes, by the name of its address."""
    asked = list(addresses(facts))
    for person in dict.fromkeys(person for person, _ in asked):
        context = browser.new_context(base_url=url, locale="en-GB")
        page = context.new_page()
        sign_in(page, person)
        for address in (address for who, address in asked if who == person):
            page.goto(address)
            yield resolve(address.partition("?")[0]).view_name, weigh(page)
        context.close()


def line(name: str, weight: Weight) -> str:
    budget = budget_of(name, weight)
    kilobytes = " | ".join(f"{size / 1000:.1f}" for size in (weight.html, weight.wire, weight.first))
    most = " / ".join(f"{size // 1000}" for size in (budget.html, budget.wire, budget.first))
    words = name.removeprefix("admin:").replace("_", " ")
    return f"| {'Admin, ' if name.startswith('admin:') else ''}{words} | {kilobytes} | {most} |"


def heaviest_of_each(all_of_them: Iterator[Named]) -> list[Named]:
    """One of each name, the heaviest first."""
    found: dict[str, Weight] = {}
    for name, weight in all_of_them:
        if name not in found or weight.first > found[name].first:
            found[name] = weight
    return sorted(found.items(), key=lambda named: -named[1].first)


def table(pages: list[Named]) -> str:
    """The heaviest of the portal and of the admin."""
    in_admin = [named for named in pages if named[0].startswith("admin:")]
    in_portal = [named for named in pages if named not in in_admin]
    lines = [line(*named) for named in (*in_portal[:SHOWN], *in_admin[:SHOWN])]
    middle = [part[len(part) // 2][1].first / 1000 for part in (in_portal, in_admin)]
    told = f"Of {len(in_portal)} pages of the portal the middle one has {middle[0]:.1f} kB at its first load"
    return "\n".join([HEAD, *lines, "", f"{told}, of {len(in_admin)} of the admin {middle[1]:.1f} kB."])


def main() -> None:
    options: dict[str, Any] = {"executable_path": chromium.on_path(), "args": chromium.ARGUMENTS}
    with tempfile.TemporaryDirectory() as folder, demo_portal(Path(folder), prepared("demo"), "sqlite") as portal:
        facts = stage.set_by(portal)
        with sync_playwright() as playwright, playwright.chromium.launch(**options) as browser:
            pages = heaviest_of_each(weighed(browser, portal.url, facts))
    sys.stdout.write("\n".join([HEAD, *(line(*named) for named in pages), ""]))
    before, _, rest = DOCUMENT.read_text().partition(BEGIN)
    DOCUMENT.write_text(f"{before}{BEGIN}\n{table(pages)}\n{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    main()
