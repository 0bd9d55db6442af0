"""nginx and Caddy before a portal, each with the example of docs/operations as it stands but for ports, folders and the
certificate. Run by hand where both are installed: `.venv/bin/python -m pytest tests/deploying/proxies.py`."""

import os
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from linnapp.front.connection import MOST_MACHINE_BYTES
from linnapp.front.health import ALIVE, READY
from linnapp.front.reader import MOST_BODY_BYTES
from tests.deploying.files import OPERATIONS
from tests.kit.certificates import Certificates
from tests.kit.portal import Portal, answers, demo_portal, free_port, shell_assignments, started, wait_until_answers

EXCHANGE = "/api/Auth/AuthorizeByApplication"
ELSEWHERE = "127.0.0.2"
LINK = "/verify/secret-key/?next=secret-query"
TIME = "/api/Auth/GetServerUTCTime"
NGINX = """\
{user}
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    {temporary}
    include {folder}/linnapp.conf;
}}
"""
# Whoever is still sending when it is refused may see the connection end in place of the answer.
# The portal's own page about it is a 400.
TOO_LARGE = {b"HTTP/1.1 413", b"HTTP/1.1 400", b""}
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@dataclass(frozen=True)
class Proxied:
    """A portal behind a proxy: `site` is what people type, `closed` the file that closes it, `log` the access log;
    `waits` says that a request is kept until the portal is there."""

    portal: Portal
    site: str
    ca_file: str
    closed: Path
    log: Path
    waits: bool

    def get(self, path: str, **headers: str) -> requests.Response:
        return requests.get(self.site + path, headers=headers, verify=self.ca_file, timeout=30, allow_redirects=False)

    def post(self, path: str, data: bytes | dict[str, str]) -> requests.Response:
        return requests.post(self.site + path, data=data, verify=self.ca_file, timeout=30, allow_redirects=False)

    def sent(self, path: str, length: int) -> bytes:
        """How the answer begins to a body of so many bytes."""
        with self.socket() as connection, suppress(OSError):
            head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
            with suppress(OSError):
                connection.sendall(head.encode() + b"x" * length)
            return connection.recv(12)
        return b""

    def socket(self) -> ssl.SSLSocket:
        port = int(self.site.rpartition(":")[2])
        context = ssl.create_default_context(cafile=self.ca_file)
        plain = socket.create_connection(("localhost", port), timeout=30)
        return context.wrap_socket(plain, server_hostname="localhost")


def nginx(folder: Path, ports: tuple[int, int, int], pem: Path) -> list[str]:
    plain, secure, portal = ports
    example = (OPERATIONS / "nginx.conf").read_text()
    for found, put in (
        (r"listen \[::\]:.*;", ""),
        (r"listen 80;", f"listen 127.0.0.1:{plain};"),
        (r"listen 443 ", f"listen 127.0.0.1:{secure} "),
        (r"/etc/letsencrypt/live/portal.example.com/\w+.pem", str(pem)),
        (r"portal\.example\.com", "localhost"),
        (r"127\.0\.0\.1:8000", f"127.0.0.1:{portal}"),
        (r"/var/log/nginx/linnapp\.log", str(folder / "access.log")),
        (r"/etc/linnapp", str(folder)),
    ):
        example, count = re.subn(found, put, example)
        assert count, found
    (folder / "linnapp.conf").write_text(example)
    temporary = "\n    ".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)
    # Otherwise its processes could not read a folder of root's.
    user = "" if os.getuid() else "user root;"
    (folder / "nginx.conf").write_text(NGINX.format(user=user, folder=folder, temporary=temporary))
    return ["nginx", "-e", "stderr", "-c", str(folder / "nginx.conf")]


def caddy(folder: Path, ports: tuple[int, int, int], pem: Path) -> list[str]:
    plain, secure, portal = ports
    example = (OPERATIONS / "Caddyfile").read_text()
    site = f"https://localhost:{secure}"
    for found, put in (
        (r"\{\n\tservers", f"{{\n\tadmin off\n\thttp_port {plain}\n\tservers"),
        (r"\{\$SITE_URL\} \{", f"{site} {{\n\tbind 127.0.0.1\n\ttls {pem} {pem}"),
        (r"\{\$PORTAL:127\.0\.0\.1:8000\}", f"127.0.0.1:{portal}"),
        (r"\tlog \{", f"\tlog {{\n\t\toutput file {folder / 'access.log'}"),
        (r"/etc/linnapp", str(folder)),
    ):
        example, count = re.subn(found, put.replace("\\", r"\\"), example)
        assert count, found
    (folder / "Caddyfile").write_text(example)
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


