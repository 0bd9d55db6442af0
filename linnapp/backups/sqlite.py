"""Rows of an SQLite database as the lines of PostgreSQL's COPY, made and read by the statements themselves."""

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager

from django.apps import apps

from linnapp.backups.faults import NoBackup
from linnapp.backups.tables import Column, Kind, Table
from linnapp.models import trigrams, wording, words_in_sqlite
from linnapp.models.folded import folded_fields

# Characters: rows are short or half a megabyte, and a file takes many short ones at once.
MOST_AT_ONCE = 1 << 17
# Bytes: a few bytes of a file may unfold to any number, and a line is held as a whole.
MOST_OF_A_LINE = 128 << 20
ESCAPED = "replace(replace(replace(replace({0}, '\\', '\\\\'), char(9), '\\t'), char(10), '\\n'), char(13), '\\r')"
WRITTEN = {
    Kind.BOOL: "CASE {0} WHEN 0 THEN 'f' WHEN 1 THEN 't' END",
    Kind.MOMENT: "{0} || '+00'",
    Kind.UUID: "{0}",
    Kind.TEXT: ESCAPED,
    Kind.PLAIN: "{0}",
}
# As Django writes them: what stands there is compared as text.
READ = {
    Kind.BOOL: "{0} = 't'",
    Kind.MOMENT: "CASE WHEN instr({0}, '.') THEN substr(replace({0}, '+00', '') || '00000', 1, 26)"
    " ELSE replace({0}, '+00', '') END",
    Kind.UUID: "replace({0}, '-', '')",
    Kind.TEXT: "{0}",
    Kind.PLAIN: "{0}",
}
ESCAPE = re.compile(r"\\(.)", re.DOTALL)
MEANT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
INDEXES = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"


class Sqlite:
    """On a connection in autocommit that nobody else uses."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    @contextmanager
    def reading(self) -> Iterator[None]:
        """All that is read inside stood there at one moment; the one writer does not wait for it."""
        self.connection.execute("BEGIN")
        try:
            yield
        finally:
            self.connection.execute("ROLLBACK")

    def lines(self, table: Table) -> Iterator[bytes]:
        """Chunks of whole lines."""
        parts = (_written(column) for column in table.columns)
        line = " || char(9) || ".join(f"coalesce({part}, '\\N')" for part in parts)
        with closing(self.connection.execute(f"SELECT {line} || char(10) FROM {_quoted(table.name)}")) as rows:
            waiting, size = [], 0
            for (row,) in rows:
                waiting.append(row)
                size += len(row)
                if size > MOST_AT_ONCE:
                    yield "".join(waiting).encode()
                    waiting, size = [], 0
        if waiting:
            yield "".join(waiting).encode()

    def last_number(self, table: Table) -> int:
        """The last one that was given out, 0 before the first."""
        found = self.connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", [table.name]).fetchone()
        return int(found[0]) if found else 0

    @contextmanager
    def writing(self, tables: list[Table]) -> Iterator[None]:
        """Empties these tables; all that is filled inside stands there, or nothing does. Indexes are made anew in the
        end, those of searches by `manage.py prepare`, which finds their triggers gone."""
        self.connection.execute("PRAGMA foreign_keys = OFF")
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            indexes = self.connection.execute(INDEXES).fetchall()
            for statement in (*_without_searches(), *(f"DROP INDEX {_quoted(name)}" for name, _ in indexes)):
                self.connection.execute(statement)
            for table in tables:
                self.connection.execute(f"DELETE FROM {_quoted(table.name)}")
            yield
            for _, definition in indexes:
                self.connection.execute(definition)
            if found := self.connection.execute("PRAGMA foreign_key_check").fetchone():
                raise NoBackup(f"A row of {found[0]} points to a row of {found[2]} that is not there.")
            self.connection.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise
        finally:
            self.connection.execute("PRAGMA foreign_keys = ON")

    def fill(self, table: Table, chunks: Iterable[bytes]) -> None:
        names = ", ".join(_quoted(column.name) for column in table.columns)
        values = ", ".join(READ[column.kind].format(f"?{at}") for at, column in enumerate(table.columns, start=1))
        statement = f"INSERT INTO {_quoted(table.name)} ({names}) VALUES ({values})"
        self.connection.executemany(statement, rows_in(chunks))

    def count(self, table: Table) -> int:
        return int(self.connection.execute(f"SELECT count(*) FROM {_quoted(table.name)}").fetchone()[0])

    def give_from(self, table: Table, last: int) -> None:
        """The next row gets the number after this one."""
        self.connection.execute("DELETE FROM sqlite_sequence WHERE name = ?", [table.name])
        self.connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", [table.name, last])


def rows_in(chunks: Iterable[bytes]) -> Iterator[list[str | None]]:
    """The values of each line, unescaped, None where the database has none. Raises NoBackup for what is cut off, and
    for a line without end."""
    begun, size = [], 0
    for chunk in chunks:
        first, *others = chunk.split(b"\n")
        begun.append(first)
        size += len(first)
        if size > MOST_OF_A_LINE:
            raise NoBackup(f"It has a row of more than {MOST_OF_A_LINE >> 20} MB, which no row of a portal has.")
        if others:
            *whole, rest = others
            yield _values(b"".join(begun).decode())
            for line in whole:
                yield _values(line.decode())
            begun, size = [rest], len(rest)
    if size:
        raise NoBackup("It ends in the middle of a row.")


def _values(line: str) -> list[str | None]:
    fields = line.split("\t")
    if "\\" not in line:
        return fields  # type: ignore[return-value]
    return [None if field == "\\N" else ESCAPE.sub(_meant, field) if "\\" in field else field for field in fields]


def _meant(escape: re.Match[str]) -> str:
    return MEANT.get(escape[1], escape[1])


def _written(column: Column) -> str:
    return WRITTEN[column.kind].format(_quoted(column.name))


def _quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))


def _without_searches() -> Iterator[str]:
    """Statements: each row would be taken apart for its trigrams as it comes, which takes far longer than all together
    afterwards."""
    searched = (model._meta.db_table for model in apps.get_models() if folded_fields(model))
    names = [f"{table}_{when}" for table in searched for when in trigrams.TRIGGERS]
    names += [f"{words.name}_{when}" for words in wording.wordings() for when in words_in_sqlite.TRIGGERS]
    yield from (f"DROP TRIGGER IF EXISTS {_quoted(name)}" for name in names)
