"""Where in a JSON text each of its values stands, so that an error named by path can be shown at its line."""

import json
import re
from bisect import bisect_left
from collections.abc import Iterable
from json.decoder import scanstring  # type: ignore[attr-defined]

from linnapp.manifest.json_values import join

SPACE = re.compile(r"[ \t\n\r]*")
SCALAR = re.compile(r"[^\s,\]}]+")


def places(text: str, paths: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Line and column, from 1, of the values under these paths, by `plain` path; empty where the text is not JSON."""
    try:
        json.loads(text)
        walk = _Walk(text, {plain(path) for path in paths})
        walk.value(0, "")
    except (ValueError, RecursionError):
        return {}
    breaks = [found.start() for found in re.finditer("\n", text)]
    return {path: _line_and_column(breaks, at) for path, at in walk.found.items()}


def plain(path: str) -> str:
    """Members are read in any letter case; errors name them in the export's."""
    return path.casefold()


def _line_and_column(breaks: list[int], at: int) -> tuple[int, int]:
    """`breaks` are the places of all line breaks: counting them anew for each value takes minutes in a large text."""
    line = bisect_left(breaks, at)
    return line + 1, at - (breaks[line - 1] if line else -1)


class _Walk:
    """Goes through a text that is known to be JSON, and notes where each wanted value begins. A path is None, and
    spelled no further, where nothing wanted stands below it."""

    def __init__(self, text: str, wanted: set[str]) -> None:
        self.text = text
        self.wanted = wanted
        self.found: dict[str, int] = {}

    def space(self, at: int) -> int:
        found = SPACE.match(self.text, at)
        return found.end() if found else at

    def value(self, at: int, path: str | None) -> int:
        """Notes the value at this place and what is in it; where it ends."""
        at = self.space(at)
        if path is not None and (key := plain(path)) in self.wanted:
            self.found.setdefault(key, at)
        first = self.text[at]
        if first == "{":
            return self.members(at + 1, self.way(path))
        if first == "[":
            return self.items(at + 1, self.way(path))
        if first == '"':
            return int(scanstring(self.text, at + 1)[1])
        found = SCALAR.match(self.text, at)
        return found.end() if found else at + 1

    def way(self, path: str | None) -> str | None:
        """The path, where it leads to a wanted value."""
        if path is None:
            return None
        begin = plain(path)
        return path if any(wanted != begin and wanted.startswith(begin) for wanted in self.wanted) else None

    def members(self, at: int, path: str | None) -> int:
        while self.text[at := self.space(at)] != "}":
            if self.text[at] == ",":
                at = self.space(at + 1)
            name, at = scanstring(self.text, at + 1)
            at = self.value(self.space(at) + 1, None if path is None else join(path, name))
        return at + 1

    def items(self, at: int, path: str | None) -> int:
        place = 0
        while self.text[at := self.space(at)] != "]":
            inner = None if path is None else f"{path}[{place}]"
            at = self.value(at + 1 if self.text[at] == "," else at, inner)
            place += 1
        return at + 1
