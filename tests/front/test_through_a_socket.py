"""What clients do to a connection, through a socket: what works, and what is refused in words."""

import json
import threading

import pytest

from tests.front.sockets import connected
from tests.kit.portal import Portal

TIME = "/api/Auth/GetServerUTCTime"
HOST = "Host: {host}\r\n"
FORM = "Content-Type: application/x-www-form-urlencoded\r\n"
CLOSES = "Connection: close\r\n"


@pytest.fixture
def port(live_portal: Portal) -> int:
    return live_portal.port


def test_a_client_that_waits_to_be_invited_is(port: int) -> None:
    with connected(port) as client:
        client.send(f"POST {TIME} HTTP/1.1\r\n{HOST}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert client.interim() == "HTTP/1.1 100 Continue"
        client.send("ab")
        assert client.answer("POST")[0] == 200


def test_a_client_that_sends_ahead_is_invited_in_its_turn(port: int) -> None:
    with connected(port) as client:
        client.send(f"GET {TIME} HTTP/1.1\r\n{HOST}\r\n")
        client.send(f"POST {TIME} HTTP/1.1\r\n{HOST}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert client.line() == "HTTP/1.1 200 OK"
        while client.line():
            pass
        client.socket.recv(len('"2026-11-28T00:00:00Z"'))
        assert client.interim() == "HTTP/1.1 100 Continue"
        client.send("ab")
        assert client.answer("POST")[0] == 200


@pytest.mark.parametrize("path", [TIME, "/sign-in/"])
def test_a_body_in_chunks_is_read(port: int, path: str) -> None:
    with connected(port) as client:
        client.send(f"POST {path} HTTP/1.1\r\n{HOST}{FORM}Transfer-Encoding: chunked\r\n\r\n")
        client.send("3\r\nlog\r\n4;note\r\nin=a\r\n0\r\n\r\n")
        # The form has no CSRF token; it was read, and not taken for the next request.
        assert client.answer("POST")[0] == (200 if path == TIME else 403)
        client.send(f"GET {TIME} HTTP/1.1\r\n{HOST}\r\n")
        assert client.answer()[0] == 200


@pytest.mark.parametrize("host", [HOST, "", f"{HOST}Connection: keep-alive\r\n"], ids=["host", "no host", "stays"])
@pytest.mark.parametrize("path", [TIME, "/sign-in/"])
def test_old_clients(port: int, path: str, host: str) -> None:
    with connected(port) as client:
        client.send(f"GET {path} HTTP/1.0\r\n{host}\r\n")
        status, headers, body = client.answer()
        assert status == 200
        assert body
        assert "transfer-encoding" not in headers
        if "keep-alive" in host:
            assert headers["connection"] == "keep-alive"
        else:
            assert headers["connection"] == "close"
            assert client.is_closed()


def test_requests_sent_ahead_are_answered_in_their_order(port: int) -> None:
    paths = [TIME, "/sign-in/", TIME, "/nothing/", TIME]
    with connected(port) as client:
        client.send("".join(f"GET {path} HTTP/1.1\r\n{HOST}\r\n" for path in paths))
        answers = client.answers(["GET"] * len(paths))
    assert [status for status, _, _ in answers][:3] == [200, 200, 200]
    kinds = ["html" in headers["content-type"] for _, headers, _ in answers]
    assert kinds == [False, True, False, "html" in answers[3][1]["content-type"], False]


def test_a_connection_goes_on_after_a_body_that_nobody_wanted(port: int) -> None:
    with connected(port) as client:
        for _ in range(3):
            client.send(f"POST {TIME} HTTP/1.1\r\n{HOST}Content-Length: 9\r\n\r\nGET / HTT")
            assert client.answer("POST")[0] == 200


@pytest.mark.parametrize("path", ["/sign-in/", TIME])
def test_head_says_the_same_without_the_body(port: int, path: str) -> None:
    with connected(port) as client:
        client.send(f"GET {path} HTTP/1.1\r\n{HOST}\r\n")
        status, shown, body = client.answer()
        client.send(f"HEAD {path} HTTP/1.1\r\n{HOST}\r\n")
        head_status, head, nothing = client.answer("HEAD")
        assert nothing == b""
        if status == head_status:
            assert int(head["content-length"]) == len(body) == int(shown["content-length"])
        client.send(f"GET {TIME} HTTP/1.1\r\n{HOST}\r\n")
        assert client.answer()[0] == 200


@pytest.mark.parametrize("target", [f"/{TIME}", "http://{host}" + TIME, TIME.lower(), f"{TIME}/", f"{TIME}?x=%20"])
def test_targets_as_clients_write_them(port: int, target: str) -> None:
    with connected(port) as client:
        client.send(f"GET {target} HTTP/1.1\r\n{HOST}\r\n")
        assert client.answer()[0] == 200


def test_an_offer_of_http_2_is_answered_in_http_1(port: int) -> None:
    with connected(port) as client:
        client.send(f"GET {TIME} HTTP/1.1\r\n{HOST}Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n")
        assert client.answer()[0] == 200
        client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        assert client.answer()[0] == 400
        assert client.is_closed()


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("Content-Length: 2\r\nContent-Length: 2\r\n", 400),
        ("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", 400),
        ("Transfer-Encoding: gzip, chunked\r\n", 501),
        ("Transfer-Encoding : chunked\r\n", 400),
        ("Content-Length: two\r\n", 400),
        ("Host: other.example\r\n", 400),
    ],
)
@pytest.mark.parametrize("path", [TIME, "/sign-in/"])
def test_what_is_not_clear_is_refused_and_ends_the_connection(port: int, path: str, head: str, status: int) -> None:
    with connected(port) as client:
        client.send(f"POST {path} HTTP/1.1\r\n{HOST}{head}\r\nab")
        answered, headers, body = client.answer("POST")
        assert (answered, headers["connection"]) == (status, "close")
        if path == TIME:
            assert json.loads(body)["Code"] == str(status)
        else:
            assert body.endswith(b".\n")
        assert client.is_closed()


