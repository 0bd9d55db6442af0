"""Parts of documents that are made from what the portal itself goes by: its sentences about permissions, what the API
says of a refusal. As Markdown; a document names one on a line of its own, as `{{part_permissions}}`."""

import re
from collections.abc import Callable, Iterable, Sequence

from installs.exchange import causes, refusals
from installs.exchange.refusals import NO_LIVE_SESSION, SENTENCES, Reason
from installs.exchange.shapes import OWN
from linnapp.manifest.permission_words import AREAS
from linnapp.module_types import TYPES

# What Markdown would read as more than a letter.
MARKS = re.compile(r"([\\`*_{}\[\]<>|#])")
# Of a module's parameter, in the sentence about what the module reaches.
NAMED = re.compile(r" named \{\w+\}")
# How a call is answered that is refused for one of these.
STATUS_OF_CALLS = {
    Reason.NO_SESSION_TOKEN: 401,
    Reason.SESSION_ENDED: 401,
    Reason.UNKNOWN_SESSION: 401,
    Reason.PERMANENT_TOKEN_SENT: 401,
    Reason.CREDENTIAL_SENT: 401,
    Reason.NOT_SERVED: 404,
    Reason.WRONG_METHOD: 405,
}


def permissions() -> str:
    return "\n".join(line for area in AREAS if area.nodes for line in _area(area.names, area.noun, area.nodes))


def _area(names: Sequence[str], noun: str, nodes: dict[str, str]) -> Iterable[str]:
    yield from (f"### {plain(noun[0].upper() + noun[1:])}", "")
    if len(names) > 1:
        yield from (f"`{names[0]}` may also be written {_either(names[1:])}.", "")
    rows = [(f"`GlobalPermissions.{names[0]}.{node}Node`", plain(sentence)) for node, sentence in nodes.items()]
    yield from table(("permission", "what the person who installs reads"), rows)


def _either(names: Sequence[str]) -> str:
    *others, last = (f"`{name}`" for name in names)
    return f"{', '.join(others)} or {last}" if others else last


def module_types() -> str:
    rows = [(plain(kind.label), plain(NAMED.sub("", kind.reaches))) for kind in TYPES.values()]
    return "\n".join(table(("module", "what the person who installs reads"), rows))


def exchange_errors() -> str:
    rows = [(_status(reason), plain(refusals.sentence(reason)), plain(causes.CAUSES[reason])) for reason in SENTENCES]
    return "\n".join(table(("status", "message", "cause"), rows))


def _status(reason: Reason) -> str:
    return "429" if reason == Reason.OVER_QUOTA else "400"


def call_errors() -> str:
    rows = [
        (str(status), plain(causes.CAUSES[reason]), plain(causes.FIXES[reason]))
        for reason, status in STATUS_OF_CALLS.items()
    ]
    return "\n".join(table(("status", "cause", "fix"), rows))


def no_live_session() -> str:
    return f"> {plain(NO_LIVE_SESSION)}"


def calls() -> str:
    return "\n".join(table(("call", "answer"), [(f"`/api/{call}`", plain(answer)) for call, answer in OWN.items()]))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[str]:
    yield from (_row(head), _row(["---"] * len(head)))
    yield from map(_row, rows)
    yield ""


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def plain(text: str) -> str:
    """A sentence in Markdown that reads as it is."""
    return MARKS.sub(r"\\\1", text)


PARTS: dict[str, Callable[[], str]] = {
    part.__name__: part for part in (permissions, module_types, exchange_errors, call_errors, no_live_session, calls)
}
