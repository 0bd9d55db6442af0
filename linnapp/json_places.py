"""Where in a JSON text each of its values stands, so that an error named by path can be shown at its line."""

import json
import re
from json.decoder import scanstring  # type: ignore[attr-defined]

SPACE = re.compile(r"[ \t\n\r]*")
SCALAR = re.compile(r"[^\s,\]}]+")


def places(text: str) -> dict[str, tuple[int, int]]:
    """Line and column, from 1, of each value by its `plain` path; empty where the text is not JSON."""
    try:
        json.loads(text)
        walk = _Walk(text)
        walk.value(0, "")
    except (ValueError, RecursionError):
        return {}
    return {path: _line_and_column(text, at) for path, at in walk.found.items()}


def plain(path: str) -> str:
    """Members are read in any letter case; errors name them in the export's."""
    return path.casefold()


def _line_and_column(text: str, at: int) -> tuple[int, int]:
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


class _Walk:
    """Goes through a text that is known to be JSON, and notes where each value begins."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.found: dict[str, int] = {}

    def space(self, at: int) -> int:
        found = SPACE.match(self.text, at)
        return found.end() if found else at

    def value(self, at: int, path: str) -> int:
        """Notes the value at this place and what is in it; where it ends."""
        at = self.space(at)
        self.found.setdefault(plain(path), at)
        first = self.text[at]
        if first == "{":
            return self.members(at + 1, path)
        if first == "[":
            return self.items(at + 1, path)
        if first == '"':
            return int(scanstring(self.text, at + 1)[1])
        found = SCALAR.match(self.text, at)
        return found.end() if found else at + 1

    def members(self, at: int, path: str) -> int:
        while self.text[at := self.space(at)] != "}":
            if self.text[at] == ",":
                at = self.space(at + 1)
            name, at = scanstring(self.text, at + 1)
            at = self.value(self.space(at) + 1, f"{path}.{name}" if path else name)
        return at + 1

    def items(self, at: int, path: str) -> int:
        place = 0
        while self.text[at := self.space(at)] != "]":
            at = self.value(at + 1 if self.text[at] == "," else at, f"{path}[{place}]")
            place += 1
        return at + 1
