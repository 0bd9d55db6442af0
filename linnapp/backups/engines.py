"""The database of the settings as one that rows are read from and written to, on a connection of its own."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Protocol

from django.db import DEFAULT_DB_ALIAS, connections

from linnapp.backups.postgresql import Postgresql
from linnapp.backups.sqlite import Sqlite
from linnapp.backups.tables import Table


class Engine(Protocol):
    """What both can do; each says more."""

    def reading(self) -> AbstractContextManager[None]: ...
    def lines(self, table: Table) -> Iterator[bytes]: ...
    def last_number(self, table: Table) -> int: ...
    def writing(self, tables: list[Table]) -> AbstractContextManager[None]: ...
    def fill(self, table: Table, chunks: Iterable[bytes]) -> None: ...
    def count(self, table: Table) -> int: ...
    def give_from(self, table: Table, last: int) -> None: ...


@contextmanager
def opened() -> Iterator[Engine]:
    connection = connections.create_connection(DEFAULT_DB_ALIAS)
    with closing(connection):
        connection.ensure_connection()
        yield (Sqlite if connection.vendor == "sqlite" else Postgresql)(connection.connection)
