"""The reference client: one session for all callers, renewed once; and the right words for every wrong answer."""

import json
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.utils import timezone

from installs.connectors.client import AUTHORIZE, Caller, Credentials
from installs.connectors.reading import NotAuthorised
from installs.connectors.sessions import RowSessions
from installs.models import Connector
from installs.outbound import Answer, Client
from linnapp import credentials
from linnapp.models import Account, User
from tests.answers import endless_body, never_answers
from tests.receivers import Broken, Received, Reply, nobody_listens, receiving

pytestmark = pytest.mark.usefixtures("to_loopback")
GIVEN = Credentials(
    scope="Inventory",
    application_id="6a5ef9a1-0000-4000-8000-000000000001",
    grant_type="client_credentials",
    token_key="token",
    token="6a5ef9a1-0000-4000-8000-00000000beef",
    application_secret="6a5ef9a1-0000-4000-8000-00000000cafe",
)


def connector(account: Account, base_url: str, by: User) -> Connector:
    return Connector.objects.create(
        account=account,
        name="Warehouse",
        base_url=base_url,
        scope_encrypted=credentials.encrypt(GIVEN.scope),
        token_encrypted=credentials.encrypt(GIVEN.token),
        application_id_encrypted=credentials.encrypt(GIVEN.application_id),
        application_secret_encrypted=credentials.encrypt(GIVEN.application_secret),
        grant_type=GIVEN.grant_type,
        token_key=GIVEN.token_key,
        created_by=by,
    )