@pytest.mark.parametrize("length", ["Content-Length: 1048577\r\n", "Transfer-Encoding: chunked\r\n"])
def test_a_machine_is_told_of_a_megabyte_while_it_still_sends(port: int, length: str) -> None:
    with connected(port) as client:
        client.send(f"POST /api/Auth/AuthorizeByApplication HTTP/1.1\r\n{HOST}{FORM}{length}\r\n")
        sending = threading.Thread(target=send_much, args=(client, 2, "chunked" in length), daemon=True)
        sending.start()
        status, headers, body = client.answer("POST")
        assert (status, headers["connection"]) == (413, "close")
        assert json.loads(body)["Message"].startswith("The request body is larger than 1 MB.")


def test_a_form_over_sixteen_megabytes_is_refused_while_it_still_comes(port: int) -> None:
    with connected(port) as client:
        client.send(f"POST /sign-in/ HTTP/1.1\r\n{HOST}{FORM}Content-Length: {17 * 1024 * 1024}\r\n\r\n")
        threading.Thread(target=send_much, args=(client, 17, False), daemon=True).start()
        status, headers, _ = client.answer("POST")
        assert (status, headers["connection"]) == (400, "close")


def send_much(client: object, megabytes: int, in_chunks: bool) -> None:
    part = b"x" * 64 * 1024
    data = b"%x\r\n%b\r\n" % (len(part), part) if in_chunks else part
    try:
        for _ in range(megabytes * 16):
            client.send(data)  # type: ignore[attr-defined]
    except OSError:
        return


def test_who_has_said_all_still_hears_the_answer(port: int) -> None:
    with connected(port) as client:
        client.send(f"GET /sign-in/ HTTP/1.1\r\n{HOST}\r\n")
        client.socket.shutdown(1)
        assert client.answer()[0] == 200
        assert client.is_closed()
