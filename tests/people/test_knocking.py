"""How often a stranger may knock, and that nobody else is kept out by it."""

from ipaddress import ip_network

import pytest
from django.core import mail
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from linnapp.models import User
from tests.kit.people import PASSWORD

pytestmark = pytest.mark.django_db
SIGN_IN = "/sign-in/"
HERE = "203.0.113.1:40001"


@pytest.fixture(autouse=True)
def behind_a_proxy(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.0/8")]
    settings.ALLOWED_HOSTS = ["*"]


def knock(email: str, password: str = "wrong", *, at: str = HERE, browser: Client | None = None, host: str = "") -> HttpResponse:
    headers = {"X-Forwarded-For": at} | ({"Host": host} if host else {})
    return (browser or Client()).post(SIGN_IN, {"login": email, "password": password}, headers=headers)


def test_another_host_gives_no_more_tries(alice: User) -> None:
    answers = [knock(alice.email, host=f"localhost:{number}").status_code for number in range(1, 8)]
    assert answers == [422] * 5 + [429] * 2
    assert knock(alice.email, PASSWORD, host="localhost:99").status_code == 429


def test_counters_are_not_washed_out_by_other_requests(alice: User) -> None:
    for _ in range(5):
        knock(alice.email)
    for number in range(300):
        headers = {"X-Forwarded-For": f"198.51.{number // 250}.{number % 250}"}
        Client(headers=headers).post("/password/", {"email": f"nobody-{number}@nowhere.example"})
    cache.clear()
    assert knock(alice.email, PASSWORD).status_code == 429


def test_a_stranger_locks_no_known_device_out(alice: User) -> None:
    own = Client()
    assert knock(alice.email, PASSWORD, at="198.51.100.7", browser=own).status_code == 302
    own.post("/sign-out/")
    for number in range(40):
        knock(alice.email, at=f"203.0.113.{number % 20}")
        knock(alice.email, at="198.51.100.7")
    assert knock(alice.email, PASSWORD, at="198.51.100.7").status_code == 429
    assert knock(alice.email, PASSWORD, at="198.51.100.7", browser=own).status_code == 302


def test_a_stranger_elsewhere_locks_no_new_device_out_at_once(alice: User) -> None:
    for _ in range(25):
        knock(alice.email)
    assert knock(alice.email, PASSWORD, at="198.51.100.7").status_code == 302


def test_many_addresses_together_cannot_guess_for_ever(alice: User) -> None:
    answers = [knock(alice.email, at=f"203.0.113.{number}").status_code for number in range(40)]
    assert answers == [422] * 30 + [429] * 10
    assert knock(alice.email, PASSWORD, at="198.51.100.7").status_code == 429


def test_one_address_over_all_accounts_is_throttled_at_the_eleventh() -> None:
    answers = [
        knock(f"person-{number}@nowhere.example", at=f"9.9.9.{number}, {HERE}").status_code for number in range(25)
    ]
    assert answers == [422] * 10 + [429] * 15


def test_one_account_from_an_unknown_device_is_throttled_at_the_sixth(alice: User) -> None:
    answers = [knock(alice.email, at=f"9.9.9.{number}, {HERE}").status_code for number in range(25)]
    assert answers == [422] * 5 + [429] * 20


def test_addresses_with_ports_lock_nobody_else_out(alice: User) -> None:
    for number in range(1, 12):
        assert knock(f"person-{number}@nowhere.example", at=f"203.0.113.{number}:{40000 + number}").status_code == 422
    assert knock(alice.email, PASSWORD, at="203.0.113.77:40077").status_code == 302


def test_a_subscribers_ipv6_addresses_count_as_one(alice: User) -> None:
    answers = [knock(alice.email, at=f"2001:db8:1:2::{number}").status_code for number in range(1, 8)]
    assert answers == [422] * 5 + [429] * 2
    assert knock(alice.email, PASSWORD, at="2001:db8:1:3::1").status_code == 302
