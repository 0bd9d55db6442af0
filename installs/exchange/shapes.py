"""What calls answer, in words, for whoever chooses between them."""

import json
from collections.abc import Collection
from dataclasses import dataclass

from installs.exchange.stand_in import StandInAnswer
from linnapp.words import counted

# Of a page, as Linnworks answers one.
PAGE = {"PageNumber", "EntriesPerPage", "TotalEntries", "TotalPages", "Data"}
# Characters of a file that are shown, and members that are named.
MOST_SHOWN = 2000
MOST_NAMED = 4
OWN = {
    "Auth/AuthorizeByApplication": "The permanent token becomes a session token.",
    "Auth/GetApplicationProfileBySecretKey": "Checks the credentials, then null: this portal sells no plans.",
    "Auth/GetServerUTCTime": "The time, without a session token.",
    "Inventory/GetStockLocations": "The stock locations of the account: each has one, Default.",
}


@dataclass(frozen=True)
class Shape:
    """`is_unused` where the portal answers the call itself, and nobody is answered with the file."""

    call: str
    words: str
    text: str
    is_cut: bool
    is_unused: bool


def own_calls(served: Collection[str]) -> list[tuple[str, str]]:
    return [(call, OWN[call]) for call in served]


def shape_of(answer: StandInAnswer, served: Collection[str]) -> Shape:
    text = answer.body.decode()
    is_unused = answer.call.lower() in {call.lower() for call in served}
    return Shape(answer.call, in_words(json.loads(text)), text[:MOST_SHOWN], len(text) > MOST_SHOWN, is_unused)


def in_words(value: object) -> str:
    if isinstance(value, list):
        return f"A list of {counted(len(value), 'entry', 'entries')}" if value else "An empty list"
    if not isinstance(value, dict):
        return "One value"
    if set(value) == PAGE and isinstance(value["Data"], list):
        rows = value["Data"]
        return f"A page of {counted(len(rows), 'entry', 'entries')}" if rows else "An empty page"
    if len(value) == 1:
        (name, inner), *_ = value.items()
        said = in_words(inner)
        return f"An object: {name} is {said[0].lower()}{said[1:]}"
    if not value:
        return "An empty object"
    more = f" and {len(value) - MOST_NAMED} more" if len(value) > MOST_NAMED else ""
    return f"An object: {', '.join(list(value)[:MOST_NAMED])}{more}"
