"""Tables that people send as files: CSV, XLSX and JSON, read within limits. No ORM."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from linnapp.byte_marks import MARKS, text_of
from linnapp.cells import unguarded
from linnapp.workbook_reading import Unreadable, lines_of_sheet

MOST_BYTES = 10 * 1024 * 1024
MOST_ROWS, MOST_COLUMNS, MOST_CHARACTERS = 50_000, 60, 20_000
# Of a line of text, before it is told apart into cells; and of a JSON file, before it is read.
MOST_OF_LINE, MOST_BRACKETS = 200_000, 10 * MOST_ROWS
MOST_OF_NAME = 200
# A heading may be followed by empty cells.
MOST_HEADINGS = 1_000
# The database keeps neither.
NO_TEXT = re.compile("[\0\ud800-\udfff]")
HOW = "Use the same format as this list's export."


@dataclass(frozen=True)
class Row:
    """`number` is the line that a person finds it at, the heading being the first."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Table:
    columns: list[str]
    rows: list[Row]
    # How it was read, where that was a guess.
    note: str = ""


def read_table(name: str, content: bytes) -> Table:
    """Raises Unreadable. The kind of file is told by its first bytes, not by its name."""
    if len(content) > MOST_BYTES:
        raise Unreadable("The file has more than 10 MB. Upload it in parts.")
    if not content.strip():
        raise Unreadable(f"The file is empty. {HOW}")
    if content.startswith(b"PK\x03\x04"):
        return _table(lines_of_sheet(content))
    if content.startswith((b"\xd0\xcf\x11\xe0",)):
        raise Unreadable("This is an old Excel workbook (.xls). Save it as .xlsx, or as CSV.")
    text, note = _decoded(content)
    if not text.strip():
        raise Unreadable(f"The file is empty. {HOW}")
    if text.lstrip()[:1] in ("[", "{"):
        return _json(text)
    return _table(_lines(text), note)


def _decoded(content: bytes) -> tuple[str, str]:
    try:
        return text_of(content), ""
    except UnicodeDecodeError as fault:
        if content.startswith(MARKS):
            raise Unreadable("The file starts as UTF-8 or UTF-16 but is damaged. Save it again as UTF-8.") from fault
        return content.decode("cp1252", errors="replace"), "It is not UTF-8, so it was read as Windows-1252."


def _lines(text: str) -> Iterator[Sequence[Any]]:
    head = text[:MOST_CHARACTERS].splitlines()[0]
    if len(head) >= MOST_CHARACTERS:
        raise Unreadable(f"The first line has no end. {HOW}")
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(_short(text), delimiter=delimiter, strict=True)
    try:
        yield from reader
    except csv.Error as fault:
        raise Unreadable(f"Line {reader.line_num} is not CSV: {fault}. {HOW}") from fault


def _short(text: str) -> Iterator[str]:
    for number, line in enumerate(io.StringIO(text), start=1):
        if len(line) > MOST_OF_LINE:
            raise Unreadable(f"Line {number} has more than {MOST_OF_LINE:,} characters. {HOW}")
        yield line


def _table(lines: Iterable[Sequence[Any]], note: str = "") -> Table:
    found = iter(lines)
    columns = [_cell(value).strip() for value in next(found, ())[:MOST_HEADINGS]]
    while columns and not columns[-1]:
        columns.pop()
    _check_columns(columns)
    rows: list[Row] = []
    for number, line in enumerate(found, start=2):
        if len(rows) == MOST_ROWS or number > 2 * MOST_ROWS:
            raise Unreadable(f"More than {MOST_ROWS:,} rows. Upload it in parts.")
        if any(value not in (None, "") for value in line[len(columns) :]):
            raise Unreadable(f"Line {number} has more cells than the heading. {HOW}")
        cells = [_cell(value) for value in line[: len(columns)]]
        if not any(cells):
            continue
        rows.append(Row(number, dict(zip(columns, cells, strict=False))))
    return Table(columns, rows, note)


def _named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unreadable("A row of the file has the same column twice.")
    return found


def _check_columns(columns: list[str]) -> None:
    if any(len(name) > MOST_OF_NAME for name in columns):
        raise Unreadable(f"A column has a name of more than {MOST_OF_NAME} characters. {HOW}")
    if len(columns) > MOST_COLUMNS:
        raise Unreadable(f"More than {MOST_COLUMNS} columns. {HOW}")
    if not columns or not all(columns):
        raise Unreadable(f"The first line must name each column. {HOW}")
    if twice := {name for name in columns if columns.count(name) > 1}:
        raise Unreadable(f"The column {sorted(twice)[0]} appears twice in the first line.")


def _text(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else str(value)
    if len(text) > MOST_CHARACTERS:
        raise Unreadable(f"A cell has more than {MOST_CHARACTERS:,} characters.")
    if NO_TEXT.search(text):
        raise Unreadable(f"A cell contains a character that is not text. Remove it. {HOW}")
    return text


def _cell(value: Any) -> str:
    return unguarded(_text(value))


def _json(text: str) -> Table:
    if text.count("{") + text.count("[") > MOST_BRACKETS:
        raise Unreadable(f"More than {MOST_ROWS:,} rows. Upload it in parts.")
    # Texts may hold what looks like a name, though not so often.
    if any(piece.count('":') > 50 * MOST_COLUMNS for piece in text.split("}")):
        raise Unreadable(f"More than {MOST_COLUMNS} columns. {HOW}")
    try:
        # Numbers are taken as they are written, of any length.
        found = json.loads(text, object_pairs_hook=_named_once, parse_int=str, parse_float=str, parse_constant=str)
    except RecursionError as fault:
        raise Unreadable(f"This JSON is nested too deeply. {HOW}") from fault
    except ValueError as fault:
        raise Unreadable(f"This is not JSON: {fault}.") from fault
    if not (isinstance(found, list) and found and all(isinstance(each, dict) for each in found)):
        raise Unreadable(f"A JSON file must be a list of objects. {HOW}")
    columns = list(dict.fromkeys(_text(name) for each in found for name in each))
    _check_columns(columns)
    if len(found) > MOST_ROWS:
        raise Unreadable(f"More than {MOST_ROWS:,} rows. Upload it in parts.")
    rows = [Row(n, {name: _text(value) for name, value in each.items()}) for n, each in enumerate(found, start=1)]
    return Table(columns, rows)
