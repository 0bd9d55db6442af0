"""The door answers in a loop as the views answer: byte for byte, for whatever is sent to whichever path."""

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as portal_settings
from django.db import connection
from django.test import Client
from django.urls import Resolver404, get_resolver
from django.utils import timezone

from installs.exchange import ledger
from installs.exchange.door import Door
from installs.models import RefusalGroup, RefusalSample, Session
from linnapp.calls import Reply
from tests.kit.exchanging import JSON, LOCATIONS, URL, WRONG, knock, post, through_the_door

pytestmark = pytest.mark.usefixtures("nothing_noted")
# What the door reads, its own connections read.
committed = pytest.mark.django_db(transaction=True)
PROFILE = "/api/Auth/GetApplicationProfileBySecretKey"
TIME = "/api/Auth/GetServerUTCTime"
FORM = {"CONTENT_TYPE": "application/x-www-form-urlencoded"}
# Method, path, body, and what else is sent: RIGHT stands for the right credentials, GENERIC for them as a generic
# connector sends them, SESSION for a session token.
RIGHT, GENERIC, SESSION = "right", "generic", "session"
SENT: dict[str, tuple[str, str, Any, dict[str, str]]] = {
    "exchange": ("POST", URL, RIGHT, {}),
    "exchange, in another letter case": ("POST", URL.lower() + "/", RIGHT, {}),
    "exchange, doubled slash": ("POST", "/" + URL, RIGHT, {}),
    "exchange, doubled slashes inside": ("POST", "/api//Auth//AuthorizeByApplication", RIGHT, {}),
    "exchange of a generic connector": ("POST", URL, GENERIC, {}),
    "exchange by GET with a body": ("GET", URL, RIGHT, {}),
    "wrong secret": ("POST", URL, {"ApplicationId": WRONG, "ApplicationSecret": WRONG, "Token": WRONG}, {}),
    "missing members": ("POST", URL, {"Token": WRONG}, {}),
    "no JSON": ("POST", URL, b"{", {}),
    "a form that is none": ("POST", URL, b"Token=\xff", FORM),
    "XML": ("POST", URL, b"<a/>", {"CONTENT_TYPE": "text/xml"}),
    "no type": ("POST", URL, b"x", {"CONTENT_TYPE": ""}),
    "nothing": ("POST", URL, b"", {}),
    "credentials in the query": ("POST", URL, b"", {"QUERY_STRING": "token=a&scope=b"}),
    "JSON as a form": ("POST", URL, {"Token": WRONG}, FORM),
    "a form as JSON": ("POST", URL, b"Token=x", {}),
    "compressed": ("POST", URL, b"\x1f\x8b\x08", {"HTTP_CONTENT_ENCODING": "gzip"}),
    "larger than 1 MB": ("POST", URL, b" " * (1024 * 1024 + 1), {}),
    "a length that is no number": ("POST", URL, b"", {"CONTENT_LENGTH": "x"}),
    "a profile": ("POST", PROFILE, RIGHT, {}),
    "a profile, wrong": ("POST", PROFILE, {"ApplicationId": WRONG, "ApplicationSecret": "x", "UserId": "1"}, {}),
    "a profile, missing": ("POST", PROFILE, b"", {}),
    "time": ("GET", TIME, b"", {}),
    "locations": ("GET", LOCATIONS, b"", {"HTTP_AUTHORIZATION": SESSION}),
    "locations, bearer": ("POST", LOCATIONS, b"{}", {"HTTP_AUTHORIZATION": "Bearer " + SESSION}),
    "locations, without": ("POST", LOCATIONS, b"", {}),
    "locations, wrong": ("POST", LOCATIONS, b"", {"HTTP_AUTHORIZATION": WRONG}),
    **{f"{method} {path}": (method, path, b"", {}) for method in ("PUT", "HEAD", "OPTIONS") for path in (URL, TIME)},
}
# What differs each time.
FRESH = {"Id", "Token", "token", "ExpirationDate"}


def steady(body: bytes, reference: str) -> Any:
    """A body without what differs each time; the text itself where there is nothing of that kind."""
    text = body.decode().replace(reference, "(its reference)")
    if text.startswith('{"Id"'):
        return [(name, name in FRESH or value) for name, value in json.loads(text).items()]
    return text[:-5] if text.endswith('Z"') else text


