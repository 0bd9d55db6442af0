"""Rows of a PostgreSQL database as lines of COPY text, out of one snapshot and in by one transaction."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

import psycopg
from psycopg import sql

from linnapp.backups.tables import Table
from linnapp.errors import NotPossible

# Rows come one by one from the driver; a file takes them many at once.
BYTES_AT_ONCE = 1 << 17


class Postgresql:
    """On a connection in autocommit that nobody else uses."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection
        connection.execute(sql.SQL("SET TIME ZONE 'UTC'"))
        connection.execute(sql.SQL("SET DateStyle TO ISO"))

    @contextmanager
    def reading(self) -> Iterator[None]:
        """All that is read inside stood there at one moment; nobody waits for it."""
        self.connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            yield
        finally:
            self.connection.execute("ROLLBACK")

    def lines(self, table: Table) -> Iterator[bytes]:
        """Chunks of whole lines."""
        waiting, size = [], 0
        statement = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(_names(table), sql.Identifier(table.name))
        with self.connection.cursor() as cursor, cursor.copy(statement) as rows:
            for row in rows:
                waiting.append(bytes(row))
                size += len(row)
                if size > BYTES_AT_ONCE:
                    yield b"".join(waiting)
                    waiting, size = [], 0
        yield b"".join(waiting)

    def last_number(self, table: Table) -> int:
        """The last one that was given out, 0 before the first."""
        assert table.numbered
        statement = sql.SQL("SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM {}")
        found = self.connection.execute(statement.format(self._sequence(table))).fetchone()
        assert found
        return int(found[0])

    @contextmanager
    def writing(self, tables: list[Table]) -> Iterator[None]:
        """Empties these tables; all that is filled inside stands there, or nothing does."""
        self.refuse_encoding()
        with self.connection.transaction():
            names = sql.SQL(", ").join(sql.Identifier(table.name) for table in tables)
            self.connection.execute(sql.SQL("TRUNCATE {}").format(names))
            yield
            self.connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        # The planner knows nothing of so many rows yet. They are there, whatever becomes of this; the server looks by
        # itself before long.
        with suppress(psycopg.Error):
            self.connection.execute("ANALYZE")

    def refuse_encoding(self) -> None:
        """Raises NotPossible where the database has not all letters."""
        if (found := self.connection.info.parameter_status("server_encoding")) != "UTF8":
            raise NotPossible(
                f"That database has the encoding {found}, which cannot hold every name. Make one with "
                "`createdb --encoding UTF8 --template template0 NAME`."
            )

    def fill(self, table: Table, chunks: Iterable[bytes]) -> None:
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), _names(table))
        with self.connection.cursor() as cursor, cursor.copy(statement) as rows:
            for chunk in chunks:
                rows.write(chunk)

    def count(self, table: Table) -> int:
        found = self.connection.execute(
            sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table.name))
        ).fetchone()
        assert found
        return int(found[0])

    def give_from(self, table: Table, last: int) -> None:
        """The next row gets the number after this one."""
        self.connection.execute(
            sql.SQL("SELECT setval({}, {}, {})").format(
                sql.Literal(self._sequence(table).as_string()), sql.Literal(max(last, 1)), sql.Literal(last > 0)
            )
        )

    def _sequence(self, table: Table) -> sql.Identifier:
        found = self.connection.execute(
            "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.oid = pg_get_serial_sequence(quote_ident(%s), %s)::regclass",
            [table.name, table.numbered],
        ).fetchone()
        assert found
        return sql.Identifier(*found)


def _names(table: Table) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
