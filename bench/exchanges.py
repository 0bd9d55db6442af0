"""Exchanges and data calls a second of `manage.py serve`, beside bare Django views and oidc-provider."""

import json
import os
import platform
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from statistics import median

import psycopg
import requests

from bench import oidc
from bench.load import CONNECTIONS, Figures, drive, got, posted
from bench.pages import reading_pages
from tests.kit.engines import fresh_postgres_database, missing
from tests.kit.portal import ROOT, environment, free_port, manage, serving, stop, wait_until_answers

OIDC, BARE, PORTAL = "oidc-provider on node, in memory", "exchange, a bare Django view", "exchange, the portal"
AT_THE_CAP, REFUSED = "exchange, the portal, session cap reached", "exchange refused, the portal"
BESIDE = "exchange, the portal, alongside 4 readers of pages"
BARE_CALL, CALL = "data call, a bare Django view", "data call, the portal"
NOBODYS = "00000000-0000-4000-8000-000000000000"
READERS = 4
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
Contestant = Callable[[float], Figures]


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


@contextmanager
def contest(engine: str) -> Iterator[dict[str, Contestant]]:
    """Everybody who is measured on this database, each ready to be driven for so many seconds."""
    with prepared(engine) as env, ExitStack() as stack:
        rows = json.loads(manage(env, "shell", "--verbosity", "0", "--command", CREDENTIALS))
        bodies, wrong = [json.dumps(row) for row in rows], [json.dumps(row | {"Token": NOBODYS}) for row in rows]
        portal = stack.enter_context(serving(env)).port
        capped = stack.enter_context(serving(env | CAP | {"PORT": str(free_port())}, "--web")).port
        bare = stack.enter_context(serving_bare(env, [row["Token"] for row in rows]))

        def exchanges(port: int, bodies: list[str], statuses: str = "200") -> Contestant:
            def go(seconds: float) -> Figures:
                forget_sessions(env, "installs_session", "bare_session")
                return drive(port, [posted(port, body) for body in bodies], seconds, statuses)

            return go

        def calls(port: int, path: str) -> Contestant:
            def go(seconds: float) -> Figures:
                tokens = session_tokens(port, bodies)
                return drive(port, [got(port, path, Authorization=token) for token in tokens], seconds)

            return go

        def beside_pages(seconds: float) -> Figures:
            with reading_pages(f"http://localhost:{portal}", READERS):
                return exchanges(portal, bodies)(seconds)

        everybody: dict[str, Contestant] = {}
        if not oidc.missing():
            port, wanted = stack.enter_context(oidc.serving_oidc())
            everybody[OIDC] = lambda seconds: drive(port, wanted, seconds)
        yield everybody | {
            BARE: exchanges(bare, bodies),
            PORTAL: exchanges(portal, bodies),
            AT_THE_CAP: exchanges(capped, bodies),
            REFUSED: exchanges(portal, wrong, "400 429"),
            BESIDE: beside_pages,
            BARE_CALL: calls(bare, "/me"),
            CALL: calls(portal, "/api/Inventory/GetStockLocations"),
        }


def session_tokens(port: int, bodies: list[str]) -> list[str]:
    url, kind = f"http://localhost:{port}/api/Auth/AuthorizeByApplication", {"Content-Type": "application/json"}
    with requests.Session() as client:
        return [client.post(url, body, headers=kind, timeout=30).json()["Token"] for body in bodies]


def measure(engine: str, seconds: float) -> Runs:
    """In turn, as often as REPEATS says: what else the machine does falls on each alike."""
    with contest(engine) as everybody:
        for go in everybody.values():
            go(seconds / 4)
        runs: Runs = {who: [] for who in everybody}
        for _ in range(REPEATS):
            for who, go in everybody.items():
                runs[who].append(go(seconds))
        return runs


def row_of(who: str, runs: Runs) -> str:
    rate = rate_of(who, runs)
    beside = [BARE_CALL if who in {BARE_CALL, CALL} else BARE, OIDC]
    ratios = " | ".join(f"{rate / rate_of(other, runs):.2f}" if other in runs else "" for other in beside)
    p50, p99 = (median(run.percentile(share) for run in runs[who]) for share in (0.5, 0.99))
    spread = f"{min(run.a_second for run in runs[who]):,.0f} to {max(run.a_second for run in runs[who]):,.0f}"
    return f"| {who} | {ratios} | {rate:,.0f} | {spread} | {p50:.1f} / {p99:.1f} |"


def rate_of(who: str, runs: Runs) -> float:
    return median(run.a_second for run in runs[who])


def table_of(engine: str, runs: Runs) -> str:
    name = {"sqlite": f"SQLite {sqlite3.sqlite_version}", "postgres": "PostgreSQL"}[engine]
    head = f"| {name} | to the bare view | to oidc-provider | a second | {REPEATS} runs | p50 / p99 ms |"
    return "\n".join([head, "|---|---|---|---|---|---|", *(row_of(who, runs) for who in runs)])


def circumstances(all_runs: list[Runs], seconds: float) -> str:
    client = max(run.client_seconds / run.seconds for runs in all_runs for figures in runs.values() for run in figures)
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), client and servers on the same machine, {CONNECTIONS} "
        f"connections, {REPEATS} repeats of {seconds:g} s, in turn; the client took at most {client:.0%} of one core. "
        f"Python {platform.python_version()}, Django {version('django')}, uvloop {version('uvloop')}; bare views on "
        f"granian {version('granian')}."
    )


def part(seconds: float) -> tuple[str, bool]:
    """The tables, and whether everything was there to be measured."""
    engines = ["sqlite", "postgres"]
    if reason := missing("postgres"):
        sys.stderr.write(f"{reason}\n")
        engines.remove("postgres")
    if reason := oidc.missing():
        sys.stderr.write(f"{reason}\n")
    measured = {engine: measure(engine, seconds) for engine in engines}
    tables = [table_of(engine, runs) for engine, runs in measured.items()]
    return "\n\n".join([*tables, circumstances(list(measured.values()), seconds)]), len(measured) == 2
