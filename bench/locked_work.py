"""The periodic jobs, a bulk change and a manifest at its limits, each watched while it holds SQLite's one writer.

Runs in a shell of the portal, which bench/locks.py starts.
"""

import gc
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection

from bench import old_rows
from installs import tasks
from installs.admin.acts_on_accounts import SUSPEND_ACCOUNTS
from installs.exchange import hours
from installs.installations import rotating, update_mails
from installs.postbacks import deciding, parking
from linnapp import bulk_changes
from linnapp.actors import Actor, Side
from linnapp.manifest import Manifest, parse
from linnapp.models import Account, Application, User
from linnapp.services import knocks, manifests

LONGEST_MS = 20
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
HEAD = (
    "| what | transactions | longest, ms | 99 of 100 | longest of the processor | seconds in all |\n"
    "|---|---|---|---|---|---|\n"
)
MODULES, PARAMETERS_OF_ONE = 200, 5


@dataclass
class Watch:
    """Of one connection: milliseconds for which each transaction, or a write by itself, held the writer, and those of
    the processor in it, with those of PostgreSQL's own process where it is on this machine: a busy machine adds to the
    first alone."""

    backend: Path | None = None
    held: list[tuple[float, float]] = field(default_factory=list)
    began: tuple[float, float] | None = None
    statements: int = 0

    def now(self) -> tuple[float, float]:
        of_backend = int(self.backend.read_text().split()[0]) / 1e9 if self.backend else 0.0
        return time.perf_counter(), time.thread_time() + of_backend

    def since(self, moment: tuple[float, float]) -> tuple[float, float]:
        wall, processor = self.now()
        return 1000 * (wall - moment[0]), 1000 * (processor - moment[1])

    def execute(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        word = sql.lstrip()[:8].upper()
        writes = self.began is None and word.startswith(WRITES)
        alone = writes and not connection.in_atomic_block
        self.statements += 1
        started = self.now()
        if writes and not alone:
            # PostgreSQL: the transaction began without a word, and holds nothing before it writes.
            self.began = started
        try:
            return execute(sql, params, many, context)
        finally:
            if word.startswith("BEGIN"):
                # Held from here on; what went before was the wait for it.
                self.began = self.now()
            elif alone:
                self.held.append(self.since(started))

    def ending(self, end: Callable[[], None]) -> Callable[[], None]:
        def ended() -> None:
            end()
            if self.began is not None:
                self.held.append(self.since(self.began))
                self.began = None

        return ended


def backend_of(connection: Any) -> Path | None:
    """Where Linux counts what the process of PostgreSQL takes that this connection has."""
    if connection.vendor != "postgresql":
        return None
    connection.ensure_connection()
    found = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    return found if found.exists() else None


@contextmanager
def watched(connection: Any) -> Iterator[Watch]:
    watch = Watch(backend_of(connection))
    commit, rollback = connection._commit, connection._rollback
    connection._commit, connection._rollback = watch.ending(commit), watch.ending(rollback)
    try:
        with connection.execute_wrapper(watch.execute):
            yield watch
    finally:
        connection._commit, connection._rollback = commit, rollback


def row_of(name: str, watch: Watch, seconds: float) -> str:
    held = sorted(watch.held) or [(0.0, 0.0)]
    most, usual, of_processor = held[-1][0], held[int(0.99 * (len(held) - 1))][0], max(own for _, own in held)
    return f"| {name} | {len(watch.held):,} | {most:.1f} | {usual:.1f} | {of_processor:.1f} | {seconds:.1f} |\n"


def works() -> Iterator[tuple[str, Callable[[], object]]]:
    yield from periodic()
    yield "a bulk change of 100 accounts", bulk_change()
    yield f"a manifest of {MODULES} modules and {MODULES * PARAMETERS_OF_ONE:,} parameters, saved", manifest()


def periodic() -> Iterator[tuple[str, Callable[[], object]]]:
    yield "counting hours, with what they open to", hours.fold
    yield "counting them again", hours.fold
    yield "telling hours", hours.tell_timeline
    yield "installations that lapsed", deciding.sweep_lapsed
    yield "postbacks whose host is not held any more", parking.free_stranded
    yield "a trial of each held host", parking.try_held
    yield "permanent tokens that ended", rotating.write_down_ended
    yield "counts of attempts", knocks.drop_over
    yield "mail about updates", update_mails.send_due
    for drop in tasks.DROPS:
        yield f"dropped by {drop.__module__}.{drop.__name__}", drop


def bulk_change() -> Callable[[], object]:
    person = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
    by = Actor(person, Side.STAFF, "A bench.")
    wishes = bulk_changes.wishes_of(Account.objects.filter(slug__startswith="old-").order_by("pk")[:100])
    change = bulk_changes.begin(SUSPEND_ACCOUNTS, Account, wishes, by=by, wanted={})
    return lambda: bulk_changes.work_on(change.pk)


def manifest() -> Callable[[], object]:
    application = Application.objects.filter(retired_at=None, account__memberships__role="OWNER").order_by("pk")[0]
    person = application.account.owners()[0]
    by = Actor(person, Side.DEVELOPER)

    def written(text: str) -> Manifest:
        parameters = [{"name": f"Parameter{number}", "value": text} for number in range(PARAMETERS_OF_ONE)]
        modules = [
            {"type": "ExternalApplication", "moduleName": f"Module{n}", "parameters": parameters}
            for n in range(MODULES)
        ]
        return parse({"modules": modules})

    revision = application.manifest_revision
    saved = manifests.save_manifest(application, written("one"), expected_revision=revision, by=by)
    other = written("another")
    return lambda: manifests.save_manifest(application, other, expected_revision=saved.manifest_revision, by=by)


def measure(share: float) -> None:
    began = time.perf_counter()
    old_rows.fill(share)
    sys.stderr.write(f"filled within {time.perf_counter() - began:.0f} s\n")
    # As a worker does once it has started.
    gc.collect()
    gc.freeze()
    longest = 0.0
    sys.stdout.write(HEAD)
    for name, work in works():
        began = time.perf_counter()
        with watched(connection) as watch:
            work()
        sys.stdout.write(row_of(name, watch, time.perf_counter() - began))
        sys.stdout.flush()
        longest = max([longest, *(wall for wall, _ in watch.held)])
    held = "held" if longest <= LONGEST_MS else "not held"
    sys.stdout.write(f"\nNothing holds the writer for more than {LONGEST_MS} ms: {held}.\n")
