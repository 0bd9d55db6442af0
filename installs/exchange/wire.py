"""How clients of the protocol write a token exchange, read once and for all: protocol.md section 6. No ORM.

Twelve spellings reach us; what leaves here is one `ExchangeRequest`, or one `Unreadable` with the status it deserves.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from installs.exchange import mislabelled
from linnapp import credentials, json_texts

MOST_BYTES = 1024 * 1024
MOST_FIELDS = 1000
NAMES = {
    "applicationid": "ApplicationId",
    "applicationsecret": "ApplicationSecret",
    "token": "Token",
    "scope": "Scope",
    "userid": "UserId",
    "grant_type": "grant_type",
    "client_id": "client_id",
}
# Sent by generic connectors, which are known by them. Of the two that mark a request and say nothing here, the values
# are not read.
MARKS = frozenset({"grant_type", "client_id"})
GENERIC = MARKS | {"Scope"}
# No cache keeps what may hold a token, and no browser takes it for anything but what it is.
EVERY_ANSWER = (("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"))
IN_THE_BODY = "Send ApplicationId, ApplicationSecret and Token in the body of a POST request"


@dataclass(frozen=True)
class ExchangeRequest:
    """Credentials as 32 hexadecimal digits each, or "" for one that is no UUID: such a value matches nothing."""

    application_id: str
    application_secret: str
    token: str
    scope: str = ""


class Unreadable(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def read_members(
    content_type: str, body: bytes, query: str, *, query_allowed: bool, coding: str = ""
) -> dict[str, str]:
    """Members of the request by canonical name ("ApplicationId", …), keys in any letter case; unknown ones left out.
    `coding` is its Content-Encoding.

    Raises Unreadable: 400 for what cannot be read or stands in the query string, 413, 415.
    """
    if len(body) > MOST_BYTES:
        raise Unreadable(413, "The request body is larger than 1 MB.")
    in_query = _known(_fields(query, "The query string")) if query else {}
    if (exposed := [name for name in in_query if name not in GENERIC]) and not query_allowed:
        raise Unreadable(
            400,
            f"{', '.join(exposed)} came in the query string, where access logs keep it. {IN_THE_BODY}, "
            "as JSON or as a form. For a client that nobody can change, the portal's operator may set "
            "ALLOW_QUERY_CREDENTIALS=true.",
        )
    return in_query | (_read_body(content_type, body, coding) if body.strip() else {})


def _read_body(content_type: str, body: bytes, coding: str) -> dict[str, str]:
    media_type = content_type.partition(";")[0].strip().lower()
    is_json = media_type == mislabelled.JSON or media_type.endswith("+json") or media_type == "text/json"
    if not is_json and media_type != mislabelled.FORM:
        raise Unreadable(
            415,
            f"Content-Type “{media_type[:60] or 'none'}” is not read here. "
            "Use application/json or application/x-www-form-urlencoded.",
        )
    unreadable, known = None, {}
    try:
        known = _known(_unwrapped(_json_object(body, "The body") if is_json else _form(body)))
    except Unreadable as error:
        unreadable = error
    if not known and (told := mislabelled.what_it_is(body, read_as_json=is_json, coding=coding)):
        raise Unreadable(told.status, told.message)
    if unreadable:
        raise unreadable
    return known


def _form(body: bytes) -> Mapping[str, Any]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(400, "The form body cannot be read: it is not URL-encoded UTF-8.") from error
    return _fields(text, "The form body")


def _fields(text: str, what: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError as error:
        raise Unreadable(400, f"{what} has more than {MOST_FIELDS} fields.") from error


def _unwrapped(members: Mapping[str, Any]) -> Mapping[str, Any]:
    """The official .NET SDK and PHP clients send one member `request` that holds the rest, as JSON or as an object.
    What a generic connector adds may stand beside it."""
    wrapped = next((value for key, value in members.items() if key.lower() == "request"), None)
    if wrapped is None:
        return members
    if isinstance(wrapped, str):
        wrapped = _json_object(_storable(wrapped).encode(), "The member “request”")
    if not isinstance(wrapped, dict):
        raise Unreadable(400, "The member “request” is not a JSON object.")
    beside = {key: value for key, value in members.items() if NAMES.get(key.lower()) in GENERIC}
    return beside | wrapped


def _json_object(text: bytes, what: str) -> dict[str, Any]:
    try:
        value = json_texts.load(text.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise Unreadable(400, f"{what} is not JSON: {error.msg} at {place}.") from error
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise Unreadable(400, f"{what} is not JSON in UTF-8.") from error
    if isinstance(value, str) and value.lstrip().startswith("{"):
        raise Unreadable(400, f"{what} is JSON inside a JSON text: it was encoded twice. Send the object itself.")
    if not isinstance(value, dict):
        raise Unreadable(400, f"{what} is not a JSON object with the members ApplicationId, ApplicationSecret, Token.")
    return value


def _known(members: Mapping[str, Any]) -> dict[str, str]:
    known = {}
    for key, value in members.items():
        if name := NAMES.get(str(key).lower()):
            if name in MARKS:
                known[name] = ""
                continue
            if isinstance(value, dict | list):
                raise Unreadable(400, f"{name} is not a text.")
            known[name] = "" if value is None else _storable(str(value))
    return known


def _storable(text: str) -> str:
    """Without NUL and halves of characters, which JSON may spell and PostgreSQL does not take."""
    return text.replace("\0", "?").encode(errors="replace").decode()


def read_exchange(members: Mapping[str, str]) -> ExchangeRequest:
    """The three credentials of a token exchange; raises Unreadable naming those that are missing or empty."""
    missing = [name for name in ("ApplicationId", "ApplicationSecret", "Token") if not members.get(name, "").strip()]
    if missing:
        raise Unreadable(400, f"{missing_members(missing)} {IN_THE_BODY}.")
    return ExchangeRequest(
        application_id=credentials.canonical(members["ApplicationId"]) or "",
        application_secret=credentials.canonical(members["ApplicationSecret"]) or "",
        token=credentials.canonical(members["Token"]) or "",
        scope=members.get("Scope", "")[:2000],
    )


def is_generic(members: Mapping[str, str]) -> bool:
    """Whether a generic connector asks: one that reads its session token from a member called `token`."""
    return not GENERIC.isdisjoint(members)


def missing_members(names: Sequence[str]) -> str:
    """ "A, B and C are missing." """
    listed = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    return f"{listed} {'is' if len(names) == 1 else 'are'} missing."


def error_body(status: int, message: str, reference: str = "") -> dict[str, str]:
    """The one error shape of the API; clients show `Message`."""
    suffix = f" (reference {reference})" if reference else ""
    return {"Code": str(status), "Message": f"{message}{suffix}"}
