"""The door out at work: real servers on loopback, in order and hostile. See test_outbound_addresses.py for where to."""

import gzip
import ipaddress
import itertools
import logging
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from installs.outbound import Answer, Cause, Client, NotSent, Step, certificates, connections, post
from tests.kit import answers
from tests.kit.certificates import Certificates
from tests.kit.receivers import OK, Broken, Received, Reply, nobody_listens, receiving

TOKEN = "5b1c7a52-3a1f-4c8e-9a54-0d7c2e9f1b60"
PATH = f"/install/{TOKEN}?token={TOKEN}"
BODY = f"Token={TOKEN}".encode()
LOOPBACK = [ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")]


@pytest.fixture(autouse=True)
def _loopback_allowed(settings: Settings) -> None:
    settings.OUTBOUND_ALLOW_HTTP = True
    settings.OUTBOUND_ALLOWED_NETWORKS = LOOPBACK


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client()
    yield client
    client.close()


@pytest.fixture
def hurried() -> Iterator[Client]:
    """In half a second all is over."""
    client = Client(total_seconds=0.5)
    yield client
    client.close()


def sent(client: Client, url: str, headers: Mapping[str, str] | None = None, **more: Any) -> Answer:
    return client.post(url + PATH, body=BODY, headers=headers or {}, **more)


def refused(client: Client, url: str, **more: Any) -> NotSent:
    with pytest.raises(NotSent) as told:
        sent(client, url, **more)
    return told.value


def test_an_answer_comes_whole_and_what_was_sent_arrived(client: Client) -> None:
    reply = Reply(201, {"X-One": "1", "Retry-After": "5"}, b"thank you")
    with receiving(reply) as receiver:
        answer = sent(client, receiver.url, {"webhook-id": "msg_1", "Content-Type": "text/plain"})
    assert (answer.status, answer.reason, answer.body, answer.is_cut) == (201, "Created", b"thank you", False)
    assert answer.headers == (("Content-Length", "9"), ("X-One", "1"), ("Retry-After", "5"))
    assert answer.address == "127.0.0.1"
    assert 0 <= answer.milliseconds < 10_000
    (received,) = receiver.received
    assert (received.method, received.path, received.body) == ("POST", PATH, BODY)
    assert dict(received.headers.items()) == {
        "Host": receiver.host_and_port,
        "Accept-Encoding": "identity",
        "User-Agent": "linnapp",
        "webhook-id": "msg_1",
        "Content-Type": "text/plain",
        "Content-Length": str(len(BODY)),
    }


@pytest.mark.parametrize("status", [200, 204, 301, 302, 307, 400, 404, 410, 429, 500, 503])
def test_every_status_is_an_answer_and_no_redirect_is_followed(client: Client, status: int) -> None:
    with receiving() as inside, receiving(Reply(status, {"Location": inside.url})) as receiver:
        assert sent(client, receiver.url).status == status
        assert len(receiver.received) == 1
        assert inside.connections == 0


@pytest.mark.parametrize(
    ("answer", "cause", "sentence"),
    [
        (answers.CLOSES_AT_ONCE, Cause.RESET, "The server closed the connection before it answered."),
        (answers.resets_at_once(), Cause.RESET, "The server closed the connection before it answered."),
        (answers.resets(), Cause.RESET, "The server closed the connection before its answer was whole."),
        (
            Broken(lambda: (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour",)),
            Cause.RESET,
            "The server closed the connection before its answer was whole.",
        ),
        (answers.NOT_HTTP, Cause.NOT_HTTP, "What the server answered is not HTTP."),
        (answers.endless_headers(), Cause.NOT_HTTP, "What the server answered is not HTTP."),
        (
            Broken(lambda: (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",)),
            Cause.NOT_HTTP,
            "What the server answered is not HTTP.",
        ),
    ],
)
def test_an_answer_that_is_none_is_told_in_a_sentence(
    client: Client, answer: Broken, cause: Cause, sentence: str
) -> None:
    with receiving(answer) as receiver:
        fault = refused(client, receiver.url)
        assert (fault.cause, str(fault)) == (cause, sentence)
        assert 0 <= fault.milliseconds < 10_000


@pytest.mark.parametrize(
    "answer",
    [
        answers.never_answers(),
        answers.slow_headers(0.05),
        answers.slow_body(0.05),
        Broken(lambda: itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n"), every=0.001),
        Reply(delay=3),
    ],
    ids=["silent", "slow headers", "slow body", "endless 100", "late"],
)
@pytest.mark.parametrize("tls", [False, True])
def test_the_whole_ends_in_time_whatever_trickles(
    hurried: Client, certificates: Certificates, settings: Settings, answer: Reply | Broken, tls: bool
) -> None:
    settings.OUTBOUND_CA_FILE = str(certificates.ca_file)
    with receiving(answer, tls=certificates.good if tls else None) as receiver:
        began = time.monotonic()
        fault = refused(hurried, receiver.url)
        assert 0.45 < time.monotonic() - began < 2
    assert (fault.cause, str(fault)) == (Cause.NO_ANSWER, "No answer within 0.5 seconds.")
    assert 450 < fault.milliseconds < 2000


def test_a_server_that_never_shakes_hands_ends_in_time(hurried: Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        fault = refused(hurried, f"https://127.0.0.1:{silent.getsockname()[1]}")
    assert (fault.cause, str(fault)) == (Cause.NO_ANSWER, "No answer within 0.5 seconds.")


def test_a_server_that_takes_nothing_ends_in_time() -> None:
    client = Client(connect_seconds=0.1, total_seconds=0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(NotSent) as told:
        client.post(f"http://127.0.0.1:{silent.getsockname()[1]}/", body=b"x" * 20_000_000, headers={})
    assert told.value.cause == Cause.NO_ANSWER
    assert 450 < told.value.milliseconds < 2000


def test_a_slow_resolver_does_not_pass_the_total(hurried: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **named: time.sleep(1.5))
    began = time.monotonic()
    fault = refused(hurried, "https://hooks.example.com")
    assert time.monotonic() - began < 1.4
    assert fault.cause == Cause.NAME_NOT_FOUND
    assert str(fault) == "The name hooks.example.com was not found: its name servers did not answer in time."


def failing(code: int) -> Callable[..., Any]:
    def getaddrinfo(*arguments: object, **named: object) -> Any:
        raise socket.gaierror(code, "from the resolver")

    return getaddrinfo


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (socket.EAI_NONAME, "The name hooks.example.com was not found."),
        (socket.EAI_AGAIN, "The name hooks.example.com was not found: its name servers did not answer."),
    ],
)
def test_a_name_that_is_not_there(client: Client, monkeypatch: pytest.MonkeyPatch, code: int, sentence: str) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", failing(code))
    fault = refused(client, "https://hooks.example.com")
    assert (fault.cause, str(fault)) == (Cause.NAME_NOT_FOUND, sentence)


def test_a_refused_connection(client: Client) -> None:
    with nobody_listens() as url:
        fault = refused(client, url)
    assert (fault.cause, str(fault)) == (Cause.REFUSED, "The server refused the connection.")


def test_no_connection_in_time() -> None:
    """A full backlog: Linux then leaves a connection unanswered."""
    client = Client(connect_seconds=0.2)
    with ExitStack() as waiting:
        full = waiting.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            other = waiting.enter_context(socket.socket())
            other.setblocking(False)
            other.connect_ex(full.getsockname())
        fault = refused(client, f"http://127.0.0.1:{full.getsockname()[1]}")
    assert (fault.cause, str(fault)) == (Cause.NO_CONNECTION, "No connection to 127.0.0.1 within 0.2 seconds.")
    assert fault.milliseconds < 2000


def test_no_way_to_the_address(client: Client) -> None:
    fault = refused(client, "http://127.255.255.255:8080")
    assert (fault.cause, str(fault)) == (Cause.UNREACHABLE, "There is no way from here to 127.255.255.255.")


def test_the_next_address_is_tried_where_the_first_refuses(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as receiver:
        found = [(socket.AF_INET, 1, 6, "", (address, 0)) for address in ("127.0.0.3", "127.0.0.1")]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **named: found)
        answer = sent(client, f"http://hooks.example.com:{receiver.port}")
    assert answer.address == "127.0.0.1"
    assert receiver.received[0].headers["Host"] == f"hooks.example.com:{receiver.port}"


def test_ipv6(client: Client) -> None:
    try:
        with receiving(host="::1") as receiver:
            assert sent(client, receiver.url).address == "::1"
    except OSError:
        pytest.skip("no IPv6 here")
    assert receiver.received[0].headers["Host"] == receiver.host_and_port


# TLS


def day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"


def test_a_good_certificate_of_the_operators_authority(
    client: Client, certificates: Certificates, settings: Settings
) -> None:
    with receiving(tls=certificates.good) as receiver:
        fault = refused(client, receiver.url)
        assert fault.cause == Cause.CERTIFICATE
        assert str(fault) == (
            "The certificate's issuer is not known here, or the server does not send the whole chain."
        )
        settings.OUTBOUND_CA_FILE = str(certificates.ca_file)
        assert sent(client, receiver.url).status == 200
    assert [received.body for received in receiver.received] == [BODY]


@pytest.mark.parametrize("name", ["expired", "not_yet_valid", "wrong_name", "self_signed"])
def test_a_bad_certificate_is_told_with_its_date_or_name(
    client: Client, certificates: Certificates, settings: Settings, name: str
) -> None:
    settings.OUTBOUND_CA_FILE = str(certificates.ca_file)
    now = datetime.now(UTC)
    with receiving(tls=getattr(certificates, name)) as receiver:
        fault = refused(client, receiver.url)
        assert receiver.received == []
    assert fault.cause == Cause.CERTIFICATE
    assert (
        str(fault)
        in {
            "expired": [f"The certificate expired on {day(now - timedelta(days=1))}."],
            "not_yet_valid": [f"The certificate is not valid before {day(now + timedelta(days=1))}."],
            "wrong_name": ["The certificate is for elsewhere.example, not localhost."],
            "self_signed": ["The certificate is self-signed: nobody vouches for it."],
        }[name]
    )


def test_a_server_that_speaks_no_tls(client: Client) -> None:
    with receiving() as receiver:
        fault = refused(client, receiver.url.replace("http:", "https:"))
        assert receiver.received == []
    assert fault.cause == Cause.TLS
    assert str(fault) == f"The server does not speak TLS on port {receiver.port}: it seems to serve plain http there."


def test_old_tls_is_not_spoken() -> None:
    context = certificates.trusting("", connections.TimedTLSSocket)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


# Bounds


def test_of_a_long_body_the_beginning_is_kept(client: Client) -> None:
    long, longer = Reply(body=b"a" * 16_385), Reply(body=b"a" * 16_384)
    with receiving(answers.in_turn(long, longer)) as receiver:
        cut, whole = sent(client, receiver.url), sent(client, receiver.url)
        assert receiver.connections == 1
    assert (len(cut.body), cut.is_cut) == (16_384, True)
    assert (len(whole.body), whole.is_cut) == (16_384, False)


def test_an_endless_body_is_left_after_64_kilobytes(client: Client) -> None:
    taken = itertools.count()

    def body() -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n\r\n"
        while next(taken) < 10_000:
            yield b"x" * 16_384

    with receiving(Broken(body)) as receiver:
        answer = sent(client, receiver.url)
        assert (answer.status, len(answer.body), answer.is_cut) == (200, 16_384, True)
    # The buffers of the sockets hold a few megabytes; 160 would have been there.
    assert next(taken) < 2_000


def test_a_connection_with_more_to_come_is_not_used_again(client: Client) -> None:
    unfinished = Broken(lambda: (b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n" + b"x" * 65_536,), every=3600)
    with receiving(answers.in_turn(unfinished, answers.GONE)) as receiver:
        assert sent(client, receiver.url).is_cut
        assert sent(client, receiver.url).status == 410
        assert receiver.connections == 2


def test_headers_are_bounded_and_hold_no_control_characters(client: Client) -> None:
    many = "".join(f"X-{number}: {'v' * 2000}\x00\x1b[31m\r\n" for number in range(80))
    raw = f"HTTP/1.1 200 {'O' * 300}\x07K\r\nX: a\x00b\r\nContent-Length: 0\r\n{many}\r\n".encode()
    with receiving(Broken(lambda: (raw,))) as receiver:
        answer = sent(client, receiver.url)
    assert len(answer.headers) == 50
    assert answer.headers[0] == ("X", "a\ufffdb")
    assert {len(value) for _, value in answer.headers[2:]} == {1000}
    assert answer.reason == "O" * 99 + "…"


def test_a_packed_body_is_not_unpacked(client: Client) -> None:
    packed = gzip.compress(b"0" * 50_000_000)
    with receiving(Reply(headers={"Content-Encoding": "gzip"}, body=packed)) as receiver:
        answer = sent(client, receiver.url)
    assert answer.body == packed[:16_384]


def test_nothing_of_the_environment_plays_a_part(
    client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    (tmp_path / ".netrc").write_text("default login alice password sesame\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with receiving() as proxy, receiving(Reply(headers={"Set-Cookie": "a=b"})) as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        for _ in range(2):
            sent(client, receiver.url)
        assert proxy.connections == 0
    assert [set(received.headers) & {"Authorization", "Cookie"} for received in receiver.received] == [set(), set()]


# Kept connections


def test_connections_are_kept_and_used_again(client: Client, certificates: Certificates, settings: Settings) -> None:
    settings.OUTBOUND_CA_FILE = str(certificates.ca_file)
    with receiving() as plain, receiving(tls=certificates.good) as secured:
        for _ in range(10):
            assert {sent(client, plain.url).status, sent(client, secured.url).status} == {200}
        assert (plain.connections, secured.connections) == (1, 1)


def test_one_client_serves_many_threads(client: Client) -> None:
    with receiving(lambda received: Reply(body=received.body)) as receiver, ThreadPoolExecutor(8) as pool:
        bodies = [b"%d" % number for number in range(200)]
        got = list(pool.map(lambda body: client.post(receiver.url, body=body, headers={}).body, bodies))
        assert got == bodies
        assert receiver.connections <= 8


@pytest.mark.parametrize("limit", ["IDLE_SECONDS", "LIFE_SECONDS"])
def test_a_worn_connection_is_not_used_again(client: Client, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(connections, limit, 0)
    with receiving() as receiver:
        sent(client, receiver.url)
        sent(client, receiver.url)
        assert receiver.connections == 2


def test_a_kept_connection_that_was_closed_meanwhile_costs_nothing(client: Client) -> None:
    with receiving(answers.in_turn(OK, answers.CLOSES_AT_ONCE, answers.GONE)) as receiver:
        assert sent(client, receiver.url).status == 200
        assert sent(client, receiver.url).status == 410
        assert (len(receiver.received), receiver.connections) == (3, 2)


def test_over_a_new_connection_nothing_is_sent_twice(client: Client) -> None:
    with receiving(answers.in_turn(answers.CLOSES_AT_ONCE, OK)) as receiver:
        assert refused(client, receiver.url).cause == Cause.RESET
        assert len(receiver.received) == 1


# What is told


def fault_of(act: Callable[[], Any]) -> NotSent | None:
    try:
        act()
    except NotSent as fault:
        return fault
    return None


def words(steps: list[Step]) -> list[tuple[str, str, bool]]:
    return [(step.name, step.words, step.passed) for step in steps]


def test_the_steps_are_told_one_by_one(client: Client, certificates: Certificates, settings: Settings) -> None:
    settings.OUTBOUND_CA_FILE = str(certificates.ca_file)
    steps: list[Step] = []
    with receiving(answers.GONE, tls=certificates.good) as receiver:
        for _ in range(2):
            steps.clear()
            sent(client, receiver.url, tell=steps.append)
    until = day(datetime.now(UTC) + timedelta(days=1))
    assert words(steps)[1:] == [
        ("address", "OUTBOUND_ALLOWED_NETWORKS lets requests go there.", True),
        ("connection", f"Connected to 127.0.0.1, port {receiver.port}.", True),
        ("certificate", f"The certificate is for localhost and valid until {until}.", True),
        ("answer", "The server answered 410 Gone.", True),
    ]
    assert (steps[0].name, steps[0].passed) == ("name", True)
    assert steps[0].words in {"localhost is 127.0.0.1.", "localhost is ::1, 127.0.0.1.", "localhost is 127.0.0.1, ::1."}
    assert [step.milliseconds for step in steps] == sorted(step.milliseconds for step in steps)


def test_the_step_that_failed_is_the_last(client: Client, certificates: Certificates) -> None:
    steps: list[Step] = []
    with receiving(tls=certificates.self_signed) as receiver:
        refused(client, receiver.url, tell=steps.append)
    assert [step.name for step in steps] == ["name", "address", "connection", "certificate"]
    assert words(steps)[-1] == ("certificate", "The certificate is self-signed: nobody vouches for it.", False)
    steps.clear()
    refused(client, "http://user@hooks.example.com", tell=steps.append)
    assert words(steps) == [("name", "The URL holds a user name or a password: leave them out.", False)]


def echo(received: Received) -> Broken:
    """Throws back at the door what it must not repeat: the status line is none, and holds the token."""
    return Broken(lambda: (received.path.encode() + b"\r\n" + received.body,))


@pytest.mark.parametrize(
    "answer",
    [
        OK,
        echo,
        Broken(lambda: (f"HTTP/1.1 200 OK\r\nbroken header {TOKEN}\r\n\r\n".encode(),)),
        answers.CLOSES_AT_ONCE,
        answers.never_answers(),
        answers.resets(),
        answers.NOT_HTTP,
    ],
    ids=["ok", "echo", "broken header", "closes", "silent", "resets", "junk"],
)
def test_the_token_is_in_no_sentence_log_or_chain(
    hurried: Client, caplog: pytest.LogCaptureFixture, answer: Any
) -> None:
    steps: list[Step] = []
    caplog.set_level(logging.DEBUG)
    with receiving(answer) as receiver:
        fault = fault_of(lambda: sent(hurried, receiver.url, tell=steps.append))
    if fault:
        logging.getLogger("courier").error("not sent", exc_info=fault)
        assert (fault.__cause__, fault.__context__) == (None, None)
    assert TOKEN not in caplog.text
    assert TOKEN not in "".join(step.words for step in steps)


def test_without_a_client_the_connection_ends_with_the_answer() -> None:
    with receiving() as receiver:
        for _ in range(2):
            assert post(receiver.url, body=b"", headers={}).status == 200
        assert receiver.connections == 2
