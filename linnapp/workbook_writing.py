"""Workbooks (XLSX) written row by row into a stream: neither memory nor a disk holds one in the clear. A cell is
a text or a number: there is no way to write a formula. No ORM."""

import re
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import IO, NamedTuple
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

# What spreadsheets take of one cell, in UTF-16 units.
MOST_CHARACTERS = 32_767
# Larger ones are rounded.
MOST_DIGITS = 10**15
COMPRESSION = 4

_SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PARTS = {
    "[Content_Types].xml": f"""<Types xmlns="{_PACKAGE}/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>
<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/>
<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPES}.worksheet+xml"/></Types>""",
    "_rels/.rels": f"""<Relationships xmlns="{_PACKAGE}/relationships">
<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>""",
    "xl/workbook.xml": f"""<workbook xmlns="{_SPREADSHEET}" xmlns:r="{_OFFICE}">
<sheets><sheet name="Export" sheetId="1" r:id="rId1"/></sheets></workbook>""",
    "xl/_rels/workbook.xml.rels": f"""<Relationships xmlns="{_PACKAGE}/relationships">
<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>
<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>""",
    # 0: as it comes; 1: text (format 49), which stays text where somebody types over it; 2: the heading.
    "xl/styles.xml": f"""<styleSheet xmlns="{_SPREADSHEET}">
<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font>
</fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>
</fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>
<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>
<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>
<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/></cellXfs>
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>""",
}
_BEFORE_ROWS = f"""{_HEAD}<worksheet xmlns="{_SPREADSHEET}"><sheetViews><sheetView workbookViewId="0">
<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>
<sheetFormatPr defaultRowHeight="15"/><sheetData>"""
_AFTER_ROWS = "</sheetData></worksheet>"
_TEXT, _HEADING = 1, 2
# What XML cannot hold is spelled _xHHHH_, and so is an underscore that would begin such a spelling.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]|_(?=x[0-9A-Fa-f]{4}_)")
_SPELLED = re.compile("_x(00[01][0-9A-Fa-f]|005[Ff]|[Ff]{3}[EeFf])_")

Cell = str | int


class Written(NamedTuple):
    """`cut` counts the texts that were longer than a cell may be."""

    rows: int
    cut: int


def write(into: IO[bytes], heading: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Written:
    """One sheet with a heading that stays in sight. `into` need not be seekable."""
    written = cut = 0
    with ZipFile(into, "w", ZIP_DEFLATED, compresslevel=COMPRESSION) as packed:
        for name, text in _PARTS.items():
            packed.writestr(name, _HEAD + text)
        with packed.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write((_BEFORE_ROWS + _row(heading, _HEADING)).encode())
            for row in rows:
                written += 1
                cut += sum(isinstance(cell, str) and _is_long(cell) for cell in row)
                sheet.write(_row(row, _TEXT).encode())
            sheet.write(_AFTER_ROWS.encode())
    return Written(written, cut)


def _row(cells: Sequence[Cell], style: int) -> str:
    return "".join(chain(("<row>",), (_cell(cell, style) for cell in cells), ("</row>",)))


def _cell(value: Cell, style: int) -> str:
    if isinstance(value, int) and abs(value) < MOST_DIGITS:
        return f"<c><v>{value}</v></c>"
    if value == "":
        # Marked as text, so that what is typed there stays what was typed.
        return f'<c s="{style}"/>'
    text = escape(spelled(shortened(str(value))))
    return f'<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _is_long(text: str) -> bool:
    # Most are so short that they need not be encoded to be measured.
    return len(text) > MOST_CHARACTERS // 2 and len(text.encode("utf-16-le")) // 2 > MOST_CHARACTERS


def shortened(text: str) -> str:
    """What fits a cell; a character of two units is not torn apart."""
    if not _is_long(text):
        return text
    return text.encode("utf-16-le")[: 2 * MOST_CHARACTERS].decode("utf-16-le", errors="ignore")


def spelled(text: str) -> str:
    """As the text of a cell stands in XML."""
    return _NOT_IN_XML.sub(lambda found: f"_x{ord(found.group()):04X}_", text)


def read_as(text: str) -> str:
    """The text that `spelled` was given."""
    return _SPELLED.sub(lambda found: chr(int(found.group(1), 16)), text)
