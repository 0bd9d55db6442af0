"""/readyz of a real portal on PostgreSQL and Redis, of which each part goes away and comes back."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
import requests

from tests.health.asking import lines_of, ready, wait_until_ill, wait_until_ready
from tests.health.between import Between
from tests.kit.engines import empty_redis_database
from tests.kit.portal import Portal, environment, prepared, prepared_postgres, serving, started, stop

pytestmark = [pytest.mark.postgres, pytest.mark.redis, pytest.mark.slow(seconds=60)]
PARTS = {"database", "migrations", "cache", "worker", "outbox", "queue", "disk"}
TOKEN = "a token for monitors"
SOMEBODY = {"X-Forwarded-For": "203.0.113.7"}


@dataclass
class Stage:
    portal: Portal
    database_url: str
    database: Between
    queue: Between
    worker: subprocess.Popen[bytes] | None = None

    def start_worker(self) -> None:
        self.worker = started(self.portal.env, self.portal.log.with_name("worker.log"), "--worker")

    def stop_worker(self) -> None:
        if self.worker is not None:
            stop(self.worker)
            self.worker = None

    @property
    def url(self) -> str:
        return self.portal.url

    def write(self, *statements: str) -> None:
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    state = tmp_path_factory.mktemp("health") / "state"
    shutil.copytree(prepared("empty"), state)
    with prepared_postgres("empty") as database_url, empty_redis_database() as queue_url:
        database, queue = Between(database_url), Between(queue_url)
        env = environment(
            state,
            DEMO="false",
            DATABASE_URL=database.url,
            REDIS_URL=queue.url,
            METRICS_TOKEN=TOKEN,
            QUEUE_AGE_SECONDS="1",
            MAIL_AGE_SECONDS="1",
        )
        with serving(env, "--web") as portal:
            stage = Stage(portal, database_url, database, queue)
            stage.start_worker()
            try:
                yield stage
            finally:
                database.mend()
                queue.mend()
                stage.stop_worker()


@pytest.fixture
def stage(running: Stage) -> Stage:
    """Each test leaves all as it was, or finds it mended."""
    running.database.mend()
    running.database.delay = 0.0
    running.queue.mend()
    wait_until_ready(running.url)
    return running


def test_all_parts_are_well(stage: Stage) -> None:
    assert lines_of(ready(stage.url)) == dict.fromkeys(PARTS, "ok")


def test_a_database_that_is_stopped_is_told_and_found_again(stage: Stage) -> None:
    stage.database.refuse()
    wait_until_ill(stage.url, "database", "Error")
    said = lines_of(ready(stage.url))
    assert said["migrations"].startswith("not known without the database (for ")
    assert said["queue"] == said["disk"] == "ok"
    assert requests.get(f"{stage.url}/healthz", timeout=10).text == "ok\n"
    stage.database.mend()
    wait_until_ready(stage.url)


def test_a_database_that_hangs_is_told_and_holds_nobody_up(stage: Stage) -> None:
    stage.database.hang()
    wait_until_ill(stage.url, "database", "")
    assert lines_of(ready(stage.url))["database"] != "ok"
    assert requests.get(f"{stage.url}/healthz", timeout=10).status_code == 200
    assert requests.get(f"{stage.url}/api/Auth/GetServerUTCTime", timeout=10).status_code == 200
    stage.database.mend()
    wait_until_ready(stage.url)


def test_a_database_that_is_slow_and_answers_takes_no_machine_out(stage: Stage) -> None:
    """Each of the statements of a round is answered within what one may take, though all of them take longer."""
    stage.database.delay = 0.6
    until, seen = time.monotonic() + 20, []
    while time.monotonic() < until:
        answer = ready(stage.url, "?exclude=shared")
        seen.append((answer.status_code, answer.text))
        time.sleep(0.2)
    assert [text for status, text in seen if status != 200] == []
    assert len(seen) > 20


def test_a_database_that_takes_too_long_for_a_statement_is_told(stage: Stage) -> None:
    stage.database.delay = 1.5
    wait_until_ill(stage.url, "database", "")
    stage.database.delay = 0.0
    wait_until_ready(stage.url)


def test_a_standby_is_told(stage: Stage) -> None:
    name = stage.database_url.rpartition("/")[2]
    others = (
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()"
    )
    stage.write(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    stage.write(others)
    try:
        wait_until_ill(stage.url, "database", "cannot be written to")
    finally:
        stage.write("SET default_transaction_read_only = off", f'ALTER DATABASE "{name}" RESET ALL')
        stage.write(others)
    wait_until_ready(stage.url)


@pytest.mark.parametrize("way", ["refuse", "hang"])
def test_redis_away_is_told_and_no_reason_to_leave_a_balancer(stage: Stage, way: str) -> None:
    getattr(stage.queue, way)()
    wait_until_ill(stage.url, "queue", "")
    assert lines_of(ready(stage.url))["queue"] != "ok"
    for query in ("?exclude=queue", "?exclude=shared", "?exclude=outbox,queue", "?exclude=disk&exclude=queue"):
        assert ready(stage.url, query).status_code == 200
    assert "excluded" in lines_of(ready(stage.url, "?exclude=queue"))["queue"]
    assert ready(stage.url, "?exclude=database").status_code == 503
    unknown = ready(stage.url, "?exclude=redis")
    assert (unknown.status_code, lines_of(unknown)["exclude"]) == (503, "there is no part 'redis'")
    stage.queue.mend()
    wait_until_ready(stage.url)


def test_without_a_worker_it_is_told_and_so_is_what_waits_for_one(stage: Stage) -> None:
    stage.stop_worker()
    try:
        wait_until_ill(stage.url, "worker", "none has shown itself for")
        assert ready(stage.url, "?exclude=worker").status_code == 200
        stage.portal.ask("from huey.contrib.djhuey import HUEY; HUEY.storage.enqueue(b'a job')")
        wait_until_ill(stage.url, "queue", "the oldest job has waited for")
        stage.portal.ask("from huey.contrib.djhuey import HUEY; HUEY.storage.flush_queue()")
        stage.portal.ask(MAIL)
        wait_until_ill(stage.url, "outbox", "the oldest e-mail has been due for")
        assert ready(stage.url, "?exclude=shared").status_code == 200
    finally:
        stage.start_worker()
    wait_until_ready(stage.url)
    assert "Subject: Waits" in stage.portal.log.with_name("worker.log").read_text()


MAIL = "from django.core.mail import send_mail; send_mail('Waits', 'For a worker.', None, ['alice@northwind.example'])"


def test_a_mail_server_that_is_away_is_told_while_no_mail_is_due(stage: Stage) -> None:
    stage.write(KEPT_BACK)
    wait_until_ill(stage.url, "outbox", "the mail server is away")
    stage.write("UPDATE linnapp_outgoingmail SET said = 'The mail server refused the address: 450.'")
    wait_until_ready(stage.url)


KEPT_BACK = """
INSERT INTO linnapp_outgoingmail
    (message_id, kind, recipient, opens, content_encrypted, state, said, tries, created_at, due_at)
