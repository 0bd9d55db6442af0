"""How clients of the protocol write a token exchange, read once and for all: protocol.md section 6. No ORM.

Twelve spellings reach us; what leaves here is one `ExchangeRequest`, or one `Unreadable` with the status it deserves.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from linnapp import credentials

MOST_BYTES = 1024 * 1024
MOST_FIELDS = 1000
NAMES = {
    "applicationid": "ApplicationId",
    "applicationsecret": "ApplicationSecret",
    "token": "Token",
    "scope": "Scope",
    "userid": "UserId",
}
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


def read_members(content_type: str, body: bytes, query: str, *, query_allowed: bool) -> dict[str, str]:
    """Members of the request by canonical name ("ApplicationId", …), keys in any letter case; unknown ones left out.

    Raises Unreadable: 400 for what cannot be read or stands in the query string, 413, 415.
    """
    if len(body) > MOST_BYTES:
        raise Unreadable(413, "The request body is larger than 1 MB.")
    in_query = _known(_fields(query, "The query string")) if query else {}
    if in_query and not query_allowed:
        raise Unreadable(
            400,
            f"{', '.join(in_query)} came in the query string, where access logs keep it. {IN_THE_BODY}, "
            "as JSON or as a form.",
        )
    members = _read_body(content_type, body) if body.strip() else {}
    return in_query | _known(members)


def _read_body(content_type: str, body: bytes) -> Mapping[str, Any]:
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == "application/json" or media_type.endswith("+json") or media_type == "text/json":
        return _unwrapped(_json_object(body, "The body"))
    if media_type == "application/x-www-form-urlencoded":
        return _form(body)
    raise Unreadable(
        415,
        f"Content-Type “{media_type[:60] or 'none'}” is not read here. "
        "Use application/json or application/x-www-form-urlencoded.",
    )


def _form(body: bytes) -> Mapping[str, Any]:
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(400, "The form body cannot be read: it is not URL-encoded UTF-8.") from error
    return _unwrapped(_fields(text, "The form body"))


def _fields(text: str, what: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError as error:
        raise Unreadable(400, f"{what} has more than {MOST_FIELDS} fields.") from error


def _unwrapped(members: Mapping[str, Any]) -> Mapping[str, Any]:
    """The official .NET SDK and PHP clients send one member `request` that holds the rest, as JSON or as an object."""
    wrapped = next((value for key, value in members.items() if key.lower() == "request"), None)
    if wrapped is None:
        return members
    if isinstance(wrapped, str):
        wrapped = _json_object(wrapped.encode(), "The member “request”")
    if not isinstance(wrapped, dict):
        raise Unreadable(400, "The member “request” is not a JSON object.")
    return wrapped


def _json_object(text: bytes, what: str) -> dict[str, Any]:
    try:
        value = json.loads(text.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise Unreadable(400, f"{what} is not JSON: {error.msg} at {place}.") from error
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise Unreadable(400, f"{what} is not JSON in UTF-8.") from error
    if not isinstance(value, dict):
        raise Unreadable(400, f"{what} is not a JSON object with the members ApplicationId, ApplicationSecret, Token.")
    return value


def _known(members: Mapping[str, Any]) -> dict[str, str]:
    known = {}
    for key, value in members.items():
        if name := NAMES.get(str(key).lower()):
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


def missing_members(names: Sequence[str]) -> str:
    """ "A, B and C are missing." """
    listed = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    return f"{listed} {'is' if len(names) == 1 else 'are'} missing."


def error_body(status: int, message: str, reference: str = "") -> dict[str, str]:
    """The one error shape of the API; clients show `Message`."""
    suffix = f" (reference {reference})" if reference else ""
    return {"Code": str(status), "Message": f"{message}{suffix}"}
