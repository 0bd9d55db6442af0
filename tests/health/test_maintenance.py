"""The portal closed for a while: by a file, so that it holds while the database is away and after a restart."""

import shutil
import signal
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import requests
from django.core.management import CommandError, call_command
from pytest_django import Settings

from linnapp import maintenance
from tests.health.asking import lines_of, ready, wait_for, wait_until_ill, wait_until_ready
from tests.kit.portal import Portal, descendants, environment, serving

WORDS = "We move to a <larger> machine."


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory, empty_state: Path) -> Iterator[Portal]:
    state = shutil.copytree(empty_state, tmp_path_factory.mktemp("maintenance") / "state")
    # No worker: it would make an empty database where the file is away.
    with serving(environment(state, DEMO="false"), "--web") as portal:
        yield portal


def page(portal: Portal, path: str = "/sign-in/") -> requests.Response:
    return requests.get(f"{portal.url}{path}", timeout=20)


@pytest.fixture
def closed(portal: Portal) -> Iterator[Portal]:
    wait_until_ready(portal.url, "?exclude=shared")
    portal.manage("maintenance", "on", WORDS, "--minutes", "30")
    wait_for(lambda: page(portal).status_code == 503)
    yield portal
    portal.manage("maintenance", "off")
    wait_for(lambda: page(portal).status_code == 200)


def test_people_read_why_and_until_when(closed: Portal) -> None:
    for path in ("/sign-in/", "/", "/a/northwind/applications/", "/admin/"):
        answer = page(closed, path)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (503, "no-store")
        assert 60 < int(answer.headers["Retry-After"]) <= 1800
        assert "The portal is closed for maintenance" in answer.text
        assert "We move to a &lt;larger&gt; machine." in answer.text
        assert " UTC on " in answer.text
    sent = requests.post(f"{closed.url}/sign-in/", {"login": "alice@northwind.example"}, timeout=20)
    assert sent.status_code == 503


def test_its_styles_are_there(closed: Portal) -> None:
    text = page(closed).text
    style = text[text.index("/static/css/portal.") :].partition('"')[0]
    assert page(closed, style).status_code == 200


@pytest.mark.parametrize("path", ["/api/Auth/AuthorizeByApplication", "/api/nothing", "/Stock/GetStockItemsFull"])
def test_programs_are_told_in_their_own_shape(closed: Portal, path: str) -> None:
    answer = requests.post(f"{closed.url}{path}", json={}, timeout=20)
    assert answer.status_code == 503
    assert answer.json()["Code"] == "503"
    assert answer.json()["Message"].startswith("The portal is closed for maintenance.")
    assert 60 < int(answer.headers["Retry-After"]) <= 1800


def test_a_balancer_goes_on_sending_people_to_the_page_whatever_is_away(closed: Portal) -> None:
    database = Path(closed.env["STATE_DIR"], "db.sqlite3")
    database.rename(database.with_name("elsewhere"))
    try:
        wait_for(lambda: "its file is missing" in lines_of(ready(closed.url))["database"])
        answer = ready(closed.url)
        assert answer.status_code == 200
        assert lines_of(answer)["maintenance"] == "the portal is closed"
        assert page(closed).status_code == 503
        assert requests.get(f"{closed.url}/healthz", timeout=10).status_code == 200
    finally:
        database.with_name("elsewhere").rename(database)


def test_new_processes_are_closed_from_their_first_answer_on(closed: Portal) -> None:
    before, statuses = descendants(closed.process.pid), set()
    closed.process.send_signal(signal.SIGHUP)

    def others_answer() -> bool:
        statuses.add(page(closed).status_code)
        return not before & descendants(closed.process.pid)

    wait_for(others_answer)
    assert statuses == {503}


def test_a_database_whose_file_is_gone_is_told_and_found_again(portal: Portal) -> None:
    wait_until_ready(portal.url, "?exclude=shared")
    database = Path(portal.env["STATE_DIR"], "db.sqlite3")
    database.rename(database.with_name("elsewhere"))
    try:
        wait_until_ill(portal.url, "database", "its file is missing")
    finally:
        database.with_name("elsewhere").rename(database)
    wait_until_ready(portal.url, "?exclude=shared")


def test_too_little_room_is_told(tmp_path: Path, empty_state: Path) -> None:
    state = shutil.copytree(empty_state, tmp_path / "state")
    with serving(environment(state, DEMO="false", LEAST_DISK_MB="2000000000"), "--web") as portal:
        wait_for(lambda: ready(portal.url, "?exclude=shared,disk").status_code == 200)
        answer = ready(portal.url, "?exclude=shared")
        assert answer.status_code == 503
        assert "MB are free in STATE_DIR, fewer than LEAST_DISK_MB" in lines_of(answer)["disk"]


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.STATE_DIR = tmp_path
    return tmp_path


def said_by(*arguments: str, **options: Any) -> str:
    output = StringIO()
    call_command("maintenance", *arguments, stdout=output, **options)
    return output.getvalue()


def test_the_command_says_what_it_did(folder: Path) -> None:
    assert said_by("status") == "The portal is open.\n"
    assert said_by("off") == "The portal was open: nothing changed.\n"
    assert said_by("on") == "The portal is closed for maintenance.\n"
    assert maintenance.current() == maintenance.Maintenance("", None)
    assert said_by("on", "Back soon.", minutes=5).startswith("The portal is closed for maintenance, until about ")
    assert said_by("status").startswith("The portal is closed for maintenance, until about ")
    assert [path.name for path in folder.iterdir()] == ["maintenance.json"]
    assert said_by("off") == "The portal is open again.\n"
    assert maintenance.current() is None


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        (("off", "Back soon."), {}, "go with `on`"),
        (("status",), {"minutes": 5}, "go with `on`"),
        (("on",), {"minutes": 0}, "from 1 to"),
        (("on", "x" * 301), {}, "longer than 300"),
    ],
)
def test_what_it_does_not_understand_changes_nothing(
    folder: Path, arguments: tuple[str, ...], options: dict[str, int], words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        said_by(*arguments, **options)
    assert list(folder.iterdir()) == []


def test_a_folder_that_is_not_there_is_told(folder: Path, settings: Settings) -> None:
    settings.STATE_DIR = folder / "nowhere"
    with pytest.raises(CommandError, match="cannot be written"):
        said_by("on")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"words": ""}', '{"words": "", "until": "soon"}', "null"])
def test_a_file_that_cannot_be_read_was_still_meant(folder: Path, text: str) -> None:
    (folder / "maintenance.json").write_text(text)
    assert maintenance.current() == maintenance.Maintenance()


def test_whoever_waits_past_the_end_waits_a_minute(folder: Path) -> None:
    assert maintenance.Maintenance(until=1.0).retry_after == 60
    assert maintenance.Maintenance().retry_after == 300
