"""What a page weighs: the bytes that a browser was sent for it, bodies alone, as it counts them itself."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from playwright.sync_api import Page

STATIC = "/static/"
HASHED = re.compile(r"\.[0-9a-f]{12}\.\w+$")
# The browser asks for the picture of its tab whenever it likes, or not at all. What people uploaded is theirs.
SENT = """() => {
  const [page] = performance.getEntriesByType("navigation");
  const files = performance.getEntriesByType("resource").filter((one) =>
    ["link", "script", "css", "img"].includes(one.initiatorType) && !one.name.includes("/favicon") &&
    !new URL(one.name).pathname.startsWith("/logos/"));
  return {
    wire: page.encodedBodySize, html: page.decodedBodySize,
    files: files.map((one) => [new URL(one.name).pathname, one.encodedBodySize]),
    blocking: files.filter((one) => one.renderBlockingStatus === "blocking" && one.initiatorType === "script")
      .map((one) => new URL(one.name).pathname),
  };
}"""


@dataclass(frozen=True)
class Weight:
    """Bytes of the page on the wire and unpacked, of each style, script and icon that it loads, by its path, and the
    scripts that keep it from being drawn."""

    wire: int
    html: int
    files: Mapping[str, int]
    blocking: tuple[str, ...] = ()

    @property
    def first(self) -> int:
        """Of somebody who comes for the first time."""
        return self.wire + sum(self.files.values())

    @property
    def is_packed(self) -> bool:
        return self.wire < self.html


@dataclass(frozen=True)
class Budget:
    """The most that a page may have, in bytes."""

    wire: int = 12_000
    html: int = 60_000
    first: int = 60_000
    why: str = ""

    def faults(self, weight: Weight) -> Iterator[str]:
        heaviest = sorted(weight.files.items(), key=lambda file: -file[1])[:4]
        parts = ", ".join(f"{path.removeprefix(STATIC)} {size:,}" for path, size in heaviest)
        for what, most, size in (
            ("on the wire", self.wire, weight.wire),
            ("unpacked", self.html, weight.html),
            ("at its first load", self.first, weight.first),
        ):
            if size > most:
                yield f"{size:,} bytes {what}, {most:,} at most (HTML {weight.wire:,}; {parts})"


USUAL = Budget()
# What shows a secret or a token in the clear leaves as it is (decision 52).
PLAIN = replace(USUAL, wire=32_000, first=80_000, why="it shows a credential, and is not compressed")
MANY = Budget(
    html=90_000,
    why="50 rows of many columns, each cell with its label for a phone, its icon or its exact time",
)
SEARCHED = Budget(first=92_000, why="a field that searches as one types is Django's own, with jQuery and select2")
# By the names of their addresses.
KNOWN: Mapping[str, Budget] = {
    "application_installations": MANY,
    "admin:installs_installation_changelist": MANY,
    "admin:installs_delivery_changelist": MANY,
    "admin:linnapp_timelineentry_changelist": MANY,
    "admin:linnapp_auditentry_changelist": MANY,
    "admin:linnapp_user_changelist": MANY,
    "admin:linnapp_invitation_add": SEARCHED,
}
# Before a page is drawn: the theme that was chosen, and Django's words for its scripts.
MAY_BLOCK = ("/static/js/admin-theme.", "/static/admin/js/theme.", "/admin/jsi18n/")


def weigh(page: Page) -> Weight:
    """The page that the window shows, once it has loaded."""
    sent = page.evaluate(SENT)
    return Weight(sent["wire"], sent["html"], dict(sent["files"]), tuple(sent["blocking"]))


def budget_of(name: str, weight: Weight) -> Budget:
    known = KNOWN.get(name)
    if weight.is_packed:
        return known or USUAL
    # Fifty rows, one of which shows its token, leave as they are: as much on the wire as unpacked.
    return replace(known, wire=known.html, first=known.html + PLAIN.first - PLAIN.wire) if known else PLAIN


def faults_of_weight(name: str, weight: Weight) -> list[str]:
    """`name` is that of its address, empty for what a test draws itself, with static files as they are in the code."""
    found = list(budget_of(name, weight).faults(weight))
    late = [path for path in weight.blocking if not path.startswith(MAY_BLOCK)]
    if name not in KNOWN:
        found += [f"is drawn only after {path} is there: defer it" for path in late]
    named = [path for path in weight.files if name and path.startswith(STATIC) and not HASHED.search(path)]
    return found + [f"{path} has no hash in its name, so that it is asked for again" for path in named]
