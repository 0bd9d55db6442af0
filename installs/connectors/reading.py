"""What an authorising server answered: the session token by its key, or what is wrong and what mends it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from installs.outbound import Answer, NotSent
from installs.outbound.client import printable
from linnapp import credentials

# What clients and servers call a session token; named where the key asked for is not in the answer.
USUAL_KEYS = ("token", "access_token", "accesstoken", "session_token", "sessiontoken", "id_token", "jwt", "bearer")
LONGEST_TOKEN = 4096
# Fields and nothing else.
FORM = re.compile(r"[^\s=&<>{}\"]+=[^\s<>{}\"]*")
# Characters of a message that are told, and of a member's name.
MESSAGE_LENGTH, NAME_LENGTH = 300, 60
# For an answer that says nothing of it: what the source calls about the life of a session.
USUAL_SECONDS = 1800

COMPARE = "Compare Application id, Application secret and Token with the developer portal."
NO_SESSION_TOKEN = (
    "Put the permanent token of the installation into Token. Session tokens are what it is exchanged for."
)
# Where the message of a refusal says that something else than the credentials is to be mended, or which of them.
FIXES = (
    ("is a session token", NO_SESSION_TOKEN),
    ("authorise again", "The credentials are right. Test once more."),
    ("suspended", "The credentials are right. Whoever suspended it can resume it; then the next call works."),
    ("retired", "Nothing mends these credentials. Use those of another application."),
    ("uninstalled", "Install the application again, and put its new permanent token into Token."),
    ("installation failed", "Install the application again, and put its new permanent token into Token."),
    ("was replaced", "Put the newer permanent token into Token. The other credentials are right."),
    ("another application", "Take Application id, Application secret and Token of one and the same application."),
    ("permanent token", "Put the permanent token of the installation into Token. The other credentials are right."),
)


@dataclass(frozen=True)
class Authorised:
    token: str = field(repr=False)
    seconds: int


class NotAuthorised(Exception):
    """Why there is no session. `str()` is what happened, `fix` what mends it; neither holds a secret."""

    def __init__(self, words: str, fix: str) -> None:
        super().__init__(words)
        self.fix = fix


def read(answer: Answer, key: str) -> Authorised:
    """The session token under `key`, whose letter case does not matter. Raises NotAuthorised for any other answer."""
    refuse_unless_ok(answer)
    return token_of(answer, key)


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
        raise NotAuthorised(
            f"`{name}` in the answer is no text that could be a session token.",
            "Name the member that holds the session token in Response authentication token key.",
        )
    return Authorised(found.strip(), _seconds(members, by_name))


def refuse_bad_call(answer: Answer) -> None:
    """For the first call with a session token that the same server has just given."""
    if answer.status == 200 and not is_page(answer):
        return
    if answer.status == 401:
        raise of_new_session()
    if answer.status == 200:
        raise NotAuthorised("The first call was answered with a web page.", "Check the base URL.")
    message = _message(answer)
    raise NotAuthorised(
        f"The first call was answered {answer.status}{f': {message}' if message else '.'}",
        "The session token is good: it is the call that this server does not answer. Ask who runs it.",
    )


def of_new_session() -> NotAuthorised:
    """For a 401 to a call with a session token that was just given."""
    return NotAuthorised(
        "The server answered 401 to a call with a session token that it had just given.",
        "Read in the answer why. Another member of it may be the one that calls are made with.",
    )


def is_page(answer: Answer) -> bool:
    return answer.body.lstrip()[:1] == b"<" or "html" in _content_type(answer)


def _fits_a_header(token: str) -> bool:
    return bool(token) and token.isascii() and token.isprintable() and len(token) <= LONGEST_TOKEN


def of_not_sent(error: NotSent) -> NotAuthorised:
    """What kept the request from being answered; the door's sentence is told as it is."""
    return NotAuthorised(str(error), "Check the base URL, and that its server answers from where this portal runs.")


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
        raise NotAuthorised(
            f"The answer is JSON, but {_kind_of(members)} and no object with members.", "Check the base URL."
        )
    return members


def text_of(answer: Answer) -> str:
    return answer.body.decode("utf-8-sig", errors="replace").strip()


def members_in(text: str) -> Any:
    """Whatever JSON says, or the fields of a form. Raises ValueError for what is neither, or a form with more fields
    than any that authorises; RecursionError for what is too deep."""
    if FORM.fullmatch(text):
        return dict(parse_qsl(text, max_num_fields=1000))
    return json.loads(text)


