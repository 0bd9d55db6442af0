"""What can be looked for in a text that somebody pasted: ids, references, e-mail addresses, addresses, words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from uuid import UUID

from installs.exchange.references import found_in
from linnapp import credentials, mail_addresses

MOST_OF_A_KIND = 20
LONGEST_NAME = 200
EMAIL = re.compile(r"[^\s<>\"'(),;:=\[\]]{1,64}@[^\s<>\"'(),;:=/\[\]]{1,190}")
# With a port behind it, or in brackets: `192.0.2.7:443`, `[2001:db8::7]`.
ADDRESS = re.compile(
    r"(?<![\w.])(\d{1,3}(?:\.\d{1,3}){3})(?![\w]|\.\d)|(?<![\w:.])([0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*)", re.I
)


@dataclass(frozen=True)
class Pasted:
    """`words` is the whole text and nothing else, where it can be a name."""

    ids: tuple[UUID, ...]
    references: tuple[str, ...]
    emails: tuple[str, ...]
    addresses: tuple[str, ...]
    words: tuple[str, ...]


def read(text: str) -> Pasted:
    text = text.strip()
    ids = [UUID(found) for found in credentials.UUID_SHAPE.findall(text)]
    rest = credentials.UUID_SHAPE.sub(" ", text)
    return Pasted(
        ids=tuple(dict.fromkeys(ids))[:MOST_OF_A_KIND],
        references=_once(iter(found_in(rest))),
        emails=_once(mail_addresses.spelled(found.rstrip(".!?")).lower() for found in EMAIL.findall(rest)),
        addresses=_once(_addresses(rest)),
        words=(text,) if text and len(text) <= LONGEST_NAME and not ids else (),
    )


def _once(found: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))[:MOST_OF_A_KIND]


def _addresses(text: str) -> Iterator[str]:
    for four, six in ADDRESS.findall(text):
        try:
            yield str(ip_address((four or six).rstrip(".")))
        except ValueError:
            continue
