"""A machine that stops says so first, and a portal of several is restarted one by one without anybody noticing."""

import json
import shutil
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from tests.health.asking import PATIENCE, lines_of, ready, wait_for, wait_until_ready
from tests.health.balancer import Balancer
from tests.kit.portal import (
    Portal,
    answers,
    environment,
    free_port,
    prepared,
    prepared_postgres,
    serving,
    shell_assignments,
    started,
    stop,
    wait_until_answers,
)

CLIENTS = 4
# So many answers in a row come from all web processes: each connection falls to any of them.
MANY = 20


@pytest.fixture
def portal(tmp_path: Path, empty_state: Path) -> Iterator[Portal]:
    state = shutil.copytree(empty_state, tmp_path / "state")
    # Longer than anybody waits for this test: it ends by a second signal.
    with serving(environment(state, DEMO="false", DRAIN_SECONDS="600", WEB_WORKERS="2")) as portal:
        yield portal


def stops(url: str) -> bool:
    """Says so itself: where a machine that runs tests stands still for a while, /readyz is red for other reasons."""
    said = ready(url)
    return said.status_code == 503 and lines_of(said).get("stopping") == "takes no more"


def test_it_says_so_first_goes_on_and_then_takes_nobody(portal: Portal) -> None:
    wait_until_ready(portal.url)
    with socket.create_connection(("127.0.0.1", portal.port)) as begun:
        begun.sendall(b"GET /api/Auth/GetServerUTCTime HTTP/1.1\r\n")
        portal.process.send_signal(signal.SIGTERM)
        wait_for(lambda: all(stops(portal.url) for _ in range(MANY)))
        begun.sendall(b"Host: localhost\r\n\r\n")
        begun.settimeout(PATIENCE)
        answer = b"".join(iter(lambda: begun.recv(4096), b""))
        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert b"Connection: close" in answer
        said = ready(portal.url, "?exclude=shared")
        assert (said.status_code, said.headers["Connection"]) == (503, "close")
        assert requests.get(f"{portal.url}/healthz", timeout=10).status_code == 200
        # The first page of all, which takes its time.
        assert requests.get(f"{portal.url}/sign-in/", timeout=PATIENCE).status_code == 200
    portal.process.send_signal(signal.SIGTERM)
    assert portal.process.wait(PATIENCE) == 0
    assert portal.log.read_text().endswith("Stopped.\n")
    assert not answers(portal.port)


def test_a_second_signal_waits_no_longer(tmp_path: Path, empty_state: Path) -> None:
    state = shutil.copytree(empty_state, tmp_path / "state")
    # Longer than anybody waits for this test.
    with serving(environment(state, DEMO="false", DRAIN_SECONDS="600"), "--web") as portal:
        wait_for(lambda: ready(portal.url, "?exclude=shared").status_code == 200)
        portal.process.send_signal(signal.SIGTERM)
        wait_for(lambda: ready(portal.url, "?exclude=shared").status_code == 503)
        portal.process.send_signal(signal.SIGTERM)
        assert portal.process.wait(PATIENCE) == 0


@pytest.mark.postgres
@pytest.mark.slow(seconds=40)
def test_two_machines_are_restarted_in_turn_and_no_exchange_is_lost(tmp_path: Path) -> None:
    state = shutil.copytree(prepared("demo"), tmp_path / "state")
    limits = {"EXCHANGES_PER_MINUTE": "1000000", "SESSIONS_PER_INSTALLATION": "1000000"}
    with prepared_postgres("demo") as database_url, ExitStack() as stack:
        env = environment(state, DEMO="true", DATABASE_URL=database_url, **limits)
        machines = [
            stack.enter_context(serving(env | {"PORT": str(free_port()), "SITE_URL": "http://localhost:1"}, "--web"))
            for _ in range(2)
        ]
        demo = shell_assignments(machines[0].manage("demo_env"))
        balancer = Balancer([machine.url for machine in machines])
        stack.callback(balancer.close)
        wait_for(lambda: all(balancer.is_ready.values()))
        enough = threading.Event()
        with ThreadPoolExecutor(CLIENTS) as pool:
            clients = [pool.submit(exchange, balancer.url, demo, enough) for _ in range(CLIENTS)]
            try:
                for machine in machines:
                    restart(machine, stack)
                    wait_for(lambda: all(balancer.is_ready.values()))
                time.sleep(1)
            finally:
                enough.set()
            statuses = [status for client in clients for status in client.result()]
    assert len(statuses) > 100
    assert set(statuses) == {200}


def exchange(url: str, demo: dict[str, str], enough: threading.Event) -> list[int]:
    """On one connection as long as it stays; one that is refused or breaks off would raise."""
    names = {"ApplicationId": "APPLICATION_ID", "ApplicationSecret": "APPLICATION_SECRET", "Token": "PERMANENT_TOKEN"}
    body = json.dumps({member: demo[name] for member, name in names.items()})
    kind, statuses = {"Content-Type": "application/json"}, []
    with requests.Session() as session:
        while not enough.is_set():
            answer = session.post(f"{url}/api/Auth/AuthorizeByApplication", body, headers=kind, timeout=30)
            statuses.append(answer.status_code)
    return statuses


def restart(machine: Portal, stack: ExitStack) -> None:
    """As a service manager does for an upgrade."""
    machine.process.send_signal(signal.SIGTERM)
    assert machine.process.wait(PATIENCE) == 0
    again = started(machine.env, machine.log, "--web")
    stack.callback(stop, again)
    wait_until_answers(machine.port, again, machine.log)
