"""Processes that end while the database is away are followed by others, which answer as those before them did."""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.health.asking import PATIENCE, lines_of, ready, wait_for, wait_until_ill, wait_until_ready
from tests.health.between import Between
from tests.kit.engines import empty_redis_database
from tests.kit.portal import Portal, children, environment, prepared, prepared_postgres, serving

pytestmark = [pytest.mark.postgres, pytest.mark.redis, pytest.mark.slow(seconds=40)]
EXCHANGE = "/api/Auth/AuthorizeByApplication"
NOBODY = dict.fromkeys(("ApplicationId", "ApplicationSecret", "Token"), "00000000-0000-4000-8000-000000000000")


@pytest.fixture
def database() -> Iterator[Between]:
    with prepared_postgres("empty") as url:
        yield Between(url)


@pytest.fixture
def portal(tmp_path: Path, database: Between) -> Iterator[Portal]:
    state = shutil.copytree(prepared("empty"), tmp_path / "state")
    with empty_redis_database() as queue_url:
        env = environment(state, DEMO="false", DATABASE_URL=database.url, REDIS_URL=queue_url)
        with serving(env) as portal:
            # The port is open before anybody answers.
            wait_for(lambda: "Portal at" in portal.log.read_text(), portal.log.read_text)
            try:
                yield portal
            finally:
                database.mend()


def test_all_that_ended_meanwhile_are_there_once_it_is_back(portal: Portal, database: Between) -> None:
    wait_until_ready(portal.url)
    database.refuse()
    wait_until_ill(portal.url, "database", "Error")
    before = children(portal.process.pid)
    assert len(before) == 2
    for process in before:
        os.kill(process, signal.SIGKILL)
    # Whoever connects in between waits for the one that comes.
    assert requests.get(f"{portal.url}/healthz", timeout=PATIENCE).text == "ok\n"
    assert lines_of(ready(portal.url))["database"] != "ok"
    answer = requests.post(f"{portal.url}{EXCHANGE}", json=NOBODY, timeout=PATIENCE)
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    wait_for(lambda: len(children(portal.process.pid) - before) == 2)
    # One that could not bear it would be gone by now.
    time.sleep(3)
    assert len(children(portal.process.pid) - before) == 2
    database.mend()
    wait_until_ready(portal.url)
    assert requests.get(f"{portal.url}/sign-in/", timeout=PATIENCE).status_code == 200
    assert portal.process.poll() is None
    assert "stopping the rest" not in portal.log.read_text()
