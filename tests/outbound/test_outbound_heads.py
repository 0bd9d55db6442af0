"""What servers write before the body of an answer: a status that arrived whole counts, and a connection is used again
only after an answer whose end is beyond doubt."""

import time

import pytest

from installs.outbound import Answer, Cause, Client, NotSent
from tests.kit import answers
from tests.kit.receivers import Broken, receiving
from tests.kit.sending import refused, sent

pytestmark = pytest.mark.usefixtures("to_loopback")

LINE = b"HTTP/1.1 200 OK\r\n"
OK = LINE + b"Content-Length: 2\r\n\r\nok"
GONE = b"HTTP/1.1 410 Gone\r\nContent-Length: 4\r\n\r\ngone"
EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"


def staying(*pieces: bytes, every: float = 0) -> Broken:
    return Broken(lambda: pieces, every=every, stays=True)


def twice(client: Client, first: Broken, then: bytes = GONE, *, apart: float = 0) -> tuple[Answer, int, int]:
    """What the first of two requests is answered, the status of the second, and over how many connections they went."""
    with receiving(answers.in_turn(first, staying(then))) as receiver:
        answer = sent(client, receiver.url)
        time.sleep(apart)
        return answer, sent(client, receiver.url).status, receiver.connections


# Interim answers


@pytest.mark.parametrize(
    "interim",
    [
        EARLY,
        b"HTTP/1.1 102 Processing\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\nX: 1\r\n\r\n",
        b"HTTP/1.1 199 Whatever\r\n\r\n",
        EARLY * 2000,
    ],
    ids=["103", "102", "100", "199", "2000 of them"],
)
def test_an_interim_answer_is_not_the_answer(client: Client, interim: bytes) -> None:
    answer, second, connections = twice(client, staying(interim + OK))
    assert (answer.status, answer.body, answer.headers) == (200, b"ok", (("Content-Length", "2"),))
    assert (second, connections) == (410, 1)


@pytest.mark.parametrize(
    "interim",
    [b"HTTP/1.1 103\n\n", b"HTTP/1.1 103\r\n\n", b"HTTP/1.1 103\r\nX : y\r\n\r\n"],
    ids=["lines", "end", "header"],
)
def test_an_interim_answer_in_doubt_is_the_last_over_its_connection(client: Client, interim: bytes) -> None:
    answer, second, connections = twice(client, staying(interim + OK))
    assert (answer.status, answer.body, second, connections) == (200, b"ok", 410, 2)


def test_the_answer_after_a_late_103_is_not_the_next_requests(client: Client) -> None:
    refusal = b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"
    began = time.monotonic()
    answer, second, connections = twice(client, staying(EARLY, refusal, every=1.2))
    assert time.monotonic() - began > 1.2
    assert (answer.status, second, connections) == (500, 410, 1)


