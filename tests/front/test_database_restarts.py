"""PostgreSQL falls over and comes back while clients exchange and people read pages."""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
import requests

from tests.drill.engines import Postgres, binaries
from tests.kit.portal import Portal, environment, manage, serving, shell_assignments

pytestmark = [pytest.mark.postgres, pytest.mark.slow(seconds=40)]
CLIENTS = 4


@dataclass
class Seen:
    """When each request began, and its status; what was answered with a session."""

    began: list[tuple[float, str, int]] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)

    def note(self, began: float, kind: str, answer: requests.Response) -> None:
        self.began.append((began, kind, answer.status_code))
        if kind == "exchange" and answer.status_code == 200:
            self.sessions.append(answer.json()["Id"])


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Postgres]:
    found = binaries()
    assert found.postgres is not None, found.missing
    # Whoever runs the server without rights must come as far as its folder.
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(0o755)
    server = Postgres(tmp_path, found.postgres)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def portal(tmp_path: Path, postgres: Postgres) -> Iterator[Portal]:
    limits = {"EXCHANGES_PER_MINUTE": "1000000", "SESSIONS_PER_INSTALLATION": "1000000"}
    env = environment(tmp_path / "state", DEMO="true", DATABASE_URL=postgres.url, **limits)
    manage(env, "prepare")
    with serving(env) as portal:
        yield portal


def test_what_begins_after_it_is_back_is_answered(portal: Portal, postgres: Postgres) -> None:
    demo = shell_assignments(portal.manage("demo_env"))
    names = {"ApplicationId": "APPLICATION_ID", "ApplicationSecret": "APPLICATION_SECRET", "Token": "PERMANENT_TOKEN"}
    body = json.dumps({member: demo[name] for member, name in names.items()})
    enough, seen = threading.Event(), Seen()
    with psycopg.connect(postgres.url) as database:
        before = sessions(database)
    with ThreadPoolExecutor(2 * CLIENTS) as pool:
        clients = [pool.submit(exchange, portal, body, enough, seen) for _ in range(CLIENTS)]
        clients += [pool.submit(read, portal, enough, seen) for _ in range(CLIENTS)]
        time.sleep(2)
        postgres.restart()
        back = time.monotonic()
        time.sleep(3)
        enough.set()
        for client in clients:
            client.result()
    after = [(kind, status) for began, kind, status in seen.began if began > back]
    assert {kind for kind, _ in after} == {"exchange", "page"}
    assert {status for _, status in after} == {200}
    assert {status for _, _, status in seen.began} <= {200, 503}
    with psycopg.connect(postgres.url) as database:
        begun = sessions(database) - before
    # Sessions are written without waiting for the disk: a machine that falls over loses the last moment's.
    assert len(set(seen.sessions)) == len(seen.sessions)
    assert begun - len(seen.sessions) <= CLIENTS


def sessions(database: "psycopg.Connection[tuple[int]]") -> int:
    row = database.execute("SELECT count(*) FROM installs_session").fetchone()
    assert row is not None
    return row[0]


def exchange(portal: Portal, body: str, enough: threading.Event, seen: Seen) -> None:
    url, kind = f"{portal.url}/api/Auth/AuthorizeByApplication", {"Content-Type": "application/json"}
    with requests.Session() as session:
        while not enough.is_set():
            began = time.monotonic()
            seen.note(began, "exchange", session.post(url, body, headers=kind, timeout=30))


def read(portal: Portal, enough: threading.Event, seen: Seen) -> None:
    """The page to sign in, which asks the database for the people of the demo."""
    with requests.Session() as session:
        while not enough.is_set():
            began = time.monotonic()
            seen.note(began, "page", session.get(f"{portal.url}/sign-in/", timeout=30))
