"""The log as lines of JSON: what stands in each, and that nothing of one request is told of the next."""

import json
import logging
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from linnapp.crews import Crew
from linnapp.log_lines import (
    ABOUT,
    JsonLines,
    Referenced,
    about,
    about_alone,
    also_about,
    what_it_is_about,
    without_key,
)
from linnapp.middleware import RequestReference
from tests.kit.portal import ROOT, START_SECONDS, descendants, environment

log = logging.getLogger("tests.deploying")


class Lines:
    def __init__(self) -> None:
        self.stream = StringIO()

    @property
    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]


@pytest.fixture
def lines() -> Iterator[Lines]:
    lines = Lines()
    handler = logging.StreamHandler(lines.stream)
    handler.setFormatter(JsonLines())
    handler.addFilter(Referenced())
    root = logging.getLogger()
    root.addHandler(handler)
    yield lines
    root.removeHandler(handler)


def test_a_line_is_one_object_in_an_order_for_readers(lines: Lines) -> None:
    with about_alone(reference="ref-1", account="northwind"):
        log.warning("two\nlines for %s", "Zoë")
    line = lines.all[0]
    assert list(line) == ["time", "level", "logger", "message", "reference", "account"]
    assert line["message"] == "two\nlines for Zoë"
    assert (line["level"], line["logger"]) == ("warning", "tests.deploying")
    assert datetime.fromisoformat(line["time"]).utcoffset() == timedelta(0)
    assert lines.stream.getvalue().count("\n") == 1


def test_an_exception_is_text_without_the_values_of_variables(lines: Lines) -> None:
    password = "horse" + "-battery"
    try:
        len(password) / 0
    except ZeroDivisionError:
        log.exception("broke")
    assert lines.all[0]["exception"].startswith("Traceback (most recent call last):\n")
    assert "ZeroDivisionError" in lines.all[0]["exception"]
    assert "horse-battery" not in lines.stream.getvalue()


def test_nothing_of_a_request_is_told_of_the_next_one(lines: Lines) -> None:
    def page(request: HttpRequest) -> HttpResponse:
        if "first" in request.path:
            middleware.process_view(request, None, (), {"account": "northwind", "application": "a-key", "page": 2})
        log.warning("in %s", request.path)
        return HttpResponse()

    middleware = RequestReference(page)
    answers = [middleware(RequestFactory().get(path)) for path in ("/first/", "/second/")]
    log.warning("between")
    first, second, between = lines.all
    assert (first["account"], first["application"]) == ("northwind", "a-key")
    assert first["reference"] == answers[0].headers["X-Request-Id"]
    assert second["reference"] == answers[1].headers["X-Request-Id"]
    assert set(second) & set(ABOUT) == {"reference"}
    assert set(between) & set(ABOUT) == set()


def test_what_broke_leaves_nothing_behind(lines: Lines) -> None:
    def broken() -> None:
        with about_alone(reference="ref"):
            also_about(account="northwind")
            raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        broken()
    assert what_it_is_about() == {}


def test_within_a_job_a_line_says_also_what_it_is_about(lines: Lines) -> None:
    def work() -> None:
        with about(application="a-key"):
            log.warning("one")
        raise RuntimeError

    Crew("postbacks", work, looks_every=1)._work()
    inside, broke = lines.all
    assert (inside["job"], inside["application"]) == ("postbacks", "a-key")
    assert (broke["job"], "application" in broke) == ("postbacks", False)
    assert what_it_is_about() == {}


def test_what_somebody_typed_into_an_address_is_cut(lines: Lines) -> None:
    with about_alone(account="x" * 10_000):
        log.warning("long")
    assert lines.all[0]["account"] == "x" * 100


def patterns(resolver: URLResolver, before: str = "/") -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        path = before + str(pattern.pattern).lstrip("^")
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, path)
        else:
            yield path, pattern


def test_no_line_has_the_key_of_a_link(lines: Lines) -> None:
    """Keys in addresses of the admin are those of rows, and open nothing."""
    secret = {"token", "key", "link"}
    pages = [(path, each) for path, each in patterns(get_resolver()) if not path.startswith("/admin/")]
    keyed = [path for path, each in pages if secret & set(each.pattern.converters) or "?P<key>" in path]
    begins = [re.split(r"<|\(\?P", path.replace("(?P<uidb36>", ""))[0] for path in keyed]
    paths = [begin.replace("[0-9A-Za-z]+)", "Mg") + "sEcReT/" for begin in begins]
    assert len(paths) == 6
    for path in paths:
        log.warning("Internal Server Error: %s", path)
        assert "sEcReT" not in without_key(path), path
    assert "sEcReT" not in lines.stream.getvalue()
    assert without_key("/a/northwind/apps/") == "/a/northwind/apps/"


def end(process: subprocess.Popen[str]) -> None:
    """As soon as its processes are there: until then it does not listen to signals."""
    deadline = time.monotonic() + START_SECONDS
    while not descendants(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.terminate()


@pytest.mark.parametrize("arguments", [("serve", "--web"), ("serve", "--worker")])
def test_serve_writes_nothing_but_json(tmp_path: Path, empty_state: Path, arguments: tuple[str, ...]) -> None:
    shutil.copytree(empty_state, tmp_path, dirs_exist_ok=True)
    env = environment(tmp_path, DEMO="false", LOG_FORMAT="json", OUTBOUND_ALLOW_HTTP="true", WORKERS="2")
    command = [sys.executable, "manage.py", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout
    told = []
    for line in process.stdout:
        told.append(json.loads(line))
        if told[-1]["message"].startswith(("Portal at", "The worker role")):
            end(process)
    process.stdout.close()
    assert process.wait(30) == 0
    messages = [line["message"] for line in told]
    assert messages[0].startswith("OUTBOUND_*: postbacks may go")
    assert messages[-1] == "Stopped."
    assert {line["logger"] for line in told} == {"linnapp.management.commands.serve"}
