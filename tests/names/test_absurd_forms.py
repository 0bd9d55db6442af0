"""Nothing that is sent to a page makes it fail: every address there is, asked by every way, with fields that are
missing, doubled, huge, of another type, or no text at all. Each page is sent a part of it, all of it by hand
(`FUZZ=3`)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import quote, quote_from_bytes

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import URLPattern

from linnapp.models import User
from tests.factors.having import signed_in_by_factor
from tests.house.crawl import Page
from tests.house.test_access import EVERYTHING, PEOPLE
from tests.house.world import World, address, routes
from tests.kit.fuzzing import examples
from tests.kit.people import ClientOf
from tests.kit.signing_in.factors import past_the_password, with_both
from tests.names.test_forms import fields as fields_of_forms

FORM = "application/x-www-form-urlencoded"
# Beside the fields of all forms: what pages and the portal itself read.
READ = (
    "q", "next", "page", "drawn_for", "kept_form", "pending", "needed", "seen", "read", "apply", "draft", "format",
    "about", "since", "until", "after", "sort", "state", "x", "text", "revision", "kind", "nonce", "agreed",
)  # fmt: skip
NAMES = sorted({name.split()[-1] for name in fields_of_forms()} | set(READ))
ODD = ("\0", "", "9" * 40, "-1", "[[[", '{"a": NaN}', "x" * 20_000, "É\u202e", "null")
NO_TEXT = (b"\xff\xfe", b"\xed\xa0\x80", b"%")
EACH = max(1, 4 - examples(1))
# By scripts as well as by browsers.
WAYS: tuple[dict[str, str], ...] = ({}, {"HX-Request": "true"})


@dataclass(frozen=True)
class Sent:
    """One request: what it is called, its method, and what goes with it."""

    told: str
    method: str = "POST"
    given: Any = field(default_factory=dict)
    kind: str = ""

    def by(self, client: Client, place: str, headers: dict[str, str]) -> int:
        if self.kind:
            answer = client.generic(self.method, place, self.given, content_type=self.kind, headers=headers)
        elif self.method == "POST":
            answer = client.post(place, self.given, headers=headers)
        else:
            answer = client.get(f"{place}?{self.given}", headers=headers)
        if answer.streaming:
            list(answer)
        return answer.status_code


def pairs(value: str) -> str:
    """Each name there is, with this value that is quoted already."""
    return "&".join(f"{quote(name)}={value}" for name in NAMES)


def sent_to_any() -> Iterator[Sent]:
    yield Sent("nothing")
    for number, value in enumerate(ODD):
        yield Sent(f"odd {number}", given=dict.fromkeys(NAMES, value))
    for value in (*(quote_from_bytes(value) for value in NO_TEXT), "%", "%ff%00"):
        yield Sent(f"not text {value}", given=pairs(value), kind=FORM)
        yield Sent(f"not text {value} in the address", "GET", pairs(value))
    yield Sent("doubled", given=f"{pairs('a')}&{pairs('b')}", kind=FORM)
    yield Sent("doubled in the address", "GET", f"{pairs('a')}&{pairs('b')}")
    yield Sent("files", given={name: SimpleUploadedFile("a\0.png", b"\0") for name in NAMES[:90]})
    yield Sent("JSON", given="[1, {", kind="application/json")
    yield Sent("no parts", given="--x\r\n\r\n", kind="multipart/form-data; boundary=x")
    yield Sent("no boundary", given="a", kind="multipart/form-data")
    yield Sent("another charset", given=pairs("%ff"), kind=f"{FORM}; charset=utf-7")
    yield Sent("PUT", "PUT", "x=1", FORM)
    yield Sent("DELETE", "DELETE", "x=1", FORM)


def sent_to_forms(text: str, place: str) -> Iterator[Sent]:
    """Each field of the page's own forms alone, as it is drawn and with something typed; and all but that one."""
    for form in Page(text, place).forms:
        if form.method == "post" and form.action.split("?")[0] == place:
            for name, drawn in form.fields.items():
                yield Sent(f"{name} alone", given={name: drawn or "Typed"})
                yield Sent(f"all but {name}", given={key: text for key, text in form.fields.items() if key != name})
                yield Sent(f"{name} doubled", given={**form.fields, name: [drawn, "Typed"]})


def faults(client: Client, place: str, turn: int) -> Iterator[str]:
    cookies = {name: cookie.value for name, cookie in client.cookies.items()}
    client.raise_request_exception = False
    # Where passkeys are.
    client.defaults |= {"SERVER_NAME": "localhost", "SERVER_PORT": "8000"}
    with transaction.atomic():
        page = client.get(place)
        text = "" if page.streaming else page.content.decode()
        transaction.set_rollback(True)
    for number, sent in enumerate([*list(sent_to_any())[turn % EACH :: EACH], *sent_to_forms(text, place)]):
        client.cookies = SimpleCookie(cookies)
        with transaction.atomic():
            status = sent.by(client, place, WAYS[number % 2])
            transaction.set_rollback(True)
        if status >= 500:
            yield f"{place}: {sent.told} {status}"


def who_may(pattern: URLPattern) -> str:
    """Of several, whoever stands last, and somebody signed in before nobody."""
    who = EVERYTHING[str(pattern.name)]
    return next((person for person in PEOPLE[1:] if who.expected(person) not in (404, 403)), "nobody")


@pytest.fixture
def with_factors(world: World) -> World:
    """Alice has an app, recovery codes and a passkey."""
    alice = world.users["alice"]
    assert alice
    return replace(world, arguments=world.arguments | {"pk": with_both(alice, "Laptop").pk})


def signed_in(world: World, client_of: ClientOf, person: str) -> Client:
    user = world.users[person]
    has_one = user is not None and Authenticator.objects.filter(user=user).exists()
    return signed_in_by_factor(client_of, user) if has_one else client_of(user)  # type: ignore[arg-type]


PARTS = 8


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_takes_every_form(part: int, with_factors: World, client_of: ClientOf) -> None:
    found: list[str] = []
    for turn, pattern in list(enumerate(routes(settings.ROOT_URLCONF)))[part::PARTS]:
        client = signed_in(with_factors, client_of, who_may(pattern))
        found += faults(client, address(with_factors, pattern), turn)
    assert found == []


def _stale(alice: User, client_of: ClientOf) -> Client:
    return client_of(alice, fresh=False)


def _halfway(alice: User, client_of: ClientOf) -> Client:
    return past_the_password(alice)


def _nobody(alice: User, client_of: ClientOf) -> Client:
    return client_of(None)


OF_ONESELF = ("sign-in/", "profile/", "password/", "verify/")


@pytest.mark.parametrize("browser", [_stale, _halfway, _nobody])
def test_every_page_about_oneself_takes_every_form(
    browser: Callable[[User, ClientOf], Client], with_factors: World, client_of: ClientOf
) -> None:
    """Of whoever signed in long ago, is asked for a factor, or is nobody."""
    alice = with_factors.users["alice"]
    assert alice
    client = browser(alice, client_of)
    found: list[str] = []
    places = {address(with_factors, pattern) for pattern in routes(settings.ROOT_URLCONF)}
    for turn, place in enumerate(sorted(places)):
        if place[1:].startswith(OF_ONESELF):
            found += faults(client, place, turn)
    assert found == []
