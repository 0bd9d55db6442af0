"""Stand-in answers: which files are read, what they answer and to whom, and the page that lists them."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings as portal_settings
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from installs.exchange import ledger
from installs.exchange.stand_in import SHIPPED, StandInAnswers, stand_in_answers
from installs.models import Installation, Session
from linnapp.calls import Reply
from linnapp.models import User
from tests.kit.exchanging import knock, post, through_the_door
from tests.kit.people import ClientOf

Write = Callable[..., StandInAnswers]
CALL = "/api/Orders/GetOrders"
ROWS = b'[ {"pkOrderID": 1} ]\n'


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes files into a folder, and reads it as the settings do."""

    def write(**files: bytes) -> StandInAnswers:
        for name, body in files.items():
            path = tmp_path / "answers" / f"{name.replace('_', '/')}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
        return stand_in_answers("answers", tmp_path)

    return write


@pytest.fixture
def session_token(right: dict[str, str]) -> str:
    token: str = post(right).json()["Token"]
    return token


def call(path: str, token: str = "", method: str = "POST", body: bytes = b"") -> tuple[int, bytes]:
    headers = {"Authorization": token} if token else {}
    answer = Client().generic(method, f"http://testserver{path}", body, "application/json", headers=headers)
    return answer.status_code, answer.content


def at_the_door(path: str, body: bytes, token: str) -> Reply:
    return through_the_door(lambda door: knock(door, path, body, "POST", HTTP_AUTHORIZATION=token))


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "path", [CALL, CALL.lower(), CALL.upper(), f"/{CALL}", f"{CALL}/", "/api//Orders//GetOrders", f"{CALL}?page=2"]
)
def test_a_file_answers_its_call_as_it_is(
    path: str, method: str, write: Write, session_token: str, settings: Settings
) -> None:
    settings.STAND_IN_ANSWERS = write(Orders_GetOrders=ROWS)
    assert call(path, session_token, method) == (200, ROWS)


@pytest.mark.django_db(transaction=True)
def test_the_door_answers_the_same_and_looks_at_nothing_of_the_request(
    write: Write, session_token: str, settings: Settings
) -> None:
    settings.STAND_IN_ANSWERS = write(Orders_GetOrders=ROWS, Inventory_GetStockLocations=b'"never"')
    for body in (b"", b'{"pageNumber": 2}', b"{", b"\xff", b" " * (1024 * 1024 + 1)):
        assert call(CALL, session_token, body=body) == (200, ROWS)
        for path in (CALL, CALL.lower() + "/", "/" + CALL, "/api/Orders//GetOrders"):
            answer = at_the_door(path, body, session_token)
            assert (answer.status, answer.body) == (200, ROWS)
    assert dict(answer.headers)["Cache-Control"] == "no-store"
    assert answer.content_type == "application/json"
    assert at_the_door(CALL, b"", "").status == 401
    assert b"Default" in at_the_door("/api/Inventory/GetStockLocations", b"", session_token).body


@pytest.mark.parametrize("token", ["", "00000000-0000-4000-8000-000000000000", "nonsense"])
def test_without_a_live_session_it_is_401_and_kept_as_refused(
    token: str, write: Write, installation: Installation, settings: Settings
) -> None:
    settings.STAND_IN_ANSWERS = write(Orders_GetOrders=ROWS)
    ledger.take()
    status, body = call(CALL, token)
    assert (status, json.loads(body)["Code"]) == (401, "401")
    assert b"pkOrderID" not in body
    assert ledger.take()


def test_a_session_that_ended_gets_none(write: Write, session_token: str, settings: Settings) -> None:
    settings.STAND_IN_ANSWERS = write(Orders_GetOrders=ROWS)
    Session.objects.update(ended_at=timezone.now())
    assert call(CALL, session_token)[0] == 401


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD"])
def test_other_methods_are_refused(method: str, write: Write, session_token: str, settings: Settings) -> None:
    settings.STAND_IN_ANSWERS = write(Orders_GetOrders=ROWS)
    assert call(CALL, session_token, method)[0] == 405


