"""Files that are made to be too much: refused in words, for less work than an ordinary file, whatever their directory
says."""

import io
import struct
import time
import zipfile
from collections.abc import Callable, Iterable

import pytest
from openpyxl import Workbook

from linnapp import workbook_reading
from linnapp.import_files import read_table
from linnapp.workbook_reading import CHUNK, Unreadable

SPREADSHEET = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
SHEET, TEXTS, BOOK = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml"
HEAD, END = b"<worksheet %s><sheetData>" % SPREADSHEET, b"</sheetData></worksheet>"


def workbook(part: str, pieces: Iterable[bytes]) -> bytes:
    """A real one, in which one part is replaced."""
    made, written = io.BytesIO(), io.BytesIO()
    book = Workbook()
    book.worksheets[0].append(["id", "name"])
    book.save(made)
    with zipfile.ZipFile(made) as real, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        for name in real.namelist():
            if name != part:
                packed.writestr(name, real.read(name))
        with packed.open(part, "w") as opened:
            for piece in pieces:
                opened.write(piece)
    return written.getvalue()


def too_large() -> bytes:
    """A gigabyte takes as long to refuse, and a quarter of a minute to make."""
    return workbook(SHEET, (b"0" * CHUNK for _ in range(80)))


def too_large_and_called_a_kilobyte() -> bytes:
    content = bytearray(too_large())
    at = content.find(b"PK\x01\x02")
    while at >= 0:
        struct.pack_into("<I", content, at + 24, 1000)
        at = content.find(b"PK\x01\x02", at + 4)
    return bytes(content)


def entities_of_entities() -> bytes:
    names = b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 100) for n in range(1, 6))
    inside = b'<row><c t="inlineStr"><is><t>&a5;</t></is></c></row>'
    return workbook(SHEET, (b'<!DOCTYPE x [<!ENTITY a0 "aaaa">', names, b"]>", HEAD, inside, END))


def one_entity_often(encoding: str = "utf-8") -> bytes:
    """Each unpacks to 60 kB, and comments pad the part past the parser's own measure of that."""
    declared = '<!DOCTYPE x [<!ENTITY a "%s">]>' % ("a" * 60_000)
    cell = '<row><c t="inlineStr"><is><t>%s</t></is></c></row>' % ("&a;" * 18_000)
    texts = (declared, HEAD.decode(), *["<!--%s-->" % (" " * 100_000)] * 120, cell, END.decode())
    return workbook(SHEET, [text.encode(encoding) for text in texts])


def to_the_last_column(column: bytes) -> bytes:
    return workbook(SHEET, (HEAD, b'<row><c r="%s1"/></row>' % column * 20_000, END))


def a_row_of_a_million(prefix: bytes) -> bytes:
    cells = b"<%sc><v>1</v></%sc>" % (prefix, prefix)
    return workbook(SHEET, (HEAD, b"<%srow>" % prefix, *(cells * 10_000 for _ in range(100)), END))


BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "too large": (too_large, "too large"),
    "too large, called 1 kB": (too_large_and_called_a_kilobyte, "cannot be opened"),
    "a million columns": (lambda: a_row_of_a_million(b""), "more than 1,000 cells"),
    "a million columns in a name space": (lambda: a_row_of_a_million(b"x:"), "more than 1,000 cells"),
    "ten million rows": (lambda: workbook(SHEET, (HEAD, *([b"<row/>" * 100_000] * 100))), "too large"),
    "fifteen million elements of no kind": (
        lambda: workbook(SHEET, (HEAD, *([b"<a/>" * 262_144] * 60), END)),
        "too large",
    ),
    "fifteen million values without a cell": (
        lambda: workbook(SHEET, (HEAD, b"<row><c>", *([b"<v/>" * 262_144] * 60), b"</c></row>", END)),
        "too large",
    ),
    "as many elements as are let through": (
        lambda: workbook(SHEET, (HEAD, *([b"<a/>" * 1_000] * 99), END)),
        "name each column",
    ),
    "four million texts": (lambda: workbook(TEXTS, [b"<si><t/></si>" * 80_000] * 50), "too large"),
    "a hundred thousand sheets": (
        lambda: workbook(BOOK, [b"<workbook %s>" % SPREADSHEET, b'<sheet name="a" sheetId="1"/>' * 90_000]),
        "20 at most",
    ),
    "styles": (lambda: workbook("xl/styles.xml", [b"<xf/>" * 500_000]), "too large"),
    "entities of entities": (entities_of_entities, "cannot be opened"),
    "one entity, often": (one_entity_often, "cannot be opened"),
    "one entity, often, in UTF-16": (lambda: one_entity_often("utf-16-be"), "cannot be opened"),
    "rows to the last column": (lambda: to_the_last_column(b"XFD"), "more than 1,000 cells"),
    "rows to the last column, by a number": (lambda: to_the_last_column(b"&#88;FD"), "more than 1,000 cells"),
    "names without an end": (lambda: b'[{"' + b"a" * 9_000_000 + b'": 1}]', "characters"),
    "a name of no text": (lambda: b'[{"\\ud800": 1}]', "not text"),
    "a column twice": (lambda: b'[{"id": 1, "id": 2}]', "same column twice"),
    "torn": (lambda: workbook(SHEET, [HEAD, b"<row><c>"]), "cannot be opened"),
    "one line": (lambda: b"a" * 10_000_000, "first line has no end"),
    "a second line without an end": (lambda: b"id,name\n" + b"," * 10_000_000, "Line 2 has more than"),
    "a record over many lines": (lambda: b"id,name\n" + b'"\n",' * 2_000_000, "more cells than the heading"),
    "a quote without an end": (lambda: b'id,name\n"' + b"a\n" * 5_000_000, "is not CSV"),
    "empty lines": (lambda: b"id,name\n" + b"\n" * 10_000_000, "rows"),
    "a mark of nothing": (lambda: b"\xef\xbb\xbf", "empty"),
    "no text": (lambda: b"id,name\n\0,1\n", "not text"),
    "half of a character": (lambda: b'[{"id": "\\ud800"}]', "not text"),
    "deep JSON": (lambda: b'{"a":' * 2_000_000, "rows"),
    "three million objects": (lambda: b"[" + b"{}," * 3_000_000 + b"{}]", "rows"),
    "an object of a million": (lambda: b"[{" + b",".join(b'"%d":1' % n for n in range(900_000)) + b"}]", "columns"),
}


def three_fonts() -> bytes:
    """Ten thousand rows as people send them."""
    run = b'<r><rPr><b/><sz val="11"/><color rgb="FFFF0000"/><rFont val="Arial"/></rPr><t>x</t></r>'
    rows = b'<row><c t="inlineStr"><is>' + run * 3 + b"</is></c></row>"
    head = b'<row><c t="inlineStr"><is><t>name</t></is></c></row>'
    return workbook(SHEET, (HEAD, head, *([rows * 1_000] * 10), END))


@pytest.fixture(scope="module")
def ordinary() -> float:
    """Seconds of work that an ordinary file costs here and now; how busy the machine is weighs on both."""
    content, begun = three_fonts(), time.process_time()
    read_table("x", content)
    return time.process_time() - begun


@pytest.mark.parametrize("name", BOMBS)
def test_what_is_made_to_be_too_much_is_refused_for_little_work(name: str, ordinary: float) -> None:
    make, words = BOMBS[name]
    content, begun = make(), time.process_time()
    with pytest.raises(Unreadable, match=words):
        read_table("x", content)
    assert time.process_time() - begun < 2 * ordinary


def test_texts_in_three_fonts_are_read() -> None:
    """What is counted beside cells leaves room for what people really send."""
    assert len(read_table("x", three_fonts()).rows) == 10_000


def test_a_row_torn_between_two_pieces_is_counted_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Elements are told by their beginnings, of which none may lie over the end of a piece."""
    book, written = Workbook(), io.BytesIO()
    book.worksheets[0].append([f"column {n}" for n in range(50)])
    book.worksheets[0].append(list(range(50)))
    book.save(written)
    for size in range(60, 75):
        monkeypatch.setattr(workbook_reading, "CHUNK", size)
        assert len(read_table("x", written.getvalue()).rows[0].cells) == 50
        monkeypatch.setattr(workbook_reading, "MOST_CELLS_IN_ROW", 49)
        with pytest.raises(Unreadable, match="cells"):
            read_table("x", written.getvalue())
        monkeypatch.setattr(workbook_reading, "MOST_CELLS_IN_ROW", 50)
