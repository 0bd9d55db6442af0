"""The requests of the protocol as real clients send them, byte for byte through a socket: tests/wire/*.http.

To replay one by hand, against `make run`:

    set -a; eval "$(.venv/bin/python manage.py demo_env)"
    envsubst < tests/wire/01-json.http | nc localhost 8000
"""

import json
import re
import socket
from http.client import HTTPResponse
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.kit.exchanging import without_letter_case
from tests.kit.portal import Portal

WIRE = Path(__file__).resolve().parent.parent / "wire"
BODY_NEEDED = "Send ApplicationId, ApplicationSecret and Token in the body of a POST request"
UNPROVEN = (
    "ApplicationId, ApplicationSecret or Token is wrong. In the developer portal, compare the first two with the "
    "General page of your application, and the permanent token with its Installations page."
)
IN_QUERY = (
    f"came in the query string, where access logs keep it. {BODY_NEEDED}, as JSON or as a form. For a client that "
    "nobody can change, the portal's operator may set ALLOW_QUERY_CREDENTIALS=true."
)
SERVED = (
    "This portal serves Auth/AuthorizeByApplication, Auth/GetApplicationProfileBySecretKey, Auth/GetServerUTCTime, "
    "Inventory/GetStockLocations, Inventory/GetCategories, Inventory/GetCountries, Inventory/GetInventoryItemById, "
    "Inventory/GetInventoryItemImages, Locations/GetLocation, Orders/GetAllOpenOrders, Orders/GetOpenOrders, "
    "Orders/GetOrdersById, PostalServices/GetPostalServices, ProcessedOrders/SearchProcessedOrders, "
    "ProcessedOrders/SearchProcessedOrdersPaged, Stock/GetItemChangesHistory, Stock/GetStockItems and "
    "Stock/GetStockItemsFull under /api/."
)
REFUSED = {
    "09-query-string-with-get": (400, f"ApplicationId, ApplicationSecret, Token {IN_QUERY}"),
    "09-query-string-with-post": (400, f"ApplicationId, ApplicationSecret, Token {IN_QUERY}"),
    "20-nothing-sent": (400, f"ApplicationId, ApplicationSecret and Token are missing. {BODY_NEEDED}."),
    "21-a-member-missing": (400, f"ApplicationSecret is missing. {BODY_NEEDED}."),
    "22-malformed-json": (
        400,
        "The body is not JSON: Expecting ':' delimiter at line 1, column 18.",
    ),
    "23-a-list-for-a-text": (400, "ApplicationId is not a text."),
    "24-xml": (
        415,
        "Content-Type “text/xml” is not read here. Use application/json or application/x-www-form-urlencoded.",
    ),
    "25-put": (405, "Method PUT is not answered here. Use GET or POST."),
    "26-wrong-secret": (400, UNPROVEN),
    "27-unknown-application": (400, UNPROVEN),
    "28-not-a-uuid": (400, UNPROVEN),
    "29-unknown-permanent-token": (
        400,
        "Token is not a permanent token of this portal. Use the one shown on the Installations page of "
        "your application.",
    ),
    "30-secret-sent-as-token": (
        400,
        "Token is your Application ID or Application Secret. Send the permanent token of the installation instead.",
    ),
    "31-body-over-one-megabyte": (413, "The request body is larger than 1 MB."),
    "32-unknown-path": (404, SERVED),
    "42-profile-with-a-wrong-secret": (400, "ApplicationId or ApplicationSecret is wrong."),
    "43-stock-locations-without-a-session": (
        401,
        "The Authorization header has no live session token. Authorise again with the permanent token, and send the "
        "member Token of the answer.",
    ),
}
OTHERS = {"40-server-time", "41-profile"}
# With grant_type, scope or client_id: these read a member called `token`, in this letter case.
OF_GENERIC_CONNECTORS = {"11-oauth-members", "11-oauth-members-as-a-form"}
AUTHORISED = sorted({path.stem for path in WIRE.glob("*.http")} - REFUSED.keys() - OTHERS)


