"""`make run` in a fresh copy of the repository, in a folder whose name has a space: what a newcomer does first."""

import os
import re
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.kit.portal import ROOT, answers, free_port

# What git leaves out, and git.
NOT_COPIED = shutil.ignore_patterns(".git", ".venv", ".env", "var", "__pycache__", ".*_cache", "node_modules")
FIRST_START_SECONDS = 120
# The demo's connector, called as the README has it.
AFTER = (ROOT / "README.md").read_text().partition("\n## What comes after")[2].partition("\n## ")[0]
CONNECTOR_CALL, ANSWER = re.findall(r"^```\w+\n(.*?)^```$", AFTER, re.MULTILINE | re.DOTALL)
SECOND_START_SECONDS = 10


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT, tmp_path / "a fresh copy", ignore=NOT_COPIED, symlinks=True))


@contextmanager
def make_run(copy: Path, port: int) -> Iterator[float]:
    """`make run` until the portal answers, which takes as many seconds as are yielded; stopped as a terminal does."""
    env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | {"PORT": str(port)}
    log = copy.parent / "make.log"
    started = time.monotonic()
    with log.open("ab") as output:
        make = subprocess.Popen(
            ["make", "run"], cwd=copy, env=env, stdout=output, stderr=output, start_new_session=True
        )
    try:
        while not answers(port):
            assert make.poll() is None, log.read_text()
            assert time.monotonic() - started < FIRST_START_SECONDS, log.read_text()
            time.sleep(0.1)
        yield time.monotonic() - started
    finally:
        if make.poll() is None:
            # Ctrl-C reaches the whole foreground group.
            os.killpg(make.pid, signal.SIGINT)
            make.wait(20)
    assert not answers(port)


@pytest.mark.slow(seconds=60)
def test_it_starts_on_a_fresh_copy_and_again_in_seconds(copy: Path) -> None:
    port = free_port()
    with make_run(copy, port):
        page = requests.get(f"http://localhost:{port}/", timeout=20)
        assert page.status_code == 200
        assert "Alice" in page.text
        assert typed(copy, port, CONNECTOR_CALL) == ANSWER
    keys = (copy / ".env").read_text()
    assert stat.S_IMODE((copy / ".env").stat().st_mode) == 0o600
    assert "Traceback" not in (copy.parent / "make.log").read_text()
    with make_run(copy, port) as seconds:
        assert seconds < SECOND_START_SECONDS
    assert (copy / ".env").read_text() == keys
    assert f"Portal at http://localhost:{port} " in (copy.parent / "make.log").read_text()


def typed(copy: Path, port: int, command: str) -> str:
    """What a command of the README prints in another terminal."""
    env = {"PATH": os.environ["PATH"], "PORT": str(port)}
    done = subprocess.run(
        ["bash", "-c", command], cwd=copy, env=env, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


def test_a_python_that_is_too_old_is_named(copy: Path, tmp_path: Path) -> None:
    old = tmp_path / "bin"
    old.mkdir()
    for name in ("python3", "python3.11", "python3.12", "python3.13", "python3.14"):
        (old / name).write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" && exit\nexit 1\n')
        (old / name).chmod(0o755)
    env = {"PATH": f"{old}:{os.environ['PATH']}"}
    made = subprocess.run(["make", "run"], cwd=copy, env=env, capture_output=True, text=True, timeout=30, check=False)
    assert made.returncode == 2
    assert made.stdout == (
        "linnapp needs Python 3.11 or newer, and python3 here is Python 3.9.2. Install one and run make again.\n"
    )
    assert not (copy / ".venv").exists()


def test_make_alone_lists_what_there_is_to_do(copy: Path) -> None:
    # Not the environment of the `make` that runs these tests.
    env = {"PATH": os.environ["PATH"]}
    listed = subprocess.run(["make"], cwd=copy, env=env, capture_output=True, text=True, timeout=10, check=True).stdout
    assert [line.split()[1] for line in listed.splitlines()] == [
        "help",
        "run",
        "test",
        "drill",
        "bench",
        "mutants",
        "rooms",
        "screenshots",
        "lint",
        "format",
        "pins",
        "clean",
    ]
