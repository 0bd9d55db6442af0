"""Where in a JSON text each of its values stands, so that an error named by path can be shown at its line."""

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]

from linnapp.manifest.json_values import join

SPACE = re.compile(r"[ \t\n\r]*")
SCALAR = re.compile(r"[^\s,\]}]+")
STEP = re.compile(r"[.\[]")
# Reads integers of any length, which Python itself refuses.
DECODER = json.JSONDecoder(parse_int=len)


def places(text: str, paths: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Line and column, from 1, of the values under these paths, by `plain` path; of a value that is missing, of the
    nearest one that it would stand in. Empty where the text is not JSON."""
    wanted = {plain(path) for path in paths}
    try:
        DECODER.decode(text.removeprefix("\ufeff"))
        walk = _Walk(text, wanted)
        walk.value(len(text) - len(text.removeprefix("\ufeff")), "")
    except (ValueError, RecursionError):
        return {}
    breaks = [found.start() for found in re.finditer("\n", text)]
    return {path: _line_and_column(breaks, _nearest(path, walk.found)) for path in wanted}


def _nearest(path: str, found: dict[str, int]) -> int:
    return next((found[around] for around in _outwards(path) if around in found), 0)


def _outwards(path: str) -> Iterator[str]:
    yield path
    yield from (path[: step.start()] for step in reversed(list(STEP.finditer(path))))
    yield ""


def plain(path: str) -> str:
    """Members are read in any letter case; errors name them in the export's."""
    return path.casefold()


def _line_and_column(breaks: list[int], at: int) -> tuple[int, int]:
    """`breaks` are the places of all line breaks: counting them anew for each value takes minutes in a large text."""
    line = bisect_left(breaks, at)
    return line + 1, at - (breaks[line - 1] if line else -1)


class _Walk:
    """Goes through a text that is known to be JSON, and notes where each wanted value begins, and each that one stands
    in. Of members that stand twice the last counts. What leads to nothing wanted is skipped unread."""

    def __init__(self, text: str, wanted: set[str]) -> None:
        self.text = text
        self.wanted = sorted(wanted)
        self.found: dict[str, int] = {}

    def space(self, at: int) -> int:
        found = SPACE.match(self.text, at)
        return found.end() if found else at

    def value(self, at: int, path: str) -> int:
        """Notes the value at this place and what is in it; where it ends."""
        at, key = self.space(at), plain(path)
        leads = self.leads(key)
        if leads or self.is_wanted(key):
            self.found[key] = at
        first = self.text[at]
        if first == "{" and leads:
            return self.members(at + 1, path)
        if first == "[" and leads:
            return self.items(at + 1, path)
        if first in '{["':
            return DECODER.raw_decode(self.text, at)[1]
        found = SCALAR.match(self.text, at)
        return found.end() if found else at + 1

    def is_wanted(self, key: str) -> bool:
        place = bisect_left(self.wanted, key)
        return place < len(self.wanted) and self.wanted[place] == key

    def leads(self, key: str) -> bool:
        """Whether a wanted path begins with this one: those that do stand side by side, right behind it."""
        place = bisect_right(self.wanted, key)
        return place < len(self.wanted) and self.wanted[place].startswith(key)

    def members(self, at: int, path: str) -> int:
        while self.text[at := self.space(at)] != "}":
            if self.text[at] == ",":
                at = self.space(at + 1)
            name, at = scanstring(self.text, at + 1)
            at = self.value(self.space(at) + 1, join(path, name))
        return at + 1

    def items(self, at: int, path: str) -> int:
        place = 0
        while self.text[at := self.space(at)] != "]":
            at = self.value(at + 1 if self.text[at] == "," else at, f"{path}[{place}]")
            place += 1
        return at + 1
