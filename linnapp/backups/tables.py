"""The tables of the portal, each with its columns and what kind of value stands in them."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.apps import apps
from django.db import models


class Kind(StrEnum):
    """How a value is written in each engine: PLAIN alike in both and without a character that lines escape."""

    BOOL = "bool"
    MOMENT = "moment"
    UUID = "uuid"
    TEXT = "text"
    PLAIN = "plain"


KINDS = {
    "BooleanField": Kind.BOOL,
    "DateTimeField": Kind.MOMENT,
    "UUIDField": Kind.UUID,
    "CharField": Kind.TEXT,
    "TextField": Kind.TEXT,
    "JSONField": Kind.TEXT,
    "SlugField": Kind.TEXT,
    "GenericIPAddressField": Kind.TEXT,
    "AutoField": Kind.PLAIN,
    "BigAutoField": Kind.PLAIN,
    "BigIntegerField": Kind.PLAIN,
    "IntegerField": Kind.PLAIN,
    "PositiveBigIntegerField": Kind.PLAIN,
    "PositiveIntegerField": Kind.PLAIN,
    "PositiveSmallIntegerField": Kind.PLAIN,
    "SmallIntegerField": Kind.PLAIN,
    "DateField": Kind.PLAIN,
}


@dataclass(frozen=True)
class Column:
    name: str
    kind: Kind

    @property
    def is_encrypted(self) -> bool:
        return self.name.endswith("encrypted")


@dataclass(frozen=True)
class Table:
    """`numbered` is the column whose numbers the database gives out, where there is one."""

    name: str
    columns: tuple[Column, ...]
    numbered: str | None

    def place_of(self, column: str) -> int | None:
        names = [each.name for each in self.columns]
        return names.index(column) if column in names else None


def tables() -> list[Table]:
    """Of all models, in the order of their names. The cache and the queue of jobs are none of them: pages are made
    again, and what a job is to do stands in rows."""
    found = {
        model._meta.db_table: model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    }
    return [_table(found[name]) for name in sorted(found)]


def _table(model: type[models.Model]) -> Table:
    fields = model._meta.concrete_fields
    numbers = [str(field.column) for field in fields if isinstance(field, models.AutoField | models.BigAutoField)]
    return Table(model._meta.db_table, tuple(_columns(fields)), next(iter(numbers), None))


def _columns(fields: Any) -> Iterator[Column]:
    for field in fields:
        stored = field
        while stored.is_relation:
            stored = stored.target_field
        yield Column(str(field.column), KINDS[stored.get_internal_type()])
