"""The database as an event loop asks it: on PostgreSQL by asynchronous connections of its own, on SQLite by one thread.
Nothing here blocks the loop."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

import psycopg
from django.db import connection
from psycopg.rows import dict_row

from installs.exchange import steps
from installs.exchange.steps import STOPPING, Row, Statement, Steps, Unavailable

T = TypeVar("T")
Connection = psycopg.AsyncConnection[Row]
AWAY = (psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction)
# Seconds and milliseconds after which a server that says nothing counts as away, unless the operator says otherwise.
PATIENCE = {
    "connect_timeout": 3,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
}
# What these connections run are the same few statements, again and again, each of which finds its rows by an index
# whatever the values are: no plan is made for values, and none that reads a whole table for want of statistics.
# Tables are joined in the order in which a statement names them, whatever their size was when it was prepared.
# And none of them takes long: one that does counts as a database that is away.
PLANS = {
    "plan_cache_mode": "force_generic_plan",
    "join_collapse_limit": "1",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_seqscan": "off",
    "statement_timeout": "10s",
}
# Seconds until who asks is told so, whatever it is that does not answer.
PATIENCE_SECONDS = 15
log = logging.getLogger(__name__)


class Database(Protocol):
    """Both raise Unavailable. What may wait for somebody else runs `apart`, and keeps nobody else waiting."""

    async def run(self, make: Callable[[], Steps[T]]) -> T: ...

    async def run_apart(self, make: Callable[[], Steps[T]]) -> T: ...

    async def close(self) -> None: ...


def database() -> Database:
    return Postgresql() if connection.vendor == "postgresql" else Sqlite()


class Sqlite:
    """Has one writer anyway: one thread, with Django's connection of that thread."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="exchanges")

    async def run(self, make: Callable[[], Steps[T]]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, steps.run, make)

    run_apart = run

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, _close_of_this_thread)
        self._thread.shutdown(wait=False)


def _close_of_this_thread() -> None:
    connection.close()


class Postgresql:
    def __init__(self) -> None:
        self._first, self._apart = OwnConnection(), OwnConnection()

    async def run(self, make: Callable[[], Steps[T]]) -> T:
        return await self._first.run(make)

    async def run_apart(self, make: Callable[[], Steps[T]]) -> T:
        return await self._apart.run(make)

    async def close(self) -> None:
        await self._first.close()
        await self._apart.close()


class OwnConnection:
    """Opened when it is first needed, and again when it was lost. One asks at a time."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._connection: Connection | None = None
        self._is_away = False

    async def run(self, make: Callable[[], Steps[T]]) -> T:
        """What the steps return. Where the connection is lost, before the first statement or in the middle, all is
        asked once more on a new one: steps are made so that this does no harm. Raises Unavailable."""
        async with self._lock:
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    return await self._run(make)
            except AWAY as error:
                self._tell(error)
                raise Unavailable from error
            except TimeoutError as error:
                # Where the machine of the database stands still, nothing else tells: its connections stay open.
                await self._drop()
                self._tell(error)
                raise Unavailable from error

    async def close(self) -> None:
        async with self._lock:
            await self._drop()

    async def _run(self, make: Callable[[], Steps[T]]) -> T:
        if self._connection is not None:
            try:
                return await _run(self._connection, make())
            except AWAY as error:
                if not _is_lost(self._connection, error):
                    raise
                await self._drop()
        self._connection = await _opened()
        if self._is_away:
            log.warning("The database answers again")
            self._is_away = False
        try:
            return await _run(self._connection, make())
        except AWAY as error:
            if _is_lost(self._connection, error):
                await self._drop()
            raise

    async def _drop(self) -> None:
        lost, self._connection = self._connection, None
        if lost is not None:
            await lost.close()

    def _tell(self, error: Exception) -> None:
        """Once, however many ask a database that is away."""
        if not self._is_away:
            log.error("The database does not answer: %s", error or "nothing in time")
        self._is_away = self._connection is None


async def _opened() -> Connection:
    given = connection.get_connection_params()
    # Of Django's own: its cursors are not for a loop, and it prepares what it has run before.
    del given["cursor_factory"], given["prepare_threshold"]
    parameters: dict[str, Any] = PATIENCE | given
    options = (f"-c {name}={value}" for name, value in PLANS.items())
    parameters["options"] = " ".join([given.get("options", ""), *options]).strip()
    return await psycopg.AsyncConnection.connect(
        **parameters, autocommit=True, prepare_threshold=0, row_factory=dict_row
    )


async def _run(opened: Connection, made: Steps[T]) -> T:
    rows = None
    try:
        while True:
            rows = await _execute(opened, made.send(rows))  # type: ignore[arg-type]  # a generator begins with None
    except StopIteration as done:
        returned: T = done.value
        return returned


async def _execute(opened: Connection, statements: Sequence[Statement]) -> list[Row]:
    """Several go in one transaction, and all the way there and back at once."""
    if len(statements) == 1:
        return await _rows(await _cursor(opened, *statements))
    async with opened.pipeline(), opened.transaction():
        first, *_ = [await _cursor(opened, statement) for statement in statements]
    return await _rows(first)


async def _cursor(opened: Connection, statement: Statement) -> psycopg.AsyncCursor[Row]:
    return await opened.execute(statement.sql, statement.parameters)


async def _rows(cursor: psycopg.AsyncCursor[Row]) -> list[Row]:
    # Asking `description` instead would make an object for each column, each time.
    return await cursor.fetchall() if cursor.pgresult and cursor.pgresult.nfields else []


def _is_lost(opened: Connection, error: psycopg.Error) -> bool:
    return opened.closed or (error.sqlstate or "").startswith(STOPPING)
