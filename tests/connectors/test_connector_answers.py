"""Test connection with servers in order and every other kind: the right words on the page, and what mends it."""

import logging
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from installs.connectors import calling
from installs.connectors.client import AUTHORIZE
from installs.models import Connector
from installs.outbound import Client as Door
from linnapp.models import Account, User
from tests.kit.answers import endless_body, never_answers
from tests.kit.connectors import (
    CALL,
    FILLED,
    OAUTH,
    OPAQUE,
    SECRETS,
    SESSION,
    SIX,
    api,
    as_json,
    check,
    connector,
    lines,
    seen,
    url,
)
from tests.kit.receivers import Broken, Received, Reply, nobody_listens, receiving

pytestmark = pytest.mark.usefixtures("to_loopback")

Answer = Reply | Broken | Callable[[Received], Reply | Broken]
QUOTING = f"Bad: {SIX['token']} {SIX['application_secret'].upper()} {OPAQUE}"


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In a second every request is over."""
    door = Door(total_seconds=1, reaches_portal=True, repeats_all=False, needs_body=True)
    monkeypatch.setattr(calling, "client", door)
    yield
    door.close()


WRONG: list[tuple[str, Answer, str, str]] = [
    ("an OAuth token endpoint", OAUTH, "token", "The answer has “access_token”, not “token”. Put access_token into"),
    ("another key", as_json(Ticket=OPAQUE), "token", "The answer has no “token”, but “Ticket”."),
    ("a null", as_json(token=None), "token", "“token” in the answer is not text that could be a session token."),
    ("what fits no header", as_json(token="a\r\nX: y"), "token", "“token” in the answer is not text"),
    ("a list", Reply(200, {"Content-Type": "application/json"}, b"[1]"), "token", "The answer is JSON, but a list"),
    ("deep JSON", Reply(200, {"Content-Type": "application/json"}, b"[" * 9000), "token", "neither JSON nor a form"),
    ("JSON just as deep as can be read", Reply(200, body=b"[" * 700 + b"]" * 700), "token", "JSON, but a list"),
    ("names no database stores", as_json(**{"\ud800": 1, "a\0b": 2}), "token", "but “\ufffd”, “a\ufffdb”."),
    ("a message none stores", as_json(400, Message="Half \ud800 of \0"), "Authorise", "400: Half \ufffd of \ufffd"),
    (
        "a huge form",
        Reply(200, {"Content-Type": "application/x-www-form-urlencoded"}, b"a=1&" * 3000),
        "token",
        "The answer is neither JSON nor a form.",
    ),
    ("HTML", Reply(200, {"Content-Type": "text/html"}, b"<!doctype html><p>Hi"), "token", "is a web page, not JSON"),
    ("binary", Reply(200, body=b"\x00\xff\xfe"), "token", "The answer is neither JSON nor a form."),
    ("500", Reply(500, body=QUOTING.encode()), "Authorise", "The server answered 500: the server itself failed."),
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
    ("no HTTP", Broken(lambda: [b"\x00\x01 what\r\n\r\n"]), "Authorise", "The server's answer is not HTTP."),
    (
        "half an answer",
        Broken(lambda: [b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}"]),
        "Authorise",
        "The server closed the connection before its answer was whole.",
    ),
    (
        "another charset",
        Reply(400, {"Content-Type": "application/json; charset=ISO-8859-1"}, '{"Message": "Größe"}'.encode("latin-1")),
        "Authorise",
        "The server refused with 400: Größe",
    ),
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


RIGHT = [
    ("another letter case", as_json(ToKeN=SESSION)),
    (
        "a form",
        Reply(200, {"Content-Type": "application/x-www-form-urlencoded"}, urlencode({"Token": SESSION}).encode()),
    ),
    (
        "another charset",
        Reply(
            200,
            {"Content-Type": "application/json; charset=ISO-8859-1"},
            f'{{"token": "{SESSION}", "größe": 1}}'.encode("latin-1"),
        ),
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
    assert "größe" in page or name != "another charset"


def test_an_oauth_endpoint_is_mended_as_the_page_says(carols: Client, carol: User, cakes: Account) -> None:
    def answer(received: Received) -> Reply:
        return OAUTH if received.path == AUTHORIZE else api(received, OPAQUE)

    with receiving(answer) as receiver:
        row = connector(cakes, receiver.url, carol)
        assert "Put access_token into Response authentication token key." in check(carols, row)
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
    assert lines(page)[-3:] == [("token", "passed"), ("Server", "passed"), ("call", "failed")]
    assert SESSION not in page
    row.refresh_from_db()
    assert row.state == Connector.State.FAILING


REFUSALS = [
    ("The account suspended this installation.", "The credentials are right. Once it is resumed, the next call works"),
    ("This application was uninstalled from the account.", "put its new permanent token into Token"),
    ("This permanent token was replaced.", "Put the newer permanent token into Token"),
    ("Token is not a permanent token of this portal.", "Put the permanent token of the installation into Token"),
    ("Token belongs to an installation of another application.", "of the same application"),
    ("This application is retired.", "Use those of another application."),
    ("The installation changed meanwhile. Authorise again.", "The credentials are right. Test again."),
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


def test_a_key_that_is_spelled_alike_is_named_once_and_one_without_a_value_never(
    carols: Client, carol: User, cakes: Account
) -> None:
    with receiving(as_json(Token=SESSION, token=SESSION, AccessToken="")) as receiver:
        page = check(carols, connector(cakes, receiver.url, carol, token_key="ticket"))
    assert "The answer has “token”, not “ticket”." in page


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
    assert "127.0.0.1 is a loopback address. The portal sends only to public addresses." in page
