"""Data calls from scripts of pages on other origins, which the operator names; an exchange never."""

import json
from pathlib import Path
from typing import Any

import pytest
import requests
from django.test import Client
from playwright.sync_api import Browser, Page

from linnapp.origins import fault_of
from tests.front.sockets import connected
from tests.kit.exchanging import LOCATIONS, URL, knock, post, through_the_door
from tests.kit.portal import Portal, demo_portal, shell_assignments
from tests.kit.receivers import Reply, receiving

pytestmark = pytest.mark.usefixtures("nothing_noted")

ORIGIN, ELSEWHERE = "https://app.example.com", "https://elsewhere.example"
TIME = "/api/Auth/GetServerUTCTime"
PROFILE = "/api/Auth/GetApplicationProfileBySecretKey"
MISSING = "/api/Orders/CreateOrders"
DATA_CALLS = [LOCATIONS, TIME, MISSING, "/api//inventory//getstocklocations/"]
ALLOW, EXPOSE = "Access-Control-Allow-Origin", "Access-Control-Expose-Headers"


@pytest.fixture
def let_in(settings: Any) -> None:
    settings.API_ALLOWED_ORIGINS = ["https://other.example.com", ORIGIN]


def preflight(path: str, origin: str = ORIGIN) -> Any:
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    return Client().options(f"http://testserver{path}", headers={"Origin": origin} | asks)


def of_cors(answer: Any) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("Access-Control-")}


