"""The texts of a `Wording` in SQLite: a table of FTS5 that has their trigrams and no text, kept by triggers.

Its rows go by the number that the row of the other table has, which is its key and never given twice. As with
`trigrams`, a migration that makes that table anew drops the triggers; `manage.py prepare` makes them again.
"""

import re
from typing import Protocol

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

# A search of more is no narrower, and FTS5 takes no expression without end.
MOST_TRIGRAMS = 32
# So many numbers of rows are filled at once: SQLite has one writer, and others wait for it.
ROWS_AT_ONCE = 20_000
# Without the places of words and the lengths of texts, a fifth as large.
TABLE = (
    "CREATE VIRTUAL TABLE \"{name}\" USING fts5(words, tokenize = 'trigram', content = '', columnsize = 0,"
    " detail = none)"
)
FOUND = 'SELECT rowid FROM "{name}" WHERE "{name}" MATCH %s'
FILLED = (
    'INSERT INTO "{name}" (rowid, words) SELECT "id", {words} FROM "{table}"'
    ' WHERE "id" > %s AND "id" <= %s AND {indexed}'
)
# What stood there is told to FTS5, which does not have it.
TAKE = (
    'INSERT INTO "{name}" ("{name}", rowid, words) SELECT \'delete\', OLD."id", {words_of_OLD} WHERE {indexed_of_OLD};'
)
PUT = 'INSERT INTO "{name}" (rowid, words) SELECT NEW."id", {words_of_NEW} WHERE {indexed_of_NEW};'
TRIGGERS = {
    "made": f'AFTER INSERT ON "{{table}}" WHEN {{indexed_of_NEW}} BEGIN {PUT} END',
    "changed": f'AFTER UPDATE OF {{columns}} ON "{{table}}" WHEN {{words_of_OLD}} IS NOT {{words_of_NEW}}'
    f" BEGIN {TAKE} {PUT} END",
    # The last one that is made: what broke off before it is begun anew.
    "deleted": f'AFTER DELETE ON "{{table}}" WHEN {{indexed_of_OLD}} BEGIN {TAKE} END',
}


class Texts(Protocol):
    """What `Wording` says of texts that are searched as one."""

    @property
    def table(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def columns(self) -> tuple[str, ...]: ...
    @property
    def facts(self) -> tuple[str, ...]: ...
    @property
    def condition(self) -> str: ...


def asked(text: str) -> str:
    """Each trigram of a text, all of which a row has; empty where the text has none."""
    parts = dict.fromkeys(text[at : at + 3] for at in range(len(text) - 2))
    quoted = ['"{}"'.format(part.replace('"', '""')) for part in parts if "\0" not in part]
    return " ".join(quoted[:MOST_TRIGRAMS])


def make(connection: BaseDatabaseWrapper, wording: Texts) -> None:
    """Makes the table and its triggers where one is missing or another, outside of a transaction: rows that stand
    there are filled a few at a time."""
    words = _words(wording)
    wanted = {f"{wording.name}_{when}": f'CREATE TRIGGER "{wording.name}_{when}" ' + body.format(**words)
              for when, body in TRIGGERS.items()}  # fmt: skip
    *first, last = wanted.values()
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [wording.table])
        there = dict(cursor.fetchall())
        if all(there.get(name) == statement for name, statement in wanted.items()):
            return
        with transaction.atomic(using=connection.alias):
            for name in wanted:
                cursor.execute(f'DROP TRIGGER IF EXISTS "{name}"')
            cursor.execute(f'DROP TABLE IF EXISTS "{wording.name}"')
            cursor.execute(TABLE.format(**words))
            for statement in first:
                cursor.execute(statement)
            cursor.execute(f'SELECT COALESCE(MAX("id"), 0) FROM "{wording.table}"')
            newest = cursor.fetchone()[0]
        _fill(cursor, FILLED.format(**words), newest)
        cursor.execute(last)


def _fill(cursor: CursorWrapper, statement: str, newest: int) -> None:
    for after in range(0, newest, ROWS_AT_ONCE):
        cursor.execute(statement, [after, min(after + ROWS_AT_ONCE, newest)])


def _words(wording: Texts) -> dict[str, str]:
    """What the statements are made of: texts and condition of the table's rows, and of a trigger's OLD and NEW."""
    columns = [*wording.columns, *(["facts"] if wording.facts else [])]
    words = {"name": wording.name, "table": wording.table, "columns": ", ".join(f'"{column}"' for column in columns)}
    for row, suffix in ((f'"{wording.table}"', ""), ("OLD", "_of_OLD"), ("NEW", "_of_NEW")):
        texts = [f'{row}."{column}"' for column in wording.columns]
        texts += [f"COALESCE(JSON_EXTRACT({row}.\"facts\", '$.{fact}'), '')" for fact in wording.facts]
        text = " || ' ' || ".join(texts)
        condition = re.sub(r'"\w+"', rf"{row}.\g<0>", wording.condition) or "1"
        words[f"words{suffix}"] = text
        # Many have no text, or none that has a trigram: they cost nothing.
        words[f"indexed{suffix}"] = f"{condition} AND LENGTH(TRIM({text})) > 2"
    return words
