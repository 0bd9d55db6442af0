"""What the log keeps of a request and its answer: readable, bounded, and without a secret. Masked before it is
written, so that no row, page or mail can hold what was sent."""

import re
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit
from uuid import UUID

from installs.outbound import Answer
from linnapp import credentials

MOST_KEPT = 16 * 1024
HEADERS_MASKED = {"set-cookie", "authorization", "cookie", "www-authenticate"}
_UUIDS = re.compile(credentials.UUID_SHAPE.pattern, re.IGNORECASE)
_BEGUN = re.compile(r"[0-9a-f{-]{1,38}$", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]")


def request_text(url: str, headers: Mapping[str, str], body: str) -> str:
    """Of a request that was rendered a second time with a masked permanent token in the place of the real one."""
    path = urlsplit(url)._replace(scheme="", netloc="", fragment="").geturl() or "/"
    lines = [f"POST {path} HTTP/1.1", f"Host: {urlsplit(url).netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\n".join([*lines, "", body])


def answer_text(answer: Answer, known: Collection[UUID]) -> str:
    """A receiver may answer with what it was sent, or with the session token it has just got for it: every value in
    the shape of one is masked, but for the ids that are no secret (`known`)."""
    lines = [f"HTTP {answer.status} {answer.reason}".rstrip()]
    for name, value in answer.headers:
        lines.append(f"{name}: {'…' if name.lower() in HEADERS_MASKED else value}")
    body = answer.body.decode(errors="replace")
    end = "\n[cut here]" if answer.is_cut else ""
    if answer.is_cut:
        # What is left of a permanent token that was cut has no longer its shape.
        body = _BEGUN.sub("", body)
    return printable(masked("\n".join([*lines, "", body]), known))[:MOST_KEPT] + end


def masked(text: str, known: Collection[UUID] = ()) -> str:
    """The text with every UUID but these shortened to its tail, in whatever spelling it stands."""
    kept = {value.hex for value in known}
    return _UUIDS.sub(lambda found: _unless(kept, found.group()), text)


def _unless(kept: Collection[str], value: str) -> str:
    return value if credentials.canonical(value) in kept else f"[{credentials.masked(value.strip('{}'))}]"


def printable(text: str) -> str:
    """Without what a database or a page cannot hold; a form feed from outside moves no terminal's cursor either."""
    return _UNPRINTABLE.sub("�", text)
