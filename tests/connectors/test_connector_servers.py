"""Linnworks' own layout: one host authorises, another serves. Two real servers, on two addresses of this machine."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from ipaddress import ip_network

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from installs.connectors import calling, making
from installs.connectors.client import AUTHORIZE
from installs.models import Connector
from installs.outbound import NotSent
from linnapp.models import Account, User
from tests.kit.certificates import Certificates
from tests.kit.connectors import CALL, FILLED, SECRETS, SESSION, SIX, as_json, check, connector, lines, seen, url
from tests.kit.people import acting
from tests.kit.receivers import Received, Receiver, Reply, nobody_listens, receiving

pytestmark = pytest.mark.usefixtures("to_loopback")


class Linnworks:
    """`authorising` gives session tokens and serves nothing; `one` and `two` serve those of the live session, where
    `server` says that calls go."""

    def __init__(self) -> None:
        self.sessions: list[str] = []
        self.server: object = ""
        self.authorising: Receiver
        self.one: Receiver
        self.two: Receiver

    def authorise(self, received: Received) -> Reply:
        if received.path != AUTHORIZE:
            return Reply(404)
        self.sessions.append(f"0f9d4e7c-1111-4222-8333-{len(self.sessions):012}")
        return as_json(Token=self.sessions[-1], TTL=1800, Server=self.server)

    def serve(self, received: Received) -> Reply:
        live = bool(self.sessions) and received.headers.get("Authorization") == self.sessions[-1]
        return Reply(200, body=b'[{"LocationName": "Default"}]') if live else as_json(401, Message="Ended.")

    def told(self, receiver: Receiver) -> list[tuple[str, str]]:
        return [(received.path, received.headers.get("Authorization", "")) for received in receiver.received]


@pytest.fixture
def linnworks() -> Iterator[Linnworks]:
    world = Linnworks()
    with ExitStack() as stack:
        world.authorising = stack.enter_context(receiving(world.authorise, host="127.0.0.2"))
        world.one = stack.enter_context(receiving(world.serve, host="127.0.0.3"))
        world.two = stack.enter_context(receiving(world.serve, host="127.0.0.4"))
        world.server = world.one.url
        yield world


def test_it_is_tested_works_renews_and_follows_a_changed_server(
    linnworks: Linnworks, carols: Client, carol: User, cakes: Account
) -> None:
    row = connector(cakes, linnworks.authorising.url, carol)
    page = check(carols, row)
    assert lines(page)[-3:] == [("token", "passed"), ("Server", "passed"), ("call", "passed")]
    assert f"The answer names {linnworks.one.url}: calls go there." in page
    assert f"Calls go to {linnworks.one.url} the Server in the answer" in page
    assert f'"Server": "{linnworks.one.url}"' in page
    assert f"Host: {linnworks.authorising.host_and_port} Content-Type" in page
    assert f"Host: {linnworks.one.host_and_port} Authorization: …0000" in page
    # The session that the test began is the one that calls use.
    assert calling.call(row, "GET", CALL).status == 200
    linnworks.sessions.append("ended by the server")
    assert calling.call(row, "GET", CALL).status == 200
    # Where the data moved: the old host knows the session no more, the new one is named by the next answer.
    linnworks.server = linnworks.two.url
    linnworks.sessions.append("moved")
    assert calling.call(row, "GET", CALL).status == 200
    assert calling.call(row, "GET", CALL).status == 200
    first, second, third = linnworks.sessions[0], linnworks.sessions[2], linnworks.sessions[4]
    # Each session token goes to the host that it was given for, and no credential of the six to either.
    assert linnworks.told(linnworks.one) == [(CALL, token) for token in (first, first, first, second, second)]
    assert linnworks.told(linnworks.two) == [(CALL, third)] * 2
    assert linnworks.told(linnworks.authorising) == [(AUTHORIZE, "")] * 3
    sent = repr(linnworks.one.received + linnworks.two.received)
    assert not [secret for secret in SECRETS if secret in sent]
    row.refresh_from_db()
    assert (row.session_server, row.generation) == (linnworks.two.url, 3)
    assert f"Calls go to {linnworks.two.url}" in seen(carols.get(url("connector_check", row.pk)))


def test_calls_go_below_the_path_of_the_server(
    linnworks: Linnworks, carols: Client, carol: User, cakes: Account
) -> None:
    linnworks.server = f"{linnworks.one.url}/eu/v2"
    row = connector(cakes, linnworks.authorising.url, carol)
    page = check(carols, row)
    assert lines(page)[-3:] == [("token", "passed"), ("Server", "passed"), ("call", "passed")]
    assert f"The answer names {linnworks.one.url}/eu/v2: calls go there." in page
    assert calling.call(row, "GET", CALL).status == 200
    assert linnworks.told(linnworks.one) == [(f"/eu/v2{CALL}", linnworks.sessions[0])] * 2


def test_a_changed_connector_forgets_where_its_calls_went(linnworks: Linnworks, carol: User, cakes: Account) -> None:
    row = connector(cakes, linnworks.authorising.url, carol)
    calling.call(row, "GET", CALL)
    making.edit(row, making.Values(**FILLED | {"base_url": linnworks.two.url}), by=acting(carol))
    row.refresh_from_db()
    assert (row.session_server, row.calls_go_to) == ("", linnworks.two.url)


@pytest.mark.parametrize("server", [None, "", " "], ids=["null", "empty", "a space"])
@pytest.mark.parametrize("name", ["Server", "server"])
def test_without_one_calls_go_to_the_base_url(
    name: str, server: object, carols: Client, carol: User, cakes: Account
) -> None:
    def answer(received: Received) -> Reply:
        body = json.dumps({"Token": SESSION, name: server}).encode()
        return Reply(200, body=body) if received.path == AUTHORIZE else Reply(200, body=b"[]")

    with receiving(answer) as receiver:
        page = check(carols, connector(cakes, receiver.url, carol))
        assert [received.path for received in receiver.received] == [AUTHORIZE, CALL]
    assert "The answer names no Server: calls go to the base URL." in page
    assert f"Calls go to {receiver.url} the base URL" in page


def test_where_the_key_of_the_token_is_server_its_member_is_no_address(
    carols: Client, carol: User, cakes: Account
) -> None:
    def answer(received: Received) -> Reply:
        return as_json(Server=SESSION) if received.path == AUTHORIZE else Reply(200, body=b"[]")

    with receiving(answer) as receiver:
        page = check(carols, connector(cakes, receiver.url, carol, token_key="server"))
    assert "The answer has “Server”: the session token" in page
    assert "It works." in page
    assert SESSION not in page


def test_a_server_that_does_not_answer_is_named_as_what_the_answer_said(
    linnworks: Linnworks, carols: Client, carol: User, cakes: Account
) -> None:
    with nobody_listens("127.0.0.3") as nowhere:
        linnworks.server = nowhere
        page = check(carols, connector(cakes, linnworks.authorising.url, carol))
    assert lines(page)[-2:] == [("Server", "passed"), ("call", "failed")]
    assert f"The answer names {linnworks.server}: calls go there." in page
    assert f"Calls go to {linnworks.server}, the Server in the answer. " in page
    assert "Ask the people who run the base URL's server for the right Server." in page
    assert "Check the base URL" not in page


def test_a_server_with_web_pages_is_named_too(
    linnworks: Linnworks, carols: Client, carol: User, cakes: Account
) -> None:
    with receiving(lambda received: Reply(200, body=b"<html>"), host="127.0.0.5") as site:
        linnworks.server = site.url
        page = check(carols, connector(cakes, linnworks.authorising.url, carol))
    assert f"Calls go to {site.url}, the Server in the answer. The first call was answered with a web page." in page
    assert "Ask the people who run the base URL's server for the right Server." in page
    assert "Check the base URL" not in page


LONG = "https://" + "a" * 200 + ".example.com"
# As names that their servers would be asked for, and as addresses that nothing is sent to.
PARTS = [
    f"http://{SESSION[:24]}.127.0.0.1",
    f"https://{SESSION[-18:]}.example.invalid",
    f"https://{SESSION[:13].upper()}.example.invalid",
    f"https://{SESSION[:8]}.{SESSION[9:13]}.example.invalid",
    f"https://api.example.com/{SIX['application_secret'][:24]}",
    SESSION[:20],
]
BAD = [
    ("https://10.0.0.1", "“https://10.0.0.1”. 10.0.0.1 is a private address."),
    ("https://169.254.169.254", "is a cloud's metadata address."),
    ("https://[::ffff:10.0.0.1]", "an IPv4 address written as IPv6."),
    ("https://0x7f.1", "“https://0x7f.1”. The server's address has an unusual spelling"),
    ("https://10.0.0.1.:443", "“https://10.0.0.1.:443”. 10.0.0.1 is a private address."),
    ("https://nowhere.invalid", "“https://nowhere.invalid”. The name nowhere.invalid was not found"),
    ("https://api.example.com:22", "Port 22 is not for web servers"),
    ("https://who:secret@api.example.com", "“https://…@api.example.com”. The URL contains a user name or a password"),
    ("https://api.example.com/", "“https://api.example.com/”: it ends with a slash, which calls begin with."),
    ("https://api.example.com/API", "“https://api.example.com/API”: it ends with /api, which calls begin with."),
    ("https://api.example.com/api/", "“https://api.example.com/api/”: it ends with /api, which calls begin with."),
    ("https://api.example.com/v2/Api", "“https://api.example.com/…”: it ends with /api, which calls begin with."),
    ("https://api.example.com/v2/", "“https://api.example.com/…”: it ends with a slash, which calls begin with."),
    ("https://api.example.com//v2", "“https://api.example.com/…”: a part of its path is empty or made of dots"),
    ("https://api.example.com/v2/..", "“https://api.example.com/…”: a part of its path is empty or made of dots"),
    ("https://api.example.com/%2e%2E/v2", "“https://api.example.com/…”: a part of its path is empty or made of dots"),
    (
        "https://api.example.com/v2?key=abc",
        "“https://api.example.com/…?…”: it contains more than scheme, host and path.",
    ),
    (f"https://api.example.com/{SIX['token']}", "it contains what could be a credential."),
    ("https://api.example.com?key=abc", "“https://api.example.com?…”: it contains more than scheme, host and path."),
    ("https://api.example.com#abc", "“https://api.example.com#…”: it contains more than scheme, host and path."),
    ("https://api.example.com?", "“https://api.example.com”: it contains more than scheme, host and path."),
    ("https://api.example.com \r\nX: y", "The URL contains a space"),
    ("https://api.example.com\\@evil.example.com", "The URL contains a space, a control character or a backslash."),
    ("api.example.com", "that is not an address, which begins with https:// and the name of a server."),
    ("ftp://api.example.com", "that is not an address"),
    ("https://[", "that is not an address."),
    ("https://api.example.com:99999", "The URL is not complete"),
    ("eyJhbGciOiJIUzI1NiJ9c2Vzc2lvbg", "“[…lvbg]”: that is not an address"),
    (f"https://{SESSION}.example.com", "“https://[…feed].example.com”: it contains what could be a credential."),
    (f"https://{SIX['token'].upper()}.example.com", "it contains what could be a credential."),
    *((server, "“Server” in the answer is “…”: it contains what could be part of a credential.") for server in PARTS),
    (LONG, "“Server” in the answer has more than 200 characters."),
    (7, "“Server” in the answer is not text, so it is not an address."),
    ({"Host": "api.example.com"}, "“Server” in the answer is not text, so it is not an address."),
    (["https://api.example.com"], "“Server” in the answer is not text, so it is not an address."),
    (True, "“Server” in the answer is not text, so it is not an address."),
]


@pytest.mark.parametrize(("server", "words"), BAD, ids=[str(server)[:45] for server, _ in BAD])
def test_one_that_nothing_is_sent_to_is_a_failed_step_in_words(
    server: object, words: str, carols: Client, carol: User, cakes: Account
) -> None:
    with receiving(as_json(Token=SESSION, Server=server)) as receiver:
        row = connector(cakes, receiver.url, carol)
        page = check(carols, row)
        assert [received.path for received in receiver.received] == [AUTHORIZE]
    assert lines(page)[-3:] == [("token", "passed"), ("Server", "failed"), ("call", "not reached")]
    assert words in page
    found = row.checks.get()
    assert found.fix
    told = page + json.dumps(found.conversation)
    for secret in (
        SESSION,
        *SECRETS,
        SESSION[:12],
        SESSION[-12:],
        SIX["application_secret"][:12],
        "who:secret",
        "key=abc",
    ):
        assert secret.lower() not in told.lower()
    row.refresh_from_db()
    assert (row.state, row.session_token, row.session_server) == (Connector.State.FAILING, "", "")


def test_a_session_token_that_came_over_https_travels_no_further_in_the_clear(
    carols: Client, carol: User, cakes: Account, settings: Settings, certificates: Certificates
) -> None:
    """Though http is allowed here."""
    settings.OUTBOUND_CA_FILE = str(certificates.ca_file)
    with (
        receiving(Reply(200, body=b"[]")) as plain,
        receiving(as_json(Token=SESSION, Server=plain.url), tls=certificates.good) as secured,
    ):
        page = check(carols, connector(cakes, secured.url, carol))
        assert plain.received == []
    assert f"“{plain.url}”: that leads from https to http." in page


def test_the_portal_itself_may_be_named_and_there_the_api_only(carol: User, cakes: Account, settings: Settings) -> None:
    """Its name leads to this machine, where nothing else may be reached."""
    with (
        receiving(Reply(200, body=b"[]")) as portal,
        receiving(lambda received: as_json(Token=SESSION, Server=settings.SITE_URL), host="127.0.0.2") as elsewhere,
    ):
        settings.SITE_URL = portal.url
        settings.OUTBOUND_ALLOWED_NETWORKS = [ip_network("127.0.0.2")]
        row = connector(cakes, elsewhere.url, carol)
        assert calling.call(row, "GET", CALL).status == 200
        for path in ("/metrics", "/api/../metrics", "/api/%252e%252e/metrics"):
            with pytest.raises(NotSent, match="loopback address"):
                calling.call(row, "GET", path)
        assert {received.path for received in portal.received} == {CALL}


def test_a_server_that_is_gone_is_told_as_what_failed(carols: Client, carol: User, cakes: Account) -> None:
    with nobody_listens("127.0.0.3") as gone, receiving(as_json(Token=SESSION, Server=gone)) as receiver:
        page = check(carols, connector(cakes, receiver.url, carol))
    assert lines(page)[-2:] == [("Server", "passed"), ("call", "failed")]
    assert "The server refused the connection." in page


@pytest.mark.parametrize("location", ["http://127.0.0.4/api/x", "//127.0.0.4/api/x"])
def test_a_server_hands_no_session_token_on(location: str, linnworks: Linnworks, carol: User, cakes: Account) -> None:
    def away(received: Received) -> Reply:
        return Reply(307, {"Location": location})

    with receiving(away) as leading:
        linnworks.server = leading.url
        row = connector(cakes, linnworks.authorising.url, carol)
        assert calling.call(row, "GET", CALL).status == 307
        assert len(leading.received) == 1
    assert linnworks.two.received == []
