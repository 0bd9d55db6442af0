"""What a connection sends, read as requests: what is taken, what is refused, and that it does not matter how the bytes
are cut into pieces."""

import pytest

from linnapp.front.reader import MOST_HEAD_BYTES, MOST_HEADERS, MOST_WAITING, Fault, Reader, Request

HEAD = "GET /a HTTP/1.1\r\nHost: portal.example\r\n"


def read(*pieces: str | bytes, most: int = 1000) -> tuple[list[Request], Fault | None]:
    """The requests, and the fault that ended it."""
    reader = Reader(lambda path: most)
    try:
        for piece in pieces:
            reader.feed(piece.encode("latin-1") if isinstance(piece, str) else piece)
    except Fault as fault:
        return list(reader.whole), fault
    return list(reader.whole), None


def one(*pieces: str | bytes, most: int = 1000) -> Request:
    requests, fault = read(*pieces, most=most)
    assert fault is None
    assert len(requests) == 1
    return requests[0]


def test_a_head_becomes_names_of_cgi() -> None:
    request = one(f"{HEAD}Cookie: a=1\r\nCookie: b=2\r\nX-Two: 1\r\nx-two: 2\r\nContent-Type: text/plain\r\n\r\n")
    assert (request.method, request.path, request.query, request.keep_alive) == ("GET", "/a", "", True)
    assert request.meta == {
        "HTTP_HOST": "portal.example",
        "HTTP_COOKIE": "a=1; b=2",
        "HTTP_X_TWO": "1,2",
        "CONTENT_TYPE": "text/plain",
        "SERVER_PROTOCOL": "HTTP/1.1",
    }


def test_a_name_with_an_underscore_is_nobodys() -> None:
    request = one(f"{HEAD}X_Forwarded_For: 203.0.113.9\r\nX-Forwarded-For: 198.51.100.1\r\n\r\n")
    assert request.meta["HTTP_X_FORWARDED_FOR"] == "198.51.100.1"
    assert "HTTP_X_FORWARDED_FOR" not in one(f"{HEAD}X_Forwarded_For: 203.0.113.9\r\n\r\n").meta


@pytest.mark.parametrize(
    ("target", "path", "query", "host"),
    [
        ("/a%20b?x=%20", "/a b", "x=%20", "portal.example"),
        ("//api/x", "//api/x", "", "portal.example"),
        ("/caf%C3%A9", "/cafÃ©", "", "portal.example"),
        ("http://other.example:81/b?c", "/b", "c", "other.example:81"),
        ("HTTP://other.example", "/", "", "other.example"),
        ("http://other.example?c=d", "/", "c=d", "other.example"),
        ("*", "*", "", "portal.example"),
    ],
)
def test_targets(target: str, path: str, query: str, host: str) -> None:
    method = "OPTIONS" if target == "*" else "GET"
    request = one(f"{method} {target} HTTP/1.1\r\nHost: portal.example\r\n\r\n")
    assert (request.path, request.query, request.meta["HTTP_HOST"]) == (path, query, host)


@pytest.mark.parametrize(
    ("head", "keeps"),
    [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", True),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", False),
        ("GET / HTTP/1.0\r\nHost: a\r\n\r\n", False),
        ("GET / HTTP/1.0\r\n\r\n", False),
        ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", True),
    ],
)
def test_whether_the_connection_stays(head: str, keeps: bool) -> None:
    assert one(head).keep_alive is keeps


def test_a_body_by_its_length() -> None:
    request = one("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n", "ab", "cd")
    assert (bytes(request.body), request.unread) == (b"abcd", False)


def test_a_body_in_chunks_and_what_follows_it_says_nothing() -> None:
    request = one(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n",
        "2;note=x\r\nab\r\n1\r\nc\r\n0\r\nAuthorization: late\r\n\r\n",
    )
    assert bytes(request.body) == b"abc"
    assert "HTTP_AUTHORIZATION" not in request.meta


def test_requests_sent_ahead_stand_in_line() -> None:
    requests, fault = read(f"{HEAD}\r\nPOST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx{HEAD}")
    assert [request.path for request in requests] == ["/a", "/b"]
    assert fault is None


def test_nothing_is_read_behind_the_last_request_of_a_connection() -> None:
    requests, fault = read(f"{HEAD}Connection: close\r\n\r\n{HEAD}\r\n", "\0\0\0")
    assert [request.path for request in requests] == ["/a"]
    assert fault is None


def test_an_offer_of_another_protocol_is_passed_over() -> None:
    requests, fault = read(f"{HEAD}Upgrade: h2c\r\nConnection: Upgrade\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n")
    assert [request.path for request in requests] == ["/a", "/b"]
    assert fault is None


