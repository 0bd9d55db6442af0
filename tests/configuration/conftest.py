import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from linnapp.first_env import fresh_settings
from tests.kit.portal import ROOT, environment

# What a first `.env` says before anybody writes more.
KEYS = fresh_settings().replace("DEMO=true\n", "")


@dataclass(frozen=True)
class Started:
    code: int
    printed: str


Start = Callable[..., Started]


@pytest.fixture(scope="session")
def starter() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.configuration.starter"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin
        process.stdin.close()


@pytest.fixture
def start(starter: subprocess.Popen[str], tmp_path: Path) -> Start:
    """Runs a command of `manage.py` with these settings in the environment, and this `.env`."""

    def run(*arguments: str, file: bytes | str = KEYS, state: str | None = None, **settings: str) -> Started:
        env = environment(tmp_path) | {"STATE_DIR": state or str(tmp_path / "state")}
        Path(env["ENV_FILE"]).write_bytes(file if isinstance(file, bytes) else file.encode())
        for name in {"PORT", "WEB_WORKERS", "PAGE_PROCESSES"} - settings.keys():
            del env[name]
        assert starter.stdin
        assert starter.stdout
        starter.stdin.write(json.dumps((env | settings, arguments)) + "\n")
        starter.stdin.flush()
        return Started(*json.loads(starter.stdout.readline()))

    return run