def seen_by_view(method: str, path: str, body: bytes, meta: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
    query = meta.get("QUERY_STRING", "")
    extra: dict[str, Any] = {
        name: value for name, value in meta.items() if name not in {"CONTENT_TYPE", "QUERY_STRING"}
    }
    content_type = meta.get("CONTENT_TYPE", JSON)
    answer = Client().generic(
        method, f"http://testserver{path}", body, content_type=content_type, QUERY_STRING=query, **extra
    )
    headers = dict(answer.headers.items())
    reference = headers.pop("X-Request-Id")
    del headers["Content-Length"]
    return answer.status_code, steady(answer.content, reference), headers


def seen_at_the_door(reply: Reply) -> tuple[int, Any, dict[str, str]]:
    headers = {"Content-Type": reply.content_type, **dict(reply.headers)}
    return reply.status, steady(reply.body, reply.reference or "0123456789abcdef"), headers


@committed
def test_the_door_answers_as_the_views_do(right: dict[str, str]) -> None:
    token = post(right).json()["Token"]
    generic = right | {"grant_type": "client_credentials"}
    in_full = {RIGHT: json.dumps(right | {"UserId": "1"}).encode(), GENERIC: json.dumps(generic).encode()}
    seen, at_the_door = {}, {}
    for name, (method, path, body, also) in SENT.items():
        sent = json.dumps(body).encode() if isinstance(body, dict) else in_full.get(body, body)
        meta = {key: value.replace(SESSION, token) for key, value in also.items()}
        seen[name] = seen_by_view(method, path, sent, meta)
        at_the_door[name] = seen_at_the_door(asked(path, sent, method, meta))
        if method == "HEAD":
            # The front leaves the body of the answer out, as Django's client does.
            at_the_door[name] = (at_the_door[name][0], "", at_the_door[name][2])
    assert at_the_door == seen
    assert {name: list(headers) for name, (_, _, headers) in at_the_door.items()} == {
        name: list(headers) for name, (_, _, headers) in seen.items()
    }
    assert {status for status, _, _ in seen.values()} == {200, 400, 401, 405, 413, 415}


def asked(path: str, body: bytes, method: str, meta: dict[str, str]) -> Reply:
    return through_the_door(lambda door: knock(door, path, body, method, **meta))


PATHS = [
    *(URL, "/" + URL, URL + "/", URL.upper(), "//API/auth/getServerUTCtime/", LOCATIONS, PROFILE),
    *("//" + URL, URL + "//", "/api/", "/", "", "//", "/api/Auth", "/metrics", URL[1:], URL + "/x", "/x" + URL),
    *(
        PROFILE.replace("K", "\u212a"),
        URL.replace("/Auth/", "//Auth/"),
        URL.replace("/", "///") + "//",
        LOCATIONS + "//",
    ),
    *("/api//Auth//AuthorizeByApplication", "/api/Inventory//GetStockLocations", "/api//", "///api//Auth", "/v2" + URL),
]


@pytest.mark.parametrize("path", PATHS)
def test_the_door_knows_the_paths_that_the_url_conf_knows(path: str) -> None:
    async def known(door: Door) -> bool:
        return door.endpoint(path) is not None

    try:
        match = get_resolver(portal_settings.MACHINE_URLCONF).resolve(path)
    except Resolver404:
        served = False
    else:
        served = match.url_name not in {"api_not_found", "metrics"}
    assert through_the_door(known) == served


@committed
def test_a_refusal_at_the_door_is_kept_with_its_reference(right: dict[str, str]) -> None:
    reply = through_the_door(lambda door: knock(door, URL, right | {"Token": WRONG}))
    assert reply.status == 400
    ledger.flush()
    assert RefusalGroup.objects.get().reason == "UNKNOWN_TOKEN"
    assert RefusalSample.objects.get().reference == reply.reference


@committed
def test_many_at_once_are_answered_each_with_a_session_of_its_own(right: dict[str, str], settings: Any) -> None:
    async def many(door: Door) -> list[Reply]:
        return await asyncio.gather(*(knock(door, URL, right) for _ in range(40)))

    replies = through_the_door(many)
    assert [reply.status for reply in replies] == [200] * 40
    tokens = {json.loads(reply.body)["Token"] for reply in replies}
    assert len(tokens) == Session.objects.count() == 40
    assert Session.objects.live().count() == settings.SESSIONS_PER_INSTALLATION


@committed
def test_many_at_once_keep_to_the_quota(right: dict[str, str], settings: Any) -> None:
    settings.EXCHANGES_PER_MINUTE = 7

    async def many(door: Door) -> list[Reply]:
        return await asyncio.gather(*(knock(door, URL, right) for _ in range(20)))

    statuses = [reply.status for reply in through_the_door(many)]
    assert (statuses.count(200), statuses.count(429)) == (7, 13)


@committed
def test_uses_of_sessions_are_written_together(right: dict[str, str]) -> None:
    tokens = [post(right).json()["Token"] for _ in range(3)]
    long_ago = timezone.now() - timedelta(seconds=60)
    Session.objects.update(last_used_at=long_ago)

    async def call(door: Door) -> list[Reply]:
        calls = [knock(door, LOCATIONS, HTTP_AUTHORIZATION=token) for token in (tokens * 3)[:-1]]
        return await asyncio.gather(*calls)

    assert {reply.status for reply in through_the_door(call)} == {200}
    assert not Session.objects.filter(last_used_at=long_ago).exists()
    assert Session.objects.live().count() == 3


def is_used_since(moment: datetime) -> bool:
    try:
        return Session.objects.filter(last_used_at__gt=moment).exists()
    finally:
        connection.close()


@committed
def test_a_use_is_written_within_a_moment(right: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("installs.exchange.door.USES_GATHER", 0.05)
    token = post(right).json()["Token"]
    long_ago = timezone.now() - timedelta(seconds=60)
    Session.objects.update(last_used_at=long_ago)

    async def call(door: Door) -> bool:
        assert (await knock(door, LOCATIONS, HTTP_AUTHORIZATION=token)).status == 200
        await asyncio.sleep(0.5)
        return await asyncio.to_thread(is_used_since, long_ago)

    assert through_the_door(call)


@committed
def test_what_nobody_foresaw_is_said_at_the_door_too(
    right: dict[str, str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(call: Any) -> str:
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr("installs.exchange.endpoints.client_address", broken)
    reply = through_the_door(lambda door: knock(door, URL, right))
    said = "Something went wrong here. Try again; if it happens again, contact the portal's support team"
    told = {"Code": "500", "Message": f"{said} (reference 0123456789abcdef)"}
    assert (reply.status, json.loads(reply.body)) == (500, told)
    assert "nobody foresaw this" in caplog.text
