"""The receivers that other tests lean on: each misbehaves as it says, over a real connection, and leaves nothing."""

import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http.client import BadStatusLine, HTTPException, RemoteDisconnected

import pytest
import requests

from tests.kit import answers
from tests.kit.certificates import Certificates
from tests.kit.receivers import OK, Answer, Received, Receiver, Reply, nobody_listens, receiving

TOKEN = "0f8fad5b-d9cb-469f-a165-70867728950e"


def raw(receiver: Receiver, limit: int = 1_000_000, seconds: float = 2) -> bytes:
    """What comes over the line, to its end, the limit or the end of time."""
    deadline, found = time.monotonic() + seconds, b""
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=seconds) as line:
        line.sendall(b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\n\r\n")
        while len(found) < limit and (left := deadline - time.monotonic()) > 0:
            line.settimeout(left)
            try:
                piece = line.recv(65_536)
            except TimeoutError:
                break
            if not piece:
                break
            found += piece
    return found


def test_it_keeps_what_it_received_and_reuses_connections() -> None:
    with receiving() as receiver, requests.Session() as session:
        for number in range(3):
            answer = session.post(f"{receiver.url}/in?n={number}", data={"Token": TOKEN, "Tracking": ""}, timeout=5)
            assert (answer.status_code, answer.text) == (200, "ok")
        first, *_ = receiver.wait_for(3)
    assert (first.method, first.path) == ("POST", "/in?n=0")
    assert first.form == {"Token": TOKEN, "Tracking": ""}
    assert first.headers["CONTENT-type"] == "application/x-www-form-urlencoded"
    assert abs(first.at - time.time()) < 30
    assert receiver.connections == 1


def test_a_body_in_chunks_is_read() -> None:
    with receiving() as receiver:
        requests.post(receiver.url, data=iter([b"Token=", TOKEN.encode()]), timeout=5)
        assert receiver.received[0].form == {"Token": TOKEN}


def test_waiting_for_what_does_not_come_fails() -> None:
    with receiving() as receiver, pytest.raises(AssertionError, match="0 of 1 requests"):
        receiver.wait_for(1, 0.05)


def test_a_fault_in_an_answer_fails_the_test() -> None:
    def at_fault(received: Received) -> Reply:
        raise ValueError("planted")

    with pytest.raises(ValueError, match="planted"), receiving(at_fault) as receiver:
        assert requests.post(receiver.url, timeout=5).status_code == 500


def test_answers_come_in_turn_and_the_last_one_stays() -> None:
    turns = answers.in_turn(answers.unavailable(7), answers.too_many(datetime(2030, 1, 1, tzinfo=UTC)), OK)
    with receiving(turns) as receiver:
        got = [requests.post(receiver.url, timeout=5) for _ in range(4)]
    assert [answer.status_code for answer in got] == [503, 429, 200, 200]
    assert [answer.headers.get("Retry-After") for answer in got] == ["7", "Tue, 01 Jan 2030 00:00:00 GMT", None, None]


def test_an_answer_may_take_its_time() -> None:
    with receiving(answers.after(0.2)) as receiver:
        began = time.monotonic()
        requests.post(receiver.url, timeout=5)
        assert time.monotonic() - began >= 0.2


def test_a_redirect_names_its_place() -> None:
    with receiving(answers.redirects_to("http://10.0.0.1/")) as receiver:
        answer = requests.post(receiver.url, timeout=5, allow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (302, "http://10.0.0.1/")


def test_slow_headers_are_not_through_in_time() -> None:
    with receiving(answers.slow_headers(0.05)) as receiver:
        assert 1 < len(raw(receiver, seconds=0.5)) < 15


def test_a_slow_body_begins_with_a_whole_head() -> None:
    with receiving(answers.slow_body(0.05)) as receiver:
        head, _, body = raw(receiver, seconds=0.5).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert b"Content-Length: 200" in head
    assert 1 < len(body) < 15


@pytest.mark.parametrize("answer", [answers.endless_body(), answers.endless_headers()], ids=["body", "headers"])
def test_it_goes_on_for_ever(answer: Answer) -> None:
    with receiving(answer) as receiver:
        assert len(raw(receiver, limit=500_000)) >= 500_000


@pytest.mark.parametrize("answer", [answers.resets(), answers.resets_at_once()], ids=["in the middle", "at once"])
def test_it_resets(answer: Answer) -> None:
    with receiving(answer) as receiver, pytest.raises(ConnectionResetError):
        raw(receiver)


def test_it_closes_without_a_word() -> None:
    with receiving(answers.CLOSES_AT_ONCE) as receiver:
        assert raw(receiver) == b""
        with pytest.raises(requests.ConnectionError) as caught:
            requests.post(receiver.url, timeout=5)
    assert isinstance(cause(caught.value), RemoteDisconnected)


def test_it_speaks_no_http() -> None:
    with receiving(answers.NOT_HTTP) as receiver, pytest.raises(requests.ConnectionError) as caught:
        requests.post(receiver.url, timeout=5)
    assert isinstance(cause(caught.value), BadStatusLine)


def cause(error: BaseException) -> BaseException:
    """The error of the HTTP library itself, which the others wrap."""
    while error.__context__ and not isinstance(error, HTTPException):
        error = error.__context__
    return error


def test_it_may_never_answer_and_ends_all_the_same() -> None:
    before = threading.active_count()
    began = time.monotonic()
    with receiving(answers.never_answers()) as receiver, requests.Session() as session:
        with pytest.raises(requests.ReadTimeout):
            session.post(receiver.url, timeout=0.1)
        silent = socket.create_connection(("127.0.0.1", receiver.port))
        # Accepted: until then it is the system's, which would reset it.
        while receiver.connections < 2:
            time.sleep(0.01)
    with silent:
        assert silent.recv(1) == b""
    assert threading.active_count() == before
    assert time.monotonic() - began < 2


def test_nobody_listens_there() -> None:
    with nobody_listens() as url, pytest.raises(requests.ConnectionError, match="refused"):
        requests.post(url, timeout=5)


def test_tls_with_the_certificate_of_the_authority(certificates: Certificates) -> None:
    with receiving(tls=certificates.good) as receiver:
        assert receiver.url.startswith("https://localhost:")
        assert requests.post(receiver.url, timeout=5, verify=str(certificates.ca_file)).status_code == 200


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("wrong_name", "not valid for 'localhost'|doesn't match"),
        ("expired", "certificate has expired"),
        ("not_yet_valid", "certificate is not yet valid"),
        ("self_signed", "self.signed certificate"),
    ],
)
def test_tls_with_a_certificate_that_is_wrong(certificates: Certificates, name: str, said: str) -> None:
    with receiving(tls=getattr(certificates, name)) as receiver:
        with pytest.raises(requests.exceptions.SSLError, match=said):
            requests.post(receiver.url, timeout=5, verify=str(certificates.ca_file))
        assert receiver.received == []


def test_a_client_that_never_shakes_hands_holds_up_nobody(certificates: Certificates) -> None:
    with receiving(tls=certificates.good) as receiver, socket.create_connection(("127.0.0.1", receiver.port)):
        assert requests.post(receiver.url, timeout=5, verify=str(certificates.ca_file)).status_code == 200


@pytest.mark.parametrize(
    ("read", "path", "form"),
    [
        (answers.token_in_query, f"/in?t={TOKEN}&tracking=x", {}),
        (answers.token_in_path, f"/in/{TOKEN}/done", {}),
        (answers.token_in_form, "/in", {"token": TOKEN}),
    ],
    ids=["query", "path", "form"],
)
def test_a_legacy_receiver_finds_the_token_in_its_place_alone(
    read: Callable[[Received], str], path: str, form: dict[str, str]
) -> None:
    with receiving(answers.wants(read)) as receiver:
        assert requests.post(receiver.url + path, data=form, timeout=5).status_code == 200
        assert requests.post(f"{receiver.url}/in", data={"other": TOKEN}, timeout=5).status_code == 400
        assert read(receiver.received[0]) == TOKEN
