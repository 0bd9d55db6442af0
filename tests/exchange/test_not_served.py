"""What a client asks that is not served here: the API's own 404, which names what is, and no page of HTML."""

import json
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from tests.front.sockets import connected
from tests.kit.exchanging import JSON, URL, message
from tests.kit.portal import Portal

pytestmark = pytest.mark.usefixtures("nothing_noted")

SERVED = (
    "This portal serves Auth/AuthorizeByApplication, Auth/GetApplicationProfileBySecretKey, Auth/GetServerUTCTime and "
    "Inventory/GetStockLocations under /api/."
)
FORM = "application/x-www-form-urlencoded"
# As a browser that opens a page says it; other programs say what they like.
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
ASKED: dict[str, tuple[str, str, dict[str, str]]] = {
    "another call": ("POST", "/api/Orders/GetOpenOrders", {}),
    "v2": ("GET", "/v2/orders", {}),
    "v2 with nothing behind it": ("GET", "/V2", {}),
    "v2 under api": ("POST", "/api/v2/orders", {}),
    "api with nothing behind it": ("GET", "/api", {}),
    "doubled slashes": ("POST", "//api//Orders//GetOpenOrders", {}),
    "v2 in a browser": ("GET", "/v2/orders", BROWSER),
    "an exchange without /api": ("POST", "/Auth/AuthorizeByApplication", {"Accept": "*/*", "Content-Type": FORM}),
    "a call without /api": ("GET", "/Inventory/GetStockLocations/", {}),
    "a call without /api in another case": ("GET", "/inventory/getstocklocations", {"Authorization": "x"}),
    "whoever wants JSON": ("GET", "/nowhere/at/all", {"Accept": "application/json, text/plain, */*"}),
    "whoever sends JSON": ("POST", "/nowhere/at/all", {"Content-Type": JSON}),
}
PEOPLES: dict[str, tuple[str, dict[str, str], int]] = {
    "a page that is not there": ("/nowhere/at/all", BROWSER, 404),
    "with nothing said": ("/nowhere/at/all", {}, 404),
    "an address of two words, in a browser": ("/Nowhere/Else", BROWSER, 404),
    "a part of a page": ("/Nowhere/Else", {"Accept": "*/*", "HX-Request": "true"}, 404),
    "a page, for whoever wants JSON": ("/", {"Accept": "application/json"}, 302),
    "a page without its slash, for whoever wants JSON": ("/sign-in", {"Accept": "application/json"}, 301),
    "what begins like the API": ("/apis/", BROWSER, 404),
    "what begins like a version": ("/verify/", BROWSER, 200),
}


@pytest.mark.parametrize("case", ASKED)
def test_a_program_is_told_what_is_served(db: None, case: str) -> None:
    method, path, headers = ASKED[case]
    client = Client(enforce_csrf_checks=True)
    sends = headers.get("Content-Type", "")
    accepts = {name: value for name, value in headers.items() if name != "Content-Type"}
    answer = client.generic(method, f"http://testserver{path}", b"{}", sends, headers=accepts)
    assert (answer.status_code, message(answer)) == (404, SERVED)
    assert answer.headers["Content-Type"] == JSON
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("case", PEOPLES)
def test_people_get_pages(db: None, case: str) -> None:
    path, headers, status = PEOPLES[case]
    answer = Client().get(path, headers=headers)
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("path", ["/v2/orders", "/api", "/Orders/CreateOrders", "//api//Orders/CreateOrders"])
def test_the_front_tells_the_same(live_portal: Portal, path: str) -> None:
    with connected(live_portal.port) as client:
        client.send(f"GET {path} HTTP/1.1\r\nHost: {{host}}\r\nConnection: close\r\n\r\n")
        status, _, body = client.answer("GET")
    said: dict[str, Any] = json.loads(body)
    assert (status, said["Code"]) == (404, "404")
    assert said["Message"].startswith("This portal serves Auth/AuthorizeByApplication, ")


@pytest.mark.parametrize(
    "path", ["/api//Auth//GetServerUTCTime", "//api/Auth/GetServerUTCTime", "/api/auth///getserverutctime//"]
)
def test_slashes_count_once_wherever_they_are_doubled(live_portal: Portal, path: str) -> None:
    with connected(live_portal.port) as client:
        client.send(f"GET {path} HTTP/1.1\r\nHost: {{host}}\r\nConnection: close\r\n\r\n")
        assert client.answer("GET")[0] == 200
    assert Client().get(f"http://testserver{path}").status_code == 200


def test_an_address_of_ours_has_no_doubled_slash() -> None:
    assert reverse("api_authorize", settings.MACHINE_URLCONF) == URL
