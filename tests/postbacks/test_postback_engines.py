"""Postbacks on both engines, with real workers: each sent once, at once, and whatever stops or goes away meanwhile."""

import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.drill import plan
from tests.drill.wire import Wire
from tests.kit.engines import empty_redis_database
from tests.kit.inside import Inside
from tests.kit.portal import ROOT, environment, prepared_postgres, serving, started, stop
from tests.kit.receivers import Received, Receiver, Reply, receiving

pytestmark = pytest.mark.slow
# Writes down which worker delivered what, by the name of its connection.
NOTE_WORKERS = """
CREATE TABLE who_delivered (delivery uuid, worker text);
CREATE FUNCTION note_worker() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO who_delivered VALUES (NEW.id, current_setting('application_name'));
    RETURN NEW;
END $$;
CREATE TRIGGER note_worker AFTER UPDATE ON installs_delivery FOR EACH ROW
    WHEN (NEW.state = 'DELIVERED' AND OLD.state <> 'DELIVERED') EXECUTE FUNCTION note_worker();
"""
OWED_AT = "from installs.models import Delivery; print(Delivery.objects.get(tracking={!r}).created_at.timestamp())"
STANDING = "from installs.models import Delivery; print(*Delivery.objects.values_list('state', 'tried'))"
LEASES_ARE_OVER = """
from django.utils import timezone
from installs.models import Delivery
Delivery.objects.filter(claimed_until__isnull=False).update(claimed_until=timezone.now())
"""


@pytest.fixture
def env(tmp_path: Path, empty_state: Path) -> dict[str, str]:
    """Environment of a portal on the default engines, without the demo data."""
    shutil.copytree(empty_state, tmp_path / "state")
    return environment(tmp_path / "state", DEMO="false")


@pytest.fixture
def postgres_env(env: dict[str, str]) -> Iterator[dict[str, str]]:
    with prepared_postgres("empty") as database_url:
        yield env | {"DATABASE_URL": database_url}


def lay_out(inside: Inside, receiver: Receiver, *, wire: int = 0, bulk: int = 0) -> None:
    """Ten applications, and as many accounts that may install them as it takes."""
    folder = inside.env["STATE_DIR"]
    inside.ask(
        f"from tests.drill import bulk; bulk.lay_out({receiver.url!r}, {wire}, {bulk}, last=0, folder={folder!r})"
    )


def consent_code(env: Mapping[str, str]) -> str:
    path = str(Path(env["STATE_DIR"]) / "bulk.json")
    return f"from tests.drill import bulk; bulk.consent_to_all({path!r}, 0, 120)"


@pytest.fixture
def redis_env(postgres_env: dict[str, str]) -> Iterator[dict[str, str]]:
    with empty_redis_database() as redis_url:
        yield postgres_env | {"REDIS_URL": redis_url}


@contextmanager
def working(env: dict[str, str], name: str = "worker") -> Iterator[subprocess.Popen[bytes]]:
    """`manage.py serve --worker`, once it takes jobs; its connections to PostgreSQL have this name."""
    url = env.get("DATABASE_URL")
    own = {"DATABASE_URL": f"{url}?application_name={name}"} if url else {}
    log = Path(env["STATE_DIR"]) / f"{name}.log"
    process = started(env | own, log, "--worker")
    try:
        deadline = time.monotonic() + 40
        while "The worker role runs" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield process
    finally:
        stop(process)


def ids(received: list[Received]) -> list[str]:
    return [postback.headers["webhook-id"] for postback in received]


@pytest.mark.postgres
@pytest.mark.redis
def test_two_workers_share_300_postbacks_each_sent_once_over_few_connections(redis_env: dict[str, str]) -> None:
    env = redis_env
    with ExitStack() as stack:
        inside = stack.enter_context(closing(Inside(env)))
        receiver = stack.enter_context(receiving(Reply(delay=0.05)))
        database = stack.enter_context(psycopg.connect(env["DATABASE_URL"], autocommit=True))
        lay_out(inside, receiver, bulk=300)
        database.execute(NOTE_WORKERS)
        with working(env, "one"), working(env, "two"):
            inside.ask(consent_code(env))
            sent = ids(receiver.wait_for(300, seconds=90))
            deadline = time.monotonic() + 10
            while database.execute("SELECT count(*) FROM who_delivered").fetchone() != (300,):
                assert time.monotonic() < deadline
                time.sleep(0.1)
            counted = database.execute("SELECT worker, count(*) FROM who_delivered GROUP BY worker").fetchall()
        assert len(sent) == len(set(sent)) == len(receiver.received) == 300
    by = {str(worker): int(count) for worker, count in counted}
    assert by.keys() == {"one", "two"}
    assert min(by.values()) >= 10, by
    # One for each thread of each worker at most, and those that were idle for too long.
    assert receiver.connections <= 150


