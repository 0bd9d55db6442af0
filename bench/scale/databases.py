"""Databases that are filled, and the environment of a portal on one of them."""

import base64
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from tests.kit.engines import POSTGRES_URL
from tests.kit.portal import ROOT, free_port

FOLDER = ROOT / "var" / "scale"
FILL = "from bench.scale import rows; rows.fill(%d)"
# For those who are connected to a database that is to be copied.
PATIENCE_SECONDS = 300
# No secrets: whoever has the checkout measures any database that was kept.
KEYS = {
    "SECRET_KEY": "rows of bench/scale, none of them anybody's",
    "CREDENTIAL_KEYS": base64.urlsafe_b64encode(b"rows of bench/scale, of nobody's").decode(),
    "DIGEST_KEY": "rows of bench/scale, none of them anybody's",
}


def name_of(installations: int) -> str:
    """What a database is called that nobody named."""
    return f"linnapp_scale_{installations}"


def environment(engine: str, name: str) -> dict[str, str]:
    """Of a portal on this database, whose state stands in var/scale."""
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "TMPDIR") if key in os.environ}
    state = FOLDER / f"{engine}-{name}"
    state.mkdir(parents=True, exist_ok=True)
    own = {"ENV_FILE": os.devnull, "STATE_DIR": str(state), "PORT": str(free_port()), "DEMO": "false"}
    url = {"DATABASE_URL": url_of(name)} if engine == "postgres" else {}
    return kept | KEYS | own | url


def ready(engine: str, name: str) -> dict[str, str]:
    """The environment of a portal on a database that may have been kept, or filled from another checkout: migrations
    of this one are made up for, and its static files are there."""
    env = environment(engine, name)
    manage(env, "prepare")
    return env


def url_of(name: str) -> str:
    return f"{POSTGRES_URL.rpartition('/')[0]}/{name}"


def make(installations: int, engine: str, name: str) -> dict[str, str]:
    """A filled database of that name, in place of one that had it; the environment of a portal on it."""
    drop(engine, name)
    if engine == "sqlite":
        return _in_sqlite(installations, name)
    create(name)
    env = ready(engine, name)
    manage(env, "shell", "-v", "0", "-c", FILL % installations)
    return env


def _in_sqlite(installations: int, name: str) -> dict[str, str]:
    """Filled in PostgreSQL, whose functions make the rows, and copied."""
    env = ready("sqlite", name)
    beside = f"{name}_for_sqlite"
    source = make(installations, "postgres", beside)
    manage(env, "shell", "-v", "0", "-c", f"from bench.scale import copying; copying.copy({source['DATABASE_URL']!r})")
    drop("postgres", beside)
    return env


def write_figures(name: str) -> None:
    """What SQLite plans by everywhere, as ANALYZE finds it in this database of SQLite."""
    manage(ready("sqlite", name), "shell", "-v", "0", "-c", "from bench.scale import figures; figures.write()")


@contextmanager
def copied(engine: str, name: str) -> Iterator[dict[str, str]]:
    """The environment of a portal on a copy of this database, which is gone afterwards."""
    copy = f"{name}_copy_{os.getpid()}"
    if engine == "postgres":
        create(copy, template=name)
    else:
        shutil.copytree(FOLDER / f"{engine}-{name}", FOLDER / f"{engine}-{copy}")
    try:
        yield ready(engine, copy)
    finally:
        drop(engine, copy)


def create(name: str, template: str = "template1") -> None:
    """In PostgreSQL. Each page is on one core: what it takes is what it costs, and a second core hides nothing."""
    database = sql.Identifier(name)
    with psycopg.connect(POSTGRES_URL, autocommit=True) as connection:
        _copy(connection, sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(database, sql.Identifier(template)))
        connection.execute(sql.SQL("ALTER DATABASE {} SET max_parallel_workers_per_gather = 0").format(database))


def _copy(connection: psycopg.Connection, statement: sql.Composed) -> None:
    """PostgreSQL copies no database that somebody is connected to: whoever looks at it is waited for."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            connection.execute(statement)
        except psycopg.errors.ObjectInUse:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)
        else:
            return


def drop(engine: str, name: str) -> None:
    shutil.rmtree(FOLDER / f"{engine}-{name}", ignore_errors=True)
    if engine == "postgres":
        with psycopg.connect(POSTGRES_URL, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def manage(env: dict[str, str], *arguments: str) -> None:
    """Without a limit of time: to fill takes minutes."""
    subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=env, check=True)
