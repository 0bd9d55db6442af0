"""A fault is told to a Sentry in one envelope, and nothing that anybody typed or keeps is in it."""

import gzip
import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.kit.portal import ROOT, environment

# In a process of its own, as a web process is: a page breaks with secrets all around it.
BREAKS = """
import django, logging
django.setup()
from django.test import RequestFactory
from django.core.handlers.exception import convert_exception_to_response
from linnapp.middleware import RequestReference

def page(request):
    middleware.process_view(request, page, (), {"account": "northwind"})
    password = "typed-password"
    raise ValueError("token typed-token and " + request.headers["Authorization"] + request.COOKIES["session"])

middleware = RequestReference(convert_exception_to_response(page))
request = RequestFactory().post(
    "/password/Mg-typed-key/?ApplicationSecret=typed-secret", {"password": "typed-password"},
    HTTP_AUTHORIZATION="typed-session-token", HTTP_COOKIE="session=typed-cookie",
)
print(middleware(request).headers["X-Request-Id"])
logging.getLogger("linnapp.outbox").warning("a warning is told to nobody: typed-warning")
"""


class Sentry(ThreadingHTTPServer):
    """Takes what is sent to it; `bodies` are the envelopes, unpacked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.bodies: list[bytes] = []
        self.heads: list[str] = []

    @property
    def dsn(self) -> str:
        return f"http://public@127.0.0.1:{self.server_port}/7"


class Taking(BaseHTTPRequestHandler):
    server: Sentry

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
        self.server.heads.append(f"{self.path} {self.headers}")
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *arguments: object) -> None:
        """Nothing of it is news."""


@pytest.fixture
def state(tmp_path: Path, empty_state: Path) -> Path:
    """Its page of a fault needs the static files."""
    return shutil.copytree(empty_state, tmp_path / "state")


@pytest.fixture
def sentry() -> Iterator[Sentry]:
    with Sentry() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def run(tmp_path: Path, code: str, **settings: str) -> subprocess.CompletedProcess[str]:
    env = environment(tmp_path, DEMO="false", DJANGO_SETTINGS_MODULE="linnapp.settings", **settings)
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)


def test_one_envelope_with_the_reference_and_no_secret(state: Path, sentry: Sentry) -> None:
    done = run(state, BREAKS, SENTRY_DSN=sentry.dsn)
    assert done.returncode == 0, done.stderr
    (body,) = sentry.bodies
    assert sentry.heads[0].startswith("/api/7/envelope/")
    event = json.loads(body.splitlines()[2])
    assert event["tags"] == {"reference": done.stdout.strip(), "account": "northwind"}
    assert event["exception"]["values"][0]["type"] == "ValueError"
    assert event["exception"]["values"][0]["stacktrace"]["frames"][-1]["function"] == "page"
    assert event["logentry"] == {"message": "%s: %s"}
    assert {name for name in ("request", "user", "extra", "breadcrumbs", "modules") if name in event} == set()
    assert "typed-" not in body.decode()
    assert "typed-" not in sentry.heads[0]


def test_without_a_dsn_its_library_is_not_loaded(tmp_path: Path) -> None:
    done = run(tmp_path, "import django, sys; django.setup(); print('sentry_sdk' in sys.modules)")
    assert (done.stdout, done.stderr) == ("False\n", "")


def test_a_sentry_that_is_away_keeps_nobody_waiting(state: Path, sentry: Sentry) -> None:
    sentry.shutdown()
    sentry.server_close()
    done = run(state, BREAKS, SENTRY_DSN=sentry.dsn)
    assert done.returncode == 0
    assert re.fullmatch(r"[0-9a-z]{16}\n", done.stdout)


@pytest.mark.parametrize(
    "dsn", ["sentry.example.com", "https://sentry.example.com/1", "https://key@sentry.example.com/", "https://key@/1"]
)
def test_a_dsn_that_cannot_be_read_stops_the_start(tmp_path: Path, dsn: str) -> None:
    done = run(tmp_path, "import django; django.setup()", SENTRY_DSN=dsn)
    assert done.returncode == 1
    assert "SENTRY_DSN cannot be read. Copy it from Sentry: https://key@sentry.example.com/1." in done.stderr
