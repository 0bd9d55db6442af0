"""A portal that has outgrown SQLite moves to PostgreSQL with everything it has."""

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import connections

from linnapp.backups import restoring, taking
from linnapp.backups.archive import Kept
from linnapp.backups.faults import database_told, said
from linnapp.backups.postgresql import Postgresql
from linnapp.backups.restoring import INHABITED, NOT_EMPTY, NOT_PREPARED, Told
from linnapp.backups.sqlite import Sqlite
from linnapp.backups.tables import Table, tables
from linnapp.errors import NotPossible
from linnapp.setting_values import Settings

NAME = "DATABASE_URL"
# Whoever has the file open has it for as long as they run.
PATIENCE_SECONDS = 3
NOT_MOVED = "Nothing was moved, and the SQLite file is as it was."
PREPARE_THERE = "Do not move again: write DATABASE_URL with that address into `.env` and run `manage.py prepare`."
STILL_RUNS = "The portal still uses its database, and what it wrote meanwhile would be lost. Stop it first."


def move_to(url: str, told: Told) -> int:
    """Copies every row into the PostgreSQL database at this URL, which has to be empty, and counts each table there;
    how many rows that were. Nobody else writes to SQLite meanwhile, and its file stays as it is.

    Raises NotPossible, NoBackup among it; the database there then has tables, and no rows of anybody, unless the
    sentence says that they are there.
    """
    if not settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        raise NotPossible("This portal is on PostgreSQL already.")
    refuse_address(url)
    with database_told(NOT_MOVED):
        taking.refuse_missing_migrations()
    # Else this process would keep itself waiting.
    connections.close_all()
    with database_told(NOT_MOVED), held() as source, connected(url) as target:
        told("Making the tables.")
        manage(url, "migrate", "--no-input", "--verbosity", "0")
        total = copy(source, target, told)
    told("Making what searches need.")
    try:
        manage(url, "prepare")
    except NotPossible as fault:
        raise NotPossible(NOT_PREPARED.format(str(fault).rstrip(".")) + PREPARE_THERE) from fault
    return total


def refuse_address(url: str) -> None:
    """Raises ImproperlyConfigured as the start of a portal would with this setting."""
    found = Settings(Path(os.devnull), os.devnull, {NAME: url}).database(NAME)
    if found["ENGINE"].endswith("sqlite3"):
        raise NotPossible("Name a PostgreSQL database: postgres://user:password@host:5432/name.")


@contextmanager
def held() -> Iterator[Sqlite]:
    """The SQLite database for nobody but this process."""
    path = Path(settings.DATABASES["default"]["NAME"])
    with closing(sqlite3.connect(path, timeout=PATIENCE_SECONDS, isolation_level=None)) as connection:
        try:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise NotPossible(STILL_RUNS) from error
        yield Sqlite(connection)


@contextmanager
def connected(url: str) -> Iterator[Postgresql]:
    try:
        # Lines are written in UTF-8, whatever the database or PGCLIENTENCODING would have.
        connection = psycopg.connect(url, autocommit=True, client_encoding="UTF8")
    except psycopg.ProgrammingError:
        # What it says of this has the whole address in it, and the password.
        raise NotPossible("That address cannot be read. Write postgres://user:password@host:5432/name.") from None
    except psycopg.Error as error:
        raise NotPossible(f"That database cannot be reached ({said(error)}).") from error
    with closing(connection):
        Postgresql(connection).refuse_encoding()
        for name in INHABITED:
            there = connection.execute("SELECT to_regclass(%s)", [name]).fetchone()
            if there and there[0] and connection.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone():
                raise NotPossible(NOT_EMPTY.format("That database"))
        yield Postgresql(connection)


def manage(url: str, *arguments: str) -> None:
    """A command of this portal on the other database."""
    command = [sys.executable, sys.argv[0], *arguments]
    done = subprocess.run(command, env={**os.environ, NAME: url}, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise NotPossible(f"`manage.py {arguments[0]}` failed there: {lines[-1] if lines else 'it says nothing'}")


def copy(source: Sqlite, target: Postgresql, told: Told) -> int:
    """In one transaction there."""
    wanted, total = tables(), 0
    with target.writing(wanted):
        for table in wanted:
            began, rows = time.monotonic(), source.count(table)
            found = restoring.fill(target, Kept(table, rows, _last_number(source, table)), source.lines(table))
            told(f"{table.name}: {found:,} of {rows:,} rows, {time.monotonic() - began:.1f} s")
            total += rows
    return total


def _last_number(source: Sqlite, table: Table) -> int:
    return source.last_number(table) if table.numbered else 0
