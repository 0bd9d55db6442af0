"""Columns of what is exported from a list of the admin: what its page shows of a row, and never a secret."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import JSONField, QuerySet
from django.http import HttpRequest

from linnapp.cells import guarded

# Never shown, searched, filtered by or exported, neither in the admin nor through a relation.
HIDDEN = {"digest", "encrypted", "key_digest", "nonce", "password"}
ENCRYPTED = "_encrypted"
# What stands beside a name to find it by.
FOLDED = "_folded"


def is_hidden(field: str) -> bool:
    return field in HIDDEN or field.endswith((ENCRYPTED, FOLDED))


@dataclass(frozen=True)
class Column:
    """Its name in the file, which is that of the field where it is one, and its value for a row."""

    name: str
    value: Callable[[Any], Any]


def columns_of(
    page: admin.ModelAdmin, request: HttpRequest, also: Mapping[str, str], private: Collection[str]
) -> list[Column]:
    """The key first, then every field that the page of a row shows, a relation by its id and by its name; then `also`,
    as `columns_named` takes them. `private` is not among the fields."""
    shown = {page.opts.pk.name, *page.get_fields(request)}
    fields = [field for field in _fields(page) if field.name in shown and field.name not in private]
    columns = [column for field in fields if not is_hidden(field.name) for column in _columns(field)]
    return [*columns, *columns_named(page, also)]


def columns_named(page: admin.ModelAdmin, named: Mapping[str, str]) -> list[Column]:
    """Names of columns, each with a method of the page or a path over relations."""
    return [Column(name, _of(page, source)) for name, source in named.items()]


def read_at_once(
    page: admin.ModelAdmin, request: HttpRequest, rows: QuerySet[Any], also: Sequence[str]
) -> QuerySet[Any]:
    """The rows with all that their columns name and the relations in `also`, so that a page of them is one statement,
    and one more for each of the few fields that hold many. What is large of a relation is left where it is."""
    shown = set(page.get_fields(request))
    fields = [field for field in _fields(page) if field.name in shown]
    related = [field for field in fields if field.many_to_one or field.one_to_one]
    large = [
        f"{field.name}__{far.name}"
        for field in related
        for far in field.related_model._meta.concrete_fields
        if isinstance(far, JSONField)
    ]
    if joined := [*(field.name for field in related), *also]:
        rows = rows.select_related(*joined)
    many = [field.name for field in fields if field.many_to_many]
    return rows.prefetch_related(*many).defer(*large)


def _fields(page: admin.ModelAdmin) -> list[Any]:
    own = sorted(page.opts.concrete_fields, key=lambda field: not field.primary_key)
    return [*own, *page.opts.many_to_many]


def _columns(field: Any) -> list[Column]:
    if field.many_to_many:
        return [Column(field.name, partial(_names, field.name))]
    own = Column(field.attname, partial(_at, [field.attname]))
    return [own, Column(field.name, partial(_name, field.name))] if field.is_relation else [own]


def _name(relation: str, row: Any) -> str:
    found = getattr(row, relation)
    return "" if found is None else str(found)


def _names(relation: str, row: Any) -> list[str]:
    return [getattr(found, "name", "") or str(found) for found in getattr(row, relation).all()]


def _of(page: admin.ModelAdmin, source: str) -> Callable[[Any], Any]:
    method: Callable[[Any], Any] | None = getattr(page, source, None)
    return method or partial(_at, source.split("__"))


def _at(path: Sequence[str], row: Any) -> Any:
    for name in path:
        row = getattr(row, name)
    return row


def plain(value: Any) -> Any:
    """A value as JSON has it: moments in UTC, as ISO 8601 spells them."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value) if isinstance(value, UUID) else value


def as_json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, default=str, indent=indent)


def cell(value: Any) -> str:
    """A value as CSV has it. Numbers begin no formula; whatever else is text may."""
    value = plain(value)
    if value is None:
        return ""
    if isinstance(value, str):
        return guarded(str(value))
    return as_json(value)
