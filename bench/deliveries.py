"""Deliveries a second of `manage.py serve` beside two common task queues, counted at a sink on the same machine."""

import os
import platform
import secrets
import sqlite3
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

import redis
import requests

from tests.kit.engines import REDIS_URL, fresh_postgres_database, missing
from tests.kit.portal import ROOT, environment, free_port, manage, serving, stop, wait_until_answers

PORTAL, PORTAL_ON_POSTGRESQL = "the portal, SQLite", "the portal, PostgreSQL"
ON_SQLITE = "django-tasks, database worker, SQLite"
ON_POSTGRESQL, CELERY = "django-tasks, database worker, PostgreSQL", "Celery, Redis, 16 threads"
DELAYS = (0, 50)
REPEATS = 3
# Before the first run of each, to warm it up and to find how many it delivers in the time of a run.
FIRST = 200
MOST = 20_000
# Without a new arrival for so long, a run has failed.
PATIENCE_SECONDS = 30
PEERS = ROOT / "var" / "bench"
PINS = ROOT / "bench" / "requirements.txt"
# The sink is on loopback, where no postback goes unless the operator allows it. As many workers
# as by default, where tests have one.
SETTINGS = {
    "DEMO": "true",
    "WORKERS": str(min(os.cpu_count() or 1, 2)),
    "OUTBOUND_ALLOW_HTTP": "true",
    "OUTBOUND_ALLOWED_NETWORKS": "127.0.0.0/8",
}

# Puts up so many deliveries to a URL, and works on them inside the block.
Queue = Callable[[int, str], AbstractContextManager[None]]
Runs = dict[str, list["Figures"]]


@dataclass(frozen=True)
class Figures:
    deliveries: int
    requests: int
    seconds: float
    sink_seconds: float

    @property
    def a_second(self) -> float:
        return self.deliveries / self.seconds


def peers_python() -> str:
    """The Python of the peers' own virtual environment, which is made anew when its requirements have changed."""
    python, done = PEERS / "bin" / "python", PEERS / "installed"
    if not done.exists() or done.read_text() != PINS.read_text():
        sys.stderr.write("Installing what the portal is measured beside.\n")
        venv.create(PEERS, clear=True, with_pip=True)
        install = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--require-hashes"]
        subprocess.run([*install, "-r", str(PINS)], check=True)
        done.write_text(PINS.read_text())
    return str(python)


@contextmanager
def sink(delay: int) -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench.sink", str(port), str(delay)], cwd=ROOT)
    try:
        wait_until_answers(port, process)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.kill()
        process.wait()


def measured(queue: Queue, count: int, url: str) -> Figures:
    requests.delete(url, timeout=10)
    with queue(count, url):
        figures, moved_at = told_by(url), time.monotonic()
        while figures.deliveries < count:
            time.sleep(0.1)
            before, figures = figures, told_by(url)
            if figures.deliveries > before.deliveries:
                moved_at = time.monotonic()
            if time.monotonic() - moved_at > PATIENCE_SECONDS:
                raise RuntimeError(f"{figures.deliveries} of {count} deliveries arrived, and then no more")
    return figures


def told_by(url: str) -> Figures:
    return Figures(**requests.get(url, timeout=10).json())


@contextmanager
def portal(database_url: str = "") -> Iterator[Queue]:
    """The default run command with the demo data, running all the time."""
    with tempfile.TemporaryDirectory(prefix="linnapp-bench-") as state:
        env = environment(Path(state), **SETTINGS, DATABASE_URL=database_url)
        manage(env, "prepare")
        in_portal(env, "forget_the_demos()")

        @contextmanager
        def delivering(count: int, url: str) -> Iterator[None]:
            in_portal(env, f"put({count}, {url!r})")
            yield
            in_portal(env, f"wait_until_logged({url!r})")

        with serving(env):
            yield delivering


@contextmanager
def portal_on_postgresql() -> Iterator[Queue]:
    with fresh_postgres_database() as url, portal(url) as queue:
        yield queue


def in_portal(env: dict[str, str], call: str) -> None:
    name = call.partition("(")[0]
    manage(env, "shell", "--verbosity", "0", "--command", f"from bench.postbacks import {name}\n{call}")


@contextmanager
def django_tasks(database_url: str = "") -> Iterator[Queue]:
    python = peers_python()
    with tempfile.TemporaryDirectory(prefix="linnapp-bench-") as state:
        django = {"DJANGO_SETTINGS_MODULE": "bench.peers.settings", "DATABASE_URL": database_url}
        env = environment(Path(state), **django)
        subprocess.run([python, "-m", "django", "migrate", "--verbosity", "0"], cwd=ROOT, env=env, check=True)
        yield peer("django_queue", env, "-m", "django", "db_worker", "--no-startup-delay", "--verbosity", "0")


@contextmanager
def django_tasks_on_postgresql() -> Iterator[Queue]:
    with fresh_postgres_database() as url, django_tasks(url) as queue:
        yield queue