def test_an_invitation_is_wanted_until_the_body_is_whole() -> None:
    reader = Reader(lambda path: 10)
    reader.feed(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n")
    assert (reader.expects_continue, len(reader.whole)) == (True, 0)
    reader.feed(b"ab")
    assert (reader.expects_continue, len(reader.whole)) == (False, 1)


@pytest.mark.parametrize(
    "pieces",
    [
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nExpect: 100-continue\r\n\r\n",),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef",),
    ],
)
def test_a_body_over_the_limit_is_not_awaited(pieces: tuple[str, ...]) -> None:
    reader = Reader(lambda path: 5)
    for piece in pieces:
        reader.feed(piece.encode())
    request = reader.whole[0]
    assert (request.unread, request.keep_alive, reader.expects_continue, reader.is_over) == (True, False, False, True)
    # Whoever counts it sees that it is too much, and no more than that is held.
    assert int(request.meta.get("CONTENT_LENGTH", len(request.body))) > 5
    reader.feed(b"g" * 1000)
    assert len(request.body) <= 6


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        ("nonsense\r\n\r\n", 400, "cannot be read"),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "cannot be read"),
        ("GET /\r\n\r\n", 505, "HTTP/1.1"),
        ("GET / HTTP/1.1\r\n\r\n", 400, "Host header is missing"),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "Host was sent twice"),
        ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "not a host name"),
        ("GET / HTTP/1.1\r\nHost: a/@b\r\n\r\n", 400, "not a host name"),
        ("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "not a path"),
        ("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "not a path"),
        ("GET http://a@b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "not a host name"),
        (f"{HEAD}Authorization: a\r\nAuthorization: b\r\n\r\n", 400, "was sent twice"),
        (f"{HEAD}Content-Length: 1\r\nContent-Length: 1\r\n\r\na", 400, "duplicate Content-Length"),
        (f"{HEAD}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "cannot be read"),
        (f"{HEAD}Content-Length: +1\r\n\r\na", 400, "cannot be read"),
        (f"{HEAD}Content-Length: 99999999999999999999\r\n\r\n", 400, "cannot be read"),
        (f"{HEAD}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, "is not chunked"),
        (f"{HEAD}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501, "is not chunked"),
        (f"{HEAD}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400, "cannot be read"),
        ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501, "is not chunked"),
        (f"{HEAD}Transfer-Encoding: chunked\r\n\r\nx\r\n\r\n", 400, "cannot be read"),
        (f"{HEAD}X: a\r\n folded\r\n\r\n", 400, "cannot be read"),
        (f"{HEAD}X: a\0b\r\n\r\n", 400, "cannot be read"),
        ("GET / HTTP/1.1\nHost: a\n\n", 400, "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, status: int, words: str) -> None:
    requests, fault = read(text)
    assert requests == []
    assert fault is not None
    assert fault.status == status
    assert words in str(fault)


def test_a_fault_comes_after_the_requests_before_it() -> None:
    requests, fault = read(f"{HEAD}\r\nnonsense\r\n\r\n")
    assert [request.path for request in requests] == ["/a"]
    assert fault is not None


@pytest.mark.parametrize(
    "start",
    ["GET /", HEAD + "X: ", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: "],
    ids=["target", "header", "trailer"],
)
def test_a_head_without_an_end_is_not_kept(start: str) -> None:
    reader = Reader(lambda path: 1000)
    reader.feed(start.encode())
    for _ in range(MOST_HEAD_BYTES // 1024 - 1):
        reader.feed(b"a" * 1024)
    with pytest.raises(Fault) as fault:
        reader.feed(b"a" * 2048)
    assert fault.value.status == 431
    assert reader.is_over


@pytest.mark.parametrize(
    "framing", ["Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"]
)
def test_a_body_beside_an_offer_of_another_protocol_is_that_requests(framing: str) -> None:
    """Some libraries offer HTTP/2 with their first request, whatever it is; what follows is no request of its own."""
    data = f"POST /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n{framing}{HEAD}\r\n"
    for pieces in ([data], list(data)):
        requests, fault = read(*pieces)
        assert fault is None
        assert [(request.path, bytes(request.body)) for request in requests] == [("/a", b"hello"), ("/a", b"")]


def test_more_headers_than_anybody_sends_are_refused() -> None:
    requests, fault = read(HEAD + "a:\r\n" * (MOST_HEADERS + 1) + "\r\n")
    assert requests == []
    assert fault is not None
    assert fault.status == 431


def test_the_last_of_too_many_says_that_it_is_the_last() -> None:
    requests, _ = read(f"{HEAD}\r\n" * (MOST_WAITING + 50))
    assert len(requests) == MOST_WAITING
    assert [request.keep_alive for request in requests] == [True] * (MOST_WAITING - 1) + [False]
