"""What the log keeps of a request and its answer: readable, bounded, and without a secret. Masked before it is
written, so that no row, page or mail can hold what was sent."""

import re
from collections.abc import Collection, Mapping
from urllib.parse import quote
from uuid import UUID

from installs.outbound import targets, texts
from installs.outbound.answers import CUT, Answer
from linnapp import credentials

MOST_KEPT = 16 * 1024
HEADERS_MASKED = {"set-cookie", "authorization", "cookie", "www-authenticate"}
_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]")


def request_text(url: str, headers: Mapping[str, str], body: str) -> str:
    """Of a request with a masked permanent token in the place of the real one; all else is what goes out, to the
    letter."""
    host, path = targets.as_sent(url)
    lines = [f"POST {path} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    # The mask was not sent, and is not escaped as if it had been.
    return "\n".join([*lines, "", body]).replace(quote("…"), "…")


def without_keys(request: str) -> str:
    """A kept request without the keys in its address, for those who are not of its team."""
    line, _, rest = request.partition("\n")
    verb, _, target = line.partition(" ")
    shown = credentials.masked_addresses(f"http://host{target}").removeprefix("http://host")
    return f"{verb} {shown}\n{rest}"


def answer_text(answer: Answer, known: Collection[UUID], sent: str = "") -> str:
    """A receiver may answer with what it was sent, or with the session token it has just got for it: every value in
    the shape of one is masked, but for the ids that are no secret (`known`); the permanent token that was `sent`,
    however it is broken up."""
    lines = [f"HTTP {answer.status} {_part(answer.reason, sent)}".rstrip()]
    for name, value in answer.headers:
        lines.append(f"{_part(name, sent)}: {'…' if name.lower() in HEADERS_MASKED else _part(value, sent)}")
    body = texts.of_answer(answer)
    end = "\n[the rest did not come]" if answer.is_broken else "\n[cut here]" if answer.is_cut else ""
    body = _without(body, sent, answer.is_cut)
    text = credentials.without_values("\n".join([*lines, "", body]), known)
    return printable(text)[:MOST_KEPT] + end


def _part(written: str, sent: str) -> str:
    """The name or value of a header, or the reason, which may have been cut."""
    whole = written.removesuffix(CUT)
    is_cut = whole != written
    return _without(whole, sent, is_cut) + (CUT if is_cut else "")


def _without(text: str, sent: str, is_cut: bool) -> str:
    """Where it was cut, also without what may be left of a permanent token at its end."""
    text = credentials.without_these(text, [sent], is_cut=is_cut)
    return credentials.without_begun(text) if is_cut else text


def printable(text: str) -> str:
    """Without what a database or a page cannot hold; a form feed from outside moves no terminal's cursor either."""
    return _UNPRINTABLE.sub("�", text)
