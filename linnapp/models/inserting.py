"""Many rows written at once whose keys nobody asks for. `bulk_create` takes each value the whole way through the ORM,
which costs several times what the database does; here each column is made ready by one plain function."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any

from django.db import connection, models

Convert = Callable[[Any], Any]


@dataclass(frozen=True)
class Prepared:
    """Rows as the database takes them: what can be done before a transaction, and so before it holds a lock. PostgreSQL
    takes them as one text of JSON, where adapting each value would take most of the time."""

    model: type[models.Model]
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    text: str

    def insert(self) -> None:
        if not self.rows:
            return
        name = connection.ops.quote_name
        table, columns = name(self.model._meta.db_table), ", ".join(map(name, self.columns))
        into = f"INSERT INTO {table} ({columns})"
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.executemany(f"{into} VALUES ({', '.join(['%s'] * len(self.columns))})", self.rows)
            else:
                cursor.execute(f"{into} SELECT {columns} FROM json_populate_recordset(NULL::{table}, %s)", [self.text])


def prepared(model: type[models.Model], rows: Iterable[Sequence[Any]], names: Sequence[str]) -> Prepared:
    """Of a model whose keys the database counts. `rows` hold the values of the fields with these names, by which a
    field of another row's key is called `…_id`."""
    fields = [field for field in model._meta.concrete_fields if field.attname in names]
    by_name = {field.attname: field for field in fields}
    converts = [_convert(by_name[name]) for name in names]
    made = [[convert(value) for convert, value in zip(converts, row, strict=True)] for row in rows]
    columns = [str(by_name[name].column) for name in names]
    if connection.vendor == "sqlite":
        return Prepared(model, columns, made, "")
    text = json.dumps([dict(zip(columns, row, strict=True)) for row in made], default=str)
    return Prepared(model, columns, made, text)


def prepared_of(model: type[models.Model], rows: Iterable[models.Model]) -> Prepared:
    """The same of instances, with all of their fields but the key."""
    names = [field.attname for field in model._meta.concrete_fields if not field.primary_key]
    return prepared(model, map(attrgetter(*names), rows), names)


def _convert(field: Any) -> Convert:
    while field.remote_field:
        field = field.target_field
    if isinstance(field, models.CharField | models.TextField):
        return _text
    if connection.vendor != "sqlite" or isinstance(field, models.IntegerField | models.BooleanField):
        return _as_it_is
    if isinstance(field, models.UUIDField):
        return _hex
    if isinstance(field, models.DateTimeField):
        return connection.ops.adapt_datetimefield_value
    return partial(field.get_db_prep_save, connection=connection)


def _as_it_is(value: Any) -> Any:
    return value


def _hex(value: Any) -> Any:
    return None if value is None else value.hex


def _text(value: Any) -> Any:
    """A word of an enumeration is one of text to the database."""
    return None if value is None else str(value)
