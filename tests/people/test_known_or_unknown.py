"""Whether somebody has an account is told by no page, and by no time that an answer takes: `bench/known_or_unknown.py`
measures the time, and here it is that the same work is done."""

import re
from dataclasses import dataclass
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from linnapp.models import User
from tests.kit.hashing import CountingHasher
from tests.kit.people import person

pytestmark = pytest.mark.django_db
UNKNOWN = "nobody@nowhere.example"
SIGN_UP = {"name": "Erin", "company": "Emporium", "password1": "a long enough secret"}
CSRF_TOKEN = re.compile(r"\b\w{64}\b")


@pytest.fixture
def erin(settings: Settings) -> User:
    settings.PASSWORD_HASHERS = ["tests.kit.hashing.CountingHasher"]
    return person("Erin", "erin@emporium.example")


@dataclass
class Seen:
    """What somebody sees who knocks, and what it cost."""

    answer: tuple[int, str | None]
    pages: list[str]
    hashed: int
    mails: int
    statements: int


def knock(path: str, typed: dict[str, str], email: str) -> Seen:
    browser, before, sent = Client(), CountingHasher.hashed, len(mail.outbox)
    with CaptureQueriesContext(connection) as statements:
        answer = browser.post(path, typed)
    pages = [browser.get(page) for page in ("/sign-in/", "/sign-up/", "/password/", "/verify/", "/password/sent/")]
    return Seen(
        (answer.status_code, answer.headers.get("Location")),
        [text_of(page, email) for page in (answer, *pages)],
        CountingHasher.hashed - before,
        len(mail.outbox) - sent,
        len(statements),
    )


def text_of(page: Any, email: str) -> str:
    return CSRF_TOKEN.sub("", page.content.decode()).replace(email, "THE ADDRESS")


def both(path: str, field: str, typed: dict[str, str], known: str) -> tuple[Seen, Seen]:
    one, other = (knock(path, typed | {field: email}, email) for email in (known, UNKNOWN))
    assert one.answer == other.answer
    assert one.pages == other.pages
    return one, other


def test_a_sign_in(erin: User) -> None:
    known, unknown = both("/sign-in/", "login", {"password": "wrong"}, erin.email)
    assert known.answer[0] == 422
    assert known.hashed == unknown.hashed == 1
    assert known.mails == unknown.mails == 0
    assert abs(known.statements - unknown.statements) <= 1


def test_a_sign_in_of_somebody_without_a_password(erin: User) -> None:
    erin.set_unusable_password()
    erin.save()
    known, unknown = both("/sign-in/", "login", {"password": "wrong"}, erin.email)
    assert known.hashed == unknown.hashed == 1


def test_a_reset(erin: User) -> None:
    known, unknown = both("/password/", "email", {}, erin.email)
    assert known.answer == (302, "/password/sent/")
    assert known.hashed == unknown.hashed == 0
    assert known.mails == unknown.mails == 1
    assert known.statements == unknown.statements


def test_a_sign_up(erin: User) -> None:
    known, unknown = both("/sign-up/", "email", SIGN_UP, erin.email)
    assert known.answer == (302, "/verify/")
    assert known.hashed == unknown.hashed == 1
    assert known.mails == unknown.mails == 1


def test_a_sign_up_of_somebody_who_never_confirmed(erin: User) -> None:
    EmailAddress.objects.filter(user=erin).update(verified=False)
    known, unknown = both("/sign-up/", "email", SIGN_UP, erin.email)
    assert known.hashed == unknown.hashed == 1
    assert known.mails == unknown.mails == 1


def test_a_sign_in_after_a_sign_up_with_the_same_password(erin: User) -> None:
    both("/sign-up/", "email", SIGN_UP, erin.email)
    known, unknown = both("/sign-in/", "login", {"password": SIGN_UP["password1"]}, erin.email)
    assert known.answer[0] == 422
    assert known.hashed == unknown.hashed == 1
    assert known.mails == unknown.mails


def test_throttled(erin: User) -> None:
    for _ in range(5):
        both("/sign-in/", "login", {"password": "wrong"}, erin.email)
    known, unknown = both("/sign-in/", "login", {"password": "wrong"}, erin.email)
    assert known.answer[0] == 429
    assert known.hashed == unknown.hashed == 0
