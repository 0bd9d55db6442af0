"""A recovery code that was used is told: whoever holds the others, and lost what they replace, does something about
it."""

import pytest
from django.core import mail
from django.test import Client

from linnapp.models import User
from tests.kit.people import ClientOf
from tests.kit.signing_in.factors import FACTOR, SECURITY, code_of, past_the_password, recovery_codes, with_app

# allauth sends a mail once what it tells is written down.
pytestmark = pytest.mark.django_db(transaction=True)
USED = "A recovery code was used"


def told(person: User) -> list[str]:
    return [str(each.body) for each in mail.outbox if each.subject == USED and each.to == [person.email]]


def test_its_owner_gets_a_mail_and_is_led_to_remove_what_they_lost(alice: User) -> None:
    with_app(alice)
    browser = past_the_password(alice)
    page = browser.post(FACTOR, {"code": recovery_codes(alice)[0]}, follow=True).content.decode()
    assert "You signed in with a recovery code: 9 codes left." in page
    assert f'<a href="{SECURITY}">remove it under Security</a>' in page
    [body] = told(alice)
    assert "9 codes left" in body
    assert "http://localhost:8000/profile/security/" in body


def test_no_other_sign_in_tells_of_one(alice: User) -> None:
    secret = with_app(alice)
    page = past_the_password(alice).post(FACTOR, {"code": code_of(secret)}, follow=True)
    assert b"recovery code" not in page.content
    assert told(alice) == []


def test_where_it_is_asked_whether_it_is_still_them_the_mail_is_sent_too(alice: User, client_of: ClientOf) -> None:
    with_app(alice)
    browser = client_of(alice, fresh=False)
    answer = browser.post("/sign-in/again/factor/", {"code": recovery_codes(alice)[0], "next": SECURITY}, follow=True)
    assert b"You signed in with a recovery code" not in answer.content
    assert len(told(alice)) == 1


def refused(browser: Client, code: str) -> str:
    answer = browser.post(FACTOR, {"code": code})
    assert answer.status_code == 422
    return answer.content.decode()


def test_a_used_one_is_told_that_it_counts_once(alice: User) -> None:
    with_app(alice)
    code = recovery_codes(alice)[0]
    past_the_password(alice).post(FACTOR, {"code": code})
    browser = past_the_password(alice)
    page = refused(browser, f"{code[:4]} {code[4:]}")
    assert "Each code works once" in page
    assert "Wait until your app" not in page
    assert "Wait until your app" in refused(browser, "000 000")
