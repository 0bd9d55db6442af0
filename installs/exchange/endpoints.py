"""The endpoints that clients of the protocol call: protocol.md sections 6 and 7.

Each is a generator from a `Call` to its `Reply`: what it needs of the database it yields, and is sent the answer. So
the same code answers in Django's views, one request at a time, and in the front's loop, many at once.
"""

import json
import re
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from django.conf import settings
from django.utils import timezone

from installs.exchange import ledger, refusals
from installs.exchange.authorization import Authorized, Exchange, Refused
from installs.exchange.data_calls import Called, Location, StockLocationsCall, Use
from installs.exchange.figures import EXCHANGE, NOT_SERVED, STAND_IN, measured
from installs.exchange.first_uses import FirstUse
from installs.exchange.origins import open_to_pages
from installs.exchange.profiles import ProfileCall
from installs.exchange.refusals import Reason
from installs.exchange.sent import Asked, TokenSent
from installs.exchange.session_tokens import Carried, Carrying
from installs.exchange.steps import RETRY_AFTER, Answering, Ask, Endpoint, Unavailable
from installs.exchange.wire import (
    EVERY_ANSWER,
    GENERIC,
    MOST_BYTES,
    Unreadable,
    error_body,
    is_generic,
    missing_members,
    read_exchange,
    read_members,
)
from linnapp import credentials
from linnapp.addresses import client_address
from linnapp.calls import Call, Reply

METHODS = ("GET", "POST")
BEARER = "bearer "
MOST_OF_A_PATH = 200
NOTHING_CARRIED = Carried()
CONTENT_LENGTH = re.compile(r"[0-9]{1,20}")
# As Django's JsonResponse writes it.
encode = json.JSONEncoder().encode


def reply(body: Any, status: int = 200, *headers: tuple[str, str], reference: str = "") -> Reply:
    return Reply(status, encode(body).encode(), headers + EVERY_ANSWER, reference=reference)


def error(call: Call, status: int, message: str, *headers: tuple[str, str], reference: str = "") -> Reply:
    """`reference` is that of a refusal which is kept; what is not kept has the call's."""
    body = error_body(status, message, reference or call.reference)
    return reply(body, status, *headers, reference=reference)


def unread(status: int, message: str) -> Reply:
    """Of a request that never became a call, and has no reference."""
    return reply(error_body(status, message), status)


def endpoint(answer: Endpoint) -> Endpoint:
    """Refuses other methods, and turns what the edge cannot read, or the database not answer, into the API's one error
    shape."""

    @wraps(answer)
    def answered(call: Call) -> Answering:
        if call.method not in METHODS:
            said = f"Method {call.method} is not answered here. Use {' or '.join(METHODS)}."
            carried = yield from carried_by(call)
            reference = note_call(Reason.WRONG_METHOD, call, carried)
            return error(call, 405, said, ("Allow", ", ".join(METHODS)), reference=reference)
        try:
            return (yield from answer(call))
        except Unreadable as unreadable:
            reference = note_call(Reason.UNREADABLE, call)
            return error(call, unreadable.status, str(unreadable), reference=reference)
        except Unavailable:
            said = f"The portal cannot reach its database just now. Wait {RETRY_AFTER} seconds, then send this again."
            return error(call, 503, said, ("Retry-After", str(RETRY_AFTER)))

    return answered


def carried_by(call: Call) -> Generator[Ask[Any], Any, Carried]:
    """What the Authorization header holds. Nothing is known of it while the database is away."""
    if value := credentials.canonical(session_token_of(call)):
        with suppress(Unavailable):
            carried: Carried = yield Carrying(value)
            return carried
    return NOTHING_CARRIED


def note_call(reason: Reason, call: Call, carried: Carried = NOTHING_CARRIED) -> str:
    """Keeps a refused call; its reference."""
    path = "".join(filter(str.isprintable, credentials.without_values(call.path)))[:MOST_OF_A_PATH]
    facts = {"Method": call.method[:20], "Path": path}
    if token := session_token_of(call):
        facts |= masked({"Authorization": token})
    return ledger.note(
        reason,
        asked=Asked.CALL,
        address=client_address(call.meta),
        application_id=carried.application_id,
        installation_id=carried.installation_id,
        sent=carried.sent,
        facts=facts,
    )


def has_readable_length(meta: Mapping[str, str]) -> bool:
    """Whether a body of the length that is announced is read at all."""
    length = meta.get("CONTENT_LENGTH") or "0"
    return CONTENT_LENGTH.fullmatch(length) is not None and int(length) <= MOST_BYTES


