"""How often a stranger may knock, and that nobody else is kept out by it."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from installs.tasks import drop_counts_of_attempts
from linnapp.models import KnockCount, User
from linnapp.services import knocks
from tests.kit.people import PASSWORD, ClientOf

pytestmark = pytest.mark.django_db
SIGN_IN = "/sign-in/"
HERE = "203.0.113.1:40001"


@pytest.fixture(autouse=True)
def behind_a_proxy(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.0/8")]
    settings.ALLOWED_HOSTS = ["*"]


def knock(email: str, password: str = "wrong", *, at: str = HERE, browser: Client | None = None, host: str = "") -> Any:
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


def test_a_known_device_does_not_guess_all_day(alice: User) -> None:
    own = Client()
    knock(alice.email, PASSWORD, browser=own)
    own.post("/sign-out/")
    KnockCount.objects.update(count=0)
    for _ in range(knocks.WRONG_OF_DEVICE_A_DAY.most // knocks.WRONG_OF_DEVICE.most):
        assert [knock(alice.email, browser=own).status_code for _ in range(5)] == [422] * 5
        KnockCount.objects.exclude(limit=knocks.WRONG_OF_DEVICE_A_DAY.name).delete()
    assert knock(alice.email, PASSWORD, browser=own).status_code == 429


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


def test_a_providers_customer_with_many_networks_leaves_room_for_others(alice: User) -> None:
    """Each /64 of a /48 has tries of its own; together they have a hundred, and not four thousand rows."""
    answers = [
        knock(f"person-{number}@nowhere.example", at=f"2001:db8:1:{number // 5:x}::1").status_code
        for number in range(120)
    ]
    assert answers == [422] * 100 + [429] * 20
    assert knock(alice.email, PASSWORD, at="2001:db8:2::1").status_code == 302


def test_whoever_is_throttled_uses_up_nobody_elses_tries(alice: User) -> None:
    for _ in range(25):
        knock(alice.email)
    assert knock("bob@northwind.example").status_code == 422
    assert KnockCount.objects.get(limit=knocks.WRONG_OF_ACCOUNT.name, count=5)
    assert KnockCount.objects.get(limit=knocks.WRONG_OF_ADDRESS.name).count == 6


def test_one_person_is_counted_by_one_spelling(alice: User) -> None:
    spellings = [alice.email, alice.email.upper(), f" {alice.email} ", alice.email.title(), "alıce@northwind.example"]
    assert len({knocks.folded(spelling) for spelling in spellings}) == 1
    for spelling in spellings[:4]:
        knock(spelling)
    assert knock(alice.email).status_code == 422
    assert knock(alice.email).status_code == 429


def test_right_sign_ins_are_not_counted_as_wrong(alice: User) -> None:
    for _ in range(12):
        assert knock(alice.email, PASSWORD).status_code == 302
    assert knock(alice.email).status_code == 422


def test_the_wait_is_over_when_its_time_is(alice: User) -> None:
    for _ in range(6):
        answer = knock(alice.email)
    assert int(answer.headers["Retry-After"]) > 290
    KnockCount.objects.update(ends_at=timezone.now() + timedelta(seconds=1.5))
    answer = knock(alice.email)
    assert answer.headers["Retry-After"] == "2"
    assert "Wait 2 seconds, or set a new password" in answer.content.decode()
    KnockCount.objects.update(ends_at=timezone.now())
    assert knock(alice.email, PASSWORD).status_code == 302


def test_the_counts_name_nobody(alice: User) -> None:
    knock(alice.email)
    told = str(list(KnockCount.objects.values_list()))
    assert "alice" not in told
    assert "203.0.113.1" not in told


# What has an end.


def fill(rows: int, ends_at: datetime) -> None:
    KnockCount.objects.bulk_create(
        KnockCount(key=f"{number:064}", limit="sign-ins of an address", count=1, ends_at=ends_at)
        for number in range(rows)
    )


def test_a_flood_of_unknown_addresses_adds_no_rows_without_end_and_washes_nothing_out(alice: User, bob: User) -> None:
    own = Client()
    knock(bob.email, PASSWORD, browser=own)
    own.post("/sign-out/")
    for _ in range(5):
        knock(alice.email)
    fill(knocks.MOST_ROWS, timezone.now() + timedelta(minutes=5))
    before = KnockCount.objects.count()
    for number in range(300):
        knock(f"person-{number}@nowhere.example", at=f"198.51.100.{number}")
    # Rows that are shared: at most so many for each of the four limits.
    assert KnockCount.objects.count() - before <= 4 * knocks.SHARED_ROWS
    assert knock(alice.email, PASSWORD).status_code == 429
    # Who was never here shares a row, and comes in while it has room; a known device has its own.
    assert knock(alice.email, PASSWORD, at="192.0.2.9").status_code == 302
    assert [knock(bob.email, browser=own).status_code for _ in range(6)] == [422] * 5 + [429]


def test_whoever_shares_a_row_that_is_full_is_told_so() -> None:
    fill(knocks.MOST_ROWS, timezone.now() + timedelta(minutes=5))
    for number in range(knocks.SHARED_MOST * knocks.SIGN_UPS.most):
        knocks.sign_up(f"person-{number}@nowhere.example", "192.0.2.1")
    with pytest.raises(knocks.TooOften, match="Too many people are trying to sign in right now"):
        knocks.sign_up("nobody@nowhere.example", "192.0.2.1")


def test_what_is_over_is_dropped_and_what_runs_is_kept() -> None:
    fill(401, timezone.now() - timedelta(seconds=1))
    knock("nobody@nowhere.example")
    drop_counts_of_attempts.call_local()
    assert not KnockCount.objects.over(timezone.now()).exists()
    assert KnockCount.objects.count() == 4


def test_the_name_of_each_limit_finds_room_in_its_row() -> None:
    """SQLite takes any length."""
    limits = [limit for limit in vars(knocks).values() if isinstance(limit, knocks.Limit)]
    assert len(limits) > 10
    room = KnockCount._meta.get_field("limit").max_length
    assert room is not None
    assert [limit.name for limit in limits if len(limit.name) > room] == []


@pytest.mark.django_db(transaction=True)
def test_parallel_ones_count_together() -> None:
    limit = knocks.Limit("a test", 20, 60, "Wait {wait}.")

    def tried(number: int) -> bool:
        try:
            knocks.count(limit, "somebody")
        except knocks.TooOften:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        passed = list(pool.map(tried, range(120)))
    assert sum(passed) == KnockCount.objects.get().count == 20


# The other limits.


def test_each_form_says_how_long_to_wait_and_keeps_what_was_typed(alice: User) -> None:
    sign_up = {"name": "Erin", "company": "Emporium", "password1": "a long enough secret"}
    for path, typed, limit in (
        ("/sign-up/", sign_up, knocks.SIGN_UPS),
        ("/password/", {}, knocks.RESETS),
    ):
        for number in range(limit.most):
            email = f"erin-{number}@emporium.example"
            headers = {"X-Forwarded-For": HERE, "Host": f"localhost:{number}"}
            assert Client(headers=headers).post(path, typed | {"email": email}).status_code == 302
        answer = Client(headers={"X-Forwarded-For": HERE}).post(path, typed | {"email": "one@more.example"})
        assert answer.status_code == 429
        assert 500 < int(answer.headers["Retry-After"]) <= 600
        page = answer.content.decode()
        assert "Too many attempts from your network. Wait 10 minutes, then try again." in page
        assert 'value="one@more.example"' in page
    assert not User.objects.filter(email="one@more.example").exists()
    assert len(mail.outbox) == knocks.SIGN_UPS.most + knocks.RESETS.most


def test_mistyped_forms_are_not_counted() -> None:
    for _ in range(40):
        Client().post("/password/", {"email": "erin"})
        Client().post("/sign-up/", {"email": "erin@emporium.example"})
    assert not KnockCount.objects.exists()


def test_one_account_gets_so_many_links(alice: User) -> None:
    def ask(number: int, email: str) -> Any:
        return Client(headers={"X-Forwarded-For": f"203.0.113.{number}"}).post("/password/", {"email": email})

    for email in (alice.email, "nobody@nowhere.example"):
        mail.outbox.clear()
        answers = [ask(number, email) for number in range(7)]
        assert [answer.status_code for answer in answers] == [302] * 5 + [429] * 2
        assert (
            "Five links have already been requested. Use the newest one, or wait 15 minutes."
            in answers[-1].content.decode()
        )
        assert len(mail.outbox) == 5


def test_a_mail_to_confirm_goes_once_in_three_minutes(alice: User) -> None:
    sign_up = {"name": "Erin", "company": "Emporium", "password1": "a long enough secret"}
    for email in (alice.email, "erin@emporium.example"):
        mail.outbox.clear()
        for _ in range(3):
            assert Client().post("/sign-up/", sign_up | {"email": email}).headers["Location"] == "/verify/"
        assert len(mail.outbox) == 1


def test_the_own_password_is_not_guessed_by_whoever_sits_at_the_screen(alice: User, client_of: ClientOf) -> None:
    client = client_of(alice)
    new = {"password1": "another long secret", "password2": "another long secret"}
    for _ in range(3):
        assert client.post("/profile/password/", new | {"oldpassword": "wrong"}).status_code == 422
    for _ in range(2):
        assert client.post("/sign-in/again/", {"password": "wrong"}).status_code == 422
    for path, typed in (
        ("/profile/password/", new | {"oldpassword": PASSWORD}),
        ("/sign-in/again/", {"password": PASSWORD}),
    ):
        answer = client.post(path, typed)
        assert answer.status_code == 429
        assert int(answer.headers["Retry-After"]) > 290
        assert "Too many failed sign-ins. Wait 5 minutes" in answer.content.decode()
    # Elsewhere the same person signs in, and goes on where they are signed in already.
    assert knock(alice.email, PASSWORD).status_code == 302
    assert client_of(alice).post("/sign-in/again/", {"password": PASSWORD}).status_code == 302


def test_the_own_password_is_guessed_so_often_a_day(alice: User, client_of: ClientOf) -> None:
    guessed, owner = client_of(alice), client_of(alice)
    own, day = guessed.session.session_key, knocks.WRONG_OF_SESSION_A_DAY

    def wrong(client: Client) -> int:
        answer = client.post("/sign-in/again/", {"password": "wrong"})
        KnockCount.objects.filter(limit=knocks.WRONG_OF_SESSION.name).delete()
        return answer.status_code

    for _ in range(day.most - 1):
        knocks.count(day, alice.pk, alice.password, own)
    assert [wrong(guessed) for _ in range(2)] == [422, 429]
    assert owner.post("/sign-in/again/", {"password": PASSWORD}).status_code == 302
    for _ in range(knocks.WRONG_IN_ALL_SESSIONS.most - 1):
        knocks.count(knocks.WRONG_IN_ALL_SESSIONS, alice.pk, alice.password)
    assert wrong(owner) == 429


def test_a_new_address_is_asked_for_so_often(alice: User, client_of: ClientOf) -> None:
    client = client_of(alice)
    for number in range(9):
        typed = {"email": f"a{number}@new.example", "action_add": "1"}
        assert client.post("/profile/e-mail/", typed).status_code == 302
    assert client.post("/profile/e-mail/", {"email": "a8@new.example", "action_send": "1"}).status_code == 302
    answer = client.post("/profile/e-mail/", {"email": "one@more.example", "action_add": "1"})
    assert answer.status_code == 429
    assert 'value="one@more.example"' in answer.content.decode()
    answer = client.post("/profile/e-mail/", {"email": "a8@new.example", "action_send": "1"})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 500
    page = answer.content.decode()
    assert "You have changed this many times just now. Wait 10 minutes" in page
    # In place: the address that waits, the buttons and the form are there.
    assert "a8@new.example</strong> is not confirmed yet" in page
    assert page.index("You have changed this many times") < page.index("Resend the link") < page.index("Change address")
    assert len(mail.outbox) == 9


def test_a_new_password_behind_a_link_is_typed_so_often(alice: User) -> None:
    client = Client(headers={"X-Forwarded-For": HERE})
    client.post("/password/", {"email": alice.email})
    found = re.search(r"http://localhost:8000(/\S+)", str(mail.outbox[0].body))
    assert found
    form = client.get(found[1], follow=True).redirect_chain[-1][0]
    typed = {"password1": "another long secret", "password2": "something else"}
    answers = [client.post(form, typed).status_code for _ in range(knocks.NEW_PASSWORDS.most + 1)]
    assert answers == [422] * knocks.NEW_PASSWORDS.most + [429]


def test_the_release_before_counts_on_during_an_upgrade() -> None:
    """It names no column that came since."""
    columns = 'key, "limit", count, ends_at'
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO linnapp_knockcount ({columns}) VALUES ('k', 'x', 1, %s)", [timezone.now()])
    assert not KnockCount.objects.get().daily
