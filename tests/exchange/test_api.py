"""The API beyond the plain exchange: odd spellings and hostile bodies, the life of a session, what a refusal leaves."""

import json
import socket
from datetime import timedelta
from http.client import HTTPResponse
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from installs.application import secret_ends
from installs.exchange import refusals
from installs.installations import lifecycle
from installs.models import (
    FailureWindow,
    Installation,
    PermanentToken,
    RefusalGroup,
    RefusalSample,
    Session,
    StockLocation,
)
from linnapp import endings
from linnapp.models import Secret, User
from linnapp.services import secrets
from tests.kit.fuzzing import examples
from tests.kit.people import acting
from tests.kit.portal import Portal

URL = "/api/Auth/AuthorizeByApplication"
LOCATIONS = "/api/Inventory/GetStockLocations"
WRONG = "00000000-0000-4000-8000-000000000000"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
UNPROVEN = refusals.SENTENCES[refusals.Reason.UNPROVEN]


@pytest.fixture(autouse=True)
def nothing_noted() -> None:
    """Refusals of earlier tests wait in the process: they are not of this one."""
    refusals.ledger.take()


@pytest.fixture
def right(installation: Installation) -> dict[str, str]:
    """The credentials that Stock Bridge on Carol's Cakes is authorised with."""
    return {
        "ApplicationId": str(installation.application_id),
        "ApplicationSecret": installation.application.secrets.get().value(),
        "Token": lifecycle.current_token(installation).value(),
    }


def post(body: str | bytes | dict[str, Any], content_type: str = JSON, **headers: Any) -> Any:
    text = json.dumps(body) if isinstance(body, dict) else body
    return Client(enforce_csrf_checks=True).post(URL, text, content_type=content_type, **headers)


def call(session_token: str) -> int:
    return Client().get(LOCATIONS, headers={"Authorization": session_token}).status_code


def message(answer: Any) -> str:
    """What is said, without the reference, which differs each time."""
    return str(answer.json()["Message"]).rpartition(" (reference")[0]


def shouted(value: str) -> str:
    return "{" + value.upper() + "}"


# Spellings.


@pytest.mark.parametrize("spell", [str.upper, shouted, lambda value: value.replace("-", ""), " {} ".format])
def test_credentials_are_read_in_every_spelling_of_a_uuid(right: dict[str, str], spell: Any) -> None:
    assert post({name: spell(value) for name, value in right.items()}).status_code == 200


def test_json_with_a_byte_order_mark_is_read(right: dict[str, str]) -> None:
    assert post(b"\xef\xbb\xbf" + json.dumps(right).encode()).status_code == 200


def test_the_last_of_two_equal_members_counts(right: dict[str, str]) -> None:
    twice = json.dumps({"token": WRONG})[:-1] + ", " + json.dumps(right)[1:]
    assert post(twice).status_code == 200


@pytest.mark.parametrize(
    "content_type", [f"{JSON}; charset=utf-8", "text/json", "application/vnd.api+json", JSON.upper()]
)
def test_json_is_read_under_each_of_its_media_types(right: dict[str, str], content_type: str) -> None:
    assert post(right, content_type).status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_credentials_in_the_query_are_read_where_the_operator_allows_them(
    right: dict[str, str], settings: Any, method: str
) -> None:
    target = f"{URL}?{urlencode(right)}"
    assert Client().generic(method, target).status_code == 400
    settings.ALLOW_QUERY_CREDENTIALS = True
    assert Client().generic(method, target).status_code == 200


def test_a_refused_query_leaves_no_session_and_repeats_no_value(right: dict[str, str]) -> None:
    answer = Client().get(f"{URL}?{urlencode(right)}")
    assert Session.objects.count() == 0
    assert not any(value in answer.content.decode() for value in right.values())


# Bodies that are not in order.