def members_of(call: Call) -> dict[str, str]:
    """Raises Unreadable, by the announced length alone where that says enough: nobody read the body then."""
    if not CONTENT_LENGTH.fullmatch(call.meta.get("CONTENT_LENGTH") or "0"):
        raise Unreadable(400, "Content-Length is not a number.")
    if not has_readable_length(call.meta):
        raise Unreadable(413, "The request body is larger than 1 MB.")
    return read_members(
        call.meta.get("CONTENT_TYPE", ""),
        call.body,
        call.query,
        query_allowed=settings.ALLOW_QUERY_CREDENTIALS,
        coding=call.meta.get("HTTP_CONTENT_ENCODING", ""),
    )


@endpoint
def authorize_by_application(call: Call) -> Answering:
    address = client_address(call.meta)
    members: dict[str, str] = {}
    try:
        members = members_of(call)
        exchange = Exchange(read_exchange(members), address)
    except Unreadable as unreadable:
        reference = ledger.note(Reason.UNREADABLE, address=address, facts=masked(members))
        return error(call, unreadable.status, str(unreadable), reference=reference)
    outcome = yield exchange
    if isinstance(outcome, Authorized):
        if outcome.first_use_of is not None:
            # A database that is away now has begun the session: the next exchange ends the old permanent token.
            with suppress(Unavailable):
                yield FirstUse(outcome.first_use_of)
        answer = answer_of(outcome)
        return reply(answer | {"token": outcome.session_token} if is_generic(members) else answer)
    reference = ledger.note(
        outcome.reason,
        address=address,
        application_id=outcome.application_id,
        installation_id=outcome.installation_id,
        sent=outcome.sent,
        facts=masked(members),
    )
    return refusal(call, outcome, reference)


def masked(members: Mapping[str, str]) -> dict[str, str]:
    return {name: credentials.masked(value) for name, value in members.items() if name not in GENERIC}


def refusal(call: Call, refused: Refused, reference: str) -> Reply:
    """400, or 429 for whoever exchanges too often or keeps failing: a 401 would send clients into a loop."""
    message = refusals.sentence(refused.reason, refused.tail)
    if refused.reason == Reason.OVER_QUOTA:
        wait = str(refused.retry_after or 60)
        return reply(error_body(429, message), 429, ("Retry-After", wait), reference=reference)
    return failed(call, refused.failures, message, reference)


def failed(call: Call, failures: int, message: str, reference: str) -> Reply:
    """400 with the message; 429 for an address that has failed too often before."""
    wait = refusals.retry_after(failures)
    if wait is None:
        return error(call, 400, message, reference=reference)
    message = f"Too many failed attempts from your address. Wait {wait} seconds, then send the right credentials."
    return error(call, 429, message, ("Retry-After", str(wait)), reference=reference)


def answer_of(authorized: Authorized) -> dict[str, Any]:
    """Linnworks' members and no other: readers without letter case take no second `token`. Identity is the installing
    account's, not that of the person who installed."""
    account_id = str(authorized.account_id)
    return {
        "Id": str(authorized.session_id),
        "EntityId": account_id,
        "DatabaseName": "",
        "DatabaseServer": "",
        "PrivateDatabaseServer": "",
        "DatabaseUser": "",
        "DatabasePassword": "",
        "AppName": authorized.application_name,
        "sid_registration": str(authorized.installation_id),
        "UserName": authorized.account_name,
        "Md5Hash": "",
        "Locality": settings.LOCALITY,
        "SuperAdmin": False,
        "TTL": settings.SESSION_IDLE_SECONDS,
        "Token": authorized.session_token,
        "AccessToken": "",
        "GroupName": "",
        "Device": "ByApplication",
        "DeviceType": "ByApplication",
        "UserType": "Application",
        "Status": {"State": "AVAILABLE", "Reason": "", "Parameters": {}},
        "UserId": account_id,
        "Properties": {},
        "Email": authorized.account_email,
        "Server": settings.DATA_SERVER_URL,
        "PushServer": settings.DATA_SERVER_URL,
        "FullName": authorized.account_name,
        "Company": authorized.account_name,
        "ProductName": authorized.application_name,
        "ExpirationDate": wire_time(authorized.expires_at),
        "CustomerId": account_id,
        "IsAccountHolder": True,
    }


def wire_time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@endpoint
def application_profile(call: Call) -> Answering:
    """`null` for right credentials: this portal sells no plans."""
    members = members_of(call)
    missing = [name for name in ("ApplicationId", "ApplicationSecret", "UserId") if not members.get(name, "").strip()]
    if missing:
        raise Unreadable(400, missing_members(missing))
    address = client_address(call.meta)
    given = credentials.canonical(members["ApplicationId"]) or ""
    proof = yield ProfileCall(given, members["ApplicationSecret"], address)
    if proof.is_right:
        return reply(None)
    reference = ledger.note(Reason.UNPROVEN, address=address, sent=proof.sent, facts=masked(members))
    return failed(call, proof.failures, "ApplicationId or ApplicationSecret is wrong.", reference)


