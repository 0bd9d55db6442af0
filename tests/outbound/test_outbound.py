"""The door out at work: real servers on loopback, in order and hostile. See test_outbound_addresses.py for where to."""

import itertools
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
from pytest_django import Settings

from installs.outbound import Cause, Client, NotSent, connections, post
from tests.kit import answers
from tests.kit.certificates import Certificates
from tests.kit.receivers import OK, Broken, Reply, nobody_listens, receiving
from tests.kit.sending import BODY, PATH, refused, sent

pytestmark = pytest.mark.usefixtures("to_loopback")


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
        "Accept": "*/*",
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
        (answers.NOT_HTTP, Cause.NOT_HTTP, "The server's answer is not HTTP."),
        (answers.endless_headers(), Cause.NOT_HTTP, "The server's answer is not HTTP."),
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
        Broken(lambda: itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n"), every=0.001),
        Reply(delay=3),
    ],
    ids=["silent", "slow headers", "endless 100", "late"],
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
    assert (fault.cause, str(fault)) == (Cause.UNREACHABLE, "This portal cannot reach 127.255.255.255.")


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


def test_without_a_client_the_connection_ends_with_the_answer() -> None:
    with receiving() as receiver:
        for _ in range(2):
            assert post(receiver.url, body=b"", headers={}).status == 200
        assert receiver.connections == 2
