"""Codes of an authenticator app, and recovery codes: each opens once."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client

from linnapp import credentials
from linnapp.models import User
from linnapp.services import knocks
from tests.factors.having import signed_in_by_factor
from tests.kit.people import ClientOf
from tests.kit.signing_in.factors import (
    FACTOR,
    SECURITY,
    SIGN_IN,
    code_of,
    is_signed_in,
    past_the_password,
    recovery_codes,
    with_app,
    wrong_code,
)

pytestmark = pytest.mark.django_db
APP = f"{SECURITY}app/"


@pytest.mark.django_db(transaction=True)
def test_an_app_is_added_by_its_first_code_which_opens_nothing_more(
    alice: User, bob: User, client_of: ClientOf
) -> None:
    browser = client_of(alice)
    page = browser.get(APP)
    secret = page.context["secret"]
    assert f"<code>{secret}</code>" in page.content.decode()
    assert 'src="data:image/svg+xml;base64,' in page.content.decode()
    assert f"localhost:8000: {alice.email}" in page.content.decode()
    kept = {"pending": page.context["pending"]}
    refused = browser.post(APP, kept | {"code": wrong_code(secret)})
    assert (refused.status_code, refused.context["secret"]) == (422, secret)
    assert not Authenticator.objects.filter(user=alice).exists()
    code = code_of(secret)
    assert client_of(bob).post(APP, kept | {"code": code}).status_code == 422
    assert browser.post(APP, kept | {"code": code}).headers["Location"] == f"{SECURITY}recovery-codes/"
    assert browser.get(APP).headers["Location"] == SECURITY
    stranger = past_the_password(alice)
    assert stranger.post(FACTOR, {"code": code}).status_code == 422
    assert not is_signed_in(stranger)


def test_the_key_of_an_app_is_taken_within_the_time_it_is_shown_for(
    alice: User, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = client_of(alice)
    shown = browser.get(APP).context
    monkeypatch.setattr("linnapp.views.factors.PENDING_SECONDS", 0)
    refused = browser.post(APP, {"pending": shown["pending"], "code": code_of(shown["secret"])})
    assert refused.status_code == 422
    assert refused.context["secret"] != shown["secret"]
    assert not Authenticator.objects.filter(user=alice).exists()


def test_a_password_alone_opens_nothing_and_the_code_leads_on(alice: User) -> None:
    secret = with_app(alice)
    browser = past_the_password(alice, next="/profile/?tab=1")
    assert not is_signed_in(browser)
    assert browser.get("/profile/").status_code == 302
    assert browser.get(SIGN_IN).headers["Location"] == FACTOR
    before = browser.session.session_key
    assert browser.post(FACTOR, {"code": code_of(secret)}).headers["Location"] == "/profile/?tab=1"
    assert browser.get("/profile/").status_code == 200
    assert browser.session.session_key != before


@pytest.mark.parametrize("which", ["wrong", "late", "early", "used", "older than used", "in other digits", "empty"])
def test_a_code_that_is_no_good_is_refused(alice: User, which: str) -> None:
    secret = with_app(alice)
    if which in ("used", "older than used"):
        past_the_password(alice).post(FACTOR, {"code": code_of(secret, 1)})
        cache.clear()
    codes = {
        "wrong": wrong_code(secret),
        "late": code_of(secret, -3),
        "early": code_of(secret, 3),
        "used": code_of(secret, 1),
        "older than used": code_of(secret, -1),
        "in other digits": "".join(chr(ord(digit) - ord("0") + 0x660) for digit in code_of(secret)),
        "empty": "",
    }
    browser = past_the_password(alice)
    answer = browser.post(FACTOR, {"code": codes[which]})
    assert answer.status_code == 422
    assert not is_signed_in(browser)


def test_a_clock_may_be_half_a_minute_wrong(alice: User) -> None:
    secret = with_app(alice)
    for steps in (-1, 1):
        assert past_the_password(alice).post(FACTOR, {"code": code_of(secret, steps)}).status_code == 302


def test_a_recovery_code_opens_once(alice: User) -> None:
    with_app(alice)
    first, second, *others = recovery_codes(alice)
    browser = past_the_password(alice)
    assert browser.post(FACTOR, {"code": f"{first[:4]} {first[4:]}"}).status_code == 302
    assert recovery_codes(alice) == [second, *others]
    assert "9 codes left" in browser.get(SECURITY).content.decode()
    cache.clear()
    again = past_the_password(alice)
    assert again.post(FACTOR, {"code": first}).status_code == 422
    assert not is_signed_in(again)
    assert again.post(FACTOR, {"code": second}).status_code == 302


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_of_two_that_come_at_the_same_moment_one_passes(alice: User, kind: str) -> None:
    secret = with_app(alice)
    code = code_of(secret) if kind == "app" else recovery_codes(alice)[0]
    browsers = [past_the_password(alice) for _ in range(4)]

    def send(browser: Client) -> int:
        try:
            return browser.post(FACTOR, {"code": code}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(browsers)) as threads:
        answers = sorted(threads.map(send, browsers))
    assert answers == [302, 422, 422, 422]


def test_wrong_codes_are_counted_by_person_and_nothing_washes_them_out(alice: User) -> None:
    secret = with_app(alice)
    answers = [past_the_password(alice).post(FACTOR, {"code": wrong_code(secret)}).status_code for _ in range(6)]
    assert answers == [422] * 5 + [429]
    cache.clear()
    browser = past_the_password(alice)
    refused = browser.post(FACTOR, {"code": code_of(secret)})
    assert refused.status_code == 429
    assert 290 < int(refused.headers["Retry-After"]) <= 300
    assert "Too many wrong codes. Wait 5 minutes, or use a passkey." in refused.content.decode()
    assert not is_signed_in(browser)
    assert browser.post(FACTOR, {"code": recovery_codes(alice)[0]}).status_code == 429
    assert len(recovery_codes(alice)) == 10


def test_whoever_reads_the_mail_gets_no_more_codes_to_guess(alice: User) -> None:
    """A new password makes the browser a known device, with counts of its own."""
    secret = with_app(alice)
    for _ in range(knocks.WRONG_CODES_IN_ALL.most - 2):
        knocks.code(alice, device=credentials.new_link_key())
    thief = Client()
    thief.post("/password/", {"email": alice.email})
    link = re.search(r"http://localhost:8000(/\S+)", str(mail.outbox[-1].body))
    assert link
    form = thief.get(link[1], follow=True).redirect_chain[-1][0]
    password = "another horse battery"
    assert thief.post(form, {"password1": password, "password2": password}).status_code == 302
    assert thief.cookies["device"].value
    thief.post(SIGN_IN, {"login": alice.email, "password": password})
    answers = [thief.post(FACTOR, {"code": wrong_code(secret)}).status_code for _ in range(3)]
    assert answers == [422, 422, 429]


def test_somebody_who_learned_the_password_keeps_nobody_out_of_their_own_device(alice: User) -> None:
    own, secret = Client(), with_app(alice)
    past_the_password(alice, own).post(FACTOR, {"code": code_of(secret, -1)})
    own.post("/sign-out/")
    for _ in range(6):
        past_the_password(alice).post(FACTOR, {"code": wrong_code(secret)})
    assert past_the_password(alice, own).post(FACTOR, {"code": code_of(secret)}).status_code == 302


def test_right_codes_use_up_no_tries(alice: User) -> None:
    with_app(alice)
    for code in recovery_codes(alice)[:7]:
        assert past_the_password(alice).post(FACTOR, {"code": code}).status_code == 302


def test_a_code_shows_that_it_is_still_you(alice: User, client_of: ClientOf) -> None:
    secret = with_app(alice)
    browser = client_of(alice, fresh=False)
    again = "/sign-in/again/factor/"
    assert browser.post(again, {"code": wrong_code(secret), "next": APP + "remove/"}).status_code == 422
    assert browser.get(APP + "remove/").headers["Location"].startswith("/sign-in/again/")
    assert (
        browser.post(again, {"code": code_of(secret), "next": APP + "remove/"}).headers["Location"] == APP + "remove/"
    )
    assert browser.get(APP + "remove/").status_code == 200
    assert browser.post(again, {"code": code_of(secret)}).status_code == 422


@pytest.mark.django_db(transaction=True)
def test_new_recovery_codes_end_the_old_ones(alice: User, client_of: ClientOf) -> None:
    with_app(alice)
    old = recovery_codes(alice)
    browser = signed_in_by_factor(client_of, alice)
    assert browser.post(f"{SECURITY}recovery-codes/new/").headers["Location"] == f"{SECURITY}recovery-codes/"
    new = recovery_codes(alice)
    assert not set(old) & set(new)
    assert [message.subject for message in mail.outbox] == ["New recovery codes were created"]
    assert past_the_password(alice).post(FACTOR, {"code": old[0]}).status_code == 422


def test_recovery_codes_are_shown_where_they_were_made_and_nowhere_else(alice: User, client_of: ClientOf) -> None:
    with_app(alice)
    browser, other = (signed_in_by_factor(client_of, alice) for _ in range(2))
    browser.post(f"{SECURITY}recovery-codes/new/")
    shown = browser.get(f"{SECURITY}recovery-codes/", headers={"Accept-Encoding": "gzip"})
    assert "no-store" in shown.headers["Cache-Control"]
    assert "Content-Encoding" not in shown.headers
    codes = re.findall(r"\d{4} \d{4}", shown.content.decode().split("<pre")[1].split("</pre>")[0])
    assert [code.replace(" ", "") for code in codes] == recovery_codes(alice)
    file = browser.get(f"{SECURITY}recovery-codes/download/")
    assert file.headers["Content-Disposition"] == 'attachment; filename="recovery-codes.txt"'
    assert re.findall(r"\d{4} \d{4}", file.content.decode()) == codes
    page = other.get(f"{SECURITY}recovery-codes/").content.decode()
    assert "10 codes left." in page
    assert codes[0] not in page
    assert other.get(f"{SECURITY}recovery-codes/download/").status_code == 404
    session = browser.session
    name = next(key for key, _ in session.items() if key.startswith("shown:recovery_codes"))
    session[name] = session[name].replace("20", "19", 1)
    session.save()
    assert codes[0] not in browser.get(f"{SECURITY}recovery-codes/").content.decode()
