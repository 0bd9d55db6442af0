"""The job queue, in a file or on Redis. Neither keeps anybody waiting while it is away, and a file that was removed is
made anew: what was in it is found again by whoever looks at the rows."""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

from huey import Huey
from huey.serializer import SignedSerializer
from huey.storage import RedisStorage, SqliteStorage
from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.retry import Retry

from linnapp.log_lines import also_about

# Seconds until a Redis that does not answer counts as away. Jobs are waited for by the second (huey's read_timeout).
CONNECTS_WITHIN, ANSWERS_WITHIN = 2, 5


class QueueFile(SqliteStorage):
    """A connection stays with the file that it opened, also once that is removed or another has its name: then whoever
    puts jobs in and whoever takes them out would no longer meet."""

    _conn: sqlite3.Connection | None
    _file: tuple[int, int] | None = None

    @property
    def conn(self) -> sqlite3.Connection:
        """Asked for before each statement, under the lock of the storage."""
        if self._conn is not None and self._file != self._file_there():
            self._conn.close()
            self._conn = None
        if self._conn is None:
            self._conn = self._opened()
        return self._conn

    def _opened(self) -> sqlite3.Connection:
        with suppress(OSError):
            # For this user alone, whatever process makes it.
            os.close(os.open(self.filename, os.O_CREAT | os.O_RDWR, 0o600))
        connection: sqlite3.Connection = self._create_connection()
        try:
            for statement in self.ddl:
                connection.execute(statement)
            self._file = self._file_there()
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _file_there(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self.filename)
        except OSError:
            return None
        return found.st_dev, found.st_ino


def queue(redis_url: str, file: Path, secret: str) -> Huey:
    options: dict[str, Any]
    if redis_url:
        # Once more at once, because a connection that Redis left is noticed when it is used; never after a wait.
        pool = ConnectionPool.from_url(
            redis_url,
            socket_connect_timeout=CONNECTS_WITHIN,
            socket_timeout=ANSWERS_WITHIN,
            retry=Retry(NoBackoff(), 1),
        )
        options = {"storage_class": RedisStorage, "connection_pool": pool}
    else:
        options = {"storage_class": QueueFile, "filename": str(file)}
    # Without results: what a job failed with stands in the log, and the queue would keep it for ever.
    signed = SignedSerializer(secret=secret)
    huey = Huey("linnapp", immediate=False, results=False, serializer=signed, **options)
    huey.pre_execute("named")(lambda task: also_about(job=task.name))
    huey.post_execute("named")(lambda task, value, error: also_about(job=""))
    return huey
