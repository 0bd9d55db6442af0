"""`manage.py receive_postbacks` as it is run: a real process on loopback, and real posts to it."""

import queue
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests

from installs.models import Delivery
from installs.postbacks import asking, signing, signing_secrets
from linnapp import credentials
from linnapp.models import Account, Application, User
from tests.kit.people import acting
from tests.kit.portal import ROOT, environment, free_port, manage
from tests.kit.posting import deliver, install, with_postback

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TOKEN = "3c5e0a1b-7d2f-4e68-9a10-b1c2d3e4f509"
APPLICATION = "11111111-2222-4333-8444-555555555555"
PATIENCE = 20
REVEAL_SECRET = """
from installs.postbacks import signing_secrets
from linnapp.actors import Actor, Side
from linnapp.models import Application, User
application = Application.objects.get(name="Stock Bridge")
alice = Actor(User.objects.get(name="Alice"), Side.DEVELOPER)
print(application.pk, signing_secrets.reveal(application, by=alice).value())
"""


@dataclass
class Process:
    """A receiver that runs, and what it printed, line by line as it came."""

    url: str
    running: subprocess.Popen[str]
    printed: "queue.Queue[str]" = field(default_factory=queue.Queue)

    def block(self) -> str:
        """What is printed about the next message: up to the empty line after it."""
        lines = []
        while line := self.printed.get(timeout=PATIENCE).rstrip("\n"):
            lines.append(line)
        return "\n".join(lines)

    def line(self) -> str:
        return self.printed.get(timeout=PATIENCE).rstrip("\n")

    def listen(self) -> None:
        assert self.running.stdout is not None
        for line in self.running.stdout:
            self.printed.put(line)


