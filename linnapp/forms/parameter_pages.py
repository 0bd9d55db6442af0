"""Which parameters of an open module are drawn, and how the others stand in the form.

A module of a thousand parameters is drawn a page at a time. Those that are not drawn are told by what stands for their
names where they are as they were saved, and by all they hold where they are not.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from linnapp.drafts import DraftModule
from linnapp.manifest import ManifestModule, ManifestParameter
from linnapp.manifest.differences import same, shown

MOST_DRAWN = 25
# Letters of names and values: what is longer has a page of its own, and is drawn when that is asked for.
MOST_LETTERS = 20_000


@dataclass(frozen=True)
class Page:
    """Parameters from one place to another, counted from 1 as they are told; `at` is the first one's place."""

    first: int
    last: int
    letters: int
    is_drawn: bool = False
    error_count: int = 0

    @property
    def at(self) -> int:
        return self.first - 1

    @property
    def places(self) -> range:
        return range(self.first - 1, self.last)

    @property
    def is_long(self) -> bool:
        return self.letters > MOST_LETTERS

    @property
    def kilobytes(self) -> int:
        return self.letters // 1000

    @property
    def label(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}–{self.last}"


def pages_of(module: DraftModule) -> list[Page]:
    pages: list[Page] = []
    first, letters = 1, 0
    for number, parameter in enumerate(module.value.parameters, 1):
        own = _letters(parameter)
        if number > first and (number - first == MOST_DRAWN or letters + own > MOST_LETTERS):
            pages.append(Page(first, number - 1, letters))
            first, letters = number, 0
        letters += own
    return [*pages, Page(first, len(module.value.parameters), letters)]


def _letters(parameter: ManifestParameter) -> int:
    value = parameter.value
    return len(parameter.name) + len(value if isinstance(value, str) else shown(value))


def drawn_page(module: DraftModule, pages: Iterable[Page]) -> Page | None:
    """The one that was turned to, else the first that is not long."""
    if module.at is None:
        return next((page for page in pages if not page.is_long), None)
    return next((page for page in pages if module.at in page.places), None)


def drawn_places(page: Page | None, erring: Iterable[int]) -> frozenset[int]:
    """Beside the page, the first of those with errors."""
    return frozenset(page.places if page else ()) | frozenset(sorted(erring)[:MOST_DRAWN])


class Folded:
    """Parameters of one module that are not drawn, between the form and the draft. What stands for a saved one is made
    of its name, as a module's key is of nothing that changes: where somebody else saved meanwhile, it is the parameter
    of that name as it stands now."""

    def __init__(self, saved: ManifestModule | None) -> None:
        self._saved: dict[str, ManifestParameter] = {}
        self._marks: dict[str, list[str]] = {}
        times: Counter[str] = Counter()
        for parameter in saved.parameters if saved else ():
            times[parameter.name] += 1
            mark = f"{crc32(f'{times[parameter.name]} {parameter.name}'.encode()):08x}"
            # Of two that have the same mark, the second is told by all it holds.
            if mark not in self._saved:
                self._saved[mark] = parameter
                self._marks.setdefault(parameter.name, []).append(mark)

    def written(self, parameters: Iterable[tuple[ManifestParameter, bool]]) -> str:
        """For the form: each parameter, and whether it is deleted."""
        entries: list[Any] = []
        for parameter, gone in parameters:
            mark = self._mark(parameter)
            if not mark:
                extra = {"extra": parameter.extra} if parameter.extra else {}
                deleted = {"gone": 1} if gone else {}
                entries.append({"name": parameter.name, "value": parameter.value} | extra | deleted)
            elif entries and isinstance(entries[-1], str):
                entries[-1] += f" {'-' * gone}{mark}"
            else:
                entries.append("-" * gone + mark)
        return json.dumps({"folded": entries}, ensure_ascii=False, separators=(",", ":"))

    def _mark(self, parameter: ManifestParameter) -> str:
        marks = self._marks.get(parameter.name, ())
        return next((mark for mark in marks if _say_the_same(self._saved[mark], parameter)), "")

    def read(self, entries: object) -> Iterator[tuple[ManifestParameter, bool]]:
        """From the form. One that somebody deleted meanwhile leaves its place empty, since buttons tell places; an
        empty one is not saved. Raises ValueError for what `written` does not write."""
        if not isinstance(entries, list):
            raise ValueError("no list")
        for entry in entries:
            if isinstance(entry, str):
                for mark in entry.split():
                    yield self._saved.get(mark.removeprefix("-"), ManifestParameter("")), mark.startswith("-")
            else:
                yield _carried(entry)


def _say_the_same(one: ManifestParameter, other: ManifestParameter) -> bool:
    """By their JSON: 1 is neither 1.0 nor true there."""
    return one.name == other.name and same(one.value, other.value) and same(one.extra, other.extra)


def _carried(entry: object) -> tuple[ManifestParameter, bool]:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
        raise ValueError("no parameter")
    extra = entry.get("extra", {})
    if "value" not in entry or not isinstance(extra, dict):
        raise ValueError("no parameter")
    return ManifestParameter(entry["name"], entry["value"], extra), "gone" in entry