def test_the_first_attempt_comes_at_once_over_http_and_from_another_process(env: dict[str, str]) -> None:
    with receiving() as receiver, serving(env), closing(Inside(env)) as inside:
        lay_out(inside, receiver, wire=1, bulk=1)
        inside.ask(consent_code(env))
        over_http = plan.read(Path(env["STATE_DIR"]) / "wire.json")
        Wire(env, over_http, owe=lambda tracking: None, seconds=0, limit=60).run()
        for postback in receiver.wait_for(2, seconds=70):
            took = postback.at - float(inside.ask(OWED_AT.format(postback.form["Tracking"])))
            sys.stdout.write(f"{postback.form['Tracking']}: {took:.2f} s\n")
            # Within a second on a machine that has nothing else to do.
            assert took < 5


def test_an_installation_while_the_queue_is_away_stands_warns_and_its_postback_is_found_by_looking(
    env: dict[str, str],
) -> None:
    with receiving() as receiver, closing(Inside(env)) as inside:
        lay_out(inside, receiver, bulk=1)
        command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", consent_code(env)]
        away = env | {"REDIS_URL": "redis://127.0.0.1:1/0"}
        done = subprocess.run(command, cwd=ROOT, env=away, capture_output=True, text=True, timeout=60, check=True)
        assert "the job queue is away (ConnectionError): what waits is found by looking" in done.stderr
        assert "Traceback" not in done.stderr
        with working(env):
            receiver.wait_for(1, seconds=20)


def test_a_stop_waits_for_the_answer_that_is_under_way(env: dict[str, str]) -> None:
    with receiving(Reply(delay=3)) as receiver, closing(Inside(env)) as inside:
        lay_out(inside, receiver, bulk=1)
        with serving(env) as portal:
            inside.ask(consent_code(env))
            receiver.wait_for(1, seconds=20)
            portal.process.send_signal(signal.SIGTERM)
            assert portal.process.wait(10) == 0
            assert portal.log.read_text().endswith("Stopped.\n")
            assert "Traceback" not in portal.log.read_text()
        assert inside.ask(STANDING) == "('DELIVERED', 1)\n"


def test_a_reload_of_one_worker_waits_for_the_answer_that_is_under_way(env: dict[str, str]) -> None:
    env = env | {"LOG_LEVEL": "INFO"}
    taken_over, log = threading.Event(), Path(env["STATE_DIR"]) / "worker.log"

    def answer(received: Received) -> Reply:
        # No longer than an attempt may take.
        taken_over.wait(9)
        return Reply()

    with receiving(answer) as receiver, closing(Inside(env)) as inside, working(env) as process:
        lay_out(inside, receiver, bulk=1)
        inside.ask(consent_code(env))
        receiver.wait_for(1, seconds=20)
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: "A new worker process took the place of the old one" in log.read_text())
        taken_over.set()
        wait_until(lambda: inside.ask(STANDING) == "('DELIVERED', 1)\n")
        assert len(receiver.received) == 1


def wait_until(condition: Callable[[], bool]) -> None:
    """No longer than a claim lasts, after which it would be sent again."""
    deadline = time.monotonic() + 25
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_stop_does_not_wait_for_ever_and_what_was_under_way_is_sent_again_under_its_id(env: dict[str, str]) -> None:
    over = threading.Event()
    with ExitStack() as stack:
        inside = stack.enter_context(closing(Inside(env)))
        receiver = stack.enter_context(receiving(lambda received: Reply(delay=0 if over.is_set() else 60)))
        lay_out(inside, receiver, bulk=1)
        with serving(env) as portal:
            inside.ask(consent_code(env))
            receiver.wait_for(1, seconds=20)
            portal.process.send_signal(signal.SIGTERM)
            assert portal.process.wait(10) == 0
        assert inside.ask(STANDING) == "('DUE', 0)\n"
        over.set()
        inside.ask(LEASES_ARE_OVER)
        with working(env):
            first, second = ids(receiver.wait_for(2, seconds=20))
    assert first == second


@pytest.mark.postgres
def test_a_worker_outlives_the_loss_of_its_connections_to_postgresql(postgres_env: dict[str, str]) -> None:
    env = postgres_env
    with ExitStack() as later:
        inside = later.enter_context(closing(Inside(env)))
        receiver = later.enter_context(receiving(Reply(delay=0.2)))
        database = later.enter_context(psycopg.connect(env["DATABASE_URL"], autocommit=True))
        lay_out(inside, receiver, bulk=100)
        with working(env, "one") as process:
            consenting = threading.Thread(target=inside.ask, args=(consent_code(env),))
            consenting.start()
            later.callback(consenting.join)
            lost = 0
            for number in (5, 30, 60):
                receiver.wait_for(number, seconds=60)
                ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'one'"
                lost += len(database.execute(ended).fetchall())
            deadline = time.monotonic() + 100
            while len(set(ids(receiver.received))) < 100:
                assert time.monotonic() < deadline, len(receiver.received)
                time.sleep(0.1)
            assert process.poll() is None
    assert lost >= 3
    log = (Path(env["STATE_DIR"]) / "one.log").read_text()
    assert "the database is away" in log