def test_after_101_no_answer_comes(client: Client) -> None:
    switching = staying(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", OK)
    answer, second, connections = twice(client, switching)
    assert (answer.status, answer.body, second, connections) == (101, b"", 410, 2)


# Heads that are not as they should be


def of(head: bytes, body: bytes = b"ok") -> bytes:
    return LINE + head + b"\r\n" + body


LENGTH = b"Content-Length: 2\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
MANY = b"".join(b"X-%d: 1\r\n" % number for number in range(150))
# Name, what is sent, the body that is read of it, and over how many connections two requests go: two where it is left
# open what belongs to which answer.
COUNTS = [
    ("as it should be", of(LENGTH), b"ok", 1),
    ("no reason", b"HTTP/1.1 200\r\n" + LENGTH + b"\r\nok", b"ok", 1),
    ("a later minor version", b"HTTP/1.2 200 OK\r\n" + LENGTH + b"\r\nok", b"ok", 1),
    ("a space before the colon", of(b"X-A : b\r\n" + LENGTH), b"ok", 2),
    ("a space before the colon of the length", of(b"Content-Length : 2\r\n"), b"ok", 2),
    ("bare line feeds", b"HTTP/1.1 200 OK\nX-A: b\nContent-Length: 2\n\nok", b"ok", 2),
    ("a folded line", of(b"X-A: b\r\n c\r\n" + LENGTH), b"ok", 2),
    ("a folded first line", of(b" X-A: b\r\n" + LENGTH), b"ok", 2),
    ("a line without a colon", of(b"X-A b\r\n" + LENGTH), b"ok", 2),
    ("a line without a name", of(b": b\r\n" + LENGTH), b"ok", 2),
    ("bytes beyond ASCII in a value", of(b"X-A: caf\xe9\r\n" + LENGTH), b"ok", 1),
    ("bytes beyond ASCII in a name", of(b"X-\xe9: b\r\n" + LENGTH), b"ok", 2),
    ("a zero in a value", of(b"X-A: b\0c\r\n" + LENGTH), b"ok", 2),
    ("a bare carriage return", of(b"X-A: b\rc\r\n" + LENGTH), b"ok", 2),
    ("150 headers", of(MANY + LENGTH), b"ok", 1),
    ("1500 headers", of(LENGTH + MANY * 10), b"ok", 2),
    ("a header of 70 kB", of(b"X-A: " + b"b" * 70_000 + b"\r\n" + LENGTH), b"ok", 1),
    ("one length twice", of(LENGTH + LENGTH), b"ok", 1),
    ("two lengths", of(LENGTH + b"Content-Length: 4\r\n"), b"ok", 2),
    ("a length that is too short", of(LENGTH, b"okay"), b"ok", 2),
    ("length and chunks", of(LENGTH + CHUNKED, b"4\r\nokay\r\n0\r\n\r\n"), b"okay", 2),
    ("chunks", of(CHUNKED, b"2;a=b\r\nok\r\n2\r\nay\r\n0\r\nX: 1\r\n\r\n"), b"okay", 1),
    ("a chunk with a space before its extension", of(CHUNKED, b"2 ;a\r\nok\r\n0\r\n\r\n"), b"ok", 1),
    ("a chunk line that ends with a bare line feed", of(CHUNKED, b"2\nok\r\n0\r\n\r\n"), b"ok", 2),
    ("an extension that does", of(CHUNKED, b"2;x\nok\r\n0\r\n\r\n"), b"ok", 2),
    ("a last chunk that does", of(CHUNKED, b"2\r\nok\r\n0\n\r\n"), b"ok", 2),
    ("a chunk that does", of(CHUNKED, b"2\r\nok\n0\r\n\r\n"), b"ok", 2),
    ("a bare carriage return in an extension", of(CHUNKED, b"2;a\rb\r\nok\r\n0\r\n\r\n"), b"ok", 2),
    ("two carriage returns after a chunk", of(CHUNKED, b"2\r\nok\r\r\n0\r\n\r\n"), b"ok", 2),
    ("a size between spaces", of(CHUNKED, b" 2 \r\nok\r\n0\r\n\r\n"), b"ok", 2),
    ("a trailer without a colon", of(CHUNKED, b"2\r\nok\r\n0\r\njunk\r\n\r\n"), b"ok", 2),
    ("a trailer that ends with a bare line feed", of(CHUNKED, b"2\r\nok\r\n0\r\nX: 1\n\r\n"), b"ok", 2),
    ("chunks that end with a bare line feed", of(CHUNKED, b"2\r\nok\r\n0\r\n\n"), b"ok", 2),
    ("chunks that end with two carriage returns", of(CHUNKED, b"2\r\nok\r\n0\r\n\r\r\n"), b"ok", 2),
    ("a head that ends with a bare line feed", LINE + LENGTH + b"\nok", b"ok", 2),
    ("chunks, packed", of(b"Transfer-Encoding: gzip, chunked\r\n", b"2\r\nok\r\n0\r\n\r\n"), b"ok", 2),
    ("junk in the place of a chunk", of(CHUNKED, b"2\r\nok\r\nzz\r\n"), b"ok", 2),
    ("junk after a chunk", of(CHUNKED, b"2\r\nokay\r\n0\r\n\r\n"), b"ok", 2),
    ("a body after 204", b"HTTP/1.1 204 No Content\r\n\r\nok", b"", 2),
    ("a length after 204", b"HTTP/1.1 204 No Content\r\n" + LENGTH + b"\r\nok", b"", 2),
    ("a length of nothing after 204", b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", b"", 1),
    ("an older version", b"HTTP/1.0 200 OK\r\n" + LENGTH + b"\r\nok", b"ok", 2),
    ("the end announced", of(b"connection: Close\r\n" + LENGTH), b"ok", 2),
]


@pytest.mark.parametrize(("raw", "body", "connections"), [row[1:] for row in COUNTS], ids=[row[0] for row in COUNTS])
def test_a_status_that_arrived_counts_at_once(client: Client, raw: bytes, body: bytes, connections: int) -> None:
    answer, second, used = twice(client, staying(raw))
    assert (answer.status // 100, answer.body, second, used) == (2, body, 410, connections)
    assert answer.milliseconds < 2000


UNFINISHED = [
    ("no length", of(b"")),
    ("a length that is no number", of(b"Content-Length: two\r\n")),
    ("a length below zero", of(b"Content-Length: -2\r\n")),
    ("a length that is too long", of(b"Content-Length: 9\r\n")),
    ("a coding that is not known", of(b"Transfer-Encoding: gzip\r\n")),
    ("a chunk that is not whole", of(CHUNKED, b"9\r\nok")),
]


@pytest.mark.parametrize("raw", [row[1] for row in UNFINISHED], ids=[row[0] for row in UNFINISHED])
def test_of_a_body_without_an_end_is_kept_what_came_in_time(brief: Client, raw: bytes) -> None:
    answer, second, connections = twice(brief, staying(raw))
    assert (answer.status, answer.body, answer.is_cut, answer.is_broken) == (200, b"ok", True, True)
    assert (second, connections) == (410, 2)
    assert 200 < answer.milliseconds < 2000


@pytest.mark.parametrize(
    "answer",
    [answers.resets(), Broken(lambda: (of(b"Content-Length: 9\r\n"),)), answers.slow_body(0.05)],
    ids=["reset", "closed", "slow"],
)
def test_a_body_that_breaks_off_takes_no_status_back(hurried: Client, answer: Broken) -> None:
    with receiving(answer) as receiver:
        given = sent(hurried, receiver.url)
    assert (given.status, given.is_cut, given.is_broken) == (200, True, True)


def test_who_needs_the_body_is_told_why_there_is_none() -> None:
    client = Client(total_seconds=0.25, needs_body=True)
    for raw, cause, sentence in [
        (
            Broken(lambda: (of(b"Content-Length: 9\r\n"),)),
            Cause.RESET,
            "The server closed the connection before its answer was whole.",
        ),
        (staying(of(b"Content-Length: 9\r\n")), Cause.NO_ANSWER, "No answer within 0.25 seconds."),
        (staying(of(CHUNKED, b"zz\r\n")), Cause.NOT_HTTP, "The server's answer is not HTTP."),
    ]:
        with receiving(raw) as receiver:
            fault = refused(client, receiver.url)
        assert (fault.cause, str(fault)) == (cause, sentence)


def test_what_a_malformed_head_says_is_told(client: Client) -> None:
    raw = of(b"X-A : b\r\n X-B\r\nnonsense\r\nX-C:\xe9\r\nX-D: \xc3\xa9\r\n" + LENGTH)
    with receiving(staying(raw)) as receiver:
        answer = sent(client, receiver.url)
    assert answer.headers == (("X-A", "b X-B"), ("X-C", "é"), ("X-D", "é"), ("Content-Length", "2"))


NONE = [
    ("a head without an end", LINE + LENGTH, Cause.RESET),
    ("half a status line", b"HTTP/1.1 20", Cause.RESET),
    ("no status", b"HTTP/1.1 OK\r\n\r\n", Cause.NOT_HTTP),
    ("two digits", b"HTTP/1.1 20 OK\r\n\r\n", Cause.NOT_HTTP),
    ("a status that only Python reads", b"HTTP/1.1 2_0 OK\r\n\r\n", Cause.NOT_HTTP),
    ("another protocol", b"ICY 200 OK\r\n\r\n", Cause.NOT_HTTP),
    ("another version", b"HTTP/2 200\r\n\r\n", Cause.NOT_HTTP),
    ("a head of 300 kB", LINE + b"X: %s\r\n" % (b"x" * 1000) * 300 + b"\r\n", Cause.NOT_HTTP),
]


@pytest.mark.parametrize(("raw", "cause"), [row[1:] for row in NONE], ids=[row[0] for row in NONE])
def test_what_is_no_status_does_not_count(client: Client, raw: bytes, cause: Cause) -> None:
    with receiving(Broken(lambda: (raw,))) as receiver:
        assert refused(client, receiver.url).cause == cause
        assert len(receiver.received) == 1


# Kept connections


def late(*pieces: bytes) -> Broken:
    return staying(*pieces, every=0.1)


@pytest.mark.parametrize(
    ("first", "apart"),
    [
        (staying(b"HTTP/1.1 204 No Content\r\n\r\n" + GONE), 0),
        (staying(OK + GONE), 0),
        (staying(OK + b"\r\n"), 0),
        (late(b"HTTP/1.1 204 No Content\r\n\r\n", b"late"), 0.15),
        (late(OK, GONE), 0.15),
    ],
    ids=["with a 204", "one answer too many", "a line end", "late after a 204", "one late answer too many"],
)
def test_what_came_beyond_an_answer_is_never_the_next_one(client: Client, first: Broken, apart: float) -> None:
    answer, second, connections = twice(client, first, OK, apart=apart)
    assert (answer.status // 100, second, connections) == (2, 200, 2)


def test_what_came_beyond_an_answer_while_the_next_was_asked_for_is_no_answer(client: Client) -> None:
    """The rest of a 204 arrives in the middle: the request goes out once more, over another connection."""
    answer, second, connections = twice(client, late(b"HTTP/1.1 204 No Content\r\n\r\n", b"late body"), OK)
    assert (answer.status, second, connections) == (204, 200, 2)


def test_what_goes_alone_shares_its_connection_with_nothing(client: Client) -> None:
    with receiving() as receiver:
        sent(client, receiver.url)
        sent(client, receiver.url, alone=True)
        sent(client, receiver.url)
        assert receiver.connections == 2


@pytest.mark.parametrize(("method", "headers"), [("POST", {"X-A": "b\r\nX-B: c"}), ("GET / HTTP/1.1\nX:", {})])
def test_a_header_cannot_begin_a_line_of_its_own(client: Client, method: str, headers: dict[str, str]) -> None:
    with receiving() as receiver, pytest.raises(ValueError, match="line end"):
        client.send(method, receiver.url, body=b"", headers=headers)
    assert receiver.received == []


def test_many_interim_answers_end_in_time(hurried: Client) -> None:
    with receiving(Broken(lambda: (EARLY for _ in iter(int, 1)))) as receiver, pytest.raises(NotSent) as told:
        sent(hurried, receiver.url)
    assert told.value.cause == Cause.NO_ANSWER
    assert 450 < told.value.milliseconds < 2000