@open_to_pages
@endpoint
def server_utc_time(call: Call) -> Answering:
    yield from ()
    return reply(wire_time(timezone.now()))


def session_token_of(call: Call) -> str:
    """The raw `Authorization` header, or what a bearer one holds."""
    header = call.meta.get("HTTP_AUTHORIZATION", "").strip()
    return header[len(BEARER) :].strip() if header.lower().startswith(BEARER) else header


def with_session(answer: Callable[[Call, Called], Reply]) -> Endpoint:
    """Of a data call: who carries no live session token is told so with 401."""

    def answered(call: Call) -> Answering:
        return (yield from data_call(call, answer))

    return open_to_pages(endpoint(answered))


def data_call(call: Call, answer: Callable[[Call, Called], Reply]) -> Answering:
    session_token = session_token_of(call)
    called = (yield StockLocationsCall(session_token)) if session_token else None
    if called is None or called.session_id is None:
        carried = yield from carried_by(call)
        reference = note_call(unauthorised(session_token, carried), call, carried)
        return error(call, 401, refusals.NO_LIVE_SESSION, reference=reference)
    if called.is_used_again:
        yield Use(called.session_id)
    return answer(call, called)


def unauthorised(session_token: str, carried: Carried) -> Reason:
    """Why what a call carries is no live session token."""
    if not session_token:
        return Reason.NO_SESSION_TOKEN
    reasons = {
        TokenSent.SESSION: Reason.SESSION_ENDED,
        TokenSent.PERMANENT: Reason.PERMANENT_TOKEN_SENT,
        TokenSent.ENDED: Reason.PERMANENT_TOKEN_SENT,
        TokenSent.SECRET: Reason.CREDENTIAL_SENT,
        TokenSent.APPLICATION_ID: Reason.CREDENTIAL_SENT,
    }
    return reasons.get(carried.sent.token, Reason.UNKNOWN_SESSION)


def written(location: Location) -> dict[str, Any]:
    return {
        "StockLocationId": str(location.id),
        "StockLocationIntId": location.number,
        "LocationName": location.name,
        "IsFulfillmentCenter": location.is_fulfilment_center,
        "Address1": "",
        "Address2": "",
        "City": "",
        "County": "",
        "Country": "",
        "ZipCode": "",
        "LocationTag": "",
        "BinRack": "",
        "CountInOrderUntilAcknowledgement": False,
        "FulfilmentCenterDeductStockWhenProcessed": False,
        "IsWarehouseManaged": False,
    }


@with_session
def stock_locations(call: Call, called: Called) -> Reply:
    return reply([written(location) for location in called.locations])


@dataclass(frozen=True, slots=True)
class Served:
    """An endpoint, with the name that the URL conf knows it by; one that reads no body is not made to wait for it."""

    answer: Endpoint
    url_name: str
    reads_body: bool = True


# By their paths under /api/, which clients write in any letter case.
SERVED = {
    path: replace(served, answer=measured(path, served.answer))
    for path, served in {
        EXCHANGE: Served(authorize_by_application, "api_authorize"),
        "Auth/GetApplicationProfileBySecretKey": Served(application_profile, "api_profile"),
        "Auth/GetServerUTCTime": Served(server_utc_time, "api_time", reads_body=False),
        "Inventory/GetStockLocations": Served(stock_locations, "api_stock_locations", reads_body=False),
    }.items()
}


def stand_in_of(path: str) -> Served | None:
    """What answers a call that the portal does not answer itself: a file, as it is."""
    found = settings.STAND_IN_ANSWERS.answer(path)
    if found is None:
        return None
    answer = with_session(lambda call, called: Reply(200, found.body, EVERY_ANSWER))
    return Served(measured(STAND_IN, answer), "api_not_found", reads_body=False)


def not_found(call: Call) -> Answering:
    served = stand_in_of(call.path)
    return (yield from (served.answer if served else measured(NOT_SERVED, not_served))(call))


@open_to_pages
def not_served(call: Call) -> Answering:
    own = {path.lower() for path in SERVED}
    files = [answer.call for answer in settings.STAND_IN_ANSWERS.sorted() if answer.call.lower() not in own]
    *others, last = [*SERVED, *files]
    carried = yield from carried_by(call)
    said = f"This portal serves {', '.join(others)} and {last} under /api/."
    return error(call, 404, said, reference=note_call(Reason.NOT_SERVED, call, carried))


def bad_request(call: Call) -> Reply:
    return error(call, 400, "The request cannot be read: its headers or body are malformed.")


def server_error(call: Call) -> Reply:
    again = "Try again; if it happens again, contact the portal's support team"
    return error(call, 500, f"Something went wrong here. {again}")
