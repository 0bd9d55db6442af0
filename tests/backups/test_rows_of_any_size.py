"""A backup holds a few rows at once, however long they are."""

import sqlite3
from contextlib import closing

from linnapp.backups.sqlite import Sqlite, rows_in
from linnapp.backups.tables import Column, Kind, Table

PARTS = Table("parts", (Column("id", Kind.PLAIN), Column("content_encrypted", Kind.TEXT)), "id")
LONG, SHORT = "x" * 400_000, "ä\t\\"


def test_long_rows_are_not_gathered_and_none_is_lost() -> None:
    wanted = [LONG if number % 100 == 0 else SHORT for number in range(3000)]
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE parts (id integer PRIMARY KEY, content_encrypted text)")
        connection.executemany("INSERT INTO parts (content_encrypted) VALUES (?)", [(text,) for text in wanted])
        chunks = list(Sqlite(connection).lines(PARTS))
    assert {chunk[-1:] for chunk in chunks} == {b"\n"}
    assert max(map(len, chunks)) < 2 * len(LONG)
    # Many short ones go together.
    assert len(chunks) < 100
    assert [row[1] for row in rows_in(chunks)] == wanted


def test_a_table_without_rows_has_no_line() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE parts (id integer PRIMARY KEY, content_encrypted text)")
        assert list(Sqlite(connection).lines(PARTS)) == []