def test_calls_of_the_portals_own_win_over_files_and_the_404_names_both(
    write: Write, session_token: str, settings: Settings
) -> None:
    settings.STAND_IN_ANSWERS = write(inventory_getstocklocations=b'"never"', Orders_GetOrders=ROWS)
    assert b"Default" in call("/api/Inventory/GetStockLocations", session_token)[1]
    status, body = call("/api/Orders/CreateOrders", session_token)
    assert status == 404
    message = json.loads(body)["Message"]
    assert "Inventory/GetStockLocations and Orders/GetOrders under /api/." in message
    settings.STAND_IN_ANSWERS = StandInAnswers()
    status, body = call(CALL, session_token)
    assert (status, "Auth/GetServerUTCTime and Inventory/GetStockLocations under" in json.loads(body)["Message"]) == (
        404,
        True,
    )


BAD = [
    ("Orders/GetOrders.json", b'{\n"a": 1,\n}', "Orders/GetOrders.json, line 3: it is not JSON: "),
    ("Orders/GetOrders.json", b"", "Orders/GetOrders.json, line 1: it is not JSON: Expecting value."),
    ("Orders/GetOrders.json", b"\xef\xbb\xbf[]", "line 1: it is not JSON: Unexpected UTF-8 BOM"),
    ("Orders/GetOrders.json", b'[\n"\xe9"]', "Orders/GetOrders.json, line 2: it is not UTF-8."),
    ("Orders/GetOrders.json", b"[NaN]", "it is not JSON that clients read: NaN is no JSON."),
    ("Orders/GetOrders.json", b"[" * 100_000, "Orders/GetOrders.json: it is not JSON that clients read"),
    ("Orders/GetOrders.json", b"9" * 5000, "Orders/GetOrders.json: it is not JSON that clients read"),
    ("Orders/GetOrders.json", b'"' + b"a" * 1024 * 1024 + b'"', "Orders/GetOrders.json: it is larger than 1 MB."),
    ("GetOrders.json", b"[]", "GetOrders.json: that names no call. Name files as Stock/GetStockItemsFull.json is"),
    ("Orders/Get Orders.json", b"[]", "Get Orders.json: that names no call."),
    ("Orders/v2/GetOrders.json", b"[]", "Orders/v2: that names no call."),
    ("Orders/_GetOrders.json", b"[]", "_GetOrders.json: that names no call."),
    ("2Orders/GetOrders.json", b"[]", "GetOrders.json: that names no call."),
    ("Orders/GetOrders.txt", b"[]", "GetOrders.txt: that names no call."),
    ("Örders/GetOrders.json", b"[]", "GetOrders.json: that names no call."),
    ("orders/getorders.json", b"[]", "orders/getorders.json: it differs from Orders/GetOrders.json in letter case"),
]


@pytest.mark.parametrize("name", ["PurchaseOrder/Get_PurchaseOrder", "Orders2/GetOrders_v2", "Openorders_/Get2"])
def test_names_of_calls_have_digits_and_underscores(
    name: str, write: Write, session_token: str, tmp_path: Path, settings: Settings
) -> None:
    path = tmp_path / "answers" / f"{name}.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(ROWS)
    settings.STAND_IN_ANSWERS = write()
    assert call(f"/api/{name}", session_token) == (200, ROWS)


@pytest.mark.parametrize(("name", "body", "sentence"), BAD, ids=[f"{name} {body[:8]!r}" for name, body, _ in BAD])
def test_a_file_that_is_wrong_stops_the_start_with_its_name(
    name: str, body: bytes, sentence: str, write: Write, tmp_path: Path
) -> None:
    write(Orders_GetOrders=b"[]")
    path = tmp_path / "answers" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    with pytest.raises(ImproperlyConfigured) as refused:
        write()
    assert sentence in str(refused.value)
    assert str(refused.value).startswith(f"STAND_IN_ANSWERS: {tmp_path}")


def outside(tmp_path: Path) -> Path:
    (tmp_path / "Secret").mkdir()
    (tmp_path / "Secret/GetKeys.json").write_text("[]")
    return tmp_path / "Secret"


