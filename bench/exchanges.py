"""Exchanges a second of `manage.py serve` beside a bare Django view, on each database."""

import json
import os
import platform
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from statistics import median

import psycopg

from bench.load import CONNECTIONS, Figures, drive
from tests.kit.engines import fresh_postgres_database, missing
from tests.kit.portal import ROOT, environment, free_port, manage, serving, stop, wait_until_answers

BARE, PORTAL, AT_THE_CAP = "a bare Django view", "the portal", "the portal, session cap reached"
REPEATS = 3
# Every check stays on; nothing is refused for its number.
LIMITS = {"EXCHANGES_PER_MINUTE": "100000000", "SESSIONS_PER_INSTALLATION": "100000000", "WEB_WORKERS": "2"}
# So low that an installation has reached it after one exchange.
CAP = {"SESSIONS_PER_INSTALLATION": "5"}
CREDENTIALS = """
import json
from installs.installations import lifecycle
from installs.models import Installation
rows = Installation.objects.active().select_related("application").order_by("pk")
print(json.dumps([{
    "ApplicationId": str(row.application_id),
    "ApplicationSecret": row.application.secrets.live().first().value(),
    "Token": lifecycle.current_token(row).value(),
} for row in rows]))
"""
Runs = dict[str, list[Figures]]


@contextmanager
def prepared(engine: str) -> Iterator[dict[str, str]]:
    """The environment of a portal with the demo data on this database."""
    with ExitStack() as stack:
        state = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="linnapp-bench-")))
        env = environment(state, DEMO="true", **LIMITS)
        if engine == "postgres":
            env["DATABASE_URL"] = stack.enter_context(fresh_postgres_database())
        manage(env, "prepare")
        yield env


@contextmanager
def serving_bare(env: dict[str, str], tokens: list[str]) -> Iterator[int]:
    port = free_port()
    command = [sys.executable, "-m", "bench.bare.serve", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.PIPE)
    try:
        assert process.stdin is not None
        process.stdin.write("\n".join(tokens).encode())
        process.stdin.close()
        wait_until_answers(port, process)
        yield port
    finally:
        stop(process)


def forget_sessions(env: dict[str, str], *tables: str) -> None:
    """Each run begins with no session, so that none counts the rows of the one before."""
    if url := env.get("DATABASE_URL"):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"TRUNCATE {', '.join(tables)}")
        return
    with sqlite3.connect(Path(env["STATE_DIR"]) / "db.sqlite3", timeout=30) as database:
        for table in tables:
            database.execute(f"DELETE FROM {table}")
    database.close()


def measure(engine: str, seconds: float) -> Runs:
    """The three in turn, as often as REPEATS says: what else the machine does falls on each alike."""
    with prepared(engine) as env, ExitStack() as stack:
        rows = json.loads(manage(env, "shell", "--verbosity", "0", "--command", CREDENTIALS))
        portal = stack.enter_context(serving(env))
        capped = stack.enter_context(serving(env | CAP | {"PORT": str(free_port())}, "--web"))
        ports = {PORTAL: portal.port, AT_THE_CAP: capped.port}
        ports[BARE] = stack.enter_context(serving_bare(env, [row["Token"] for row in rows]))
        bodies = [json.dumps(row) for row in rows]
        for port in ports.values():
            drive(port, bodies, seconds / 4)
        runs: Runs = {BARE: [], PORTAL: [], AT_THE_CAP: []}
        for _ in range(REPEATS):
            for who, figures in runs.items():
                forget_sessions(env, "installs_session", "bare_session")
                figures.append(drive(ports[who], bodies, seconds))
        return runs


def row_of(who: str, runs: Runs) -> str:
    figures = runs[who]
    rate = median(run.a_second for run in figures)
    ratio = rate / median(run.a_second for run in runs[BARE])
    p50, p99 = (median(run.percentile(share) for run in figures) for share in (0.5, 0.99))
    spread = f"{min(run.a_second for run in figures):,.0f} to {max(run.a_second for run in figures):,.0f}"
    return f"| {who} | {ratio:.2f} | {rate:,.0f} | {spread} | {p50:.1f} / {p99:.1f} |"


def table_of(engine: str, runs: Runs) -> str:
    name = {"sqlite": f"SQLite {sqlite3.sqlite_version}", "postgres": "PostgreSQL"}[engine]
    head = f"| {name} | to the bare view | exchanges/s | three runs | p50 / p99 ms |\n|---|---|---|---|---|"
    return "\n".join([head, *(row_of(who, runs) for who in runs)])


def circumstances(all_runs: list[Runs], seconds: float) -> str:
    client = max(run.client_seconds / run.seconds for runs in all_runs for figures in runs.values() for run in figures)
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), client and servers on the same machine, {CONNECTIONS} "
        f"connections, {REPEATS} repeats of {seconds:g} s, in turn; the client took at most {client:.0%} of one core. "
        f"Python {platform.python_version()}, Django {version('django')}, granian {version('granian')}."
    )


def part(seconds: float) -> tuple[str, bool]:
    """The tables, and whether everything was there to be measured."""
    engines = ["sqlite", "postgres"]
    if reason := missing("postgres"):
        sys.stderr.write(f"{reason}\n")
        engines.remove("postgres")
    measured = {engine: measure(engine, seconds) for engine in engines}
    tables = [table_of(engine, runs) for engine, runs in measured.items()]
    return "\n\n".join([*tables, circumstances(list(measured.values()), seconds)]), len(measured) == 2
