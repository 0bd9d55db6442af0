"""The endpoints that clients of the protocol call: protocol.md sections 6 and 7.

They stand in a URL conf of their own, without sessions, cookies or CSRF: `linnapp.middleware.MachineApi`.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from installs.exchange import refusals
from installs.exchange.authorization import Authorized, Refused, authorize, session_for
from installs.exchange.refusals import Reason
from installs.exchange.wire import MOST_BYTES, Unreadable, error_body, missing_members, read_exchange, read_members
from installs.models import Session, StockLocation
from linnapp import credentials
from linnapp.addresses import client_address
from linnapp.models import Secret
from linnapp.page_requests import reference_of

ApiView = Callable[[HttpRequest], JsonResponse]
BEARER = "bearer "
CONTENT_LENGTH = re.compile(r"[0-9]{1,20}")


def api(methods: tuple[str, ...] = ("GET", "POST")) -> Callable[[ApiView], ApiView]:
    """Refuses other methods, and turns what the edge cannot read into the API's one error shape."""

    def decorate(view: ApiView) -> ApiView:
        @wraps(view)
        def answer(request: HttpRequest) -> JsonResponse:
            if request.method not in methods:
                allowed = " or ".join(methods)
                response = error(request, 405, f"Method {request.method} is not answered here. Use {allowed}.")
                response.headers["Allow"] = ", ".join(methods)
                return response
            try:
                return view(request)
            except Unreadable as unreadable:
                return error(request, unreadable.status, str(unreadable))

        return answer

    return decorate


def error(request: HttpRequest, status: int, message: str) -> JsonResponse:
    return JsonResponse(error_body(status, message, reference_of(request)), status=status)


def body_of(request: HttpRequest) -> bytes:
    """The body, whatever the method: one client sends a form with GET. Chunked ones have no length; both are cut."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not CONTENT_LENGTH.fullmatch(length):
        raise Unreadable(400, "Content-Length is not a number.")
    if int(length) > MOST_BYTES:
        raise Unreadable(413, "The request body is larger than 1 MB.")
    if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
        return bytes(request.META["wsgi.input"].read(MOST_BYTES + 1))
    return request.body


def members_of(request: HttpRequest) -> dict[str, str]:
    return read_members(
        request.META.get("CONTENT_TYPE", ""),
        body_of(request),
        request.META.get("QUERY_STRING", ""),
        query_allowed=settings.ALLOW_QUERY_CREDENTIALS,
    )


@api()
def authorize_by_application(request: HttpRequest) -> JsonResponse:
    address = client_address(request.META)
    members: dict[str, str] = {}
    try:
        members = members_of(request)
        authorized = authorize(read_exchange(members), address=address)
    except Unreadable:
        refusals.note(Reason.UNREADABLE, reference=reference_of(request), address=address, facts=masked(members))
        raise
    except Refused as refused:
        refusals.note(
            refused.reason,
            reference=reference_of(request),
            address=address,
            application_id=refused.application_id,
            installation_id=refused.installation_id,
            facts=masked(members),
        )
        return refusal(request, refused)
    return JsonResponse(answer_of(authorized))


def masked(members: dict[str, str]) -> dict[str, str]:
    return {name: credentials.masked(value) for name, value in members.items() if name != "Scope"}


def refusal(request: HttpRequest, refused: Refused) -> JsonResponse:
    """400, or 429 for whoever exchanges too often or keeps failing: a 401 would send clients into a loop."""
    message = refusals.sentence(refused.reason, refused.tail)
    if refused.reason == Reason.OVER_QUOTA:
        return too_many(JsonResponse(error_body(429, message), status=429), refused.retry_after or 60)
    return failed(request, refused.failures, message)


def failed(request: HttpRequest, failures: int, message: str) -> JsonResponse:
    """400 with the message; 429 for an address that has failed too often before."""
    wait = refusals.retry_after(failures)
    if wait is None:
        return error(request, 400, message)
    message = f"Too many failed attempts from your address. Wait {wait} seconds, then send the right credentials."
    return too_many(error(request, 429, message), wait)


def too_many(response: JsonResponse, seconds: int) -> JsonResponse:
    response.headers["Retry-After"] = str(seconds)
    return response


def answer_of(authorized: Authorized) -> dict[str, Any]:
    """The response of the protocol. Identity is the installing account's, not that of the person who installed."""
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
        # Generic connectors read the member named "token", in this letter case.
        "token": authorized.session_token,
    }


def wire_time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@api()
def application_profile(request: HttpRequest) -> JsonResponse:
    """`null` for right credentials: this portal sells no plans."""
    members = members_of(request)
    missing = [name for name in ("ApplicationId", "ApplicationSecret", "UserId") if not members.get(name, "").strip()]
    if missing:
        raise Unreadable(400, missing_members(missing))
    secret = Secret.objects.live().filter(digest=credentials.digest(members["ApplicationSecret"])).first()
    given = credentials.canonical(members["ApplicationId"]) or ""
    if secret is None or not credentials.same(secret.application_id.hex, given):
        address = client_address(request.META)
        refusals.note(Reason.UNPROVEN, reference=reference_of(request), address=address, facts=masked(members))
        return failed(request, refusals.failures_of(address), "ApplicationId or ApplicationSecret is wrong.")
    return JsonResponse(None, safe=False)


@api()
def server_utc_time(request: HttpRequest) -> JsonResponse:
    return JsonResponse(wire_time(timezone.now()), safe=False)


def session_of(request: HttpRequest) -> Session | None:
    """The session of the raw `Authorization` header, or of a bearer one."""
    header = request.META.get("HTTP_AUTHORIZATION", "").strip()
    value = header[len(BEARER) :].strip() if header.lower().startswith(BEARER) else header
    return session_for(value) if value else None


@api()
def stock_locations(request: HttpRequest) -> JsonResponse:
    session = session_of(request)
    if session is None:
        return error(
            request,
            401,
            "The Authorization header holds no live session token. Authorise again with the permanent token, and send "
            "the member Token of the answer.",
        )
    locations = StockLocation.objects.of_account(session.installation.account_id)
    return JsonResponse([location_of(location) for location in locations], safe=False)


def location_of(location: StockLocation) -> dict[str, Any]:
    return {
        "StockLocationId": str(location.location_id),
        "StockLocationIntId": location.pk,
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


def not_found(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    return error(
        request,
        404,
        "This portal serves Auth/AuthorizeByApplication, Auth/GetApplicationProfileBySecretKey, Auth/GetServerUTCTime "
        "and Inventory/GetStockLocations under /api/.",
    )


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    return error(request, 400, "The request cannot be read: its headers or its body are not in order.")


def server_error(request: HttpRequest) -> JsonResponse:
    return error(request, 500, "Something broke here. Try again; if it goes on, tell the portal's support")
