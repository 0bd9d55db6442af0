"""Processor time of a portal's web processes and of its database's backends: what another load on the machine hardly
moves."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import psycopg

from tests.kit.portal import descendants

NOT_OURS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def of_processes(pids: set[int]) -> dict[int, float]:
    """Milliseconds so far, of each that is there still."""
    found = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            threads = Path(f"/proc/{pid}/task").iterdir()
            found[pid] = sum(int((one / "schedstat").read_text().split()[0]) for one in threads) / 1e6
    return found


class Meter:
    """Of a portal that runs; `url` is of its PostgreSQL, "" for SQLite, whose work is the web's own."""

    def __init__(self, process: int, url: str) -> None:
        self.process = process
        self.connection = psycopg.connect(url, autocommit=True) if url else None

    def read(self) -> tuple[dict[int, float], dict[int, float]]:
        """Of the web, and of the database."""
        return of_processes(descendants(self.process)), of_processes(self._backends())

    def _backends(self) -> set[int]:
        return {row[0] for row in self.connection.execute(NOT_OURS)} if self.connection else set()

    def spent(self, act: Callable[[], object]) -> tuple[float, float]:
        """Milliseconds of web and database while `act` runs."""
        before = self.read()
        act()
        after = self.read()
        web, database = (
            sum(now - then.get(pid, 0.0) for pid, now in more.items()) for then, more in zip(before, after, strict=True)
        )
        return web, database
