"""Where calls go after authorising: to the `Server` of the answer, or to the base URL where it names none.

In Linnworks' own layout one host authorises and another serves. Whoever answers chooses where the session token and all
calls go, so what is named is the address of a server that the door out would send to, which paths of calls can be put
behind, and nothing else.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from installs.connectors.faults import NotAuthorised, Why
from installs.outbound import NotSent, refuse_not_allowed
from installs.outbound.client import printable
from linnapp import credentials
from linnapp.origins import LONGEST, fault_of_path

MEMBER = "server"
# Characters of what is no address at all that are told.
TOLD_LENGTH = 60
# What calls begin with, and the only part of a path that is told as it came.
API = "/api/"
API_ONLY = re.compile(r"/(?:api/?)?", re.IGNORECASE)


def name_in(members: Mapping[str, Any], token_key: str) -> str | None:
    """The member that says where calls go, spelled as it came. Where the key of the session token is `server`, its
    member holds a session token and no address."""
    if token_key.lower() == MEMBER:
        return None
    return next((name for name in members if name.lower() == MEMBER), None)


def server_of(members: Mapping[str, Any], token_key: str, base_url: str, hidden: Collection[str]) -> str:
    """The address that calls are put behind; "" where the answer names none. Raises NotAuthorised for one that nothing
    is sent to: by its shape, or by what its name resolves to now. `hidden` are values that its words must not hold."""
    name = name_in(members, token_key)
    value = members[name] if name else None
    if value is None or (isinstance(value, str) and not value.strip()):
        return ""
    if not isinstance(value, str):
        raise NotAuthorised(Why.SERVER_UNREADABLE, f"“{name}” in the answer is not text, so it is not an address.")
    if len(value) > LONGEST:
        raise NotAuthorised(Why.SERVER_UNREADABLE, f"“{name}” in the answer has more than {LONGEST} characters.")
    said = f"“{name}” in the answer is “{told(value, hidden)}”"
    if credentials.may_be_in(value) or any(len(each) > 7 and each.lower() in value.lower() for each in hidden):
        raise NotAuthorised(Why.SERVER_UNREADABLE, f"{said}: it contains what could be a credential.")
    if credentials.part_in(value, hidden):
        raise NotAuthorised(Why.SERVER_UNREADABLE, f"{said}: it contains what could be part of a credential.")
    if fault := _fault_of_shape(value):
        raise NotAuthorised(Why.SERVER_UNREADABLE, f"{said}: {fault}")
    if base_url.lower().startswith("https:") and not value.lower().startswith("https:"):
        raise NotAuthorised(Why.SERVER_NOT_ALLOWED, f"{said}: that leads from https to http.")
    try:
        refuse_not_allowed(value + API, to_portal=True)
    except NotSent as error:
        raise NotAuthorised(Why.SERVER_NOT_ALLOWED, f"{said}. {error}") from None
    return value


def told(value: str, hidden: Collection[str]) -> str:
    """An address by scheme, host and port: what else stands in it may open something. Of what is none, nothing that
    could be a value."""
    if credentials.part_in(credentials.without_these(credentials.without_values(value), hidden), hidden):
        return "…"
    shown = _by_its_parts(value)
    if not shown:
        return printable(credentials.without_opaque(value, hidden), TOLD_LENGTH)
    return printable(credentials.without_these(credentials.without_values(shown), hidden), LONGEST)


def _by_its_parts(value: str) -> str:
    """ "" for what is no address."""
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host:
        return ""
    user = "…@" if "@" in parts.netloc else ""
    named = (f"[{host}]" if ":" in host else host) + ("" if port is None else f":{port}")
    path = parts.path if API_ONLY.fullmatch(parts.path) else "/…" if parts.path else ""
    return f"{parts.scheme}://{user}{named}{path}{'?…' if parts.query else ''}{'#…' if parts.fragment else ''}"


def _fault_of_shape(value: str) -> str:
    try:
        parts = urlsplit(value)
    except ValueError:
        return "that is not an address."
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "that is not an address, which begins with https:// and the name of a server."
    if fault := fault_of_path(parts.path):
        return f"{fault}."
    return "it contains more than scheme, host and path." if re.search(r"[?#]", value) else ""