def _content_type(answer: Answer) -> str:
    return _header(answer, "content-type").partition(";")[0].strip().lower()


def _header(answer: Answer, wanted: str) -> str:
    return next((value for name, value in answer.headers if name.lower() == wanted), "")


def _no_json(answer: Answer, text: str) -> NotAuthorised:
    if answer.is_cut:
        return NotAuthorised("The answer is longer than 16 kB: it is no answer to authorising.", "Check the base URL.")
    if (coding := _header(answer, "content-encoding").strip().lower()) not in {"", "identity"}:
        return NotAuthorised(
            f"The answer is compressed ({_told(coding)[:NAME_LENGTH]}), though it was asked not to be.",
            "Ask who runs the server to answer as it is asked.",
        )
    if is_page(answer):
        return NotAuthorised(
            "The answer is a web page and not JSON.",
            "The base URL leads to a site for people. Use the address of its API.",
        )
    said = "is empty" if not text else "is neither JSON nor a form"
    return NotAuthorised(f"The answer {said}.", "Check the base URL: it may lead to another kind of server.")


def _kind_of(value: object) -> str:
    return {list: "a list", str: "a text", bool: "true or false", type(None): "null"}.get(type(value), "a number")


def _without_key(answer: Answer, members: Mapping[str, Any], key: str) -> NotAuthorised:
    filled = {name.lower(): name for name, value in members.items() if value and isinstance(value, str)}
    alike = [name for lowered, name in filled.items() if lowered in USUAL_KEYS]
    if alike:
        named = " and ".join(f"`{name}`" for name in alike[:3])
        return NotAuthorised(
            f"The answer has {named}, not `{key}`.", f"Write {alike[0]} into Response authentication token key."
        )
    if any(name.lower() in ("error", "errors") and value for name, value in members.items()):
        return _refusal(answer)
    if outer := next((name for name, value in members.items() if _holds(value, key)), None):
        return NotAuthorised(
            f"The answer has `{key}` inside `{_told(outer)[:NAME_LENGTH]}`: a connector reads its own members only.",
            "Ask who runs the server for an address whose answer has it at the top.",
        )
    named = ", ".join(f"`{_told(name)[:NAME_LENGTH]}`" for name in list(members)[:5]) or "no member at all"
    return NotAuthorised(
        f"The answer has no `{key}`, but {named}.",
        "Name the member that holds the session token in Response authentication token key.",
    )


def _holds(value: object, key: str) -> bool:
    return isinstance(value, dict) and key.lower() in {name.lower() for name in value}


def _of_status(answer: Answer) -> NotAuthorised:
    if 300 <= answer.status < 400:
        host = _told(_host(_header(answer, "location")))
        leads = f" to {host}" if host else " to another path"
        return NotAuthorised(
            f"The server answered {answer.status}, a redirect{leads}: redirects are not followed.",
            "Write the address that it leads to into the base URL.",
        )
    if answer.status in (404, 405):
        return NotAuthorised(
            f"The server answered {answer.status}: it has no AuthorizeByApplication at this base URL.",
            "The base URL is scheme and host, such as https://api.linnworks.net, without a path.",
        )
    if answer.status == 429:
        return NotAuthorised(
            f"The server answered 429: {_message(answer) or 'it was asked too often.'}",
            "Wait as long as it says, and find out what else uses these credentials or calls from here.",
        )
    if answer.status >= 500:
        return NotAuthorised(
            f"The server answered {answer.status}: it failed by itself.", "Try again later, or ask who runs it."
        )
    if is_page(answer) and not _message(answer):
        return NotAuthorised(
            f"The server answered {answer.status} with a web page: something before the API refused.",
            "Ask who runs the server: a firewall or a proxy may keep this portal out.",
        )
    return _refusal(answer)


def _host(location: str) -> str:
    try:
        return (urlsplit(location).hostname or "")[:100]
    except ValueError:
        return ""


def _refusal(answer: Answer) -> NotAuthorised:
    """In the server's own words where it has some, masked: it may quote what it was sent."""
    message = _message(answer)
    fix = next((fix for word, fix in FIXES if word in message.lower()), COMPARE)
    if fix == NO_SESSION_TOKEN:
        return NotAuthorised(f"That is a session token: {message}", fix)
    return NotAuthorised(f"The server refused with {answer.status}{f': {message}' if message else '.'}", fix)


def _message(answer: Answer) -> str:
    try:
        return _told(_words(json.loads(text_of(answer)))[:1000])
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
