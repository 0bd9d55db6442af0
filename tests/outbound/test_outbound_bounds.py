"""The door out takes no more of an answer than it should, and nothing of the environment."""

import gzip
import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from installs.outbound import Client
from tests.kit import answers
from tests.kit.receivers import Broken, Reply, receiving
from tests.kit.sending import sent

pytestmark = pytest.mark.usefixtures("to_loopback")


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