@pytest.mark.usefixtures("let_in")
@pytest.mark.parametrize("path", DATA_CALLS)
def test_a_browser_that_asks_before_a_data_call_is_let_in(db: None, path: str) -> None:
    answer = preflight(path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert of_cors(answer) == {
        ALLOW: ORIGIN,
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Allow-Headers": "Authorization, Content-Type",
        "Access-Control-Max-Age": "600",
    }
    assert answer.headers["Vary"] == "Origin"
    assert not {"Content-Type", "Content-Length"} & set(answer.headers)


@pytest.mark.usefixtures("let_in")
@pytest.mark.parametrize(
    "origin", [ELSEWHERE, "null", "", "*", f"{ORIGIN}/", f"{ORIGIN}:443", f"{ORIGIN}.evil", ORIGIN.upper(), "https://"]
)
def test_other_origins_are_not(db: None, origin: str) -> None:
    refused, called = preflight(LOCATIONS, origin), Client().get(LOCATIONS, headers={"Origin": origin})
    assert (refused.status_code, called.status_code) == (405, 401)
    assert of_cors(refused) == of_cors(called) == {}
    assert refused.headers["Vary"] == called.headers["Vary"] == "Origin"


@pytest.mark.usefixtures("let_in")
@pytest.mark.parametrize("path", [URL, PROFILE, "//api//Auth//AuthorizeByApplication", URL.lower() + "/"])
def test_where_a_secret_is_sent_no_page_is_let_in(right: dict[str, str], path: str) -> None:
    asked = preflight(path)
    assert (asked.status_code, asked.headers["Allow"], of_cors(asked)) == (405, "GET, POST", {})
    sent = json.dumps(right | {"UserId": "1"})
    answer = Client().post(
        f"http://testserver{path}", sent, content_type="application/json", headers={"Origin": ORIGIN}
    )
    assert (answer.status_code, of_cors(answer)) == (200, {})


@pytest.mark.usefixtures("let_in")
def test_a_script_reads_what_is_answered_refusals_too(right: dict[str, str]) -> None:
    token = post(right).json()["Token"]
    answers = {
        200: Client().get(LOCATIONS, headers={"Origin": ORIGIN, "Authorization": token}),
        401: Client().get(LOCATIONS, headers={"Origin": ORIGIN, "Authorization": "x"}),
        404: Client().get(MISSING, headers={"Origin": ORIGIN, "Authorization": token}),
        405: Client().put(LOCATIONS, headers={"Origin": ORIGIN}),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        assert of_cors(answer) == {ALLOW: ORIGIN, EXPOSE: "Retry-After, X-Request-Id"}
        assert answer.headers["Vary"] == "Origin"


@pytest.mark.parametrize("path", [LOCATIONS, TIME, URL, PROFILE])
def test_with_nothing_set_nothing_is_said_of_origins(db: None, path: str) -> None:
    for answer in (preflight(path), Client().get(path, headers={"Origin": ORIGIN})):
        assert of_cors(answer) == {}
        assert "Vary" not in answer.headers
    assert preflight(path).status_code == 405


@pytest.mark.usefixtures("let_in")
@pytest.mark.parametrize(("origin", "status"), [(ORIGIN, 204), (ELSEWHERE, 405)])
@pytest.mark.django_db(transaction=True)
def test_the_door_answers_a_preflight_as_the_view_does(origin: str, status: int) -> None:
    seen = preflight(LOCATIONS, origin)
    reply = through_the_door(
        lambda door: knock(
            door, LOCATIONS, method="OPTIONS", HTTP_ORIGIN=origin, HTTP_ACCESS_CONTROL_REQUEST_METHOD="POST"
        )
    )
    assert reply.status == seen.status_code == status
    said = {name: value for name, value in seen.headers.items() if name not in {"X-Request-Id", "Content-Length"}}
    content_type = {"Content-Type": reply.content_type} if reply.content_type else {}
    assert content_type | dict(reply.headers) == said


@pytest.mark.parametrize(
    ("origin", "fault"),
    [
        ("https://app.example.com", ""),
        ("http://localhost:3000", ""),
        ("http://127.0.0.1:5173", ""),
        ("http://[::1]:8080", ""),
        ("https://xn--bcher-kva.example", ""),
        ("*", "every page would be let in. Name each origin"),
        ("", "it begins with neither https:// nor http://"),
        ("null", "it begins with neither https:// nor http://"),
        ("app.example.com", "it begins with neither https:// nor http://"),
        ("//app.example.com", "it begins with neither https:// nor http://"),
        ("file://app", "it begins with neither https:// nor http://"),
        ("https://app.example.com/", "an origin ends with its host or port, without a slash or a path"),
        ("https://app.example.com/page", "an origin ends with its host or port, without a slash or a path"),
        ("https://app.example.com?x", "an origin ends with its host or port, without a slash or a path"),
        ("https://me:word@app.example.com", "an origin has no user name"),
        ("https://app.example.com:443", "browsers leave out the port 443"),
        ("http://app.example.com:80", "browsers leave out the port 80"),
        ("https://app.example.com:x", "it cannot be read as an address"),
        ("https://[::1", "it cannot be read as an address"),
        *(
            (origin, "its host is not written as browsers do, in small letters and ASCII (xn--… for others)")
            for origin in ("https://App.example.com", "https://bücher.example", "https://*.example.com", "https://")
        ),
    ],
)
def test_an_origin_is_what_a_browser_sends(origin: str, fault: str) -> None:
    assert fault_of(origin) == fault


# In a browser.

FETCH = """async ([url, options]) => {
    try {
        const answer = await fetch(url, options);
        return [answer.status, await answer.json(), answer.headers.get("X-Request-Id") !== null];
    } catch (error) {
        return error.name;
    }
}"""
KEPT_OUT = "TypeError"


def fetched(page: Page, portal: Portal, path: str, **options: Any) -> Any:
    return page.evaluate(FETCH, [f"{portal.url}{path}", options])


@pytest.mark.browser
def test_a_page_that_is_let_in_calls_and_another_does_not(
    browser: Browser, tmp_path: Path, prepared_state: Path
) -> None:
    with receiving(Reply(200, {"Content-Type": "text/html"}, b"<title>A page</title>")) as pages:
        origin = pages.url.rstrip("/")
        with demo_portal(tmp_path / "state", prepared_state, "sqlite", API_ALLOWED_ORIGINS=origin) as portal:
            demo = shell_assignments(portal.manage("demo_env"))
            names = {"ApplicationId": "APPLICATION_ID", "ApplicationSecret": "APPLICATION_SECRET"}
            members = {name: demo[value] for name, value in (names | {"Token": "PERMANENT_TOKEN"}).items()}
            token = requests.post(f"{portal.url}{URL}", json=members, timeout=20).json()["Token"]
            session = {"Authorization": token}
            page = browser.new_page()
            page.goto(f"{origin}/")
            status, locations, is_referenced = fetched(page, portal, LOCATIONS, method="POST", headers=session)
            assert (status, locations[0]["LocationName"], is_referenced) == (200, "Default", True)
            for path, wrong in ((LOCATIONS, {"Authorization": "x"}), (MISSING, session)):
                status, said, is_referenced = fetched(page, portal, path, headers=wrong)
                assert (str(status), is_referenced) == (said["Code"], True)
            assert fetched(page, portal, TIME)[0] == 200
            assert fetched(page, portal, LOCATIONS, headers=session, credentials="include") == KEPT_OUT
            exchange = {"method": "POST", "body": json.dumps(members)}
            as_json = {"headers": {"Content-Type": "application/json"}}
            assert fetched(page, portal, URL, **exchange, **as_json) == KEPT_OUT
            assert fetched(page, portal, URL, **exchange) == KEPT_OUT
            # The same server by another name is another origin.
            page.goto(f"{origin.replace('127.0.0.1', 'localhost')}/")
            assert fetched(page, portal, LOCATIONS, method="POST", headers=session) == KEPT_OUT
            assert fetched(page, portal, TIME) == KEPT_OUT
            page.close()
            answers_without_a_body(portal, origin)


def answers_without_a_body(portal: Portal, origin: str) -> None:
    """A preflight leaves its connection in order: of the exchange's own answers and of those made beside it."""
    with connected(portal.port) as client:
        for path in (LOCATIONS, MISSING, LOCATIONS):
            asked = f"Origin: {origin}\r\nAccess-Control-Request-Method: GET\r\n\r\n"
            client.send(f"OPTIONS {path} HTTP/1.1\r\nHost: {{host}}\r\n{asked}")
            status, headers, body = client.answer("OPTIONS")
            assert (status, body, headers[ALLOW.lower()]) == (204, b"", origin)
            assert not {"content-length", "content-type", "transfer-encoding"} & headers.keys()
