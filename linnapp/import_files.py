"""Tables that people send as files: CSV, XLSX and JSON, read within limits. No ORM."""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from linnapp.cells import unguarded

MOST_BYTES = 10 * 1024 * 1024
MOST_UNPACKED = 64 * 1024 * 1024
MOST_ROWS, MOST_COLUMNS, MOST_CHARACTERS, MOST_SHEETS = 50_000, 60, 20_000, 20
HOW = "Send the file as the export of this list makes it."


class Unreadable(Exception):
    """Why a file is no table, and what to do about it."""


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
        raise Unreadable("The file has more than 10 MB. Send it in parts.")
    if not content.strip():
        raise Unreadable(f"The file is empty. {HOW}")
    if content.startswith(b"PK\x03\x04"):
        return _table(_sheet(content))
    if content.startswith((b"\xd0\xcf\x11\xe0",)):
        raise Unreadable("This is a workbook of an old kind (.xls). Save it as .xlsx, or as CSV.")
    text, note = _decoded(content)
    if text.lstrip()[:1] in ("[", "{"):
        return _json(text)
    return _table(_lines(text), note)


def _decoded(content: bytes) -> tuple[str, str]:
    for start, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig")):
        if content.startswith(start):
            return content.decode(encoding, errors="replace"), ""
    try:
        return content.decode("utf-8"), ""
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace"), "It is no UTF-8, and was read as Windows-1252."


def _lines(text: str) -> Iterator[Sequence[Any]]:
    head = text[:MOST_CHARACTERS].splitlines()[0]
    if len(head) >= MOST_CHARACTERS:
        raise Unreadable(f"The first line has no end. {HOW}")
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    try:
        yield from reader
    except csv.Error as fault:
        raise Unreadable(f"Line {reader.line_num} is no CSV: {fault}. {HOW}") from fault


def _sheet(content: bytes) -> Iterator[Sequence[Any]]:
    """The first sheet. What it unpacks to is looked at before anything is."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(part.file_size for part in packed.infolist()) > MOST_UNPACKED:
                raise Unreadable("The workbook is too large once it is unpacked. Send it in parts, or as CSV.")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as fault:
        raise Unreadable("This workbook cannot be opened. Save it anew as .xlsx, or as CSV.") from fault
    if len(book.worksheets) > MOST_SHEETS or not book.worksheets:
        raise Unreadable(f"Send a workbook with one sheet, and {MOST_SHEETS} at most.")
    sheet: Any = book.worksheets[0]
    sheet.reset_dimensions()
    try:
        yield from sheet.iter_rows(values_only=True)
    finally:
        book.close()


def _table(lines: Iterable[Sequence[Any]], note: str = "") -> Table:
    found = iter(lines)
    columns = [_cell(value).strip() for value in next(found, ())]
    while columns and not columns[-1]:
        columns.pop()
    _check_columns(columns)
    rows: list[Row] = []
    for number, line in enumerate(found, start=2):
        cells = [_cell(value) for value in line]
        if not any(cells):
            continue
        if any(cells[len(columns) :]):
            raise Unreadable(f"Line {number} has more cells than the heading. {HOW}")
        rows.append(Row(number, dict(zip(columns, cells, strict=False))))
        if len(rows) > MOST_ROWS or number > 2 * MOST_ROWS:
            raise Unreadable(f"More than {MOST_ROWS:,} rows. Send it in parts.")
    return Table(columns, rows, note)


def _check_columns(columns: list[str]) -> None:
    if len(columns) > MOST_COLUMNS:
        raise Unreadable(f"More than {MOST_COLUMNS} columns. {HOW}")
    if not columns or not all(columns):
        raise Unreadable(f"The first line must name each column. {HOW}")
    if twice := {name for name in columns if columns.count(name) > 1}:
        raise Unreadable(f"The column {sorted(twice)[0]} stands twice in the first line.")


def _text(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else str(value)
    if len(text) > MOST_CHARACTERS:
        raise Unreadable(f"A cell has more than {MOST_CHARACTERS:,} characters.")
    return text


def _cell(value: Any) -> str:
    return unguarded(_text(value))


def _json(text: str) -> Table:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as fault:
        raise Unreadable(f"This is no JSON: {fault}.") from fault
    if not (isinstance(found, list) and found and all(isinstance(each, dict) for each in found)):
        raise Unreadable(f"A JSON file must be a list of objects. {HOW}")
    columns = list(dict.fromkeys(name for each in found for name in each))
    _check_columns(columns)
    if len(found) > MOST_ROWS:
        raise Unreadable(f"More than {MOST_ROWS:,} rows. Send it in parts.")
    rows = [Row(n, {name: _text(value) for name, value in each.items()}) for n, each in enumerate(found, start=1)]
    return Table(columns, rows)
