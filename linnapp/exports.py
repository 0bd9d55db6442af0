"""What goes into a file of a list of the admin, and what is put on record of it.

Read by keyset of the primary key, a few rows at a time, while the file is written: no transaction, cursor or list of
all rows is held for somebody slow.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ALL_VAR, ERROR_FLAG, ORDER_VAR, PAGE_VAR, SEARCH_VAR
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import slugify

from linnapp import credentials, kinds, pages, timeline
from linnapp.actors import Actor
from linnapp.admin_columns import Column, as_json, cell, columns_named, columns_of, plain, read_at_once
from linnapp.models.access import WORK_PERMISSION
from linnapp.timeline import Party
from linnapp.words import counted

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "jsonl": "application/jsonl; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
WORDS = {"csv": "CSV", "json": "JSON", "jsonl": "JSON Lines", "xlsx": "XLSX"}
# Spreadsheets take a file without it for one in an old encoding.
BOM = "\ufeff"
# Of the address of a list, what does not narrow it.
NOT_FILTERS = {PAGE_VAR, ALL_VAR, ERROR_FLAG, ORDER_VAR}
MOST_TOLD = 500
ENTRIES_AT_ONCE = 500
Pages = Iterable[list[Any]]


@dataclass(frozen=True)
class Closed:
    """What only teams read, exported by whoever may work in accounts, with a reason. `name` stands in addresses,
    `private` is what it is called to those who read that it was exported. `columns` stand beside those of the list, or
    `alone`. `prefetched` are relations that they read."""

    name: str
    label: str
    private: str
    columns: Mapping[str, str]
    ways: tuple[str, ...] = ("csv", "json", "xlsx")
    alone: bool = False
    prefetched: tuple[str, ...] = ()
    hint: str = ""


class Listed(admin.ModelAdmin):
    """A list that can be taken along as a file where it has a `room`, the heading of the first page under which people
    who work with it find it. `private` are fields that only the application's own team reads. `also_exported` are
    columns beside the fields that the page of a row shows, `export_related` what these and names of relations read.
    `closed_exports` are read by the accounts at the end of the path `private_of`."""

    room: ClassVar[str] = ""
    private: ClassVar[frozenset[str]] = frozenset()
    also_exported: ClassVar[Mapping[str, str]] = {}
    export_related: ClassVar[Sequence[str]] = ()
    closed_exports: ClassVar[Sequence[Closed]] = ()
    private_of: ClassVar[str] = ""

    def may_export_closed(self, request: HttpRequest) -> bool:
        return bool(self.closed_exports) and request.user.has_perm(WORK_PERMISSION)

    def closed_export(self, name: str) -> Closed:
        return next(one for one in self.closed_exports if one.name == name)


@dataclass(frozen=True)
class Asked:
    """One export: of which rows of which list, and for which reason, where it holds what only teams read. `ticked` are
    the keys of rows that were chosen by hand, None where it is all that the list shows."""

    page: Listed
    request: HttpRequest
    rows: QuerySet[Any] = field(repr=False)
    closed: Closed | None = None
    reason: str = ""
    ticked: Sequence[str] | None = None

    @property
    def number(self) -> int:
        return self.rows.order_by().count()


def narrowed_by(request: HttpRequest) -> list[tuple[str, str]]:
    asked = [(name, value) for name, values in request.GET.lists() for value in values]
    return [(name, value) for name, value in asked if value and name not in NOT_FILTERS]


def columns_and_pages(asked: Asked) -> tuple[Sequence[Column], Iterator[list[Any]]]:
    """With what only teams read where that was asked for. Who may is for the caller to ask."""
    page, request, closed = asked.page, asked.request, asked.closed
    if closed and closed.alone:
        return columns_named(page, closed.columns), _by_pages(asked.rows, closed.prefetched)
    also = {**page.also_exported, **(closed.columns if closed else {})}
    read = read_at_once(page, request, asked.rows, page.export_related)
    if page.closed_exports and not closed:
        read = read.defer(*page.private)
    return columns_of(page, request, also, page.private), _by_pages(read)


def _by_pages(rows: QuerySet[Any], prefetched: Sequence[str] = ()) -> Iterator[list[Any]]:
    """One statement a page, which begins after the key that the last one ended with."""
    rows = rows.order_by("pk").prefetch_related(*prefetched)
    page = list(rows[: pages.ROWS_AT_ONCE])
    while page:
        yield page
        if len(page) < pages.ROWS_AT_ONCE:
            return
        page = list(rows.filter(pk__gt=page[-1].pk)[: pages.ROWS_AT_ONCE])


def csv_of(columns: Sequence[Column], found: Pages) -> Iterator[str]:
    # Without quotes: who takes no notice of the mark has it in one name, and not a quote as well.
    yield f"{BOM}{','.join(column.name for column in columns)}\r\n"
    for page in found:
        yield _lines([cell(column.value(row)) for column in columns] for row in page)


def _lines(rows: Iterable[Sequence[str]]) -> str:
    """All quoted: some readers take a semicolon for the end of a cell too."""
    text = StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue()


def json_of(columns: Sequence[Column], found: Pages) -> Iterator[str]:
    before = "[\n"
    for rows in _objects(columns, found):
        yield before + ",\n".join(rows)
        before = ",\n"
    yield "\n]\n" if before == ",\n" else "[]\n"


def jsonl_of(columns: Sequence[Column], found: Pages) -> Iterator[str]:
    for rows in _objects(columns, found):
        yield "\n".join(rows) + "\n"


def _objects(columns: Sequence[Column], found: Pages) -> Iterator[list[str]]:
    for page in found:
        yield [as_json({column.name: plain(column.value(row)) for column in columns}) for row in page]


# Those that are sent while they are written.
WRITERS: Mapping[str, Callable[[Sequence[Column], Pages], Iterator[str]]] = {
    "csv": csv_of,
    "json": json_of,
    "jsonl": jsonl_of,
}


def file_name(page: Listed, way: str) -> str:
    return f"linnapp-{slugify(str(page.opts.verbose_name_plural))}-{timezone.now():%Y-%m-%d}.{way}"


def put_on_record(asked: Asked, way: str, *, by: Actor) -> None:
    """Once for staff, without an account; of what only teams read also for each account that it is of."""
    page, closed = asked.page, asked.closed
    narrowed = ", ".join(_told(name, value) for name, value in narrowed_by(asked.request))[:MOST_TOLD]
    facts: dict[str, Any] = {
        "list": str(page.opts.verbose_name_plural),
        "number": named(page, asked.number),
        "way": WORDS[way],
        "filters": narrowed,
        "narrowed": (f", filtered by {narrowed}" if narrowed else "")
        + ("" if asked.ticked is None else ", ticked by hand"),
        "with": f" with {closed.private}" if closed else "",
    }
    with transaction.atomic():
        timeline.record(kinds.STAFF_EXPORTED, by=by, **facts)
        if closed:
            _tell_accounts(page, asked.rows, closed, by)


def _told(name: str, value: str) -> str:
    """A token that somebody pasted into the search does not stay: an id may be one, and is told by its tail."""
    return f"{name}={credentials.without_values(value) if name == SEARCH_VAR else value}"


def _tell_accounts(page: Listed, rows: QuerySet[Any], closed: Closed, by: Actor) -> None:
    account = page.private_of
    chosen = page.model._base_manager.filter(pk__in=rows.order_by().values("pk"))
    found = list(chosen.order_by().values_list(account, f"{account}__name").annotate(number=Count("pk")))
    for begin in range(0, len(found), ENTRIES_AT_ONCE):
        timeline.record_all(
            timeline.entry(
                kinds.STAFF_COPIED, by=by, account=Party(pk, name), private=closed.private, number=named(page, number)
            )
            for pk, name, number in found[begin : begin + ENTRIES_AT_ONCE]
        )


def named(page: Listed, number: int) -> str:
    return counted(number, str(page.opts.verbose_name), str(page.opts.verbose_name_plural))