UNREADABLE = {
    "text that is not UTF-8": (b'{"Token": "\xff\xfe"}', JSON),
    "form that is not UTF-8": (b"Token=\xff", FORM),
    "nesting without end": (b"[" * 100_000, JSON),
    "objects without end": (b'{"a":' * 100_000, JSON),
    "a number of 5000 digits": (b'{"Token": ' + b"9" * 5000 + b"}", JSON),
    "a list": (b"[]", JSON),
    "a bare text": (b'"Token"', JSON),
    "null": (b"null", JSON),
    "an object for a text": (b'{"Token": {"a": 1}}', JSON),
    "request that is no object": (b'{"request": [1]}', JSON),
    "request that is not JSON": (b"request=%7Bx", FORM),
    "more fields than anybody sends": (b"a=1&" * 1001, FORM),
    "nothing but blanks": (b"   ", JSON),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_body_that_cannot_be_read_is_refused_in_the_apis_shape(db: None, case: str) -> None:
    body, content_type = UNREADABLE[case]
    answer = post(body, content_type)
    assert answer.status_code == 400
    assert answer.json().keys() == {"Code", "Message"}
    assert answer.json()["Code"] == "400"


@pytest.mark.parametrize("value", [True, 1.5, 1e999, -1, None, "", "\0", "\ud800", "x" * 10_000])
def test_values_of_other_kinds_are_refused_as_wrong(right: dict[str, str], value: Any) -> None:
    assert post(right | {"Token": value}).status_code == 400
    refusals.flush()
    assert RefusalSample.objects.count() == 1


@pytest.mark.parametrize("scope", ["a\0b", "\ud800", "x" * 100_000, 7, None])
def test_any_scope_is_stored_as_far_as_it_can_be(right: dict[str, str], scope: Any) -> None:
    assert post(right | {"Scope": scope}).status_code == 200
    assert len(Session.objects.get().scope) <= 2000


def test_a_thousand_fields_in_the_query_are_refused(db: None) -> None:
    assert Client().post(f"{URL}?{'a=1&' * 1001}", "{}", content_type=JSON).status_code == 400


@pytest.mark.parametrize("path", [URL, LOCATIONS, "/api/Auth/GetServerUTCTime"])
@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_not_answered(db: None, path: str, method: str) -> None:
    answer = Client().generic(method, path)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, POST"


MEMBERS = st.sampled_from(["ApplicationId", "applicationsecret", "TOKEN", "request", "Scope"])
BODIES = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(lambda text: text.encode(errors="surrogatepass")),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["ApplicationId", "applicationsecret", "TOKEN", "request", "Scope"]), inner
            )
        ),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode()),
)
QUERIES = st.text(alphabet=st.characters(max_codepoint=255), max_size=40)


@pytest.mark.parametrize("path", [URL, "/api/Auth/GetApplicationProfileBySecretKey", LOCATIONS, "/api/"])
@hypothesis_settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(body=BODIES, content_type=st.sampled_from([JSON, FORM, "text/xml", ""]) | st.text(max_size=20), query=QUERIES)
def test_no_body_whatever_breaks_the_server(db: None, path: str, body: bytes, content_type: str, query: str) -> None:
    answer = Client().generic("POST", path, body, content_type=content_type, QUERY_STRING=query)
    assert answer.status_code < 500
    assert answer.headers["Content-Type"] == JSON


# What is on every answer.