@contextmanager
def celery() -> Iterator[Queue]:
    name = f"bench-{secrets.token_hex(4)}"
    worker = "-m", "celery", "-A", "bench.peers.celery_queue", "worker", "--pool", "threads", "--concurrency", "16"
    with tempfile.TemporaryDirectory(prefix="linnapp-bench-") as state:
        env = environment(Path(state), REDIS_URL=REDIS_URL, CELERY_PREFIX=name)
        try:
            yield peer("celery_queue", env, *worker, "--loglevel", "WARNING")
        finally:
            with redis.Redis.from_url(REDIS_URL) as client:
                client.delete(*client.scan_iter(f"{name}*"))


def peer(module: str, env: dict[str, str], *worker: str) -> Queue:
    """A peer whose worker begins when its tasks are put up: what it does before the first arrival is not counted."""
    python, log = peers_python(), Path(env["STATE_DIR"]) / "worker.log"

    @contextmanager
    def delivering(count: int, url: str) -> Iterator[None]:
        subprocess.run([python, "-m", "bench.peers.put", module, str(count), url], cwd=ROOT, env=env, check=True)
        with log.open("ab") as output:
            process = subprocess.Popen([python, *worker], cwd=ROOT, env=env, stdout=output, stderr=output)
        try:
            yield
        except RuntimeError as error:
            error.add_note(log.read_text()[-2000:])
            raise
        finally:
            stop(process)

    return delivering


QUEUES: dict[str, Callable[[], AbstractContextManager[Queue]]] = {
    PORTAL: portal,
    PORTAL_ON_POSTGRESQL: portal_on_postgresql,
    ON_SQLITE: django_tasks,
    ON_POSTGRESQL: django_tasks_on_postgresql,
    CELERY: celery,
}
NEEDED = {PORTAL_ON_POSTGRESQL: "postgres", ON_POSTGRESQL: "postgres", CELERY: "redis"}


def measure(seconds: float) -> dict[int, Runs]:
    """All in turn, as often as REPEATS says, at each delay: what else the machine does falls on each alike."""
    with ExitStack() as stack:
        queues = {name: stack.enter_context(queue()) for name, queue in QUEUES.items() if is_there(name)}
        urls = {delay: stack.enter_context(sink(delay)) for delay in DELAYS}
        return {delay: measure_at(url, queues, seconds) for delay, url in urls.items()}


def is_there(name: str) -> bool:
    reason = missing(NEEDED[name]) if name in NEEDED else ""
    if reason:
        sys.stderr.write(f"{reason}\n")
    return not reason


def measure_at(url: str, queues: dict[str, Queue], seconds: float) -> Runs:
    counts = {name: count_for(measured(queue, FIRST, url), seconds) for name, queue in queues.items()}
    runs: Runs = {name: [] for name in queues}
    for _ in range(REPEATS):
        for name, queue in queues.items():
            runs[name].append(measured(queue, counts[name], url))
    return runs


def count_for(first: Figures, seconds: float) -> int:
    return min(MOST, max(FIRST, round(first.a_second * seconds)))


def table_of(delay: int, runs: Runs) -> str:
    portals = [name for name in (PORTAL, PORTAL_ON_POSTGRESQL) if name in runs]
    told = "".join(f" {name} to it |" for name in portals)
    head = f"| receiver at {delay} ms | deliveries/s | three runs |{told}\n|---|---|---|{'---|' * len(portals)}"
    return "\n".join([head, *(row_of(name, runs, portals) for name in runs)])


def row_of(name: str, runs: Runs, portals: list[str]) -> str:
    rates = [run.a_second for run in runs[name]]
    ratios = "".join(f" {median(run.a_second for run in runs[each]) / median(rates):.2f} |" for each in portals)
    return f"| {name} | {median(rates):,.0f} | {min(rates):,.0f} to {max(rates):,.0f} |{ratios}"


def circumstances(measurements: dict[int, Runs], seconds: float) -> str:
    every = [run for runs in measurements.values() for figures in runs.values() for run in figures]
    busiest = max(run.sink_seconds / run.seconds for run in every)
    packages = ", ".join(f"{name} {version_of(name)}" for name in ("celery", "django-tasks-db", "requests"))
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), queues and sink on the same machine, {REPEATS} repeats of "
        f"about {seconds:g} s, in turn; the sink took at most {busiest:.0%} of one core. "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, Django {version('django')}, {packages}."
    )


def version_of(name: str) -> str:
    """The version of a peer's package, as pinned."""
    return next(
        line.split("==")[1].split()[0] for line in PINS.read_text().splitlines() if line.startswith(f"{name}==")
    )


def part(seconds: float) -> tuple[str, bool]:
    """The tables, and whether everything was there to be measured."""
    measurements = measure(seconds)
    tables = [table_of(delay, runs) for delay, runs in measurements.items()]
    whole = all(runs.keys() == QUEUES.keys() for runs in measurements.values())
    return "\n\n".join([*tables, circumstances(measurements, seconds)]), whole
