"""PostgreSQL and Redis for the tests that need them, where this machine has them."""

import fcntl
import getpass
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis
from django.db import connection
from psycopg import sql

from tests.kit import shared

# A role that may create databases.
POSTGRES_URL = os.environ.get("TEST_POSTGRES_URL", f"postgres://{getpass.getuser()}@127.0.0.1:5432/postgres")
# A database of its own, which the tests empty.
REDIS_URL = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/15")


CREATE = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
DROP = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")


@cache
def missing(engine: str) -> str:
    """Why tests marked with `engine` cannot run here; empty when they can."""
    return {"postgres": postgres_missing, "redis": redis_missing}[engine]()


def postgres_missing() -> str:
    try:
        psycopg.connect(POSTGRES_URL, connect_timeout=2).close()
    except psycopg.Error as error:
        return f"no PostgreSQL to test with, TEST_POSTGRES_URL names one: {str(error).splitlines()[0]}"
    return ""


def redis_missing() -> str:
    try:
        with redis.Redis.from_url(REDIS_URL, socket_connect_timeout=2) as client:
            client.ping()
    except redis.RedisError as error:
        return f"no Redis to test with, TEST_REDIS_URL names one: {error}"
    return ""


@contextmanager
def fresh_postgres_database(template: str = "template1") -> Iterator[str]:
    """URL of a PostgreSQL database, empty or a copy of the template, that is dropped afterwards, with whoever is still
    connected to it."""
    name = f"linnapp_live_{secrets.token_hex(4)}"
    with psycopg.connect(POSTGRES_URL, autocommit=True) as connection:
        connection.execute(CREATE.format(sql.Identifier(name), sql.Identifier(template)))
        try:
            yield postgres_url(name)
        finally:
            connection.execute(DROP.format(sql.Identifier(name)))


def postgres_url(database: str) -> str:
    return urlsplit(POSTGRES_URL)._replace(path=f"/{database}").geturl()


def postgres_template(kind: str, fill: Callable[[str], None]) -> str:
    """Name of a database to make copies of. The first in a run of the tests to ask for this kind has it filled, by its
    URL; the run drops it in the end."""

    def make(note: Path) -> None:
        name = f"linnapp_template_{secrets.token_hex(4)}"
        with psycopg.connect(POSTGRES_URL, autocommit=True) as connection:
            connection.execute(CREATE.format(sql.Identifier(name), sql.Identifier("template1")))
        try:
            fill(postgres_url(name))
        except BaseException:
            drop(name)
            raise
        note.write_text(name)

    return shared.once(f"postgres-{kind}.made", make).read_text()


def drop(database: str) -> None:
    with psycopg.connect(POSTGRES_URL, autocommit=True) as connection:
        connection.execute(DROP.format(sql.Identifier(database)))


def drop_templates() -> None:
    """To be called at the end of the run, by whichever process is the last."""
    for note in shared.folder().glob("postgres-*.made"):
        drop(note.read_text())


@contextmanager
def empty_redis_database() -> Iterator[str]:
    """URL of a Redis database that is empty, and no other test's meanwhile: a worker takes whatever job it finds there,
    and cannot read those of another portal."""
    with Path(tempfile.gettempdir(), f"linnapp-tests-redis-{getpass.getuser()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with redis.Redis.from_url(REDIS_URL) as client:
            client.flushdb()
        yield REDIS_URL


def tables_with_rows() -> list[str]:
    """All that can be read: SQLite's tables of trigrams have no text, and are only asked."""
    names: list[str] = connection.introspection.table_names()
    if connection.vendor != "sqlite":
        return names
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%columnsize = 0%'")
        asked_alone = {name for (name,) in cursor.fetchall()}
    return [name for name in names if name not in asked_alone]
