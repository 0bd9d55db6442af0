"""How the API reads a request: odd spellings, hostile bodies, chunks, whose address; and what is on every answer."""

import json
import socket
from http.client import HTTPResponse
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from installs.exchange import ledger
from installs.models import (
    RefusalSample,
    Session,
)
from tests.kit.exchanging import JSON, LOCATIONS, URL, WRONG, post
from tests.kit.fuzzing import examples
from tests.kit.portal import Portal

pytestmark = pytest.mark.usefixtures("nothing_noted")

FORM = "application/x-www-form-urlencoded"


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
    ledger.flush()
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
    said = "Something went wrong here. Try again; if it happens again, contact the portal's support team"
    assert answer.json() == {"Code": "500", "Message": f"{said} (reference {reference})"}
    assert answer.headers["Cache-Control"] == "no-store"


# Whose address it is.


@pytest.mark.parametrize(
    ("trusted", "forwarded", "address"),
    [
        ([], "203.0.113.9", "127.0.0.1"),
        (["127.0.0.0/8"], "203.0.113.9", "203.0.113.9"),
        (["127.0.0.0/8"], "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (["127.0.0.0/8", "10.0.0.0/8"], "198.51.100.1, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
        (["127.0.0.0/8"], "not an address", "127.0.0.1"),
        (["127.0.0.0/8"], "fe80::1%" + "x" * 100, "fe80::1"),
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
