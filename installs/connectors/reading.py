"""What an authorising server answered: the session token by its key, or what is wrong and what mends it."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from installs.connectors import servers
from installs.connectors.faults import ASK_FOR_SERVER, OF_REASON, NotAuthorised, Why
from installs.exchange.refusals import reason_of
from installs.outbound import Answer, NotSent, texts
from installs.outbound.client import printable
from linnapp import credentials, json_texts

# What clients and servers call a session token; named where the key asked for is not in the answer.
USUAL_KEYS = ("token", "access_token", "accesstoken", "session_token", "sessiontoken", "id_token", "jwt", "bearer")
LONGEST_TOKEN = 4096
# Fields and nothing else.
FORM = re.compile(r"[^\s=&<>{}\"]+=[^\s<>{}\"]*")
# Characters of a message that are told, and of a member's name.
MESSAGE_LENGTH, NAME_LENGTH = 300, 60
# For an answer that says nothing of it: what the source calls about the life of a session.
USUAL_SECONDS = 1800

# How other servers, and portals of another release, say what this one has sentences of its own for: phrases that can be
# meant in one way. Words alone, such as "retired", stand in messages about something else too.
_SUBJECT = r"\b(?:application|installation|integration|app)\b"
_BECAME = r"[^.]{0,60}?\b(?:is|was|has been)"
PHRASES = {
    r"\bis a session token\b": Why.SESSION_TOKEN_SENT,
    rf"{_SUBJECT}{_BECAME} suspended\b|\bsuspended this {_SUBJECT}": Why.SUSPENDED,
    rf"{_SUBJECT}{_BECAME} uninstalled\b|\binstallation (?:has )?failed\b": Why.UNINSTALLED,
    rf"{_SUBJECT}{_BECAME} retired\b": Why.RETIRED,
    rf"{_SUBJECT} changed meanwhile\b": Why.CHANGED_MEANWHILE,
    rf"\btoken\b{_BECAME} replaced\b": Why.TOKEN_REPLACED,
    r"\bis not a permanent token\b": Why.NO_PERMANENT_TOKEN,
    r"\bbelongs to an installation of another application\b": Why.OTHER_APPLICATION,
}


@dataclass(frozen=True)
class Authorised:
    """`server` is where calls go, "" for the base URL; `member` held the session token, spelled as it came."""

    token: str = field(repr=False)
    seconds: int
    server: str = ""
    member: str = ""


def read(answer: Answer, key: str, base_url: str, hidden: Collection[str]) -> Authorised:
    """The session token under `key`, whose letter case does not matter, and where calls go with it. Raises
    NotAuthorised for any other answer."""
    refuse_unless_ok(answer)
    return with_server(token_of(answer, key), answer, key, base_url, hidden)


def with_server(authorised: Authorised, answer: Answer, key: str, base_url: str, hidden: Collection[str]) -> Authorised:
    """Raises NotAuthorised for a `Server` that nothing is sent to, in words without what is `hidden`."""
    unsaid = (*hidden, authorised.token)
    return replace(authorised, server=servers.server_of(members_of(answer), key, base_url, unsaid))


def refuse_unless_ok(answer: Answer) -> None:
    if not 200 <= answer.status < 300:
        raise _of_status(answer)


def token_of(answer: Answer, key: str) -> Authorised:
    """Of an answer that refuses nothing. Of several members that differ in letter case only, the one spelled as the key
    is meant, else the first."""
    members = members_of(answer)
    by_name: dict[str, str] = {}
    for name in members:
        by_name.setdefault(name.lower(), name)
    if key.lower() not in by_name:
        raise _without_key(answer, members, key)
    name = key if key in members else by_name[key.lower()]
    found = members[name]
    if not isinstance(found, str) or not _fits_a_header(found.strip()):
        raise NotAuthorised(Why.NO_TEXT, f"“{name}” in the answer is not text that could be a session token.")
    return Authorised(found.strip(), _seconds(members, by_name), member=name)


def refuse_bad_call(answer: Answer, server: str) -> None:
    """For the first call with a session token that was just given; `server` as Authorised has it."""
    if answer.status == 200 and not is_page(answer):
        return
    if answer.status == 401:
        raise of_new_session()
    if answer.status == 200:
        raise _at(server, Why.CALL_WEB_PAGE, "The first call was answered with a web page.")
    message = _message(answer)
    said = f": {message}" if message else "."
    raise NotAuthorised(Why.CALL_REFUSED, f"The first call was answered {answer.status}{said}")


def of_new_session() -> NotAuthorised:
    """For a 401 to a call with a session token that was just given."""
    words = "The server answered 401 to a call with a session token that it had just given."
    return NotAuthorised(Why.NEW_SESSION_REFUSED, words)


def is_page(answer: Answer) -> bool:
    return answer.body.lstrip()[:1] == b"<" or "html" in _content_type(answer)


def _fits_a_header(token: str) -> bool:
    return bool(token) and token.isascii() and token.isprintable() and len(token) <= LONGEST_TOKEN


def of_not_sent(error: NotSent, server: str = "") -> NotAuthorised:
    """What kept the request from being answered; the door's sentence is told as it is. `server` as Authorised has it,
    for a call."""
    return _at(server, Why.NOT_SENT, str(error))


def _at(server: str, why: Why, words: str) -> NotAuthorised:
    """For what the address is to blame for: the base URL, or the Server that was answered."""
    if not server:
        return NotAuthorised(why, words)
    said = f"Calls go to {server}, the Server in the answer. {words}"
    return NotAuthorised(why, said, ASK_FOR_SERVER)


def _seconds(members: Mapping[str, Any], by_name: Mapping[str, str]) -> int:
    for name in ("ttl", "expires_in"):
        value = members.get(by_name.get(name, ""))
        written = str(value) if isinstance(value, (int, str)) else ""
        if written.isascii() and written.isdigit() and len(written) < 8 and int(written):
            return int(written)
    return USUAL_SECONDS


def members_of(answer: Answer) -> Mapping[str, Any]:
    """Of JSON or of a form, whatever the answer calls itself. Raises NotAuthorised for anything else."""
    text = text_of(answer)
    try:
        members = members_in(text)
    except (ValueError, RecursionError):
        raise _no_json(answer, text) from None
    if not isinstance(members, dict):
        words = f"The answer is JSON, but {_kind_of(members)} and not an object with members."
        raise NotAuthorised(Why.NO_OBJECT, words)
    return members


def text_of(answer: Answer) -> str:
    return texts.of_answer(answer).strip()


def members_in(text: str) -> Any:
    """Whatever JSON says, or the fields of a form. Raises ValueError for what is neither, or a form with more fields
    than any that authorises; RecursionError for what is too deep."""
    if FORM.fullmatch(text):
        return dict(parse_qsl(text, max_num_fields=1000))
    return json_texts.load(text)


def _content_type(answer: Answer) -> str:
    return _header(answer, "content-type").partition(";")[0].strip().lower()


def _header(answer: Answer, wanted: str) -> str:
    return next((value for name, value in answer.headers if name.lower() == wanted), "")


def _no_json(answer: Answer, text: str) -> NotAuthorised:
    if answer.is_cut:
        return NotAuthorised(Why.TOO_LONG, "The answer is longer than 16 kB, so it is not an answer to authorising.")
    if (coding := _header(answer, "content-encoding").strip().lower()) not in {"", "identity"}:
        words = f"The answer is compressed ({_told(coding)[:NAME_LENGTH]}), though the request did not allow that."
        return NotAuthorised(Why.COMPRESSED, words)
    if is_page(answer):
        return NotAuthorised(Why.WEB_PAGE, "The answer is a web page, not JSON.")
    said = "is empty" if not text else "is neither JSON nor a form"
    return NotAuthorised(Why.NO_JSON, f"The answer {said}.")


def _kind_of(value: object) -> str:
    return {list: "a list", str: "text", bool: "true or false", type(None): "null"}.get(type(value), "a number")


def _without_key(answer: Answer, members: Mapping[str, Any], key: str) -> NotAuthorised:
    filled = {name.lower(): name for name, value in members.items() if value and isinstance(value, str)}
    alike = [name for lowered, name in filled.items() if lowered in USUAL_KEYS]
    if alike:
        named = " and ".join(f"“{name}”" for name in alike[:3])
        fix = f"Put {alike[0]} into Response authentication token key."
        return NotAuthorised(Why.OTHER_KEY, f"The answer has {named}, not “{key}”.", fix)
    if any(name.lower() in ("error", "errors") and value for name, value in members.items()):
        return _refusal(answer)
    if outer := next((name for name, value in members.items() if _holds(value, key)), None):
        place = f"“{_told(outer)[:NAME_LENGTH]}”"
        inner = next(name for name in members[outer] if name.lower() == key.lower())
        words = f"The answer has “{inner}” inside {place}: a connector reads only the members at the top level."
        return NotAuthorised(Why.KEY_INSIDE, words)
    named = ", ".join(f"“{_told(name)[:NAME_LENGTH]}”" for name in list(members)[:5]) or "no member at all"
    return NotAuthorised(Why.NO_KEY, f"The answer has no “{key}”, but {named}.")


def _holds(value: object, key: str) -> bool:
    return isinstance(value, dict) and key.lower() in {name.lower() for name in value}


def _of_status(answer: Answer) -> NotAuthorised:
    said = f"The server answered {answer.status}"
    if 300 <= answer.status < 400:
        host = _told(_host(_header(answer, "location")))
        leads = f" to {host}" if host else " to another path"
        return NotAuthorised(Why.REDIRECTED, f"{said}, a redirect{leads}: redirects are not followed.")
    if answer.status in (404, 405):
        return NotAuthorised(Why.NOT_FOUND, f"{said}: it has no AuthorizeByApplication at this base URL.")
    if answer.status == 429:
        return NotAuthorised(Why.TOO_OFTEN, f"{said}: {_message(answer) or 'it was asked too often.'}")
    if answer.status >= 500:
        return NotAuthorised(Why.FAILED_BY_ITSELF, f"{said}: the server itself failed.")
    if is_page(answer) and not _message(answer):
        return NotAuthorised(Why.KEPT_OUT, f"{said} with a web page: something in front of the API refused.")
    return _refusal(answer)


def _host(location: str) -> str:
    try:
        return (urlsplit(location).hostname or "")[:100]
    except ValueError:
        return ""


def _refusal(answer: Answer) -> NotAuthorised:
    """In the server's own words where it has some, masked: it may quote what it was sent."""
    message = _message(answer)
    why = why_of(message)
    if why == Why.SESSION_TOKEN_SENT:
        return NotAuthorised(why, f"That is a session token: {message}")
    return NotAuthorised(why, f"The server refused with {answer.status}{f': {message}' if message else '.'}")


def why_of(message: str) -> Why:
    """What a server means by its message: the one place where sentences are read, of a portal like this one and of
    others. REFUSED for what is not understood."""
    if reason := reason_of(message):
        return OF_REASON[reason]
    return next((why for phrase, why in PHRASES.items() if re.search(phrase, message, re.IGNORECASE)), Why.REFUSED)


def _message(answer: Answer) -> str:
    try:
        return _told(_words(json_texts.load(text_of(answer)))[:1000])
    except (ValueError, RecursionError):
        return ""


def _words(said: object) -> str:
    """What an error says of itself: in its message, in that of its first error, or as a text."""
    if isinstance(said, str):
        return said
    if isinstance(said, list):
        return _words(said[0]) if said else ""
    by_name = {str(name).lower(): value for name, value in said.items()} if isinstance(said, dict) else {}
    named = (by_name[name] for name in ("message", "error_description", "error", "errors") if by_name.get(name))
    return next(filter(None, map(_words, named)), "")


def _told(text: str) -> str:
    """JSON can spell what no database stores: half a character, and the character 0."""
    return printable(" ".join(credentials.without_opaque(text).split()), MESSAGE_LENGTH)