@contextmanager
def running(command: list[str], port: int, folder: Path) -> Iterator[None]:
    with (folder / "proxy.log").open("w") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env={"HOME": str(folder), "PATH": "/usr/sbin:/usr/bin"}
        )
    try:
        wait_until_answers(port, process, folder / "proxy.log")
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


@pytest.fixture(scope="module", params=[nginx, caddy])
def proxied(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    prepared_state: Path,
    certificates: Certificates,
) -> Iterator[Proxied]:
    folder = tmp_path_factory.mktemp("proxy")
    plain, secure = free_port(), free_port()
    site = f"https://localhost:{secure}"
    settings = {
        "SITE_URL": site,
        "TRUSTED_PROXIES": "127.0.0.1/32",
        "WEB_WORKERS": "2",
        "EXCHANGES_PER_MINUTE": "100000",
    }
    with demo_portal(folder / "state", prepared_state, "sqlite", **settings) as portal:
        command = request.param(folder, (plain, secure, portal.port), certificates.good)
        with running(command, secure, folder):
            closed, log = folder / "maintenance", folder / "access.log"
            yield Proxied(portal, site, str(certificates.ca_file), closed, log, waits=request.param is caddy)


@pytest.fixture
def credentials(proxied: Proxied) -> dict[str, str]:
    told = shell_assignments(proxied.portal.manage("demo_env"))
    names = {"ApplicationId": "APPLICATION_ID", "ApplicationSecret": "APPLICATION_SECRET", "Token": "PERMANENT_TOKEN"}
    return {member: told[name] for member, name in names.items()}


class FromElsewhere(HTTPAdapter):
    """Comes from an address of loopback that is no proxy's."""

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, source_address=(ELSEWHERE, 0), **options)


def signed_in(proxied: Proxied, **headers: str) -> requests.Session:
    told = shell_assignments(proxied.portal.manage("demo_env"))
    email = next(value for name, value in told.items() if name.endswith("EMAIL"))
    password = next(value for name, value in told.items() if name.endswith("PASSWORD"))
    session = requests.Session()
    session.trust_env, session.verify = False, proxied.ca_file
    session.headers.update(headers)
    session.mount("https://", FromElsewhere())
    page = session.get(f"{proxied.site}/sign-in/", timeout=30)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert token
    form = {"csrfmiddlewaretoken": token[1], "login": email, "password": password}
    answer = session.post(page.url, form, headers={"Referer": page.url}, timeout=30)
    assert answer.status_code == 200
    assert "__Host-session" in session.cookies
    return session


def test_somebody_signs_in_and_comes_from_their_own_address(proxied: Proxied) -> None:
    session = signed_in(proxied, **{"X-Forwarded-For": "203.0.113.9", "X_Forwarded_For": "203.0.113.10"})
    addresses = proxied.portal.ask(
        "from allauth.usersessions.models import UserSession; print(*UserSession.objects.values_list('ip', flat=True))"
    )
    assert addresses.split() == [ELSEWHERE]
    assert session.get(f"{proxied.site}/profile/", timeout=30).status_code == 200


def test_an_exchange_and_a_refusal_in_the_shape_of_the_api(proxied: Proxied, credentials: dict[str, str]) -> None:
    assert proxied.post(EXCHANGE, credentials).json()["Status"]["State"] == "AVAILABLE"
    refused = proxied.post(EXCHANGE, credentials | {"Token": "no"})
    assert set(refused.json()) == {"Code", "Message"}


def test_metrics_are_closed_to_whoever_comes_through_the_proxy(proxied: Proxied) -> None:
    assert proxied.get("/metrics").status_code == 404


@pytest.mark.parametrize("path", [ALIVE, READY, "//readyz", "/%72eadyz?exclude=shared"])
def test_how_the_machine_fares_is_told_to_nobody_through_the_proxy(proxied: Proxied, path: str) -> None:
    assert proxied.get(path).status_code == 404


def test_bodies_over_the_limits_are_refused(proxied: Proxied) -> None:
    machine = proxied.post(EXCHANGE, b"x" * (MOST_MACHINE_BYTES + 1))
    assert (machine.status_code, machine.json()["Code"]) == (413, "413")
    assert proxied.sent("/sign-in/", MOST_BODY_BYTES + 1) in TOO_LARGE
    # One that is not too large comes to the portal, which asks for its form's token.
    assert proxied.post("/sign-in/", b"x" * (MOST_BODY_BYTES - 1)).status_code == 403


