"""What the portal writes on its machine is read by the user that runs it, and by no other."""

import os
from pathlib import Path

import requests

from linnapp.management.commands import prepare
from linnapp.queues import queue
from tests.kit.portal import Portal

# The test's own.
OF_THE_TEST = {"serve.log", ".env"}


def open_to_others(folder: Path) -> list[str]:
    found = [folder, *(path for path in folder.rglob("*") if path.name not in OF_THE_TEST)]
    return [str(path.relative_to(folder)) for path in found if path.lstat().st_mode & 0o077]


def loosen(folder: Path) -> None:
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    folder.chmod(0o755)


def test_nothing_below_state_dir_is_open_to_others(live_portal: Portal) -> None:
    """Neither what `prepare` made nor what the processes that run make: the database's log, and the queue."""
    state = Path(live_portal.env["STATE_DIR"])
    assert requests.get(f"{live_portal.url}/sign-in/", timeout=20).status_code == 200
    live_portal.ask("from linnapp import jobs, outbox; assert jobs.ask(outbox.wake)")
    assert (state / "huey.sqlite3").exists()
    assert list(state.glob("db.sqlite3-wal"))
    assert list(state.glob("static/*"))
    assert open_to_others(state) == []


def test_what_an_older_release_left_open_is_closed(tmp_path: Path) -> None:
    state = tmp_path / "state"
    for name in ("db.sqlite3", "media/logos/a.png", "static/a.css"):
        file = state / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"")
    loosen(state)
    assert len(open_to_others(state)) == 7
    prepare.close_to_others(state)
    assert open_to_others(state) == []


def test_a_queue_that_is_made_anew_is_closed_too(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        queue("", tmp_path / "huey.sqlite3", "secret").storage.enqueue(b"job")
    finally:
        os.umask(before)
    assert [path.name for path in tmp_path.iterdir() if path.stat().st_mode & 0o077] == []
