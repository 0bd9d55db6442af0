"""Workbooks that people send: read once it is known how much there is in them to read. No ORM."""

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from openpyxl import load_workbook

from linnapp.workbook_writing import read_as

MOST_UNPACKED = 64 * 1024 * 1024
# Of all parts but sheets and texts; and of elements in those, by their opening brackets.
MOST_OF_ANOTHER_PART = 4 * 1024 * 1024
MOST_BRACKETS, MOST_BRACKETS_OF_ANOTHER_PART = 6_000_000, 100_000
# Elements for each row, cell and text, such as a text in three fonts has; and beside those, such as merged cells. The
# library builds each before anybody knows what it is.
MOST_ELEMENTS_EACH, MOST_OTHER_ELEMENTS = 20, 100_000
MOST_PARTS, MOST_SHEETS, MOST_TEXTS = 1_000, 20, 300_000
MOST_ROWS, MOST_CELLS_IN_ROW = 100_000, 1_000
CHUNK = 1024 * 1024
# What a workbook may hold once, however its name space is spelled.
SHEET, TEXT = (re.compile(rb"<(?:\w+:)?" + name + rb"[\s>/]") for name in (b"sheet", b"si"))
# No program writes a type of document into a workbook; its entities unpack once more. In UTF-16 too.
DECLARED = re.compile(rb"<\0?!\0?[dD]\0?[oO]\0?[cC]")
ROW = re.compile(rb"<(?:\w+:)?row[\s>/]")
CELL = re.compile(rb"<(?:\w+:)?c[\s>/]")
# A cell that says it stands past column 702. The library fills up each row to its last cell.
FAR_OUT = re.compile(rb"<(?:\w+:)?c\s[^>]*?\br\s*=\s*[\"'](?:[A-Za-z]{3}|[^\"'>]*&)")
LARGE_PARTS = ("xl/worksheets/", "xl/sharedStrings")
TOO_LARGE = "The workbook is too large when unpacked. Send it in parts, or as CSV."
ODD = "This workbook cannot be opened. Save it again as .xlsx, or as CSV."
WIDE = f"A row of the workbook has more than {MOST_CELLS_IN_ROW:,} cells. Delete the empty columns, or send it as CSV."


class Unreadable(Exception):
    """Why a file is no table, and what to do about it."""


def lines_of_sheet(content: bytes) -> Iterator[Sequence[Any]]:
    """The first sheet. Raises Unreadable: what is large is refused unread, and of what is odd the library raises
    whatever it stumbled over."""
    try:
        _refuse_bombs(content)
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet: Any = book.worksheets[0]
        sheet.reset_dimensions()
        for line in sheet.iter_rows(values_only=True):
            yield [read_as(value) if isinstance(value, str) else value for value in line]
    except Unreadable:
        raise
    except Exception as fault:
        raise Unreadable(ODD) from fault
    book.close()


def _refuse_bombs(content: bytes) -> None:
    """What it unpacks to is read off its directory first, then counted while it is unpacked, piece by piece."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        parts = packed.infolist()
        if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
            raise Unreadable(TOO_LARGE)
        sheets = 0
        for part in parts:
            if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise Unreadable(ODD)
            sheets += _count(packed, part)
    if sheets > MOST_SHEETS:
        raise Unreadable(f"Send a workbook with one sheet, or {MOST_SHEETS} at most.")


def _count(packed: zipfile.ZipFile, part: zipfile.ZipInfo) -> int:
    """The sheets that a part names."""
    large = part.filename.startswith(LARGE_PARTS)
    if not large and part.file_size > MOST_OF_ANOTHER_PART:
        raise Unreadable(TOO_LARGE)
    most = MOST_BRACKETS if large else MOST_BRACKETS_OF_ANOTHER_PART
    brackets = elements = texts = rows = cells = of_last = sheets = 0
    with packed.open(part) as opened:
        for chunk in _pieces(opened):
            if DECLARED.search(chunk):
                raise Unreadable(ODD)
            found = chunk.count(b"<")
            brackets, elements = brackets + found, elements + found - chunk.count(b"</")
            texts, rows = texts + len(TEXT.findall(chunk)), rows + len(ROW.findall(chunk))
            if brackets > most or texts > MOST_TEXTS or rows > MOST_ROWS:
                raise Unreadable(TOO_LARGE)
            sheets += len(SHEET.findall(chunk))
            if large:
                if FAR_OUT.search(chunk):
                    raise Unreadable(WIDE)
                counted, of_last = _cells(chunk, of_last)
                cells += counted
            if elements > MOST_ELEMENTS_EACH * (rows + cells + texts) + MOST_OTHER_ELEMENTS:
                raise Unreadable(TOO_LARGE)
    return sheets


def _pieces(opened: Any) -> Iterator[bytes]:
    """Each ends before an element, so that none is torn apart."""
    begun = b""
    while chunk := opened.read(CHUNK):
        piece = begun + chunk
        end = max(piece.rfind(b"<"), 0)
        yield piece[:end]
        begun = piece[end:] if end else b""
    yield begun


def _cells(chunk: bytes, begun: int) -> tuple[int, int]:
    """How many there are in it, and in its last row so far, of which `begun` stood in the piece before."""
    counted = 0
    for number, row in enumerate(ROW.split(chunk)):
        found = len(CELL.findall(row))
        counted, begun = counted + found, found + (0 if number else begun)
        if begun > MOST_CELLS_IN_ROW:
            raise Unreadable(WIDE)
    return counted, begun
