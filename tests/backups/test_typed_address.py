"""The address that a database is moved to has its password in it: a terminal does not show what is typed."""

import os
import pty
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.kit.portal import ROOT, environment

ADDRESS = "postgres://portal:secret-word@127.0.0.1:1/none"
PROMPT = b"(not shown): "


def read_until(end: int, wanted: bytes) -> bytes:
    """What the terminal shows, up to what is wanted or to its end."""
    shown, deadline = b"", time.monotonic() + 60
    with suppress(OSError):
        while wanted not in shown and time.monotonic() < deadline and (piece := os.read(end, 4096)):
            shown += piece
    return shown


@pytest.mark.slow(seconds=10)
def test_what_is_typed_is_not_shown(tmp_path: Path, empty_state: Path) -> None:
    shutil.copytree(empty_state, tmp_path / "state")
    env = environment(tmp_path / "state", DEMO="false")
    end, terminal = pty.openpty()
    command = [sys.executable, "manage.py", "move_to", "-"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=env, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True
    )
    os.close(terminal)
    try:
        shown = read_until(end, PROMPT)
        assert shown.endswith(PROMPT)
        os.write(end, ADDRESS.encode() + b"\n")
        shown += read_until(end, b"nothing that it says")
        assert process.wait(60) == 1
    finally:
        process.kill()
        os.close(end)
    # It was read, and nobody is there.
    assert b"127.0.0.1" in shown
    assert b"secret-word" not in shown