def test_a_file_comes_whole(proxied: Proxied) -> None:
    page = proxied.get("/sign-in/").text
    path = re.search(r'href="(/static/[^"]+\.css)"', page)
    assert path
    direct = requests.get(f"http://127.0.0.1:{proxied.portal.port}{path[1]}", headers={"Host": "localhost"}, timeout=30)
    assert proxied.get(path[1]).content == direct.content
    assert len(direct.content) > 10_000


def test_slow_clients_keep_nobody_waiting(proxied: Proxied) -> None:
    slow = [proxied.socket() for _ in range(50)]
    for each in slow:
        each.sendall(f"POST {EXCHANGE} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf".encode())
    assert proxied.get(TIME).status_code == 200
    assert proxied.get("/sign-in/").status_code == 200
    for each in slow:
        each.close()


def test_the_access_log_holds_no_query_and_no_key_of_a_link(proxied: Proxied) -> None:
    answer = proxied.get(LINK)
    proxied.get("/sign-in/?next=secret-query")
    proxied.get("/password/Mg-secret-key/")
    time.sleep(0.5)
    text = proxied.log.read_text()
    assert "/verify/" in text
    assert "/password/" in text
    assert "secret" not in text
    assert answer.headers["X-Request-Id"] in text


def test_closed_for_maintenance(proxied: Proxied) -> None:
    proxied.closed.touch()
    try:
        page, call = proxied.get("/sign-in/"), proxied.get(TIME)
    finally:
        proxied.closed.unlink()
    assert (page.status_code, page.headers["Retry-After"]) == (503, "30")
    assert page.headers["Content-Type"].startswith("text/plain")
    assert (call.status_code, call.headers["Retry-After"], call.json()["Code"]) == (503, "30", "503")
    assert call.headers["Content-Type"] == "application/json"
    assert proxied.get("/sign-in/").status_code == 200


class Asking:
    """Asks again and again, by threads of its own; `statuses` counts what came."""

    def __init__(self, proxied: Proxied, form: dict[str, str]) -> None:
        self.proxied, self.form = proxied, form
        self.statuses: list[int] = []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(4)]

    def _ask(self, number: int) -> None:
        while not self.over.is_set():
            answer = self.proxied.post(EXCHANGE, self.form) if number % 2 else self.proxied.get("/sign-in/")
            self.statuses.append(answer.status_code)
            time.sleep(0.02)

    def __enter__(self) -> "Asking":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()


def test_new_processes_cost_no_request(proxied: Proxied, credentials: dict[str, str]) -> None:
    with Asking(proxied, credentials) as asking:
        time.sleep(1)
        proxied.portal.process.send_signal(signal.SIGHUP)
        time.sleep(12)
    assert set(asking.statuses) == {200}
    assert len(asking.statuses) > 50


def test_a_portal_that_is_away_is_told_and_comes_back(proxied: Proxied) -> None:
    """The last one: it ends the portal of the others."""
    portal = proxied.portal
    portal.process.send_signal(signal.SIGTERM)
    portal.process.wait(20)
    assert not answers(portal.port)
    # One after the other would wait twice for a portal that does not come.
    with ThreadPoolExecutor(2) as pool:
        asked = pool.submit(proxied.get, LINK), pool.submit(proxied.post, EXCHANGE, {"Token": "x"})
        page, call = (each.result() for each in asked)
    assert (page.status_code, page.headers["Retry-After"]) == (503, "30")
    assert (call.status_code, call.json()["Code"]) == (503, "503")
    assert "secret" not in proxied.log.with_name("proxy.log").read_text()
    again = started(portal.env, portal.log)
    try:
        # Caddy keeps what was not sent yet for so long as it is told to; nginx says at once that the portal is away.
        keeps = re.search(r"lb_try_duration (\d+)s", (OPERATIONS / "Caddyfile").read_text())
        assert keeps
        began, early = time.monotonic(), proxied.get(TIME)
        wait_until_answers(portal.port, again, portal.log)
        in_time = time.monotonic() - began < int(keeps[1])
        assert early.status_code == (200 if proxied.waits and in_time else 503)
        assert proxied.get("/sign-in/").status_code == 200
    finally:
        again.send_signal(signal.SIGTERM)
        again.wait(20)
