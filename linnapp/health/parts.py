"""What is looked at, part by part: each look returns where all is well, and raises Fault, or whatever broke, where it
is not. Decision 77 says which of them are a machine's own."""

import os
import shutil
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Count, Max
from django.utils import timezone
from huey.contrib.djhuey import HUEY

from linnapp import outbox
from linnapp.health.beats import BEAT
from linnapp.models import OutgoingMail

# Seconds in which a database is connected to; it breaks a statement off itself after the second.
CONNECTS_WITHIN, ANSWERS_WITHIN = 2, 2.0
# A worker shows itself each second. One that was replaced is missed for less than this, on most machines.
WORKER_MISSED = 3.0
MB = 1024 * 1024


class Fault(Exception):
    """What is wrong with a part, in words for whoever looks after the portal."""


@dataclass(frozen=True)
class Part:
    """`needs` names a part without which nothing is known of this one. One that `is_shared` is the whole portal's: it
    is as well or as ill seen from any machine."""

    name: str
    look: Callable[[], None]
    needs: str = ""
    is_shared: bool = False


class OwnConnection:
    """The watch's own connection to the database, in the place of its thread's. Another thread breaks it off where what
    lies between takes a statement and never answers: no timeout of the database's ends that wait. `asks` is called
    before each statement."""

    def __init__(self) -> None:
        self.asks: Callable[[], None] = lambda: None
        self._socket: socket.socket | None = None
        # Of SQLite, the file that is open: another may get its name.
        self._file: tuple[int, int] | None = None

    def begin(self) -> None:
        own = connections[DEFAULT_DB_ALIAS].copy()
        options = own.settings_dict["OPTIONS"]
        if own.vendor == "postgresql":
            options["connect_timeout"] = CONNECTS_WITHIN
            # To prepare a statement is one more, which would count against the same limit.
            options["prepare_threshold"] = None
            limit = f"-c statement_timeout={int(ANSWERS_WITHIN * 1000)}"
            options["options"] = f"{options.get('options', '')} {limit}".strip()
        else:
            options["timeout"] = ANSWERS_WITHIN
        own.execute_wrappers.append(self._asked)
        connections[DEFAULT_DB_ALIAS] = own

    def _asked(self, execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        self.asks()
        return execute(sql, params, many, context)

    def open(self) -> None:
        """Raises Fault where SQLite's file is gone: a connection would go on reading it, or make an empty one."""
        there = self._file_there()
        if there != self._file:
            self.close()
            self._file = there
        if connection.connection is None:
            connection.ensure_connection()
            self._hold(connection.connection)

    @staticmethod
    def _file_there() -> tuple[int, int] | None:
        name = str(connection.settings_dict["NAME"])
        if connection.vendor != "sqlite" or name == ":memory:":
            return None
        try:
            found = os.stat(name)
        except FileNotFoundError:
            raise Fault("its file is missing") from None
        return found.st_dev, found.st_ino

    def _hold(self, raw: Any) -> None:
        """A second name for its socket, which is still this one's when the first is closed and its number another's."""
        if connection.vendor == "postgresql":
            self._socket = socket.socket(fileno=socket.dup(raw.fileno()))

    def close(self) -> None:
        with suppress(Exception):
            connection.close()
        held, self._socket = self._socket, None
        if held is not None:
            held.close()

    def break_off(self) -> None:
        held = self._socket
        if held is not None:
            with suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)


def missing_migrations(database: BaseDatabaseWrapper) -> int:
    """How many the code has and the database does not. What a later release brought is no matter."""
    executor = MigrationExecutor(database)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


class DatabaseParts:
    """Looked at one after the other, over one connection."""

    def __init__(self, own: OwnConnection) -> None:
        self.own = own
        self._applied: Any = None
        self._missing = 0
        self._beat: float | None = None
        self._beat_at: float | None = None

    def parts(self) -> list[Part]:
        return [
            Part("database", self.database),
            Part("migrations", self.migrations, needs="database"),
            Part("cache", self.cache, needs="database"),
            Part("worker", self.worker, needs="cache", is_shared=True),
            Part("outbox", self.outbox, needs="database", is_shared=True),
        ]

    def database(self) -> None:
        self.own.open()
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SELECT current_setting('transaction_read_only')")
                if cursor.fetchone() == ("on",):
                    raise Fault("cannot be written to: it is a standby, or read only")
            else:
                # Without a table SQLite does not touch its file.
                cursor.execute("SELECT count(*) FROM (SELECT 1 FROM django_migrations LIMIT 1)")

    def migrations(self) -> None:
        """The plan is made anew only where what is applied changed: it takes a tenth of a second of a processor."""
        rows = MigrationRecorder(connection).migration_qs
        applied = rows.aggregate(number=Count("id"), last=Max("id"))
        if applied != self._applied:
            self._missing, self._applied = missing_migrations(connection), applied
        if self._missing:
            raise Fault(f"{self._missing} are missing: run `manage.py prepare` of this release")

    def cache(self) -> None:
        beat = cache.get(BEAT)
        if beat is not None and beat != self._beat:
            # Machines' clocks differ: they say only how old the first beat is that is seen here.
            age = max(time.time() - beat, 0.0) if self._beat is None else 0.0
            self._beat, self._beat_at = beat, time.monotonic() - age

    def worker(self) -> None:
        if self._beat_at is None:
            raise Fault("none has ever shown itself: start `manage.py serve --worker`")
        missed = time.monotonic() - self._beat_at
        if missed > WORKER_MISSED:
            raise Fault(f"none has shown itself for {missed:.0f} s: start `manage.py serve --worker`")

    def outbox(self) -> None:
        """That one address takes nothing is no fault of the outbox: its mail is not due meanwhile."""
        if OutgoingMail.objects.in_vain().filter(said__startswith=outbox.NONE_LEAVES).exists():
            raise Fault("the mail server is away: Admin, E-mails says what it answered")
        now = timezone.now()
        oldest = OutgoingMail.objects.due(now).values_list("due_at", flat=True).first()
        waited = (now - oldest).total_seconds() if oldest else 0.0
        if waited > settings.MAIL_AGE_SECONDS:
            raise Fault(f"the oldest e-mail has been due for {waited:.0f} s")


class Queue:
    """Whether it answers, and how long the job that is next has been next, seen from here: jobs bear no time."""

    def __init__(self) -> None:
        self._next: Any = None
        self._since = 0.0

    def look(self) -> None:
        waiting = HUEY.storage.enqueued_items(1)
        now, first = time.monotonic(), waiting[0] if waiting else None
        if first is None or first != self._next:
            self._next, self._since = first, now
        elif now - self._since > settings.QUEUE_AGE_SECONDS:
            raise Fault(f"the oldest job has waited for {now - self._since:.0f} s")


def disk() -> None:
    free = shutil.disk_usage(settings.STATE_DIR).free
    if free < settings.LEAST_DISK_MB * MB:
        raise Fault(f"{free // MB} MB are free in STATE_DIR, fewer than LEAST_DISK_MB")
