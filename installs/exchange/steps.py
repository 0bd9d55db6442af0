"""Statements and what is made of their rows, apart from the connection they run on. What is asked of the database is
written once, as a generator: it yields statements and is sent rows. `run` drives it on Django's connection of this
thread; `installs.exchange.connections` drives the same in an event loop."""

import logging
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Generic, Self, TypeVar
from uuid import UUID

from django.db import Error, InterfaceError, InternalError, OperationalError, connection, transaction

from linnapp.calls import Call, Reply

Row = dict[str, Any]
T = TypeVar("T")
Answer = TypeVar("Answer")
RETRY_AFTER = 2
# Nobody waits longer than this for a row that somebody else holds. It is asked for again and again meanwhile, at first
# soon and then seldom, so that those who wait leave the database to whoever they wait for.
HELD_SECONDS = 5.0
SOONEST_SECONDS, SELDOM_SECONDS = 0.01, 0.2
SQLITE_BUSY = 5
# READONLY, IOERR, FULL and CANTOPEN: a file that may not be written, a disk that fails, one that is full, no such file.
# All are the matter of the machine, and mended without a change to the portal.
SQLITE_OF_THE_MACHINE = {8, 10, 13, 14}
# What PostgreSQL says to whoever is connected while it stops, to those who connect while it starts, and to who writes
# on a server that only reads, as after another has taken its place.
READ_ONLY = "25006"
STOPPING = ("57P", READ_ONLY)
AWAY = (OperationalError, InterfaceError, InternalError)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Statement:
    """One in SQL, its parameters by name: text, numbers, moments and UUIDs."""

    sql: str
    parameters: dict[str, Any]


# What is yielded are statements of one transaction; what is sent back are the rows of the first.
Steps = Generator[Sequence[Statement], list[Row], T]


class Unavailable(Exception):
    """The database is away, or keeps whoever asks waiting for too long. The same request may be sent again later."""


class Not(Enum):
    """Why one is not answered yet."""

    TOGETHER = "It has to be asked alone."
    NOW = "Somebody holds what it needs, or has just changed it: it is asked again in a moment."


class Ask(ABC, Generic[Answer]):
    """What somebody asks of the database. Those that wait at the same time are answered together."""

    @classmethod
    @abstractmethod
    def together(cls, asks: Sequence[Self]) -> Steps[list[Answer | Not]]:
        """What each is answered."""

    @abstractmethod
    def alone(self) -> Steps[Answer | Not]: ...


# What an endpoint does with a call: yields what it asks, is sent the answers, and returns its reply.
Answering = Generator[Ask[Any], Any, Reply]
Endpoint = Callable[[Call], Answering]


def answer(ask: Ask[Answer]) -> Answer:
    """On Django's connection of this thread. Raises Unavailable."""
    until, asked = time.monotonic() + HELD_SECONDS, 0
    while isinstance(answered := run(lambda: _whichever_way(ask)), Not):
        if time.monotonic() > until:
            raise Unavailable
        asked += 1
        time.sleep(pause(asked))
    return answered


def pause(asked: int) -> float:
    """Seconds until it is asked again what was held so many times; not the same for all that were held together."""
    return min(SOONEST_SECONDS * 2.0 ** min(asked - 1, 8), SELDOM_SECONDS) * random.uniform(0.5, 1.5)


def _whichever_way(ask: Ask[Answer]) -> Steps[Answer | Not]:
    (answered,) = yield from ask.together([ask])
    return (yield from ask.alone()) if answered is Not.TOGETHER else answered


def run(make: Callable[[], Steps[T]]) -> T:
    """What the steps return. A connection that was lost meanwhile, or long before, is opened again and all is asked
    once more: steps are made so that this does no harm. Raises Unavailable where that helps nothing."""
    was_open = connection.connection is not None
    try:
        return _run(make())
    except AWAY as error:
        if not was_open or connection.in_atomic_block or not _is_lost(error):
            raise _reason(error) from error
    connection.close()
    try:
        return _run(make())
    except AWAY as error:
        raise _reason(error) from error


def _run(steps: Steps[T]) -> T:
    rows = None
    try:
        while True:
            rows = _execute(steps.send(rows))  # type: ignore[arg-type]  # a generator begins with None
    except StopIteration as done:
        returned: T = done.value
        return returned


def _execute(statements: Sequence[Statement]) -> list[Row]:
    with transaction.atomic() if len(statements) > 1 else nullcontext():
        first, *_ = [_rows(statement) for statement in statements]
        return first


def _rows(statement: Statement) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(statement.sql, _plain(statement.parameters))
        if cursor.description is None:
            return []
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _plain(parameters: dict[str, Any]) -> dict[str, Any]:
    """Django's own conversions belong to the ORM: plain SQL brings along the little that SQLite needs."""
    if connection.vendor == "postgresql":
        return parameters
    return {name: _for_sqlite(value) for name, value in parameters.items()}


def _for_sqlite(value: Any) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value.hex if isinstance(value, UUID) else value


def _is_lost(error: Error) -> bool:
    if connection.vendor != "postgresql":
        return False
    return connection.connection is None or connection.connection.closed or _is_stopping(error)


def _is_stopping(error: Error) -> bool:
    return (getattr(error.__cause__, "sqlstate", None) or "").startswith(STOPPING)


def _reason(error: Error) -> Exception:
    """SQLite says the same of a table that is not there and of a database that somebody holds."""
    if connection.vendor == "postgresql":
        if isinstance(error, InternalError) and not _is_stopping(error):
            return error
        log.error("The database does not answer: %s", error)
        return Unavailable()
    code = getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF
    if code in SQLITE_OF_THE_MACHINE:
        log.error("The database cannot be read or written: %s", error)
    return Unavailable() if code == SQLITE_BUSY or code in SQLITE_OF_THE_MACHINE else error
