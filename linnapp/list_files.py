"""A list as a file: rows in, an answer out that is read row by row."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from django.http import StreamingHttpResponse

from linnapp.cells import guarded

Pages = Iterable[Iterable[Sequence[object]]]


def as_csv(filename: str, labels: Sequence[str], pages: Pages) -> StreamingHttpResponse:
    writer = csv.writer(_Echo())
    # Made into text at once: rows are many times as large.
    parts = ("".join(writer.writerow(map(_harmless, row)) for row in rows) for rows in pages)
    return _as_file(f"{filename}.csv", "text/csv; charset=utf-8", _with_head(writer.writerow(labels), parts))


def as_json(filename: str, labels: Sequence[str], pages: Pages) -> StreamingHttpResponse:
    """One array of objects with the columns' names. A file that broke off in the middle can be told by that it has no
    end."""
    return _as_file(f"{filename}.json", "application/json", _json(labels, pages))


def _json(labels: Sequence[str], pages: Pages) -> Iterator[str]:
    names = [label.lower().replace(" ", "_") for label in labels]
    before = "["
    for rows in pages:
        for row in rows:
            told = json.dumps(dict(zip(names, row, strict=True)), default=_written, ensure_ascii=False)
            yield f"{before}\n{told}"
            before = ","
    yield "[]\n" if before == "[" else "\n]\n"


def _as_file(name: str, kind: str, parts: Iterable[str]) -> StreamingHttpResponse:
    response = StreamingHttpResponse(parts, content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _written(value: object) -> str:
    """Of what JSON has no form for."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _harmless(value: object) -> str:
    """A spreadsheet runs a cell that begins with one of these as a formula; the apostrophe makes it text."""
    if isinstance(value, list):
        value = "\n".join(value)
    return guarded("" if value is None else _written(value))


def _with_head(head: str, parts: Iterable[str]) -> Iterator[str]:
    yield head
    yield from parts


class _Echo:
    """A file that hands back what is written: the csv module wants one."""

    def write(self, value: str) -> str:
        return value
