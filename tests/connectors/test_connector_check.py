"""Test connection: servers in order and every other kind, the right words on the page, and no secret on it."""

import json
import logging
import re
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from installs.connectors import calling, checking, making
from installs.connectors.client import AUTHORIZE
from installs.models import Connector, ConnectorCheck
from installs.outbound import Client as Door
from linnapp import credentials
from linnapp.models import Account, TimelineEntry, User
from tests.connectors.test_connectors import FILLED, SIX, seen, url
from tests.kit.answers import endless_body, never_answers
from tests.kit.people import ClientOf, acting
from tests.kit.receivers import Broken, Received, Reply, nobody_listens, receiving

pytestmark = pytest.mark.usefixtures("to_loopback")
SECRETS = [SIX[name] for name in ("token", "application_id", "application_secret")]
# Of all shapes that servers give: each is to stand on no page.
SESSION = "0f9d4e7c-1111-4222-8333-4444deadfeed"
OPAQUE = "eyJhbGciOiJIUzI1NiJ9.c2Vzc2lvbg.dGhlLXNpZ25hdHVyZQ"
CALL = "/api/Inventory/GetStockLocations"


@pytest.fixture
def carols(carol: User, cakes: Account, client_of: ClientOf) -> Client:
    return client_of(carol)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a second every request is over."""
    monkeypatch.setattr(calling, "client", Door(total_seconds=1, reaches_portal=True, repeats_all=False))


def connector(account: Account, base_url: str, by: User, **fields: str) -> Connector:
    return making.make(account, making.Values(**FILLED | {"base_url": base_url} | fields), by=acting(by))


def check(client: Client, row: Connector) -> str:
    """The page of the connector after it was tested."""
    asked = client.post(url("connector_check", row.pk))
    assert asked.headers["Location"] == url("connector_check", row.pk)
    checking.work(row.checks.get(state=ConnectorCheck.State.WAITING).pk)
    answer = client.get(asked.headers["Location"])
    assert answer.status_code == 200
    return seen(answer)


def lines(page: str) -> list[tuple[str, str]]:
    return re.findall(r"(\w+) \((passed|failed|running|not reached)\)", page)


def as_json(status: int = 200, **members: object) -> Reply:
    return Reply(status, {"Content-Type": "application/json"}, json.dumps(members).encode())


def api(received: Received, session: str = SESSION) -> Reply:
    """A Linnworks API with two stock locations."""
    if received.path == AUTHORIZE:
        return as_json(Token=session, TTL=1800, Id=session)
    if received.headers.get("Authorization") != session:
        return as_json(401, Message="No session.")
    return Reply(200, {"Content-Type": "application/json"}, b'[{"LocationName": "Default"}, {"LocationName": "Two"}]')


def test_a_connector_that_works_passes_each_step(carols: Client, carol: User, cakes: Account) -> None:
    with receiving(api) as receiver:
        row = connector(cakes, receiver.url, carol)
        page = check(carols, row)
        paths = [(received.method, received.path) for received in receiver.received]
    assert lines(page) == [
        ("Name", "passed"),
        ("Address", "passed"),
        ("Connection", "passed"),
        ("Authorise", "passed"),
        ("token", "passed"),
        ("call", "passed"),
    ]
    assert "It works." in page
    assert f"{CALL} answered 200: 2 stock locations." in page
    assert paths == [("POST", AUTHORIZE), ("POST", CALL)]
    row.refresh_from_db()
    assert (row.state, row.session_token, row.generation) == (Connector.State.WORKING, SESSION, 1)
    assert "Working just now none Yes" in seen(carols.get(url("connector_list")))
    assert TimelineEntry.objects.get(kind="CONNECTOR_TESTED").facts["connector"] == "Warehouse"


@pytest.mark.parametrize("session", [SESSION, OPAQUE, SESSION.replace("-", "").upper(), "short"])
def test_what_was_said_is_shown_without_a_secret(carols: Client, carol: User, cakes: Account, session: str) -> None:
    with receiving(lambda received: api(received, session)) as receiver:
        row = connector(cakes, receiver.url, carol)
        page = check(carols, row)
        assert "It works." in page
        assert calling.call(row, "GET", CALL).status == 200
    written = json.dumps(list(row.checks.values("steps", "conversation", "fault", "fix")))
    for secret in (session, *SECRETS, *(credentials.canonical(secret) or "-" for secret in SECRETS)):
        assert secret not in page
        assert secret not in written
    assert "Token=…beef" in page
    assert '"Token": "[hidden]"' in page
    assert "grant_type=client_credentials" in page


Answer = Reply | Broken | Callable[[Received], Reply | Broken]
OAUTH = as_json(access_token=OPAQUE, token_type="Bearer", expires_in=3600)
QUOTING = f"Bad: {SIX['token']} {SIX['application_secret'].upper()} {OPAQUE}"
WRONG: list[tuple[str, Answer, str, str]] = [
    ("an OAuth token endpoint", OAUTH, "token", "The answer has `access_token`, not `token`. Write access_token into"),
    ("another key", as_json(Ticket=OPAQUE), "token", "The answer has no `token`, but `Ticket`."),
    ("a null", as_json(token=None), "token", "`token` in the answer is no text that could be a session token."),
    ("what fits no header", as_json(token="a\r\nX: y"), "token", "`token` in the answer is no text"),
    ("a list", Reply(200, {"Content-Type": "application/json"}, b"[1]"), "token", "The answer is JSON, but a list"),
    ("deep JSON", Reply(200, {"Content-Type": "application/json"}, b"[" * 9000), "token", "neither JSON nor a form"),
    ("JSON just as deep as can be read", Reply(200, body=b"[" * 700 + b"]" * 700), "token", "JSON, but a list"),
    ("names no database stores", as_json(**{"\ud800": 1, "a\0b": 2}), "token", "but `\ufffd`, `a\ufffdb`."),
    ("a message none stores", as_json(400, Message="Half \ud800 of \0"), "Authorise", "400: Half \ufffd of \ufffd"),
    (
        "a huge form",
        Reply(200, {"Content-Type": "application/x-www-form-urlencoded"}, b"a=1&" * 3000),
        "token",
        "The answer is neither JSON nor a form.",
    ),
    ("HTML", Reply(200, {"Content-Type": "text/html"}, b"<!doctype html><p>Hi"), "token", "is a web page and not JSON"),
    ("binary", Reply(200, body=b"\x00\xff\xfe"), "token", "The answer is neither JSON nor a form."),
    ("500", Reply(500, body=QUOTING.encode()), "Authorise", "The server answered 500: it failed by itself."),
    ("404", Reply(404), "Authorise", "The server answered 404: it has no AuthorizeByApplication at this base URL."),
    ("too many", Reply(429, {"Retry-After": "3600"}), "Authorise", "The server answered 429: it was asked too often"),
    (
        "a redirect",
        Reply(302, {"Location": f"https://login.example.com/x?token={SIX['token']}"}),
        "Authorise",
        "a redirect to login.example.com: redirects are not followed.",
    ),
    ("a refusal", as_json(400, Code="400", Message=QUOTING), "Authorise", "The server refused with 400: Bad: […beef]"),
    ("a session token", as_json(400, Message="Token is a session token."), "Authorise", "That is a session token:"),
    ("no HTTP", Broken(lambda: [b"\x00\x01 what\r\n\r\n"]), "Authorise", "What the server answered is not HTTP."),
    ("silence", never_answers(), "Authorise", "No answer within 1 second."),
    ("slowly", Reply(200, body=b"{}", delay=5), "Authorise", "No answer within 1 second."),
    ("an endless answer", endless_body(), "token", "The answer is longer than 16 kB"),
]


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(("name", "answer", "failed", "words"), WRONG, ids=[name for name, *_ in WRONG])
def test_what_is_wrong_stands_on_the_page_in_words_and_no_secret_with_it(
    name: str,
    answer: Answer,
    failed: str,
    words: str,
    carols: Client,
    carol: User,
    cakes: Account,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with receiving(answer) as receiver:
        row = connector(cakes, receiver.url, carol)
        page = check(carols, row)
        paths = {received.path for received in receiver.received}
    assert words in page
    assert (failed, "failed") in lines(page)
    assert [mark for _, mark in lines(page)].count("failed") == 1
    shown = page + seen(carols.get(url("connector_list"))) + caplog.text
    for secret in (*SECRETS, OPAQUE, SIX["application_secret"].upper()):
        assert secret not in shown
    assert AUTHORIZE in paths
    assert CALL not in paths
    row.refresh_from_db()
    assert (row.state, row.session_token) == (Connector.State.FAILING, "")
    assert words in row.last_error
    assert row.checks.get().fix


TOKEN = SIX["token"]
SPELLINGS = [
    ("an address", TOKEN.replace("-", "%2D").encode(), {}),
    ("a script", TOKEN.replace("-", "\\u002d").encode(), {}),
    ("a page", TOKEN.replace("-", "&#45;").encode(), {}),
    ("UTF-16", TOKEN.encode("utf-16-le"), {}),
    ("the end of what was cut", (TOKEN + " ").encode() * 442 + b" " * 20 + TOKEN.encode(), {}),
    ("an address, every byte", "".join(f"%{byte:02x}" for byte in TOKEN.encode()).encode(), {}),
    ("a kind of content", b"", {"Content-Type": f"text/{TOKEN}"}),
    ("another header", b"", {"Server": TOKEN.upper()}),
]


@pytest.mark.parametrize(("where", "body", "headers"), SPELLINGS, ids=[where for where, *_ in SPELLINGS])
def test_a_permanent_token_that_is_answered_in_another_spelling_is_not_shown(
    where: str, body: bytes, headers: dict[str, str], carols: Client, carol: User, cakes: Account
) -> None:
    with receiving(Reply(400, headers, body)) as receiver:
        page = check(carols, connector(cakes, receiver.url, carol))
    answered = page.partition("Answer")[2].replace("\ufffd", "")
    assert "HTTP 400" in answered
    # The first eight digits stand in each of the spellings.
    assert TOKEN[:8] not in answered.lower()


RIGHT = [
    ("another letter case", as_json(ToKeN=SESSION)),
    (
        "a form",
        Reply(200, {"Content-Type": "application/x-www-form-urlencoded"}, urlencode({"Token": SESSION}).encode()),
    ),
    ("a lifetime that is none", as_json(token=SESSION, TTL="²", expires_in=10**30)),
]


@pytest.mark.parametrize(("name", "answer"), RIGHT, ids=[name for name, _ in RIGHT])
def test_json_or_form_in_any_letter_case_works(
    name: str, answer: Reply, carols: Client, carol: User, cakes: Account
) -> None:
    with receiving(lambda received: answer if received.path == AUTHORIZE else api(received)) as receiver:
        page = check(carols, connector(cakes, receiver.url, carol))
    assert "It works." in page
    assert SESSION not in page


def test_an_oauth_endpoint_is_mended_as_the_page_says(carols: Client, carol: User, cakes: Account) -> None:
    def answer(received: Received) -> Reply:
        return OAUTH if received.path == AUTHORIZE else api(received, OPAQUE)

    with receiving(answer) as receiver:
        row = connector(cakes, receiver.url, carol)
        assert "Write access_token into Response authentication token key." in check(carols, row)
        kept = dict.fromkeys(("scope", "token", "application_id", "application_secret"), "")
        carols.post(
            url("connector_edit", row.pk), FILLED | kept | {"base_url": receiver.url, "token_key": "access_token"}
        )
        assert "It works." in check(carols, row)


CALLS = [
    (as_json(401, Message=f"Ended: {SESSION}"), "The server answered 401 to a call with a session token"),
    (as_json(403, Message=f"No: {SESSION}"), "The first call was answered 403: No: […feed]"),
    (Reply(404), "The first call was answered 404."),
    (Reply(200, {"Content-Type": "text/html"}, b"<p>Hi"), "The first call was answered with a web page."),
    (Reply(302, {"Location": "https://login.example.com/"}), "The first call was answered 302."),
]


@pytest.mark.parametrize(("answer", "words"), CALLS)
def test_a_first_call_that_fails_is_told_apart_from_authorising(
    answer: Reply, words: str, carols: Client, carol: User, cakes: Account
) -> None:
    with receiving(lambda received: api(received) if received.path == AUTHORIZE else answer) as receiver:
        row = connector(cakes, receiver.url, carol)
        page = check(carols, row)
    assert words in page
    assert lines(page)[-2:] == [("token", "passed"), ("call", "failed")]
    assert SESSION not in page
    row.refresh_from_db()
    assert row.state == Connector.State.FAILING


REFUSALS = [
    ("The account suspended this installation.", "The credentials are right. Whoever suspended it can resume it"),
    ("This application was uninstalled from the account.", "put its new permanent token into Token"),
    ("This permanent token was replaced.", "Put the newer permanent token into Token"),
    ("Token is not a permanent token of this portal.", "Put the permanent token of the installation into Token"),
    ("Token belongs to an installation of another application.", "of one and the same application"),
    ("This application is retired.", "Use those of another application."),
    ("The installation changed meanwhile. Authorise again.", "The credentials are right. Test once more."),
    ("No.", "Compare Application id, Application secret and Token with the developer portal."),
]


@pytest.mark.parametrize(("message", "fix"), REFUSALS)
def test_what_mends_a_refusal_is_what_the_refusal_is_about(
    message: str, fix: str, carols: Client, carol: User, cakes: Account
) -> None:
    with receiving(as_json(400, Message=message)) as receiver:
        page = check(carols, connector(cakes, receiver.url, carol))
    assert f"The server refused with 400: {message}" in page
    assert fix in page


def test_names_of_members_are_told_and_long_values_are_not(carols: Client, carol: User, cakes: Account) -> None:
    names: dict[str, Any] = {"FulfilmentCenterDeductStockWhenProcessed": False}
    names |= {"PrivateDatabaseServer": "", "token_type": "Bearer"}
    with receiving(as_json(Ticket=OPAQUE, Number=10**30, **names, **{OPAQUE: 1})) as receiver:
        page = check(carols, connector(cakes, receiver.url, carol))
    assert '"FulfilmentCenterDeductStockWhenProcessed": false' in page
    assert '"PrivateDatabaseServer": ""' in page
    assert '"token_type": "Bearer"' in page
    assert "0" * 20 not in page
    assert OPAQUE not in page


def test_a_key_that_is_spelled_alike_is_named_once_and_one_without_a_value_never(
    carols: Client, carol: User, cakes: Account
) -> None:
    with receiving(as_json(Token=SESSION, token=SESSION, AccessToken="")) as receiver:
        page = check(carols, connector(cakes, receiver.url, carol, token_key="ticket"))
    assert "The answer has `token`, not `ticket`." in page


def test_after_a_change_the_test_before_is_told_to_be_of_what_was(carols: Client, carol: User, cakes: Account) -> None:
    with receiving(api) as receiver:
        row = connector(cakes, receiver.url, carol)
        check(carols, row)
        making.edit(row, making.Values(**FILLED | {"base_url": receiver.url, "name": "Renamed"}), by=acting(carol))
        page = seen(carols.get(url("connector_check", row.pk)))
        assert "It works." in page
        row.refresh_from_db()
        assert (row.state, row.session_token) == (Connector.State.WORKING, SESSION)
    making.edit(row, making.Values(**FILLED | {"name": "Renamed"}), by=acting(carol))
    page = seen(carols.get(url("connector_check", row.pk)))
    assert "It works." not in page
    assert "The connector was changed since." in page
    assert "Last success never" in page


def test_a_server_that_is_not_there_and_an_address_that_is_none_of_its_business(
    carols: Client, carol: User, cakes: Account, settings: Settings
) -> None:
    with nobody_listens() as address:
        page = check(carols, connector(cakes, address, carol))
    assert "The server refused the connection." in page
    assert ("Connection", "failed") in lines(page)
    settings.OUTBOUND_ALLOWED_NETWORKS = []
    row = connector(cakes, "https://127.0.0.1:8443", carol, name="Inside")
    page = check(carols, row)
    assert "127.0.0.1 is a loopback address. The portal sends to public addresses only." in page


def test_the_page_asks_again_until_it_is_over_and_says_when_no_worker_takes_it(
    carols: Client, carol: User, cakes: Account
) -> None:
    row = connector(cakes, "https://api.example.com", carol)
    page = url("connector_check", row.pk)
    assert "Not tested yet." in seen(carols.get(page))
    carols.post(page)
    answer = carols.get(page, headers={"HX-Request": "true"})
    assert 'hx-trigger="every 500ms"' in answer.content.decode()
    assert f'<a href="{page}">Refresh</a>' in answer.content.decode()
    assert "<html" not in answer.content.decode()
    assert "No worker of the portal has taken it yet." not in seen(answer)
    ConnectorCheck.objects.update(created_at=timezone.now() - timedelta(seconds=5))
    assert "No worker of the portal has taken it yet." in seen(carols.get(page))
    ConnectorCheck.objects.update(state="RUNNING", created_at=timezone.now() - timedelta(minutes=2))
    answer = carols.get(page)
    assert "The worker that ran this test is gone." in seen(answer)
    assert "hx-trigger" not in answer.content.decode()


def test_one_runs_at_a_time_and_not_too_many_a_minute(carols: Client, carol: User, cakes: Account) -> None:
    row = connector(cakes, "https://api.example.com", carol)
    for _ in range(2):
        carols.post(url("connector_check", row.pk))
    assert row.checks.count() == 1
    for _ in range(checking.CHECKS_A_MINUTE):
        row.checks.update(state="FAILED")
        answer = carols.post(url("connector_check", row.pk), follow=True)
    assert "10 connections were tested in the last minute." in seen(answer)
    assert row.checks.count() == checking.CHECKS_A_MINUTE


def test_what_nobody_took_in_a_minute_is_not_run(carols: Client, carol: User, cakes: Account) -> None:
    with receiving(api) as receiver:
        waiting = checking.start(connector(cakes, receiver.url, carol), by=acting(carol))
        ConnectorCheck.objects.update(created_at=timezone.now() - timedelta(seconds=61))
        checking.work(waiting.pk)
        assert receiver.received == []
    page = carols.get(url("connector_check", waiting.connector_id))
    assert "No worker of the portal took this test in a minute. Test the connection once more." in seen(page)
    assert "hx-trigger" not in page.content.decode()
    # It stands in nobody's way.
    other = connector(cakes, "https://api.example.com", carol, name="Other")
    assert checking.start(other, by=acting(carol)).pk != waiting.pk


def test_only_the_checks_of_the_last_minutes_are_kept(carols: Client, carol: User, cakes: Account) -> None:
    row = connector(cakes, "https://api.example.com", carol)
    old, recent = row.checks.create(state="PASSED"), row.checks.create(state="FAILED")
    row.checks.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(minutes=2))
    carols.post(url("connector_check", row.pk))
    waiting = row.checks.get(state=ConnectorCheck.State.WAITING)
    assert {check.pk for check in row.checks.all()} == {recent.pk, waiting.pk}


def test_what_happened_to_it_stands_on_its_page(carols: Client, carol: User, cakes: Account) -> None:
    row = connector(cakes, "https://api.example.com", carol)
    making.make(cakes, making.Values(**FILLED | {"name": "Other"}), by=acting(carol))
    making.set_enabled(row, enabled=False, by=acting(carol))
    happened = seen(carols.get(url("connector_check", row.pk))).partition("What happened ")[2]
    assert happened.startswith(
        "Connector Warehouse changed by Carol: disabled just now Connector Warehouse made by Carol just now"
    )
    assert "Other" not in happened


def test_an_account_has_one_test_at_a_time_because_a_slow_server_takes_a_thread(
    carols: Client, carol: User, cakes: Account
) -> None:
    row = connector(cakes, "https://api.example.com", carol)
    other = connector(cakes, "https://api.example.com", carol, name="Other")
    carols.post(url("connector_check", row.pk))
    answer = carols.post(url("connector_check", other.pk), follow=True)
    assert "Warehouse is being tested. Wait until that is over." in seen(answer)
    assert not other.checks.exists()


@pytest.mark.parametrize("session", ["s3cr3t-Sess10n", "ab/cd+ef12345678=="])
@pytest.mark.parametrize("key", ["token", "Ticket"])
def test_no_text_of_an_answer_to_authorising_is_shown_whatever_its_name(
    session: str, key: str, carols: Client, carol: User, cakes: Account
) -> None:
    form = Reply(200, {"Content-Type": "application/x-www-form-urlencoded"}, urlencode({key: session}).encode())
    for number, answer in enumerate((form, Reply(200, {}, json.dumps({key: session}).encode()))):
        with receiving(answer) as receiver:
            page = check(carols, connector(cakes, receiver.url, carol, name=f"Number {number}"))
        assert f'"{key}": "[hidden]"' in page
        assert session not in page
        assert quote(session, safe="") not in page


SHAPES = ['"{}"', "{}", '["{}"]', '{{"code": "{}"}}', '{{"state": {{"ticket": "{}"}}}}', '{{"message": ["{}"]}}']


@pytest.mark.parametrize("shape", SHAPES)
def test_nor_is_one_in_another_shape(shape: str, carols: Client, carol: User, cakes: Account) -> None:
    with receiving(Reply(200, {}, shape.format("s3cr3t-Sess10n").encode())) as receiver:
        page = check(carols, connector(cakes, receiver.url, carol))
    assert "s3cr3t" not in page.partition("Answer")[2]


def test_credentials_that_cannot_be_read_end_the_test_with_words(carols: Client, carol: User, cakes: Account) -> None:
    row = connector(cakes, "https://api.example.com", carol)
    Connector.objects.update(token_encrypted="of another key")
    page = check(carols, row)
    assert "The portal itself failed (WrongKey). Tell whoever runs it." in page
    assert row.checks.get().is_over


def test_a_disabled_one_is_not_called(carols: Client, carol: User, cakes: Account) -> None:
    with receiving(api) as receiver:
        row = connector(cakes, receiver.url, carol)
        waiting = checking.start(row, by=acting(carol))
        making.set_enabled(row, enabled=False, by=acting(carol))
        checking.work(waiting.pk)
        answer = carols.post(url("connector_check", row.pk), follow=True)
        with pytest.raises(CommandError, match="Warehouse is disabled"):
            call_command("connector_call", "Warehouse", "GET", "/api/x")
        assert receiver.connections == 0
    assert "Warehouse is disabled: nothing is sent with it." in seen(answer)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.fault) == (
        "FAILED",
        "Warehouse is disabled: nothing is sent with it. Enable it first.",
    )


@pytest.mark.django_db(transaction=True)
def test_an_edit_while_it_is_tested_is_not_told_working(carols: Client, carol: User, cakes: Account) -> None:
    row = None

    def answer(received: Received) -> Reply:
        assert row
        try:
            making.edit(row, making.Values(**FILLED | {"base_url": row.base_url, "scope": "Other"}), by=acting(carol))
        finally:
            connection.close()
        return api(received)

    with receiving(answer) as receiver:
        row = connector(cakes, receiver.url, carol)
        check(carols, row)
    row.refresh_from_db()
    assert (row.state, row.session_token) == (Connector.State.UNTESTED, "")


@pytest.mark.django_db(transaction=True)
def test_an_edit_while_it_is_tested_is_not_told_failing(carols: Client, carol: User, cakes: Account) -> None:
    row = None

    def answer(received: Received) -> Reply:
        if received.path != AUTHORIZE:
            return Reply(404)
        assert row
        try:
            making.edit(row, making.Values(**FILLED | {"base_url": row.base_url, "scope": "Other"}), by=acting(carol))
        finally:
            connection.close()
        return api(received)

    with receiving(answer) as receiver:
        row = connector(cakes, receiver.url, carol)
        assert "The connector was changed since." in check(carols, row)
    row.refresh_from_db()
    assert (row.state, row.last_error) == (Connector.State.UNTESTED, "")


def test_what_another_server_said_is_kept_without_what_could_open_something() -> None:
    said = json.dumps(
        {"Data": [{"sid": SESSION, "refresh_token": "r", "Note": f"ask {SESSION} or {OPAQUE}"}], "Ok": True}
    )
    kept = json.loads(credentials.without_secrets(said, ["ask"]))
    assert kept == {
        "Data": [{"sid": "[hidden]", "refresh_token": "[hidden]", "Note": f"[…ask] […feed] or […{OPAQUE[-4:]}]"}],
        "Ok": True,
    }


# From a terminal.


def called(*arguments: str) -> str:
    out = StringIO()
    call_command("connector_call", *arguments, stdout=out)
    return out.getvalue()


def test_connector_call_prints_status_and_body_and_renews_the_session(carol: User, cakes: Account) -> None:
    live: list[str] = []

    def answer(received: Received) -> Reply:
        if received.path == AUTHORIZE:
            live[:] = [f"session-{len(live)}"]
            return as_json(token=live[0])
        if received.headers["Authorization"] not in live:
            return as_json(401)
        return Reply(404) if received.path == "/api/Missing" else as_json(200, got=received.body.decode())

    with receiving(answer) as receiver:
        connector(cakes, receiver.url, carol)
        assert called("warehouse", "get", CALL) == '200 OK\n{"got": ""}\n'
        live.clear()
        with pytest.raises(CommandError, match=r"The call was answered 404\."):
            called("Warehouse", "GET", "/api/Missing")
        assert "a=1" in called("Warehouse", "POST", CALL, "--data", "a=1", "--account", "carols-cakes")
        exchanges = [received for received in receiver.received if received.path == AUTHORIZE]
        assert [received.form["Token"] for received in exchanges] == [SIX["token"]] * 2
        assert receiver.received[-1].headers["Content-Type"] == "application/x-www-form-urlencoded"
        called("Warehouse", "POST", CALL, "--data", '{"a": 1}')
        assert receiver.received[-1].headers["Content-Type"] == "application/json"


def test_connector_call_says_what_is_wrong_in_a_sentence(
    carol: User, cakes: Account, dave: User, depot: Account
) -> None:
    with pytest.raises(CommandError, match="There is no connector named Nothing"):
        called("Nothing", "GET", "/api/x")
    with receiving(OAUTH) as receiver:
        connector(cakes, receiver.url, carol)
        with pytest.raises(CommandError, match="has `access_token`, not `token`"):
            called("Warehouse", "GET", "/api/x")
    for path in ("api/x", "https://api.example.com/api/x"):
        with pytest.raises(CommandError, match="Write what follows the base URL, from its slash on"):
            called("Warehouse", "GET", path)
    with pytest.raises(CommandError, match="The body begins as JSON and is none: Expecting"):
        called("Warehouse", "POST", "/api/x", "--data", '{"a"')
    connector(depot, "https://api.example.com", dave)
    with pytest.raises(CommandError, match="Choose one by --account: carols-cakes, daves-depot"):
        called("Warehouse", "GET", "/api/x")
