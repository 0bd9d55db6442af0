"""Rows straight into PostgreSQL's tables: columns that nobody names get the default of their field, and folded ones
what `linnapp.folding` makes of their text."""

import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import connection, models
from psycopg import sql

from linnapp.folding import folded
from linnapp.models.folded import FoldedField

Model = type[models.Model]
# Django's own class takes no type between brackets at run time.
if TYPE_CHECKING:
    Column = models.Field[Any, Any]
else:
    Column = models.Field
FILLED = ("linnapp", "installs", "account", "mfa", "usersessions", "sessions", "admin")
# Made by `manage.py prepare`, and kept.
PREPARED = {"linnapp_keycanary"}
# Neither indexes, as those of keys and of constraints are, nor what a table would be slow without.
LOOSE = """
    SELECT i.indexname, i.indexdef FROM pg_indexes i WHERE i.schemaname = 'public' AND i.tablename = ANY(%s)
    AND i.indexname NOT IN (SELECT conname FROM pg_constraint)
"""


def tables() -> list[Model]:
    """Every table that grows, of the portal and of the libraries beneath it."""
    models_of = (apps.get_app_config(label).get_models(include_auto_created=True) for label in FILLED)
    return [model for several in models_of for model in several if model._meta.db_table not in PREPARED]


def run(statement: str) -> int:
    """How many rows it touched. What stands in it stands as it is, per cent signs too."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.rowcount)


def insert(model: Model, source: str, **columns: str) -> None:
    """One row for each of `source`, which is what follows FROM; `columns` are expressions of it, by the names of
    fields. Raises ValueError for a column without expression and without default."""
    began = time.monotonic()
    named = dict(_columns(model, columns))
    names = ", ".join(f'"{name}"' for name in named)
    table = model._meta.db_table
    count = run(f'INSERT INTO "{table}" ({names}) SELECT {", ".join(named.values())} FROM {source}')
    tell(table, count, began)


def _columns(model: Model, given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    left = set(given)
    for field in model._meta.local_concrete_fields:
        if field.name in given:
            left.discard(field.name)
            yield str(field.column), given[field.name]
        elif isinstance(field, FoldedField):
            raise ValueError(f"{model._meta.label}.{field.name} is folded: copy its rows, or say what it is.")
        elif not isinstance(field, models.AutoField):
            yield str(field.column), _literal(field)
    if left:
        raise ValueError(f"{model._meta.label} has no {', '.join(sorted(left))}.")


def _literal(field: Column) -> str:
    return sql.Literal(_default(field)).as_string(connection.connection)


def _default(field: Column) -> Any:
    """As the database takes it."""
    value = field.get_default()
    if value is None and not field.null:
        raise ValueError(f"bench/scale has no value for {field.model._meta.label}.{field.name}.")
    return field.get_db_prep_save(value, connection)


def copy(model: Model, rows: Iterable[dict[str, Any]]) -> None:
    """Rows by the names of fields, all with the same; the key of another row for a foreign key. Much faster than
    INSERT, and the folded columns are filled."""
    began, count = time.monotonic(), 0
    fields = [field for field in model._meta.local_concrete_fields if not _is_number(field)]
    rest: dict[str, Any] | None = None
    names = sql.SQL(", ").join(sql.Identifier(str(field.column)) for field in fields)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(model._meta.db_table), names)
    with connection.cursor() as cursor, cursor.copy(statement) as out:
        for row in rows:
            if rest is None:
                rest = {field.name: _default(field) for field in fields if field.name not in row and not _folds(field)}
            out.write_row([_value(field, row, rest) for field in fields])
            count += 1
    tell(model._meta.db_table, count, began)


def _is_number(field: Column) -> bool:
    """Counted by the database. People are told by number, so that theirs are given: `numbered` says on with them."""
    return isinstance(field, models.AutoField) and field.model._meta.label != "linnapp.User"


def _folds(field: Column) -> bool:
    return isinstance(field, FoldedField)


def _value(field: Column, row: dict[str, Any], rest: dict[str, Any]) -> Any:
    if isinstance(field, FoldedField):
        return folded(row[field.of])
    if field.name not in row:
        return rest[field.name]
    value = row[field.name]
    return field.get_db_prep_save(value, connection) if isinstance(value, dict | list) else value


def numbered(model: Model) -> None:
    """The next row's key comes after all that are there."""
    key, table = model._meta.pk, model._meta.db_table
    assert key is not None
    run(f"""SELECT setval(pg_get_serial_sequence('"{table}"', '{key.column}'), max("{key.column}")) FROM "{table}" """)


@contextmanager
def without_indexes() -> Iterator[None]:
    """Neither indexes nor foreign keys nor triggers while it is filled; all are there afterwards, and the planner knows
    the rows. Needs a superuser of PostgreSQL."""
    for setting in (
        "session_replication_role = replica",
        "synchronous_commit = off",
        "maintenance_work_mem = '1GB'",
        "work_mem = '256MB'",
    ):
        run(f"SET {setting}")
    with connection.cursor() as cursor:
        cursor.execute(LOOSE, [[model._meta.db_table for model in tables()]])
        indexes = cursor.fetchall()
    for name, _ in indexes:
        run(f'DROP INDEX "{name}"')
    yield
    began = time.monotonic()
    for _, definition in indexes:
        run(definition)
    tell("indexes", len(indexes), began)
    run("SET session_replication_role = DEFAULT")
    began = time.monotonic()
    run("VACUUM ANALYZE")
    tell("vacuum", 0, began)


def tell(what: str, count: int, began: float) -> None:
    sys.stderr.write(f"{what}: {count:,} in {time.monotonic() - began:.1f} s\n")
