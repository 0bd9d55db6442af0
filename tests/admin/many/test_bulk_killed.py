"""A worker that is killed in the middle of a change of many rows: others go on, and do no row twice."""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.kit.inside import Inside
from tests.kit.portal import environment, kill_whole, prepared_postgres, started, stop

pytestmark = pytest.mark.slow(seconds=15)
ROWS = 200
BEGIN = f"""
from installs.admin import acts_on_accounts
from linnapp import bulk_changes
from linnapp.actors import Actor, Side
from linnapp.models import Account, User
paula = User.objects.create_superuser("paula@linnapp.example", "secret")
Account.objects.bulk_create(Account(name=f"Customer {{number}}", slug=f"many-{{number}}") for number in range({ROWS}))
change = bulk_changes.begin(
    acts_on_accounts.EDIT_CONTACT_EMAIL,
    Account,
    bulk_changes.wishes_of(Account.objects.filter(slug__startswith="many-")),
    by=Actor(paula, Side.STAFF, "Ticket 12"),
    wanted={{"contact_email": "desk@x.example"}},
)
bulk_changes.work(change.pk)
"""
STANDS = """
from linnapp.models import BulkChange
change = BulkChange.objects.get()
print(change.state, change.counts()["DONE"])
"""
A_MINUTE_LATER = """
from django.utils import timezone
from datetime import timedelta
from linnapp import bulk_changes
from linnapp.models import BulkChange
BulkChange.objects.update(beaten_at=timezone.now() - timedelta(minutes=2))
# Twice: a worker that was only slow may be there still.
bulk_changes.take_up()
bulk_changes.take_up()
"""
LEFT_BEHIND = """
from collections import Counter
from linnapp.models import Account, BulkRow, TimelineEntry
entries = TimelineEntry.objects.filter(kind="ACCOUNT_EDITED").order_by("pk")
told = Counter(entries.values_list("account_id", flat=True))
linked = set(BulkRow.objects.values_list("entry_id", flat=True))
print(len(told), max(told.values()), linked == set(entries.values_list("pk", flat=True)))
print(Account.objects.filter(contact_email="desk@x.example").count())
"""


@pytest.fixture
def env(tmp_path: Path, empty_state: Path, engine: str) -> Iterator[dict[str, str]]:
    """Of a portal that does not run."""
    with ExitStack() as stack:
        made = environment(shutil.copytree(empty_state, tmp_path / "state"), DEMO="false")
        if engine == "postgres":
            made["DATABASE_URL"] = stack.enter_context(prepared_postgres("empty"))
        yield made


@pytest.fixture
def inside(env: dict[str, str]) -> Iterator[Inside]:
    made = Inside(env)
    yield made
    made.close()


@pytest.fixture
def worker(env: dict[str, str]) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts one; each that still runs in the end is stopped."""
    begun: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        begun.append(started(env, Path(env["STATE_DIR"], "worker.log"), "--worker"))
        return begun[-1]

    yield start
    for process in begun:
        stop(process)


def wait(inside: Inside, until: Callable[[str, int], bool]) -> tuple[str, int]:
    """State of the change and its rows done, once they are so."""
    deadline = time.monotonic() + 120
    while True:
        state, done = inside.ask(STANDS).split()
        if until(state, int(done)):
            return state, int(done)
        assert time.monotonic() < deadline, (state, done)
        time.sleep(0.02)


def test_others_go_on_and_do_no_row_twice(inside: Inside, worker: Callable[[], subprocess.Popen[bytes]]) -> None:
    inside.ask(BEGIN)
    first = worker()
    wait(inside, lambda state, done: done > ROWS // 5)
    kill_whole(first)
    state, done = wait(inside, lambda state, done: True)
    assert state == "WORKING"
    assert done < ROWS
    inside.ask(A_MINUTE_LATER)
    worker()
    wait(inside, lambda state, done: state == "DONE")
    assert inside.ask(LEFT_BEHIND).split() == [str(ROWS), "1", "True", str(ROWS)]
