"""What servers write costs no more time than its length: every expression that is put to an answer is linear, because
one that is not holds up all threads at once, and no limit of time interrupts it."""

import contextlib
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from installs.connectors import reading, servers
from installs.exchange.refusals import reason_of
from installs.outbound import Answer, heads, masking, texts
from installs.outbound.retry_after import retry_after
from linnapp import credentials

TOKEN = "6a5ef9a1-77aa-4b21-9d38-c40de81b90c2"
NOW = datetime(2026, 11, 29, tzinfo=UTC)


def head(line: str) -> object:
    return heads.read([b"HTTP/1.1 200 OK\r\n", line.encode() + b"\r\n"])


def body(text: str) -> Answer:
    return Answer(200, text, (("Content-Type", text),), text.encode(), True, 0, "")


def logged(text: str) -> str:
    return masking.answer_text(body(text), (), TOKEN)


def conversation(text: str) -> str:
    return credentials.without_secrets(text, [TOKEN])


# What reads, and of what it reads: begin, what is said again and again, end.
READERS: list[tuple[Callable[[str], object], list[tuple[str, str, str]]]] = [
    (
        head,
        [
            ("Content-Type: text/plain; charset=", " ", "!"),
            ("Content-Type: text/plain; charset", " ", "!"),
            ("Content-Type: ", "charset=", ""),
            ("Content-Type: charset=", "\"' ", "!"),
            ("Content-Length: ", "2, ", "x"),
            ("Transfer-Encoding: ", "chunked, ", ""),
            ("", "x", ""),
        ],
    ),
    (texts.charset_of, [("charset=", " ", "!"), ("charset=", "\t'", "!"), ("", "charset ", "")]),
    (
        logged,
        [
            ("", "a", ""),
            ("", "{0123456789abcde-", ""),
            ("", TOKEN[:-1] + "g", ""),
            ("", "6a5ef9a1" + "\\" * 4, ""),
            ("", "%25", "2d"),
            ("", "&#00000", ";"),
            ("", "\x00", ""),
            ("charset=", " ", "!"),
        ],
    ),
    (
        conversation,
        [
            ("", "a", ""),
            ("", "a" * 19 + " ", ""),
            ("", "6a5ef9a1-", ""),
            ('{"', "a", '": 1}'),
            ('{"', "a_", '1": 1}'),
            ('{"a": "', "whsec_", '"}'),
            ("", "[", ""),
            ("[", "1", "]"),
        ],
    ),
    (lambda text: credentials.without_these(text, ["a" * 4000 + "b"]), [("", "a", ""), ("", "A", "")]),
    (
        credentials.masked_addresses,
        [("http://", "a", ""), ("", "://", ""), ("http://h/", "a1", " "), ("", "?a=#/", "")],
    ),
    (credentials.number_in, [("", "a", ""), ("", "6a5ef9a1%252525", "")]),
    (lambda text: servers.told(text, [TOKEN]), [("http://", "a", ""), ("http://", "@", ""), ("http://[", ":", "]")]),
    (
        reading.members_in,
        [("", "a", "{"), ("", "a=", "{"), ("x=", "&", ""), ("x=", "&a", ""), ("", "=", "<")],
    ),
    (
        reading.why_of,
        [("", "application ", ""), ("", "token is ", ""), ("suspended this ", "app ", ""), ("", "is ", "")],
    ),
    (reason_of, [("", "This ", ""), ("", "The Application ID ", "")]),
    (
        lambda text: retry_after(text, NOW),
        [("", "1", ""), ("Sun, ", "1 ", ""), ("", "(", ""), ("", '"\\', ""), ("", ",", "")],
    ),
]
CASES = [(read, *row) for read, rows in READERS for row in rows]


def seconds(read: Callable[[str], object], text: str) -> float:
    spent = []
    for _ in range(3):
        began = time.thread_time()
        with contextlib.suppress(ValueError, RecursionError):
            read(text)
        spent.append(time.thread_time() - began)
    return min(spent)


@pytest.mark.parametrize(("read", "begin", "again", "end"), CASES)
def test_eight_times_the_text_takes_about_eight_times_as_long(
    read: Callable[[str], object], begin: str, again: str, end: str
) -> None:
    short, long = (begin + again * (length // len(again)) + end for length in (4_000, 32_000))
    assert seconds(read, long) < max(24 * seconds(read, short), 0.003)
