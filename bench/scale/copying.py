"""The rows of a PostgreSQL database in an SQLite database, which is prepared and empty."""

import time
from itertools import chain

import psycopg
from django.apps import apps
from django.db import connection

from bench.scale.filling import Model, tables, tell
from linnapp.models import sqlite_statistics, trigrams, wording, words_in_sqlite
from linnapp.models.folded import columns_of, folded_fields

AT_ONCE = 10_000
WORDINGS = wording.wordings()
# As Django writes each kind in SQLite: what stands there is compared as text.
WRITTEN = {
    "uuid": "replace({0}::text, '-', '')",
    "timestamptz": r"regexp_replace(to_char({0}, 'YYYY-MM-DD HH24:MI:SS.US'), '\.000000$', '')",
    "date": "{0}::text",
    "jsonb": "{0}::text",
    "bool": "{0}::int",
    "inet": "host({0})",
}
KINDS = "SELECT column_name, udt_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s"
INDEXES = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"


def copy(url: str) -> None:
    """From the database of this URL into the one of the settings. Indexes and trigrams are made anew at the end."""
    connection.ensure_connection()
    target = connection.connection
    target.execute("PRAGMA foreign_keys = OFF")
    indexes = target.execute(INDEXES).fetchall()
    searched = [model for model in apps.get_models() if folded_fields(model)]
    triggers = [f"{model._meta.db_table}_{name}" for model in searched for name in trigrams.TRIGGERS]
    triggers += [f"{words.name}_{name}" for words in WORDINGS for name in words_in_sqlite.TRIGGERS]
    for statement in chain(
        (f'DROP INDEX "{name}"' for name, _ in indexes), (f'DROP TRIGGER IF EXISTS "{name}"' for name in triggers)
    ):
        target.execute(statement)
    with psycopg.connect(url, options="-c timezone=UTC") as source:
        for model in tables():
            _copy(source, model)
    began = time.monotonic()
    for _, definition in indexes:
        target.execute(definition)
    for model in searched:
        trigrams.make(connection, model, columns_of(model))
    for words in WORDINGS:
        wording.make(connection, words)
    sqlite_statistics.tell(connection)
    tell("indexes", len(indexes), began)


def _copy(source: psycopg.Connection, model: Model) -> None:
    table, began, count = model._meta.db_table, time.monotonic(), 0
    kinds: dict[str, str] = dict(source.execute(KINDS, [table]).fetchall())
    names = ", ".join(f'"{name}"' for name in kinds)
    read = ", ".join(WRITTEN.get(kind, "{0}").format(f'"{name}"') for name, kind in kinds.items())
    target = connection.connection
    write = f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(kinds))})'
    with source.cursor(f"rows_of_{table}") as rows:
        rows.execute(f'SELECT {read} FROM "{table}"')
        target.execute("BEGIN")
        while batch := rows.fetchmany(AT_ONCE):
            target.executemany(write, batch)
            count += len(batch)
        target.execute("COMMIT")
    tell(table, count, began)
