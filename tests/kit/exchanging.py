"""How tests ask the API: an exchange as a client sends it, and what is said; by a view, or in a loop by the door."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.test import Client

from installs.exchange import refusals
from installs.exchange.authorization import Exchange
from installs.exchange.door import Door
from installs.exchange.wire import read_exchange
from installs.models import PermanentToken
from linnapp.calls import Call, Reply

T = TypeVar("T")
URL = "/api/Auth/AuthorizeByApplication"
LOCATIONS = "/api/Inventory/GetStockLocations"
WRONG = "00000000-0000-4000-8000-000000000000"
JSON = "application/json"
UNPROVEN = refusals.SENTENCES[refusals.Reason.UNPROVEN]


def post(body: str | bytes | dict[str, Any], content_type: str = JSON, **headers: Any) -> Any:
    text = json.dumps(body) if isinstance(body, dict) else body
    return Client(enforce_csrf_checks=True).post(URL, text, content_type=content_type, **headers)


def members_of(token: PermanentToken) -> dict[str, str]:
    """The body of an exchange with this permanent token."""
    application = token.installation.application
    secret = application.secrets.order_by("pk")[0]
    return {"ApplicationId": str(application.pk), "ApplicationSecret": secret.value(), "Token": token.value()}


def exchange(token: PermanentToken) -> Any:
    return post(members_of(token))


def without_letter_case(content: bytes) -> Any:
    """JSON as PowerShell, a .NET dictionary without case and their like read it: refused where one object has two
    members that differ in letter case only. Names come in small letters."""

    def lowered(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name.lower() for name, _ in pairs]
        assert len(set(names)) == len(names), f"alike but for letter case: {sorted(names)}"
        return {name.lower(): value for name, value in pairs}

    return json.loads(content, object_pairs_hook=lowered)


def message(answer: Any) -> str:
    """What is said, without the reference, which differs each time."""
    return str(answer.json()["Message"]).rpartition(" (reference")[0]


def exchange_of(members: dict[str, str], address: str = "203.0.113.9") -> Exchange:
    return Exchange(read_exchange(members), address)


def through_the_door(scenario: Callable[[Door], Awaitable[T]]) -> T:
    """What becomes of it in a loop with a door, which is closed in the end."""

    async def whole() -> T:
        door = Door()
        try:
            return await scenario(door)
        finally:
            await door.close()

    return in_a_loop_of_its_own(whole())


def in_a_loop_of_its_own(made: Coroutine[Any, Any, T]) -> T:
    """In another thread: where a browser is driven, this one has a loop already."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, made).result()


async def knock(door: Door, path: str, body: bytes | dict[str, str] = b"", method: str = "POST", **meta: str) -> Reply:
    """One request as the front hands it over."""
    sent = json.dumps(body).encode() if isinstance(body, dict) else body
    answer = door.endpoint(path)
    assert answer is not None
    seen = {"REMOTE_ADDR": "127.0.0.1", "CONTENT_TYPE": JSON, "CONTENT_LENGTH": str(len(sent))} | meta
    query = seen.pop("QUERY_STRING", "")
    return await answer(Call(method, path, query, seen, sent, "0123456789abcdef"))