def replay(portal: Portal, demo: dict[str, str], name: str) -> tuple[HTTPResponse, bytes]:
    """The answer to a file's bytes, with the demo's credentials in their places."""
    text = (WIRE / f"{name}.http").read_bytes().decode()
    for variable in ("APPLICATION_ID", "APPLICATION_SECRET", "PERMANENT_TOKEN"):
        text = text.replace(f"${variable}", demo[variable])
    with socket.create_connection(("localhost", portal.port), timeout=20) as connection:
        connection.sendall(text.encode())
        response = HTTPResponse(connection, method=text.partition(" ")[0])
        response.begin()
        return response, response.read()


def authorised_body(portal: Portal, demo: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
    """The whole answer of the protocol, with what differs each time taken from the answer itself once it is checked."""
    account = body["EntityId"]
    fresh = {name: body[name] for name in ("Id", "Token", "sid_registration")}
    assert [str(UUID(value)) for value in (account, *fresh.values())] == [account, *fresh.values()]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", body["ExpirationDate"])
    assert demo["PERMANENT_TOKEN"] != body["Token"]
    return {
        **fresh,
        "EntityId": account,
        "DatabaseName": "",
        "DatabaseServer": "",
        "PrivateDatabaseServer": "",
        "DatabaseUser": "",
        "DatabasePassword": "",
        "AppName": "Stock Bridge",
        "UserName": "Carol's Cakes",
        "Md5Hash": "",
        "Locality": "EU",
        "SuperAdmin": False,
        "TTL": 1800,
        "AccessToken": "",
        "GroupName": "",
        "Device": "ByApplication",
        "DeviceType": "ByApplication",
        "UserType": "Application",
        "Status": {"State": "AVAILABLE", "Reason": "", "Parameters": {}},
        "UserId": account,
        "Properties": {},
        "Email": "carol@carolscakes.example",
        "Server": portal.url,
        "PushServer": portal.url,
        "FullName": "Carol's Cakes",
        "Company": "Carol's Cakes",
        "ProductName": "Stock Bridge",
        "ExpirationDate": body["ExpirationDate"],
        "CustomerId": account,
        "IsAccountHolder": True,
    }


@pytest.mark.parametrize("name", AUTHORISED)
def test_it_is_answered_with_a_session(live_portal: Portal, demo: dict[str, str], name: str) -> None:
    response, content = replay(live_portal, demo, name)
    assert response.status == 200, content
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    body = json.loads(content)
    if name in OF_GENERIC_CONNECTORS:
        assert body.pop("token") == body["Token"]
    assert body == authorised_body(live_portal, demo, body)


@pytest.mark.parametrize("name", sorted({path.stem for path in WIRE.glob("*.http")} - OF_GENERIC_CONNECTORS))
def test_a_reader_without_letter_case_reads_the_answer(live_portal: Portal, demo: dict[str, str], name: str) -> None:
    _, content = replay(live_portal, demo, name)
    read = without_letter_case(content)
    assert not isinstance(read, dict) or read.keys() >= {"token"} or read.keys() == {"code", "message"}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_it_is_refused_in_words(live_portal: Portal, demo: dict[str, str], name: str) -> None:
    response, content = replay(live_portal, demo, name)
    status, message = REFUSED[name]
    reference = response.headers["X-Request-Id"]
    assert json.loads(content) == {"Code": str(status), "Message": f"{message} (reference {reference})"}
    assert response.status == status


def test_every_variant_of_the_protocol_is_here() -> None:
    variants = {path.stem.partition("-")[0] for path in WIRE.glob("*.http")}
    assert {f"{number:02}" for number in range(1, 13)} <= variants
    assert len(AUTHORISED) == 13


def test_the_server_time_is_a_json_date_time(live_portal: Portal, demo: dict[str, str]) -> None:
    response, content = replay(live_portal, demo, "40-server-time")
    assert response.status == 200
    assert re.fullmatch(r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"', content.decode())


def test_the_profile_is_null_because_no_plans_are_sold(live_portal: Portal, demo: dict[str, str]) -> None:
    response, content = replay(live_portal, demo, "41-profile")
    assert (response.status, content) == (200, b"null")
