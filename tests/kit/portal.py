"""A real portal for tests: `manage.py serve` on a port, a database and a `.env` of its own."""

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

from linnapp.first_env import fresh_settings, write_once
from tests.kit import shared
from tests.kit.engines import fresh_postgres_database, postgres_template
from tests.kit.inside import Inside

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 40
STOP_SECONDS = 15
# A portal starts sooner with few processes; tests of many say so.
ONE_OF_EACH = {"WEB_WORKERS": "1", "PAGE_PROCESSES": "1", "WORKERS": "1"}
# The states that a portal is prepared in for tests, and whether DEMO is set for each.
DEMO = {"demo": "true", "empty": "false"}


@dataclass(frozen=True)
class Portal:
    """A portal that runs, and how to talk to it."""

    url: str
    env: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes]

    @cached_property
    def inside(self) -> Inside:
        """Python on this portal's database, at hand from the second question on."""
        return Inside(self.env)

    def ask(self, code: str) -> str:
        """What this code prints inside the portal."""
        return self.inside.ask(code)

    @property
    def port(self) -> int:
        return int(self.env["PORT"])

    def manage(self, *arguments: str) -> str:
        """What a management command on this portal's database prints."""
        return manage(self.env, *arguments)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def environment(state: Path, **settings: str) -> dict[str, str]:
    """All that a portal sees of the environment: its state lies in `state`, with a `.env` of fresh keys."""
    state.mkdir(parents=True, exist_ok=True)
    write_once(state / ".env", fresh_settings())
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    own = {"ENV_FILE": str(state / ".env"), "STATE_DIR": str(state), "PORT": str(free_port())}
    return kept | own | ONE_OF_EACH | settings


def manage(env: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"manage.py {arguments[0]} failed:\n{done.stdout}{done.stderr}"
    return done.stdout


def started(env: dict[str, str], log: Path, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-u", "manage.py", "serve", *arguments]
    with log.open("ab") as output:
        return subprocess.Popen(command, cwd=ROOT, env=env, stdout=output, stderr=output)


def shell_assignments(text: str) -> dict[str, str]:
    return dict(word.split("=", 1) for word in shlex.split(text) if "=" in word)


@contextmanager
def serving(env: dict[str, str], *arguments: str) -> Iterator[Portal]:
    """`manage.py serve` on a database that is prepared, once it answers; stopped as Ctrl-C does."""
    log = Path(env["STATE_DIR"]) / "serve.log"
    process = started(env, log, *arguments)
    portal = Portal(f"http://localhost:{env['PORT']}", env, log, process)
    try:
        wait_until_answers(portal.port, process, log)
        yield portal
    finally:
        portal.inside.close()
        stop(process)


def parents() -> dict[int, int]:
    """Of every process of this machine."""
    table = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    return {int(pid): int(parent) for pid, parent in map(str.split, table.splitlines())}


def children(process: int) -> set[int]:
    return {pid for pid, parent in parents().items() if parent == process}


def descendants(process: int) -> set[int]:
    of, found = parents(), {process}
    while more := {pid for pid, parent in of.items() if parent in found} - found:
        found |= more
    return found - {process}


def kill(processes: Iterable[int]) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def kill_whole(process: subprocess.Popen[bytes]) -> None:
    """It and all that it started at one blow, as a machine that loses power."""
    kill([process.pid, *descendants(process.pid)])
    process.wait()


def wait_until_answers(port: int, process: subprocess.Popen[bytes], log: Path | None = None) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not answers(port):
        said = log.read_text() if log else ""
        assert process.poll() is None, f"serve ended by itself:\n{said}"
        assert time.monotonic() < deadline, f"serve does not answer:\n{said}"
        time.sleep(0.05)


def stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


def prepared(kind: str) -> Path:
    """State folder of a portal on SQLite as `manage.py prepare` leaves it, "demo" or "empty": to be copied and not to
    be served from."""
    return shared.once(kind, lambda state: _prepare(environment(state, DEMO=DEMO[kind])))


@contextmanager
def prepared_postgres(kind: str) -> Iterator[str]:
    """URL of a database as `manage.py prepare` leaves it, read with the keys of `prepared(kind)`."""

    def fill(url: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            state = shutil.copytree(prepared(kind), Path(folder, "state"))
            _prepare(environment(state, DEMO=DEMO[kind], DATABASE_URL=url))

    with fresh_postgres_database(postgres_template(kind, fill)) as url:
        yield url


def _prepare(env: dict[str, str]) -> None:
    manage(env, "prepare")


@contextmanager
def demo_portal(state: Path, prepared_state: Path, engine: str, **settings: str) -> Iterator[Portal]:
    """A portal with the demo data. `prepared_state` is a state folder to start from, which saves seconds."""
    shutil.copytree(prepared_state, state, dirs_exist_ok=True)
    with prepared_postgres("demo") if engine == "postgres" else nullcontext("") as database_url:
        env = environment(state, DEMO="true", **settings)
        if database_url:
            env["DATABASE_URL"] = database_url
        with serving(env) as portal:
            yield portal


@pytest.fixture(scope="session")
def prepared_state() -> Path:
    """State folder of a portal with the demo data on SQLite, to be copied and not to be served from."""
    return prepared("demo")


@pytest.fixture(scope="session")
def empty_state() -> Path:
    """The same without the demo data."""
    return prepared("empty")


@pytest.fixture(scope="session")
def live_portal(tmp_path_factory: pytest.TempPathFactory, prepared_state: Path) -> Iterator[Portal]:
    """A portal with the demo data on SQLite, shared by all tests of a process: what one changes, another sees."""
    with demo_portal(tmp_path_factory.mktemp("live"), prepared_state, "sqlite") as portal:
        yield portal


@pytest.fixture(scope="session")
def demo(live_portal: Portal) -> dict[str, str]:
    """What `manage.py demo_env` prints for the shared portal: PORTAL_URL, APPLICATION_ID, … by name."""
    return shell_assignments(live_portal.manage("demo_env"))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest) -> str:
    """Each database in turn, for tests that start a portal of their own."""
    return str(request.param)


@pytest.fixture
def own_portal(tmp_path: Path, prepared_state: Path, engine: str) -> Iterator[Portal]:
    """A portal with the demo data for one test alone, on each database in turn."""
    with demo_portal(tmp_path / "state", prepared_state, engine) as portal:
        yield portal