def caller(row: Connector, given: Credentials = GIVEN) -> Caller:
    client = Client(total_seconds=2)

    def send(method: str, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        return client.send(method, url, body=body, headers=headers)

    return Caller(row.base_url, given, RowSessions(row.pk), send)


def as_json(status: int = 200, **members: object) -> Reply:
    return Reply(status, {"Content-Type": "application/json"}, json.dumps(members).encode())


class Server:
    """A Linnworks API: sessions that it ends on demand, counted."""

    def __init__(self) -> None:
        self.sessions: list[str] = []
        self.live: set[str] = set()
        self.lock = threading.Lock()
        self.calls: Counter[str] = Counter()

    def __call__(self, received: Received) -> Reply:
        with self.lock:
            if received.path == AUTHORIZE:
                self.sessions.append(f"session-{len(self.sessions)}")
                self.live = {self.sessions[-1]}
                return as_json(Token=self.sessions[-1], TTL=1800)
            self.calls[received.headers.get("Authorization", "")] += 1
            return as_json(200 if received.headers.get("Authorization") in self.live else 401, Code="x")


@pytest.fixture
def server() -> Server:
    return Server()


def test_it_authorises_once_and_calls_with_the_session(server: Server, cakes: Account, carol: User) -> None:
    with receiving(server) as receiver:
        row = connector(cakes, receiver.url, carol)
        for _ in range(3):
            assert caller(row).call("POST", "/api/Inventory/GetStockLocations").status == 200
        first = receiver.received[0]
    assert server.calls == {"session-0": 3}
    assert first.form == {
        "ApplicationId": GIVEN.application_id,
        "ApplicationSecret": GIVEN.application_secret,
        "Token": GIVEN.token,
        "Scope": GIVEN.scope,
        "grant_type": "client_credentials",
    }
    row.refresh_from_db()
    assert (row.state, row.generation) == (Connector.State.WORKING, 1)
    assert "session-0" not in row.session_encrypted


def test_an_ended_session_is_renewed_with_the_same_permanent_token(server: Server, cakes: Account, carol: User) -> None:
    with receiving(server) as receiver:
        row = connector(cakes, receiver.url, carol)
        caller(row).call("GET", "/api/x")
        server.live.clear()
        assert caller(row).call("GET", "/api/x").status == 200
        tokens = {received.form["Token"] for received in receiver.received if received.path == AUTHORIZE}
    assert server.sessions == ["session-0", "session-1"]
    assert tokens == {GIVEN.token}


@pytest.mark.django_db(transaction=True)
def test_a_hundred_callers_over_an_ended_session_renew_it_once(server: Server, cakes: Account, carol: User) -> None:
    statuses: list[int] = []

    def call(row: Connector) -> None:
        try:
            statuses.append(caller(row).call("GET", "/api/x").status)
        finally:
            connection.close()

    with receiving(server) as receiver:
        row = connector(cakes, receiver.url, carol)
        caller(row).call("GET", "/api/x")
        server.live.clear()
        threads = [threading.Thread(target=call, args=(row,)) for _ in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert statuses == [200] * 100
    assert server.sessions == ["session-0", "session-1"]


def test_a_caller_that_was_killed_while_it_renewed_is_waited_for_and_then_replaced(
    server: Server, cakes: Account, carol: User
) -> None:
    with receiving(server) as receiver:
        row = connector(cakes, receiver.url, carol)
        Connector.objects.update(renewing_until=timezone.now() + timedelta(seconds=0.3))
        assert caller(row).call("GET", "/api/x").status == 200
        assert len(receiver.received) == 2


def test_429_is_waited_for_once(cakes: Account, carol: User) -> None:
    answers = [as_json(200, token="s"), Reply(429, {"Retry-After": "1"}), as_json(200)]
    with receiving(lambda received: answers.pop(0)) as receiver:
        assert caller(connector(cakes, receiver.url, carol)).call("GET", "/api/x").status == 200
        times = [received.at for received in receiver.received]
    assert times[2] - times[1] >= 1


WRONG: list[tuple[str, Reply | Broken | Callable[[Received], Reply | Broken], str]] = [
    (
        "an OAuth token endpoint",
        as_json(access_token="s", token_type="Bearer"),
        "has `access_token`, not `token`.",
    ),
    ("another key", as_json(Ticket="s"), "The answer has no `token`, but `Ticket`."),
    ("a list", Reply(200, {"Content-Type": "application/json"}, b"[1]"), "The answer is JSON, but a list"),
    ("a number for the token", as_json(token=7), "`token` in the answer is no text"),
    ("HTML", Reply(200, {"Content-Type": "text/html"}, b"<!doctype html>"), "The answer is a web page and not JSON."),
    ("nothing", Reply(200, body=b""), "The answer is empty."),
    ("500", Reply(500), "The server answered 500: it failed by itself."),
    ("404", Reply(404), "The server answered 404: it has no AuthorizeByApplication"),
    ("a redirect", Reply(302, {"Location": "https://login.example.com/x"}), "a redirect to login.example.com"),
    (
        "a refusal",
        as_json(400, Code="400", Message=f"Wrong: {GIVEN.token}"),
        "refused with 400: Wrong: […beef]",
    ),
    ("a session token", as_json(400, Message="Token is a session token."), "That is a session token"),
    ("no HTTP", Broken(lambda: [b"\x00\x01 what\r\n\r\n"]), "is not HTTP"),
    ("silence", never_answers(), "No answer within"),
    ("an endless answer", endless_body(), "longer than 16 kB"),
]


@pytest.mark.parametrize(("name", "answer", "words"), WRONG, ids=[name for name, _, _ in WRONG])
def test_what_is_wrong_is_said_and_what_mends_it(
    name: str, answer: Reply, words: str, cakes: Account, carol: User
) -> None:
    with receiving(answer) as receiver:
        row = connector(cakes, receiver.url, carol)
        with pytest.raises(NotAuthorised) as refused:
            caller(row).call("GET", "/api/x")
    assert words in str(refused.value)
    assert refused.value.fix
    row.refresh_from_db()
    assert row.state == Connector.State.FAILING
    assert words in row.last_error
    for secret in (GIVEN.token, GIVEN.application_secret):
        assert secret not in row.last_error


RIGHT = [
    ("another letter case", as_json(ToKeN="s")),
    ("a form", Reply(200, {"Content-Type": "application/x-www-form-urlencoded"}, urlencode({"Token": "s"}).encode())),
]


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_json_or_form_in_any_letter_case_is_read(name: str, answer: Reply, cakes: Account, carol: User) -> None:
    with receiving(answer) as receiver:
        assert caller(connector(cakes, receiver.url, carol)).authorise().token == "s"


def test_a_server_that_is_not_there(cakes: Account, carol: User) -> None:
    with nobody_listens() as url, pytest.raises(NotAuthorised, match="refused the connection"):
        caller(connector(cakes, url, carol)).call("GET", "/api/x")
