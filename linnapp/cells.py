"""Cells of files that spreadsheets open: a text that one would run as a formula is written as text, and read back as
it was. No ORM."""

import re

# What begins a formula in some spreadsheet, the wide forms of East Asian ones included.
_BEGINS_FORMULA = r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
_FORMULA = re.compile(f"'*{_BEGINS_FORMULA}")
_GUARDED = re.compile(f"'+{_BEGINS_FORMULA}")


def guarded(text: str) -> str:
    """With an apostrophe before what would be run. So has a text that looks guarded already: each is read back by
    taking one off."""
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(cell: str) -> str:
    """The text that `guarded` was given. An apostrophe before anything else is somebody's own, and stays."""
    return cell[1:] if _GUARDED.match(cell) else cell