@contextmanager
def receiving(env: dict[str, str], *arguments: str) -> Iterator[Process]:
    port = free_port()
    command = [sys.executable, "manage.py", "receive_postbacks", "--port", str(port), *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        process = Process(f"http://127.0.0.1:{port}/", running)
        listener = threading.Thread(target=process.listen)
        listener.start()
        try:
            greeting = process.line()
            assert greeting.startswith(f"Postbacks and events are received at {process.url}"), greeting
            yield process
        finally:
            running.send_signal(signal.SIGINT)
            running.wait(PATIENCE)
            listener.join()
    assert running.returncode == 0
    assert [process.printed.get_nowait() for _ in range(process.printed.qsize())][-1:] == ["Ended.\n"]


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Of a portal without a database: a receiver that is given its secret needs none."""
    return environment(tmp_path_factory.mktemp("receiver"), DEMO="false", SITE_URL="http://localhost:8123")


@pytest.fixture(scope="module")
def receiver(env: dict[str, str]) -> Iterator[Process]:
    with receiving(env | {"SIGNING_SECRET": SECRET}) as process:
        yield process


def body_of(**changed: str) -> bytes:
    fields = {
        "Token": TOKEN,
        "Tracking": "order 77 & more",
        "ApplicationId": APPLICATION,
        "InstallationId": "22222222-2222-4333-8444-555555555555",
        "AccountId": "33333333-2222-4333-8444-555555555555",
        "Event": "installed",
    }
    return urlencode(fields | changed).encode()


def post(
    url: str,
    body: bytes,
    message_id: str,
    *,
    sent: bytes | None = None,
    secret: str = SECRET,
    late: int = 0,
    content_type: str = "application/x-www-form-urlencoded",
) -> requests.Response:
    at = datetime.now(UTC) - timedelta(seconds=late)
    headers = {"Content-Type": content_type, **signing.headers(message_id, at, body, [secret])}
    return requests.post(url, sent or body, headers=headers, timeout=PATIENCE)


EVENT = (
    '{"type":"installation.updated","timestamp":"2026-11-29T14:03:27Z","data":{"number":3,"application":{"id":"APP"},'
    '"installation":{"id":"INST","state":"active","version":"1.1.0",'
    '"previous_version":"1.0.0"},"account":{"name":"Carol\'s Cakes"},'
    '"by":"staff","reason":"Fixed, thank you."}}'
)


def test_a_genuine_event_is_listed_with_type_number_and_account(receiver: Process) -> None:
    answer = post(receiver.url, EVENT.encode(), "event-1", content_type="application/json")
    assert (answer.status_code, answer.text) == (200, "Genuine.\n")
    block = receiver.block()
    for line in (
        "Event             installation.updated",
        "Number            3",
        "Account           Carol's Cakes",
        "Version           1.1.0",
        "Previous version  1.0.0",
        "By                staff",
        "Reason            Fixed, thank you.",
    ):
        assert f"  {line}\n" in block
    assert "An event: it holds no token." in block
    assert "Exchange" not in block
    post(receiver.url, EVENT.encode(), "event-2", content_type="application/json")
    assert "An event: it holds no token." not in receiver.block()


@pytest.mark.parametrize("body", ['{"data":5}', '{"type":{"a":1},"data":[]}', "[1]", "{", "[" * 50_000, ""])
def test_what_is_no_event_is_answered_all_the_same(receiver: Process, body: str) -> None:
    assert post(receiver.url, body.encode(), "odd", content_type="application/json").status_code == 200
    assert "Genuine." in receiver.block()


def test_a_genuine_postback_is_listed_with_the_command_that_exchanges_its_token(receiver: Process) -> None:
    url = f"{receiver.url}any/path?token={TOKEN}&bare={TOKEN.replace('-', '')}&tracking=order"
    answer = post(url, body_of(), "one")
    assert (answer.status_code, answer.text) == (200, "Genuine.\n")
    block = receiver.block()
    listing, _, command = block.partition(
        "  Set APPLICATION_SECRET to the Application Secret on General, then exchange the permanent token:\n"
    )
    assert "POST /any/path?token=…f509&bare=…f509&tracking=order" in listing
    for name, value in {
        "Event": "installed",
        "ApplicationId": APPLICATION,
        "AccountId": "33333333-2222-4333-8444-555555555555",
        "InstallationId": "22222222-2222-4333-8444-555555555555",
        "Tracking": "order 77 & more",
        "Token": "…f509",
        "webhook-id": "one",
    }.items():
        assert f"  {name:<18}{value}\n" in listing
    assert "  Genuine. Answered 200.\n" in listing
    assert TOKEN not in listing
    assert TOKEN.replace("-", "") not in block
    assert command.split() == [
        *("curl", "http://localhost:8123/api/Auth/AuthorizeByApplication", "\\"),
        *("-d", f"ApplicationId={APPLICATION}", "\\"),
        *("-d", 'ApplicationSecret="$APPLICATION_SECRET"', "\\"),
        *("-d", f"Token={TOKEN}"),
    ]


@pytest.mark.parametrize(
    ("forgery", "said"),
    [
        ({"secret": "whsec_" + "A" * 32}, "No signature matches"),
        ({"sent": body_of(Tracking="another")}, "No signature matches"),
        ({"late": 600}, "webhook-timestamp is 600 seconds old"),
    ],
    ids=["another secret", "another body", "an old message"],
)
def test_what_is_forged_is_refused_and_gets_no_command(
    receiver: Process, forgery: dict[str, object], said: str
) -> None:
    answer = post(receiver.url, body_of(), "forged", **forgery)  # type: ignore[arg-type]
    assert answer.status_code == 400
    assert answer.text.startswith(f"Not genuine: {said}")
    block = receiver.block()
    assert f"Not genuine: {said}" in block
    assert "curl" not in block
    assert TOKEN not in block


def test_what_is_unsigned_is_refused_whatever_it_holds(receiver: Process) -> None:
    escape = b"Tracking=%1B%5B2J" + b"x" * 300 + b"&Event=%E2%80%AE&\xff\x00=&Token"
    answer = requests.post(receiver.url, escape, timeout=PATIENCE)
    assert (answer.status_code, answer.text) == (400, "Not genuine: The header webhook-id is missing.\n")
    block = receiver.block()
    assert "\x1b" not in block
    assert "\u202e" not in block
    assert f"Tracking          �[2J{'x' * 196}…\n" in block


def test_a_repeated_webhook_id_is_said_to_be_so(receiver: Process) -> None:
    for came_before in (False, True):
        assert post(receiver.url, body_of(), "twice").status_code == 200
        assert ("The same webhook-id came before, 2 times with this one" in receiver.block()) is came_before


def test_a_forgery_does_not_make_the_genuine_one_a_repetition(receiver: Process) -> None:
    post(receiver.url, body_of(), "guessed", secret="whsec_" + "A" * 32)
    receiver.block()
    post(receiver.url, body_of(), "guessed")
    assert "came before" not in receiver.block()


def test_a_test_postback_is_said_to_be_one(receiver: Process) -> None:
    assert post(receiver.url, body_of(Event="test", InstallationId=""), "a-test").status_code == 200
    block = receiver.block()
    assert "It is a test: nobody installed anything" in block
    assert "  InstallationId    -\n" in block
    assert "curl" not in block


def test_what_is_no_postback_is_answered_in_a_sentence(receiver: Process) -> None:
    large = requests.post(receiver.url, b"x" * (64 * 1024 + 1), timeout=PATIENCE)
    assert (large.status_code, large.text) == (413, "The body is larger than 64 kB, which no postback is.\n")
    assert receiver.line() == "POST answered 413: The body is larger than 64 kB, which no postback is."
    pieces = requests.post(receiver.url, iter([b"x"]), timeout=PATIENCE)
    assert pieces.status_code == 411
    assert receiver.line().startswith("POST answered 411: Give the length")
    assert requests.get(receiver.url, timeout=PATIENCE).status_code == 405
    assert receiver.line() == "GET answered 405: Send postbacks here by POST."
    with pytest.raises(requests.exceptions.SSLError):
        requests.post(receiver.url.replace("http:", "https:"), b"", timeout=PATIENCE)
    assert "A PostbackUrl to this address begins with http://" in receiver.line()


def test_a_sender_that_hangs_holds_up_nobody(receiver: Process) -> None:
    with socket.create_connection(("127.0.0.1", int(receiver.url.rpartition(":")[2].strip("/")))) as hanging:
        hanging.sendall(b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n")
        assert post(receiver.url, body_of(), "meanwhile").status_code == 200
        assert "Genuine. Answered 200." in receiver.block()


def test_it_answers_as_told_and_a_forgery_still_400(env: dict[str, str]) -> None:
    with receiving(env, "--answer", "503", "--secret", SECRET) as process:
        assert [post(process.url, body_of(), "again").status_code for _ in range(2)] == [503, 503]
        assert "Genuine. Answered 503." in process.block()
        assert "came before, 2 times" in process.block()
        assert post(process.url, body_of(), "again", secret="whsec_" + "A" * 32).status_code == 400
        process.block()


def test_without_a_secret_it_asks_the_portals_database(tmp_path: Path, prepared_state: Path) -> None:
    shutil.copytree(prepared_state, tmp_path / "state")
    env = environment(tmp_path / "state", DEMO="true")
    application, secret = manage(env, "shell", "--no-imports", "-c", REVEAL_SECRET).split()[-2:]
    with receiving(env) as process:
        body = body_of(ApplicationId=application)
        assert post(process.url, body, "looked-up", secret=secret).status_code == 200
        assert f"-d ApplicationId={application}" in process.block()
        assert post(process.url, body, "forged", secret=credentials.new_signing_secret()).status_code == 400
        assert "No signature matches" in process.block()
        unknown = post(process.url, body_of(), "unknown", secret=secret)
        assert "This portal has no signing secret of the application" in unknown.text
        process.block()
        nothing = post(process.url, b"Event=installed", "nothing", secret=secret)
        assert "There is no ApplicationId in the body" in nothing.text
        process.block()


@pytest.mark.usefixtures("to_loopback")
def test_what_the_portal_sends_is_genuine_and_shows_the_permanent_token_of_the_installation(
    env: dict[str, str], application: Application, cakes: Account, alice: User, carol: User
) -> None:
    secret = signing_secrets.reveal(application, by=acting(alice)).value()
    with receiving(env | {"SIGNING_SECRET": secret}) as process:
        version = with_postback(application, f"{process.url}in?token=[{{TOKEN}}]", alice)
        made = install(application, cakes, version, carol, tracking="order 77")
        asking.send_test(application, url=process.url, by=acting(alice))
        deliver()
        blocks = [process.block() for _ in range(2)]
    (installed,) = [block for block in blocks if "  Event             installed\n" in block]
    (test,) = [block for block in blocks if "It is a test" in block]
    assert "Genuine. Answered 200." in installed
    assert f"-d ApplicationId={application.pk} \\\n" in installed
    assert installed.endswith(f"-d Token={made.token.value()}")
    assert f"POST /in?token=…{made.token.tail}\n" in installed
    assert "Genuine. Answered 200." in test
    assert set(Delivery.objects.values_list("state", flat=True)) == {Delivery.State.DELIVERED}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--secret", "hush"], "copy it whole, it begins with whsec_"),
        (["--answer", "20"], "“20” is no answer: write a status from 200 to 599"),
        (["--port", "70000"], "“70000” is no port: write a number up to 65535"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_sentence(env: dict[str, str], arguments: list[str], said: str) -> None:
    assert said in failure(env, *arguments)


def test_a_taken_port_is_said_to_be_taken(env: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = failure(env, "--port", str(port))
    assert f"Port {port} cannot be had (Address already in use): choose another with --port" in said


def failure(env: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "manage.py", "receive_postbacks", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=PATIENCE + PATIENCE, check=False
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    return done.stderr
