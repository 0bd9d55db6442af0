"""`manage.py serve` as it is run: real processes, a real port, real signals."""

import base64
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.kit.engines import empty_redis_database, fresh_postgres_database
from tests.kit.portal import ROOT, Portal, answers, descendants, environment, free_port, manage, serving, started, stop


@pytest.fixture
def env(tmp_path: Path, empty_state: Path) -> dict[str, str]:
    """Environment of a portal that is prepared, without the demo data."""
    shutil.copytree(empty_state, tmp_path / "state")
    return environment(tmp_path / "state", DEMO="false", WEB_WORKERS="2", PAGE_PROCESSES="2")


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def soon(seconds: float, processes: set[int], port: int) -> bool:
    """Whether within so many seconds none of the processes is left and nobody answers on the port."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not any(map(alive, processes)) and not answers(port):
            return True
        time.sleep(0.05)
    return False


def wait_for_line(portal: Portal, line: str) -> None:
    deadline = time.monotonic() + 30
    while line not in portal.log.read_text():
        assert time.monotonic() < deadline, portal.log.read_text()
        time.sleep(0.05)


def serve(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """`serve` that is expected to refuse."""
    command = [sys.executable, "manage.py", "serve", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_answers_says_where_and_leaves_nothing_behind(env: dict[str, str], number: signal.Signals) -> None:
    with serving(env) as portal:
        assert requests.get(f"{portal.url}/api/Auth/GetServerUTCTime", timeout=10).status_code == 200
        wait_for_line(portal, f"Portal at {portal.url} (Ctrl-C stops it)\n")
        processes = descendants(portal.process.pid)
        # Two web processes with two for their pages each, and the worker.
        assert len(processes) == 7
        portal.process.send_signal(number)
        assert portal.process.wait(10) == 0
        assert soon(0.5, processes, portal.port)
        assert portal.log.read_text().endswith("Stopped.\n")
        assert "Traceback" not in portal.log.read_text()


def test_when_it_is_killed_its_children_end(env: dict[str, str]) -> None:
    with serving(env) as portal:
        wait_for_line(portal, "Portal at")
        processes = descendants(portal.process.pid)
        portal.process.kill()
        assert soon(12, processes, portal.port)


def test_when_a_worker_is_killed_another_takes_its_place(env: dict[str, str]) -> None:
    with serving(env) as portal:
        wait_for_line(portal, "Portal at")
        time.sleep(3.2)
        before = workers_of(portal.process.pid)
        os.kill(next(iter(before)), signal.SIGKILL)
        wait_for_line(portal, "The worker process ended unexpectedly (exit code -9): another takes its place.")
        # The line stands just before its process does.
        until = time.monotonic() + 10
        while len(workers_of(portal.process.pid).keys() - before.keys()) != 1:
            assert time.monotonic() < until
            time.sleep(0.05)
        portal.ask(SEND_MAIL)
        wait_for_line(portal, "Subject: Queued")


def workers_of(process: int) -> dict[int, str]:
    """Role by process."""
    found = {each: command_of(each).split()[-1] for each in descendants(process)}
    return {each: role for each, role in found.items() if role.endswith("worker")}


def test_when_a_web_process_is_killed_another_takes_its_place(env: dict[str, str]) -> None:
    with serving(env, "--web") as portal:
        wait_for_line(portal, "Portal at")
        time.sleep(3.2)
        before = descendants(portal.process.pid)
        os.kill(min(before), signal.SIGKILL)
        # Whoever connects in between waits for the one that comes.
        answers = [requests.get(f"{portal.url}/api/Auth/GetServerUTCTime", timeout=20) for _ in range(20)]
        assert {answer.status_code for answer in answers} == {200}
        wait_for_line(portal, "ended unexpectedly (exit code -9): another takes its place.")
        assert len(descendants(portal.process.pid) - before) == 3


def test_when_a_process_of_pages_is_killed_others_take_over(env: dict[str, str]) -> None:
    with serving(env, "--web") as portal:
        wait_for_line(portal, "Portal at")
        time.sleep(3.2)
        before = descendants(portal.process.pid)
        maker = next(process for process in before if not descendants(process))
        os.kill(maker, signal.SIGKILL)
        answers = [requests.get(f"{portal.url}/sign-in/", timeout=20) for _ in range(20)]
        assert {answer.status_code for answer in answers} == {200}
        wait_for_line(portal, "another takes its place.")


@pytest.mark.parametrize("role", [[], ["--web"]], ids=["all", "web"])
def test_a_hangup_reloads_the_web_processes_and_no_request_fails(env: dict[str, str], role: list[str]) -> None:
    with serving(env, *role) as portal:
        wait_for_line(portal, "Portal at")
        before = descendants(portal.process.pid)
        enough = threading.Event()
        with ThreadPoolExecutor(4) as pool:
            clients = [pool.submit(keep_asking, portal, enough) for _ in range(4)]
            portal.process.send_signal(signal.SIGHUP)
            gone = soon_gone(before)
            enough.set()
            statuses = [status for client in clients for status in client.result()]
        assert gone
        assert len(statuses) > 20
        assert set(statuses) == {200}
        assert len(descendants(portal.process.pid)) == len(before)


@pytest.mark.parametrize("role", [[], ["--web"], ["--worker"]], ids=["all", "web", "worker"])
def test_a_hangup_with_a_wrong_setting_leaves_what_runs(env: dict[str, str], role: list[str]) -> None:
    log = Path(env["STATE_DIR"]) / "serve.log"
    process = started(env, log, *role)
    try:
        portal = Portal(f"http://localhost:{env['PORT']}", env, log, process)
        wait_for_line(portal, "The worker role runs" if role == ["--worker"] else "Portal at")
        before = descendants(process.pid)
        with Path(env["ENV_FILE"]).open("a") as settings:
            settings.write("\nPOSTBACK_THREADS=many\n")
        process.send_signal(signal.SIGHUP)
        wait_for_line(portal, "process does not start: the old one goes on. SIGHUP tries again.")
        assert "POSTBACK_THREADS" in log.read_text()
        assert all(map(alive, before))
    finally:
        stop(process)
    assert process.returncode == 0


def test_a_hangup_puts_a_new_worker_in_the_place_of_one_alone(env: dict[str, str]) -> None:
    log = Path(env["STATE_DIR"]) / "serve.log"
    process = started(env, log, "--worker")
    try:
        portal = Portal("", env, log, process)
        wait_for_line(portal, "The worker role runs")
        before = descendants(process.pid)
        process.send_signal(signal.SIGHUP)
        assert soon_gone(before)
        after = descendants(process.pid)
        assert (len(before), len(after)) == (1, 1)
    finally:
        stop(process)
    assert process.returncode == 0
    assert "Traceback" not in log.read_text()


def keep_asking(portal: Portal, enough: threading.Event) -> list[int]:
    """On one connection as long as it stays, with pages in between."""
    statuses: list[int] = []
    paths = ("/api/Auth/GetServerUTCTime", "/sign-in/")
    with requests.Session() as session:
        while not enough.is_set():
            statuses += [session.get(f"{portal.url}{path}", timeout=20).status_code for path in paths]
    return statuses


def soon_gone(processes: set[int]) -> bool:
    deadline = time.monotonic() + 40
    while any(map(alive, processes)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(map(alive, processes))


def command_of(process: int) -> str:
    return subprocess.run(["ps", "-o", "args=", "-p", str(process)], capture_output=True, text=True, check=True).stdout


def test_a_stop_while_it_starts_is_clean(env: dict[str, str]) -> None:
    log = Path(env["STATE_DIR"]) / "serve.log"
    process = started(env, log)
    while not (processes := descendants(process.pid)):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    # After the warnings that a start begins with.
    assert log.read_text().endswith("Stopped.\n")
    assert "Traceback" not in log.read_text()
    assert soon(1, processes, int(env["PORT"]))


def test_a_hangup_while_it_starts_ends_nothing(env: dict[str, str]) -> None:
    """As of a service manager that is told to reload what it has just started."""
    log = Path(env["STATE_DIR"]) / "serve.log"
    process = started(env, log, "--worker")
    try:
        deadline = time.monotonic() + 20
        while not keeps_back(process.pid, signal.SIGHUP) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGHUP)
        wait_for_line(Portal("", env, log, process), "The worker role runs")
    finally:
        stop(process)
    assert process.returncode == 0


def keeps_back(process: int, number: signal.Signals) -> bool:
    """Whether this signal waits until the process asks for it."""
    status = Path(f"/proc/{process}/status").read_text()
    blocked = int(status.partition("SigBlk:")[2].split()[0], 16)
    return bool(blocked >> (number - 1) & 1)


def test_the_port_can_be_an_argument_and_the_address_follows(env: dict[str, str]) -> None:
    port, log = free_port(), Path(env["STATE_DIR"]) / "serve.log"
    process = started(env, log, "--port", str(port))
    try:
        wait_for_line(Portal(f"http://localhost:{port}", env, log, process), f"Portal at http://localhost:{port} ")
        assert answers(port)
        assert not answers(int(env["PORT"]))
    finally:
        stop(process)


SEND_MAIL = "from django.core.mail import send_mail; send_mail('Queued', 'A job.', None, ['alice@northwind.example'])"


def test_the_worker_does_what_is_queued(env: dict[str, str]) -> None:
    with serving(env) as portal:
        portal.ask(SEND_MAIL)
        wait_for_line(portal, "Subject: Queued")


@pytest.mark.postgres
@pytest.mark.redis
def test_it_runs_on_postgresql_and_redis(tmp_path: Path) -> None:
    with fresh_postgres_database() as database_url, empty_redis_database() as redis_url:
        env = environment(tmp_path, DEMO="false", DATABASE_URL=database_url, REDIS_URL=redis_url)
        manage(env, "prepare")
        with serving(env) as portal:
            assert requests.get(f"{portal.url}/api/Auth/GetServerUTCTime", timeout=10).status_code == 200
            portal.ask(SEND_MAIL)
            wait_for_line(portal, "Subject: Queued")
    assert not (tmp_path / "db.sqlite3").exists()
    assert not (tmp_path / "huey.sqlite3").exists()


@pytest.mark.parametrize("role", [[], ["--worker"]], ids=["all", "worker"])
def test_of_two_workers_one_goes_by_the_clock(env: dict[str, str], role: list[str]) -> None:
    process = started(env | {"WORKERS": "2"}, Path(env["STATE_DIR"]) / "serve.log", *role)
    try:
        deadline = time.monotonic() + 30
        while len(found := workers_of(process.pid)) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert sorted(found.values()) == ["--first-worker", "--second-worker"]
    finally:
        stop(process)
    assert soon(1, set(found), int(env["PORT"]))


def test_the_web_role_runs_without_a_worker(env: dict[str, str]) -> None:
    with serving(env, "--web") as portal:
        wait_for_line(portal, "Portal at")
        assert requests.get(f"{portal.url}/api/Auth/GetServerUTCTime", timeout=10).status_code == 200
        assert len(descendants(portal.process.pid)) == 6


def test_plain_http_beyond_loopback_is_warned_of(env: dict[str, str]) -> None:
    site = "http://portal.example.com"
    with serving(env | {"SITE_URL": site, "ALLOW_HTTP": "true"}) as portal:
        assert portal.log.read_text().count(f"travel to {site} in the clear") == 1


def test_what_postbacks_may_do_beyond_the_usual_is_said_at_start(env: dict[str, str]) -> None:
    line = "postbacks may go to 127.0.0.0/8, ::1/128 and without https."
    with serving(env) as portal:
        assert portal.log.read_text().count(line) == 1
    with serving(env | {"OUTBOUND_ALLOW_HTTP": "false", "OUTBOUND_ALLOWED_NETWORKS": ""}) as portal:
        assert "postbacks may go" not in portal.log.read_text().rpartition(line)[2]


def test_the_worker_role_listens_nowhere(env: dict[str, str]) -> None:
    log = Path(env["STATE_DIR"]) / "worker.log"
    process = started(env, log, "--worker")
    while "The worker role runs" not in log.read_text():
        assert process.poll() is None, log.read_text()
        time.sleep(0.05)
    assert not answers(int(env["PORT"]))
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


def test_a_taken_port_is_refused_and_named(env: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", int(env["PORT"]))):
        refused = serve(env)
    assert refused.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{env['PORT']} (Address already in use)" in refused.stderr
    assert f"PORT={int(env['PORT']) + 1} make run" in refused.stderr


def test_a_second_portal_on_the_same_port_is_refused(env: dict[str, str]) -> None:
    with serving(env):
        assert "Cannot listen" in serve(env).stderr


def test_a_host_that_is_none_is_refused_with_a_sentence(env: dict[str, str]) -> None:
    refused = serve(env | {"HOST": "portal.invalid", "SITE_URL": "http://localhost"})
    assert refused.returncode == 1
    assert "HOST is “portal.invalid”, which is not an address of this machine" in refused.stderr


def test_a_database_that_lacks_migrations_is_refused(tmp_path: Path) -> None:
    refused = serve(environment(tmp_path / "new", DEMO="false"))
    assert refused.returncode == 1
    assert "Run `python manage.py prepare` first; `make run` does both." in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_database_that_is_away_is_told_in_a_sentence(env: dict[str, str]) -> None:
    refused = serve(env | {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"})
    assert refused.returncode == 1
    assert "The database cannot be reached: " in refused.stderr
    assert "Start it, or correct DATABASE_URL." in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("name", "what"), [("CREDENTIAL_KEYS", "serve"), ("DIGEST_KEY", "serve"), ("DIGEST_KEY", "prepare")]
)
def test_other_keys_than_the_database_was_made_with_are_refused(env: dict[str, str], name: str, what: str) -> None:
    other = base64.urlsafe_b64encode(os.urandom(32)).decode()
    command = [sys.executable, "manage.py", what]
    refused = subprocess.run(command, cwd=ROOT, env=env | {name: other}, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "These keys cannot read this database: restore the `.env` it was made with." in refused.stderr
