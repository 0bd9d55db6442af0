"""What the portal writes on its machine is read by the user that runs it, and by no other."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.kit.portal import environment, manage, serving

# The test's own.
OF_THE_TEST = {"serve.log", ".env"}


def open_to_others(folder: Path) -> list[str]:
    found = [folder, *(path for path in folder.rglob("*") if path.name not in OF_THE_TEST)]
    return [str(path.relative_to(folder)) for path in found if path.lstat().st_mode & 0o077]


def loosen(folder: Path) -> None:
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    folder.chmod(0o755)


@pytest.fixture
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.slow
def test_nothing_below_state_dir_is_open_to_others(tmp_path: Path, empty_state: Path, usual_umask: None) -> None:
    assert open_to_others(empty_state) == []
    state = shutil.copytree(empty_state, tmp_path / "state")
    shutil.rmtree(state / "static")
    logo = state / "media" / "logos" / "a.png"
    logo.parent.mkdir(parents=True)
    logo.write_bytes(b"PNG")
    loosen(state)
    env = environment(state, DEMO="false")
    manage(env, "prepare")
    assert open_to_others(state) == []
    with serving(env) as portal:
        for file in state.glob("huey.sqlite3*"):
            file.unlink()
        assert requests.get(f"{portal.url}/sign-in/", timeout=20).status_code == 200
        portal.ask("from linnapp import jobs, outbox; assert jobs.ask(outbox.wake)")
        assert (state / "huey.sqlite3").exists()
        assert list(state.glob("db.sqlite3-wal"))
        assert open_to_others(state) == []
