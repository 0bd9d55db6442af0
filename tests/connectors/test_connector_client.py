"""The reference client: one session for all callers, renewed once; and the right words for every wrong answer."""

import dataclasses
import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import cast
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.utils import timezone

from installs.connectors import calling, making
from installs.connectors.client import AUTHORIZE, RENEWED_FOR_OTHERS_SECONDS, Caller, Credentials, Sessions
from installs.connectors.faults import NotAuthorised, Why
from installs.connectors.reading import Authorised
from installs.connectors.sessions import RowSessions
from installs.models import Connector
from installs.outbound import Answer, Client, NotSent
from linnapp import credentials
from linnapp.models import Account, User
from tests.kit.answers import endless_body, never_answers
from tests.kit.people import acting
from tests.kit.receivers import Broken, Received, Reply, nobody_listens, receiving

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


def caller(row: Connector, given: Credentials = GIVEN, *, within: float = 2) -> Caller:
    client = Client(connect_seconds=within, total_seconds=within)

    def send(method: str, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        return client.send(method, url, body=body, headers=headers)

    return Caller(row.base_url, given, RowSessions(row), send)


def as_json(status: int = 200, **members: object) -> Reply:
    return Reply(status, {"Content-Type": "application/json"}, json.dumps(members).encode())


class Server:
    """A Linnworks API: sessions that it ends on demand, counted."""

    def __init__(self) -> None:
        self.sessions: list[str] = []
        self.live: set[str] = set()
        self.lock = threading.Lock()
        self.calls: Counter[str] = Counter()
        self.waits_for_all = ""
        self.all_here = threading.Barrier(100)

    def __call__(self, received: Received) -> Reply:
        if received.headers.get("Authorization") == self.waits_for_all:
            # Nobody is answered before the last has called with it.
            self.all_here.wait(60)
        with self.lock:
            if received.path == AUTHORIZE:
                self.sessions.append(f"session-{len(self.sessions)}")
                self.live = {self.sessions[-1]}
                return as_json(Token=self.sessions[-1], TTL=1800)
            self.calls[received.headers.get("Authorization", "")] += 1
            return as_json(200 if received.headers.get("Authorization") in self.live else 401, Code="x")


class Pooled:
    """With twenty connections for all callers, as a pool has: no database gives a hundred to one program."""

    POOL = threading.Semaphore(20)

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions

    def __getattr__(self, name: str) -> Callable[..., object]:
        def pooled(*arguments: object) -> object:
            with self.POOL:
                try:
                    return getattr(self.sessions, name)(*arguments)
                finally:
                    connection.close()

        return pooled


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
        # A hundred threads take their time on a busy machine.
        one = caller(row, within=60)
        one.sessions = cast(Sessions, Pooled(one.sessions))
        statuses.append(one.call("GET", "/api/x").status)

    with receiving(server) as receiver:
        row = connector(cakes, receiver.url, carol)
        caller(row).call("GET", "/api/x")
        server.live.clear()
        server.waits_for_all = "session-0"
        threads = [threading.Thread(target=call, args=(row,)) for _ in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert statuses == [200] * 100
    assert server.sessions == ["session-0", "session-1"]
    # Each of them met the ended session.
    assert server.calls == {"session-0": 101, "session-1": 100}


def test_a_caller_that_was_killed_while_it_renewed_is_waited_for_and_then_replaced(
    server: Server, cakes: Account, carol: User
) -> None:
    with receiving(server) as receiver:
        row = connector(cakes, receiver.url, carol)
        Connector.objects.update(renewing_until=timezone.now() + timedelta(seconds=0.3))
        assert caller(row).call("GET", "/api/x").status == 200
        assert len(receiver.received) == 2


def test_a_session_that_is_refused_anew_is_told_and_not_renewed_for_ever(cakes: Account, carol: User) -> None:
    def answer(received: Received) -> Reply:
        return as_json(token="s") if received.path == AUTHORIZE else as_json(401)

    with receiving(answer) as receiver:
        row = connector(cakes, receiver.url, carol)
        assert caller(row).call("GET", "/api/x").status == 401
        # The next is told the same for a moment, and does not authorise once more.
        with pytest.raises(NotAuthorised, match="answered 401 to a call with a session token"):
            caller(row).call("GET", "/api/x")
        paths = [received.path for received in receiver.received]
    assert paths == [AUTHORIZE, "/api/x", AUTHORIZE, "/api/x", "/api/x"]
    row.refresh_from_db()
    assert row.state == Connector.State.FAILING
    assert row.last_error.startswith("The server answered 401 to a call with a session token")


def test_a_connector_that_is_answered_again_is_working_again(cakes: Account, carol: User) -> None:
    def answer(received: Received) -> Reply:
        return as_json(401 if received.path == "/api/forbidden" else 200, token="s")

    with receiving(answer) as receiver:
        row = connector(cakes, receiver.url, carol)
        for path, state in (("/api/x", "WORKING"), ("/api/forbidden", "FAILING"), ("/api/x", "WORKING")):
            caller(row).call("GET", path)
            row.refresh_from_db()
            assert (path, row.state) == (path, state)
    assert row.last_error == ""


@pytest.mark.parametrize("act", ["edit", "disable", "delete"])
def test_who_holds_a_connector_as_it_was_keeps_no_session_of_it_and_waits_for_nothing(
    act: str, server: Server, cakes: Account, carol: User
) -> None:
    with receiving(server) as receiver:
        row = connector(cakes, receiver.url, carol)
        held = caller(row)
        if act == "edit":
            values = making.Values(**{name: getattr(row, name) for name in NAMES} | {"scope": "Other"})
            making.edit(row, values, by=acting(carol))
        elif act == "disable":
            making.set_enabled(row, enabled=False, by=acting(carol))
        else:
            making.delete(row, by=acting(carol))
        said = "has been deleted" if act == "delete" else "has been changed or disabled"
        began = time.monotonic()
        with pytest.raises(NotAuthorised, match=said):
            held.call("GET", "/api/x")
        with pytest.raises(NotAuthorised, match=said):
            held.renewed(0)
        assert time.monotonic() - began < RENEWED_FOR_OTHERS_SECONDS / 4
        assert not RowSessions(row).put(0, Authorised("s", 60))
        assert receiver.received == []
    assert not Connector.objects.exclude(session_encrypted="").exists()


NAMES = [each.name for each in dataclasses.fields(making.Values)]


@pytest.mark.django_db(transaction=True)
def test_what_is_disabled_while_it_authorises_makes_no_call(cakes: Account, carol: User) -> None:
    row = None

    def answer(received: Received) -> Reply:
        assert row
        try:
            making.set_enabled(row, enabled=False, by=acting(carol))
        finally:
            connection.close()
        return as_json(token="s")

    with receiving(answer) as receiver:
        row = connector(cakes, receiver.url, carol)
        with pytest.raises(NotAuthorised, match="has been changed or disabled"):
            caller(row).call("GET", "/api/x")
        assert [received.path for received in receiver.received] == [AUTHORIZE]
    row.refresh_from_db()
    assert (row.session_token, row.enabled) == ("", False)


def test_a_claim_is_of_the_session_that_was_seen_to_fail_and_of_one_caller(cakes: Account, carol: User) -> None:
    row = connector(cakes, "https://api.example.com", carol)
    sessions, fault = RowSessions(row), NotAuthorised(Why.REFUSED, "No.", "Mend it.")
    assert not sessions.claim(1)
    assert sessions.claim(0)
    assert not sessions.claim(0)
    # A check that fails meanwhile takes the claim from nobody.
    sessions.note(0, fault)
    assert not sessions.claim(0)
    assert sessions.fault(0) is None
    sessions.give_up(0, fault)
    # Those who waited are told the same, and do not ask for it once more.
    assert str(sessions.fault(0)) == "No. Mend it."
    assert not sessions.claim(0)
    Connector.objects.update(last_error_at=timezone.now() - timedelta(seconds=3))
    assert sessions.fault(0) is None
    assert sessions.claim(0)
    assert sessions.put(0, Authorised("s", 60))
    assert not sessions.claim(0)
    # Who comes second with a session of the same generation keeps none.
    assert not sessions.put(0, Authorised("later", 60))
    assert sessions.current().token == "s"


def test_what_changes_something_is_not_sent_twice(cakes: Account, carol: User) -> None:
    """The server takes it and closes the connection that was kept."""
    taken: list[str] = []

    def answer(received: Received) -> Reply | Broken:
        taken.append(f"{received.method} {received.path}")
        return Broken(lambda: ()) if received.path == "/api/Orders/CreateOrder" else as_json(token="s")

    with receiving(answer) as receiver:
        row = connector(cakes, receiver.url, carol)
        for method, path in (("GET", "/api/x"), ("POST", "/api/Orders/CreateOrder")):
            try:
                calling.call(row, method, path)
            except NotSent:
                continue
    assert taken.count("POST /api/Orders/CreateOrder") == 1


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
        "has “access_token”, not “token”.",
    ),
    ("another key", as_json(Ticket="s"), "The answer has no “token”, but “Ticket”."),
    ("a refusal with 200", as_json(error="invalid_client", error_description="No."), "refused with 200: No."),
    ("one inside", as_json(data={"Token": "s"}), "The answer has “Token” inside “data”"),
    ("a form as a page", Reply(200, {"Content-Type": "text/html"}, b"access_token=s&a=1"), "not “token”"),
    ("compressed", Reply(200, {"Content-Encoding": "gzip"}, b"\x1f\x8b\x08"), "The answer is compressed (gzip)"),
    ("nothing with 204", Reply(204), "The answer is empty."),
    ("JSON as a page", Reply(400, {"Content-Type": "text/html"}, b'{"Message": "No."}'), "refused with 400: No."),
    ("a firewall", Reply(403, {"Content-Type": "text/html"}, b"<p>Blocked"), "something in front of the API refused"),
    ("an error inside", as_json(422, error={"message": "Wrong."}), "refused with 422: Wrong."),
    ("errors", as_json(422, errors=[{"message": "Wrong."}, {}]), "refused with 422: Wrong."),
    ("no session token", as_json(401, Message="No session token was sent."), "refused with 401: No session token"),
    ("a redirect to itself", Reply(302, {"Location": "/v2"}), "a redirect to another path"),
    ("a long wait", Reply(429, {"Retry-After": "3600"}), "The server answered 429: it was asked too often."),
    ("a list", Reply(200, {"Content-Type": "application/json"}, b"[1]"), "The answer is JSON, but a list"),
    ("a number for the token", as_json(token=7), "“token” in the answer is not text"),
    ("HTML", Reply(200, {"Content-Type": "text/html"}, b"<!doctype html>"), "The answer is a web page, not JSON."),
    ("nothing", Reply(200, body=b""), "The answer is empty."),
    ("500", Reply(500), "The server answered 500: the server itself failed."),
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
    ("two letter cases", as_json(token="s", TOKEN="t")),
    ("JSON with a mark in front", Reply(200, {}, b"\xef\xbb\xbf" + json.dumps({"token": "s"}).encode())),
    ("JSON as a form", Reply(200, {"Content-Type": "application/x-www-form-urlencoded"}, b'{"token":"s"}')),
    ("201", as_json(201, token="s")),
    ("a form", Reply(200, {"Content-Type": "application/x-www-form-urlencoded"}, urlencode({"Token": "s"}).encode())),
]


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_json_or_form_in_any_letter_case_is_read(name: str, answer: Reply, cakes: Account, carol: User) -> None:
    with receiving(answer) as receiver:
        assert caller(connector(cakes, receiver.url, carol)).authorise().token == "s"


def test_a_server_that_is_not_there(cakes: Account, carol: User) -> None:
    with nobody_listens() as url, pytest.raises(NotAuthorised, match="refused the connection"):
        caller(connector(cakes, url, carol)).call("GET", "/api/x")
