"""Exchanges, calls and pages of a portal with several processes, and what /metrics says of them afterwards."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.front.sockets import connected
from tests.kit.portal import Portal, demo_portal, descendants, shell_assignments
from tests.metrics.reading import Figures, read

pytestmark = pytest.mark.slow(seconds=25)
EXCHANGE = "/api/Auth/AuthorizeByApplication"
LOCATIONS = "/api/Inventory/GetStockLocations"
COUNT = "linnapp_exchange_duration_seconds_count"
# Connections of their own, which the system deals out among the web processes.
MANY = 24
SECONDS = 30.0


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory, prepared_state: Path) -> Iterator[Portal]:
    settings = {"WEB_WORKERS": "2", "EXCHANGES_PER_MINUTE": "100000", "SESSIONS_PER_INSTALLATION": "100000"}
    with demo_portal(tmp_path_factory.mktemp("metrics"), prepared_state, "sqlite", **settings) as portal:
        yield portal


@pytest.fixture(scope="module")
def members(portal: Portal) -> dict[str, str]:
    demo = shell_assignments(portal.manage("demo_env"))
    names = {"ApplicationId": "APPLICATION_ID", "ApplicationSecret": "APPLICATION_SECRET", "Token": "PERMANENT_TOKEN"}
    return {member: demo[name] for member, name in names.items()}


def exchange(portal: Portal, members: dict[str, str]) -> requests.Response:
    return requests.post(f"{portal.url}{EXCHANGE}", data=members, timeout=20)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.2)


def grown(before: Figures, after: Figures) -> dict[str, float]:
    return {name: value - before[name] for name, value in after.items() if value != before[name]}


def web_processes(portal: Portal) -> list[int]:
    return [process for process in descendants(portal.process.pid) if "--listener" in command_of(process)]


def worker(portal: Portal) -> int:
    return next(process for process in descendants(portal.process.pid) if "-worker" in command_of(process))


def command_of(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text()
    except OSError:
        return ""


def test_exchanges_are_counted_by_outcome_and_refusals_by_cause_whichever_process_is_asked(
    portal: Portal, members: dict[str, str]
) -> None:
    before = read(portal)
    for _ in range(MANY):
        assert exchange(portal, members).status_code == 200
    session = exchange(portal, members).json()["Token"]
    assert exchange(portal, members | {"Token": session}).status_code == 400
    assert exchange(portal, members | {"ApplicationSecret": "wrong"}).status_code == 400
    more = grown(before, read(portal))
    assert (more[f"{COUNT} answered"], more[f"{COUNT} refused"]) == (MANY + 1, 2)
    assert more["linnapp_refusals_total exchange session_token_sent"] == 1
    assert more["linnapp_refusals_total exchange unproven"] == 1
    assert 0 < more["linnapp_exchange_duration_seconds_sum answered"] < SECONDS
    # Each process asked says the same: the sum of both.
    assert {read(portal)[f"{COUNT} answered"] for _ in range(MANY)} == {before[f"{COUNT} answered"] + MANY + 1}


def test_calls_and_pages_are_counted_too(portal: Portal, members: dict[str, str]) -> None:
    session = exchange(portal, members).json()["Token"]
    before = read(portal)
    for header, status in ((session, 200), ("x" * 32, 401)):
        answer = requests.get(f"{portal.url}{LOCATIONS}", headers={"Authorization": header}, timeout=10)
        assert answer.status_code == status
    assert requests.get(f"{portal.url}/sign-in/", timeout=10).status_code == 200
    assert requests.get(f"{portal.url}/nothing-there/", timeout=10).status_code == 404
    assert requests.get(f"{portal.url}/api/Orders/GetNothing", timeout=10).status_code == 404
    more = grown(before, read(portal))
    for outcome in ("answered", "refused"):
        assert more[f"linnapp_call_duration_seconds_count Inventory/GetStockLocations {outcome}"] == 1
    assert more["linnapp_call_duration_seconds_count not_served refused"] == 1
    assert more["linnapp_refusals_total call unknown_session"] == 1
    assert more["linnapp_refusals_total call not_served"] == 1
    assert more["linnapp_page_duration_seconds_count people 2xx"] == 1
    assert more["linnapp_page_duration_seconds_count no_page 4xx"] == 1
    # The front passes on what it does not answer itself.
    assert more["linnapp_front_page_duration_seconds_count 4xx"] == 2
    assert more["linnapp_front_page_duration_seconds_count 2xx"] == 1


def test_the_front_says_who_is_connected_and_which_processes_there_are(portal: Portal) -> None:
    with connected(portal.port), connected(portal.port):
        until(lambda: read(portal)["linnapp_front_connections waiting"] >= 2)
    figures = read(portal)
    assert [figures[f"linnapp_processes {kind}"] for kind in ("web", "page", "worker")] == [2, 2, 1]
    assert figures["linnapp_front_connections_limit"] >= 2
    assert figures["linnapp_front_page_processes busy"] + figures["linnapp_front_page_processes idle"] == 2
    assert (figures["linnapp_database_up"], figures["linnapp_queue_up"]) == (1, 1)


def test_a_sender_that_is_too_slow_is_counted(portal: Portal) -> None:
    before = read(portal)
    with connected(portal.port) as client:
        client.send("GET / HTTP/1.1\r\nHos")
        client.socket.settimeout(SECONDS)
        assert client.line() == "HTTP/1.1 408 Request Timeout"
    assert grown(before, read(portal))["linnapp_front_dropped_total slow_sender"] == 1


def test_jobs_are_counted_timed_and_have_a_moment_of_their_last_success(portal: Portal) -> None:
    until(lambda: read(portal)["linnapp_job_runs_total done tasks.sweep_postbacks"] >= 1)
    figures = read(portal)
    assert figures["linnapp_job_runs_total failed tasks.sweep_postbacks"] == 0
    assert figures["linnapp_job_seconds_total tasks.sweep_postbacks"] > 0
    at = figures["linnapp_job_last_success_timestamp_seconds tasks.sweep_postbacks"]
    assert time.time() - 600 < at <= time.time()


def test_the_clock_the_parts_and_the_last_backup_are_told(portal: Portal, tmp_path: Path) -> None:
    until(lambda: read(portal)["linnapp_clock_last_success_timestamp_seconds"] > time.time() - 70)
    parts = ("database", "migrations", "cache", "worker", "outbox", "queue", "disk")
    until(lambda: [read(portal)[f"linnapp_part_up {part}"] for part in parts] == [1] * len(parts))
    assert "linnapp_last_backup_timestamp_seconds" not in read(portal)
    portal.manage("backup", str(tmp_path / "backup.zip"))
    assert time.time() - 60 < read(portal)["linnapp_last_backup_timestamp_seconds"] <= time.time()


def test_what_processes_counted_stays_when_they_are_killed(portal: Portal, members: dict[str, str]) -> None:
    assert exchange(portal, members).status_code == 200
    until(lambda: read(portal)["linnapp_job_runs_total done tasks.sweep_postbacks"] >= 1)
    before = read(portal)
    # One that ends within its first three seconds is broken, and not started again.
    time.sleep(3.5)
    killed = [*web_processes(portal), worker(portal)]
    for process in killed:
        os.kill(process, signal.SIGKILL)
    until(lambda: len(set(web_processes(portal)) - set(killed)) >= 2 and answers(portal))
    until(lambda: read(portal)["linnapp_processes web"] == 2 and read(portal)["linnapp_processes worker"] == 1)
    after = read(portal)
    kept = [name for name in before if name.startswith((COUNT, "linnapp_refusals", "linnapp_job"))]
    assert len(kept) > 20
    assert [name for name in kept if after[name] < before[name]] == []
    assert after["linnapp_processes page"] == 2
    assert exchange(portal, members).status_code == 200
    assert read(portal)[f"{COUNT} answered"] == before[f"{COUNT} answered"] + 1


def answers(portal: Portal) -> bool:
    try:
        return requests.get(f"{portal.url}/metrics", timeout=2).ok
    except requests.RequestException:
        return False


def test_strangers_do_not_read_them(portal: Portal) -> None:
    answer = requests.get(f"{portal.url}/metrics", headers={"X-Forwarded-For": "203.0.113.9"}, timeout=10)
    assert answer.status_code == 404
    assert "linnapp_" not in answer.text