VALUES ('<1@localhost>', 'OTHER', 'alice@northwind.example', '', '', 'WAITING', 'No mail leaves: it is away.', 1, now(),
        now() + interval '1 hour')
"""


def test_a_migration_that_lacks_is_told_and_a_later_one_is_no_matter(stage: Stage) -> None:
    """As in the middle of a rolling upgrade, and behind one that was forgotten."""
    last = "app = 'installs' AND id = (SELECT max(id) FROM django_migrations WHERE app = 'installs')"
    stage.write(
        f"CREATE TABLE taken AS SELECT * FROM django_migrations WHERE {last}",
        "INSERT INTO django_migrations (app, name, applied) VALUES ('linnapp', '9999_of_a_later_release', now())",
        f"DELETE FROM django_migrations WHERE {last}",
    )
    wait_until_ill(stage.url, "migrations", "1 are missing: run `manage.py prepare`")
    stage.write("INSERT INTO django_migrations SELECT * FROM taken", "DROP TABLE taken")
    wait_until_ready(stage.url)


def test_a_flood_of_questions_asks_the_database_and_redis_nothing(stage: Stage) -> None:
    before = stage.database.sent, stage.queue.sent
    with requests.Session() as session:
        for _ in range(5000):
            assert session.get(f"{stage.url}/readyz", timeout=10).status_code == 200
    after = stage.database.sent, stage.queue.sent
    # Those that the watch and the worker ask anyway, however long this took.
    assert after[0] - before[0] < 4000
    assert after[1] - before[1] < 4000


def test_strangers_read_a_word_and_monitors_read_it_all(stage: Stage) -> None:
    assert ready(stage.url, **SOMEBODY).text == "ready\n"
    assert ready(stage.url, **SOMEBODY, Authorization="Bearer another").text == "ready\n"
    assert lines_of(ready(stage.url, **SOMEBODY, Authorization=f"Bearer {TOKEN}")).keys() == PARTS
    stage.queue.refuse()
    wait_until_ill(stage.url, "queue", "")
    answer = ready(stage.url, **SOMEBODY)
    assert (answer.status_code, answer.text) == (503, "not ready\n")


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_it_is_answered_under_any_host_by_get_and_head_alone(stage: Stage, path: str) -> None:
    url = f"{stage.url}{path}"
    assert requests.get(url, headers={"Host": "10.1.2.3:8000"}, timeout=10).status_code == 200
    head = requests.head(url, headers={"Host": "nobody.example"}, timeout=10)
    assert (head.status_code, head.headers["Cache-Control"], head.content) == (200, "no-store", b"")
    refused = requests.post(url, timeout=10)
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")