def test_an_answer_sets_no_cookie_and_is_kept_nowhere(right: dict[str, str]) -> None:
    for answer in (post(right), post(right | {"Token": WRONG}), Client().get("/api/nothing")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert not answer.cookies


def test_what_nobody_foresaw_is_said_in_the_apis_shape(right: dict[str, str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE installs_session RENAME TO installs_session_lost")
    answer = Client(raise_request_exception=False).post(URL, json.dumps(right), content_type=JSON)
    assert answer.status_code == 500
    reference = answer.headers["X-Request-Id"]
    said = f"Something broke here. Try again; if it goes on, tell the portal's support (reference {reference})"
    assert answer.json() == {"Code": "500", "Message": said}
    assert answer.headers["Cache-Control"] == "no-store"


# The life of a session.


def test_a_session_that_is_used_goes_on_until_its_absolute_end(right: dict[str, str]) -> None:
    token = post(right).json()["Token"]
    session = Session.objects.get()
    assert session.expires_at - session.created_at == timedelta(hours=24)
    Session.objects.update(last_used_at=timezone.now() - timedelta(seconds=1790))
    assert call(token) == 200
    assert timezone.now() - Session.objects.get().last_used_at < timedelta(seconds=30)
    Session.objects.update(expires_at=timezone.now())
    assert call(token) == 401


def test_use_is_noted_every_thirty_seconds_at_most(right: dict[str, str]) -> None:
    token = post(right).json()["Token"]
    Session.objects.update(last_used_at=(seconds_ago := timezone.now() - timedelta(seconds=20)))
    assert call(token) == 200
    assert Session.objects.get().last_used_at == seconds_ago


def test_twenty_sessions_are_live_and_the_least_recently_used_ends(right: dict[str, str]) -> None:
    tokens = [post(right).json()["Token"] for _ in range(20)]
    Session.objects.update(last_used_at=timezone.now() - timedelta(seconds=60))
    assert call(tokens[0]) == 200
    tokens.append(post(right).json()["Token"])
    answers = [call(token) for token in tokens]
    assert answers.count(200) == 20
    assert (answers[0], answers[-1]) == (200, 200)
    assert Session.objects.get(end=Session.End.REPLACED).ended_at is not None


def test_a_session_ends_with_the_secret_it_was_made_with(right: dict[str, str], alice: User) -> None:
    application = Installation.objects.get().application
    first = application.secrets.get()
    token = post(right).json()["Token"]
    second = secrets.create_secret(application=application, by=acting(alice))
    other = post(right | {"ApplicationSecret": second.value()}).json()["Token"]
    secret_ends.retire_secret(first, after=timedelta(0), by=acting(alice))
    assert (call(token), call(other)) == (401, 200)
    answer = post(right)
    assert (answer.status_code, message(answer)) == (400, UNPROVEN)


def test_a_secret_that_ends_tomorrow_still_counts_today(right: dict[str, str], alice: User) -> None:
    application = Installation.objects.get().application
    first = application.secrets.get()
    secrets.create_secret(application=application, by=acting(alice))
    secret_ends.retire_secret(first, after=endings.AFTER["24h"], by=acting(alice))
    token = post(right).json()["Token"]
    assert call(token) == 200
    Secret.objects.filter(pk=first.pk).update(ends_at=timezone.now())
    assert call(token) == 401


def test_a_session_ends_with_its_permanent_token(right: dict[str, str]) -> None:
    token = post(right).json()["Token"]
    PermanentToken.objects.update(ends_at=timezone.now())
    assert call(token) == 401
    answer = post(right)
    assert (answer.status_code, message(answer)) == (400, refusals.SENTENCES[refusals.Reason.TOKEN_ENDED])


def test_a_session_reads_its_own_accounts_locations(right: dict[str, str], depot: Any) -> None:
    token = post(right).json()["Token"]
    StockLocation.objects.create(account=depot, name="Dave's shed")
    rows = Client().get(LOCATIONS, headers={"Authorization": f"bearer {token}"}).json()
    assert [row["LocationName"] for row in rows] == ["Default"]


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic dTpw", WRONG, "é" * 500, "{}"])
def test_anything_but_a_session_token_is_401(db: None, header: str) -> None:
    assert call(header) == 401


# Refusals: what is said, what it costs, what is kept.


def test_whoever_proved_nothing_learns_nothing(right: dict[str, str]) -> None:
    """An unknown application, a wrong secret, a wrong token without them: one message, one amount of work."""
    unknown = right | {"ApplicationId": WRONG}
    wrong_secret = right | {"ApplicationSecret": WRONG}
    all_wrong = dict.fromkeys(right, WRONG)
    seen = set()
    for members in (unknown, wrong_secret, all_wrong, wrong_secret | {"Token": WRONG}):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = post(members)
        seen.add((answer.status_code, message(answer), len(queries)))
    assert seen == {(400, UNPROVEN, 1)}


def test_the_quota_is_told_in_the_protocols_words(right: dict[str, str], settings: Any) -> None:
    assert settings.EXCHANGES_PER_MINUTE == 150
    post(right)
    row = Session.objects.get()
    Session.objects.bulk_create(
        Session(
            digest=f"{number:064}",
            installation_id=row.installation_id,
            permanent_token_id=row.permanent_token_id,
            secret_id=row.secret_id,
            expires_at=row.expires_at,
        )
        for number in range(149)
    )
    answer = post(right)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    said = "API calls quota exceeded! Maximum admitted 150 per Minute."
    assert answer.json() == {"Code": "429", "Message": said}


def test_the_wait_of_a_failing_address_grows(right: dict[str, str]) -> None:
    waits = []
    for failures in (60, 80, 120, 1000):
        FailureWindow.objects.update_or_create(
            address="127.0.0.1",
            defaults={"began_at": timezone.now(), "last_at": timezone.now(), "failures": failures},
        )
        waits.append(int(post(right | {"ApplicationSecret": WRONG}).headers["Retry-After"]))
    assert waits == [2, 4, 16, 3600]
    assert post(right).status_code == 200


def test_a_refusal_is_kept_with_its_reference_and_masked_values(right: dict[str, str]) -> None:
    answers = [post(right | {"Token": WRONG}) for _ in range(3)]
    refusals.flush()
    group = RefusalGroup.objects.get()
    assert (group.reason, group.count, group.address) == ("UNKNOWN_TOKEN", 3, "127.0.0.1")
    assert group.application_id == Installation.objects.get().application_id
    sample = RefusalSample.objects.get(reference=answers[0].headers["X-Request-Id"])
    assert sample.facts == {name: f"…{value[-4:]}" for name, value in (right | {"Token": WRONG}).items()}
    assert FailureWindow.objects.get().failures == 3


def test_a_refusal_names_no_application_that_was_not_proven(right: dict[str, str]) -> None:
    post(right | {"ApplicationSecret": WRONG})
    refusals.flush()
    group = RefusalGroup.objects.get()
    assert (group.reason, group.application_id, group.installation_id) == ("UNPROVEN", None, None)


# Whose address it is.


@pytest.mark.parametrize(
    ("trusted", "forwarded", "address"),
    [
        ([], "203.0.113.9", "127.0.0.1"),
        (["127.0.0.0/8"], "203.0.113.9", "203.0.113.9"),
        (["127.0.0.0/8"], "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (["127.0.0.0/8", "10.0.0.0/8"], "198.51.100.1, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
        (["127.0.0.0/8"], "not an address", ""),
        (["127.0.0.0/8"], "fe80::1%" + "x" * 100, ""),
        (["10.0.0.0/8"], "203.0.113.9", "127.0.0.1"),
    ],
)
def test_the_address_is_what_trusted_proxies_say(
    right: dict[str, str], settings: Any, trusted: list[str], forwarded: str, address: str
) -> None:
    settings.TRUSTED_PROXIES = [ip_network(network) for network in trusted]
    assert post(right, headers={"X-Forwarded-For": forwarded}).status_code == 200
    assert Session.objects.get().address == address


# Through a real socket.


def chunked(portal: Portal, chunks: list[bytes]) -> HTTPResponse:
    head = (
        f"POST {URL} HTTP/1.1",
        f"Host: localhost:{portal.port}",
        f"Content-Type: {JSON}",
        "Transfer-Encoding: chunked",
        "Connection: close",
    )
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in [*chunks, b""])
    with socket.create_connection(("localhost", portal.port), timeout=20) as peer:
        peer.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + body)
        response = HTTPResponse(peer)
        response.begin()
        response.read()
        return response


def test_a_body_in_chunks_is_read(live_portal: Portal, demo: dict[str, str]) -> None:
    text = json.dumps(
        {
            "ApplicationId": demo["APPLICATION_ID"],
            "ApplicationSecret": demo["APPLICATION_SECRET"],
            "Token": demo["PERMANENT_TOKEN"],
        }
    ).encode()
    assert chunked(live_portal, [text[:10], text[10:50], text[50:]]).status == 200


def test_a_body_in_chunks_is_cut_at_one_megabyte(live_portal: Portal) -> None:
    assert chunked(live_portal, [b" " * 65536] * 17).status == 413
