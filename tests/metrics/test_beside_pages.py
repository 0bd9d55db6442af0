"""/metrics of a portal whose processes for pages all wait for a database that hangs."""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest
import requests

from tests.health.between import Between
from tests.kit.portal import Portal, environment, prepared, prepared_postgres, serving
from tests.metrics.reading import Figures, figures_in, read

pytestmark = [pytest.mark.postgres, pytest.mark.slow(seconds=40)]
PAGES = 2
# Prometheus' own, unless it is told otherwise.
SCRAPE_SECONDS = 10.0


@dataclass
class Stage:
    portal: Portal
    database: Between


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    state = tmp_path_factory.mktemp("beside") / "state"
    shutil.copytree(prepared("empty"), state)
    with prepared_postgres("empty") as database_url:
        database = Between(database_url)
        settings = {"DATABASE_URL": database.url, "WEB_WORKERS": "1", "PAGE_PROCESSES": str(PAGES)}
        with serving(environment(state, DEMO="false", **settings), "--web") as portal:
            try:
                yield Stage(portal, database)
            finally:
                database.mend()


def wait(url: str) -> None:
    with suppress(requests.RequestException):
        requests.get(url, cookies={"session": "x" * 32}, timeout=60)


def busy(portal: Portal) -> Figures:
    """Pages of which each asks the database, and waits for it."""
    for _ in range(PAGES):
        threading.Thread(target=wait, args=(f"{portal.url}/",), daemon=True).start()
    until = time.monotonic() + 20
    while (told := told_in_time(portal))["linnapp_front_page_processes busy"] < PAGES:
        assert time.monotonic() < until, "pages are made"
    return told


def told_in_time(portal: Portal) -> Figures:
    began = time.monotonic()
    answer = requests.get(f"{portal.url}/metrics", timeout=SCRAPE_SECONDS)
    assert time.monotonic() - began < SCRAPE_SECONDS - 2
    assert answer.status_code == 200
    return figures_in(answer.text)


def test_a_database_that_hangs_is_told_while_no_page_is_made(stage: Stage) -> None:
    assert read(stage.portal)["linnapp_database_up"] == 1
    stage.database.hang()
    told = busy(stage.portal)
    assert told["linnapp_database_up"] == 0
    assert told["linnapp_queue_up"] == 1
    assert "linnapp_mails_waiting" not in told
    assert told["linnapp_processes page"] == PAGES
    # The next look is no later for the one that hung.
    assert told_in_time(stage.portal)["linnapp_database_up"] == 0
    stage.database.mend()
    assert told_in_time(stage.portal)["linnapp_database_up"] == 1


def test_a_database_that_refuses_is_told_at_once_and_found_again(stage: Stage) -> None:
    stage.database.refuse()
    began = time.monotonic()
    assert read(stage.portal)["linnapp_database_up"] == 0
    assert time.monotonic() - began < 4
    stage.database.mend()
    assert read(stage.portal)["linnapp_database_up"] == 1


def test_strangers_and_other_methods_are_answered_as_before(stage: Stage) -> None:
    url = f"{stage.portal.url}/metrics"
    stranger = requests.get(url, headers={"X-Forwarded-For": "203.0.113.9"}, timeout=10)
    assert (stranger.status_code, "linnapp_" in stranger.text) == (404, False)
    assert requests.post(url, timeout=10).status_code == 405
    head = requests.head(url, timeout=10)
    assert (head.status_code, head.text) == (200, "")
    assert requests.get(url, timeout=10).headers["Cache-Control"] == "no-store"
