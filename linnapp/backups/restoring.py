"""A backup is put back into an empty database of either engine."""

from collections.abc import Callable, Iterable
from pathlib import Path

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from linnapp import logos
from linnapp.backups import archive, engines, taking
from linnapp.backups.archive import About, Kept, Reader
from linnapp.backups.engines import Engine
from linnapp.backups.faults import OF_DATABASES, NoBackup, database_told, said
from linnapp.errors import NotPossible
from linnapp.models import Account, User

Told = Callable[[str], None]
# A portal that somebody uses has both.
INHABITED = (User._meta.db_table, Account._meta.db_table)
NOT_EMPTY = "{0} has people or accounts already, and nothing is put over them. Name an empty database."
# Whoever reads this must not begin again.
NOT_PREPARED = "All rows are there, and stay. What comes after them failed: {0}. "


@database_told("Fix that and start again: rows that are there are never overwritten.")
def restore(path: Path, told: Told) -> About:
    """Makes the tables of the backup's release and fills them, in one transaction that counts them. What this release
    has changed since is for `manage.py prepare`.

    Raises NotPossible where the database is none to restore to, NoBackup (one of these) for a file that is none; rows
    are then as they were.
    """
    with archive.opened(path) as reader:
        about = reader.about
        taking.refuse_other_keys(about)
        refuse_inhabited()
        make_tables(about)
        # Before the rows: they are found by their digests, and a second try writes the same.
        keep_logos(reader)
        with engines.opened() as engine:
            tables = [kept.table for kept in about.kept]
            with engine.writing(tables):
                for kept in about.kept:
                    found = fill(engine, kept, reader.chunks(kept))
                    told(f"{kept.table.name}: {found:,} of {kept.rows:,} rows")
    return about


def refuse_inhabited() -> None:
    there = set(connection.introspection.table_names()) & set(INHABITED)
    with connection.cursor() as cursor:
        for name in there:
            cursor.execute(f"SELECT 1 FROM {connection.ops.quote_name(name)} LIMIT 1")
            if cursor.fetchone():
                raise NotPossible(NOT_EMPTY.format("This database"))


def make_tables(about: About) -> None:
    """As they were in the backup's release, from which today's migrations lead on."""
    executor = MigrationExecutor(connection)
    if unknown := sorted(set(about.migrations) - executor.loader.graph.nodes.keys()):
        raise NoBackup(
            f"This backup is of a later release, which has the migration {'.'.join(unknown[0])}: install that release."
        )
    plan = executor.migration_plan(about.migrations)
    if any(is_backwards for _, is_backwards in plan):
        raise NotPossible("This database has the tables of a later release than the backup. Name an empty database.")
    executor.migrate(about.migrations, plan)
    with connection.cursor() as cursor:
        there = set(connection.introspection.table_names(cursor))
        for table in (kept.table for kept in about.kept):
            found = connection.introspection.get_table_description(cursor, table.name) if table.name in there else []
            if {column.name for column in found} != {column.name for column in table.columns}:
                raise NoBackup(f"{table.name} has other columns in the backup than its release made. It was changed.")


def keep_logos(reader: Reader) -> None:
    for name, png in reader.logos():
        try:
            logos.keep(name, png)
        except OSError as error:
            raise NotPossible(f"{name} cannot be written: {error.strerror}.") from error


def fill(engine: Engine, kept: Kept, chunks: Iterable[bytes]) -> int:
    """How many rows the database counts afterwards. Raises NoBackup where these are not as many as were kept, or where
    it refuses one."""
    table = kept.table
    try:
        engine.fill(table, chunks)
        if table.numbered:
            engine.give_from(table, kept.last_number)
    except (*OF_DATABASES, UnicodeDecodeError) as error:
        raise NoBackup(
            f"The rows of {table.name} cannot be put back ({said(error)}). The database stays as it was."
        ) from error
    if (found := engine.count(table)) != kept.rows:
        raise NoBackup(f"{table.name} has {found:,} rows in place of {kept.rows:,}. The database stays as it was.")
    return found