@pytest.mark.parametrize("link", ["a file", "a folder", "nowhere", "a pipe"])
def test_nothing_is_read_through_a_link_that_leads_out(link: str, write: Write, tmp_path: Path) -> None:
    write(Orders_GetOrders=b"[]")
    orders = tmp_path / "answers/Orders"
    if link == "a file":
        (orders / "GetKeys.json").symlink_to(outside(tmp_path) / "GetKeys.json")
    elif link == "a folder":
        (tmp_path / "answers/Secret").symlink_to(outside(tmp_path))
    elif link == "nowhere":
        (orders / "GetKeys.json").symlink_to("Gone.json")
    else:
        os.mkfifo(orders / "GetKeys.json")
    with pytest.raises(ImproperlyConfigured, match=r"GetKeys\.json: (it leads out of the folder|that names no call)"):
        write()


def test_what_the_system_hides_is_no_answer_and_a_link_inside_is_one(write: Write, tmp_path: Path) -> None:
    write(Orders_GetOrders=ROWS)
    (tmp_path / "answers/.DS_Store").write_bytes(b"\xff")
    (tmp_path / "answers/.git").mkdir()
    (tmp_path / "answers/.git/config").write_bytes(b"")
    (tmp_path / "answers/Orders/GetOrdersById.json").symlink_to("GetOrders.json")
    assert [answer.call for answer in write().sorted()] == ["Orders/GetOrders", "Orders/GetOrdersById"]


def test_the_page_lists_what_is_answered_and_how_to_add_a_file(
    alice: User, client_of: ClientOf, write: Write, settings: Settings
) -> None:
    settings.STAND_IN_ANSWERS = write(
        Orders_GetOrders=ROWS, Inventory_GetStockLocations=b"[]", Stock_GetStockItems=b'"<script>"' + b" " * 3000
    )
    page = client_of(alice).get("/calls/").content.decode()
    assert page.index("Auth/GetServerUTCTime") < page.index("Orders/GetOrders") < page.index("Add an answer")
    assert "A list of 1 entry" in page
    assert "{&quot;pkOrderID&quot;: 1}" in page
    assert "Not used: the portal answers this call itself." in page
    assert "&quot;&lt;script&gt;&quot;" in page
    # Where the folder lies is the operator's.
    assert "answers/Orders" not in page
    settings.STAND_IN_ANSWERS = StandInAnswers()
    assert "None: every other call is answered 404." in client_of(alice).get("/calls/").content.decode()
    settings.STAND_IN_ANSWERS = StandInAnswers("empty")
    assert "has no files yet" in client_of(alice).get("/calls/").content.decode()


SHAPES = [
    ("[]", "An empty list"),
    ("[1, 2]", "A list of 2 entries"),
    ('{"PageNumber": 1, "EntriesPerPage": 1, "TotalEntries": 0, "TotalPages": 0, "Data": []}', "An empty page"),
    (
        '{"Orders": {"PageNumber": 1, "EntriesPerPage": 1, "TotalEntries": 1, "TotalPages": 1, "Data": [1]}}',
        "An object: Orders is a page of 1 entry",
    ),
    ('{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}', "An object: a, b, c, d and 1 more"),
    ("{}", "An empty object"),
    ("null", "One value"),
]


@pytest.mark.parametrize(("text", "words"), SHAPES)
def test_what_a_file_holds_is_told_in_words(
    text: str, words: str, alice: User, client_of: ClientOf, write: Write, settings: Settings
) -> None:
    settings.STAND_IN_ANSWERS = write(Orders_GetOrders=text.encode())
    assert f"<summary>{words}</summary>" in client_of(alice).get("/calls/").content.decode()


def test_the_shipped_folder_reads_only() -> None:
    calls = [answer.call for answer in stand_in_answers(SHIPPED, portal_settings.BASE_DIR).sorted()]
    names = [call.partition("/")[2] for call in calls]
    assert len(calls) == 14
    assert [name for name in names if not name.startswith(("Get", "Search"))] == []
