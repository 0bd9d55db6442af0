"""What people do to their own sign-in, or to the rule of a team, is mailed each time: the first times of a day."""

import re
from datetime import UTC, datetime

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone

from linnapp.models import Account, AuditEntry, KnockCount, User
from linnapp.services import factor_rules, knocks
from tests.factors.having import give_factor, signed_in_by_factor
from tests.kit.people import PASSWORD, ClientOf, acting

pytestmark = pytest.mark.django_db
# allauth sends a mail once what it tells is written down.
WRITTEN_DOWN = pytest.mark.django_db(transaction=True)
LAST = re.compile(r"This is the last e-mail of this kind until ([^\n]+) UTC\.")
CODES, APP = "New recovery codes were created", "Your authenticator app was removed"


def told(person: User, subject: str) -> list[EmailMessage]:
    return [each for each in mail.outbox if each.to == [person.email] and each.subject == subject]


def make_codes_anew(client: Client) -> None:
    assert client.post("/profile/security/recovery-codes/new/").status_code == 302


@WRITTEN_DOWN
def test_whoever_changes_the_same_thing_all_day_fills_no_mailbox(alice: User, client_of: ClientOf) -> None:
    give_factor(alice)
    client = signed_in_by_factor(client_of, alice)
    for _ in range(12):
        make_codes_anew(client)
    mails = told(alice, CODES)
    assert len(mails) == 10
    assert [bool(LAST.search(str(each.body))) for each in mails] == [False] * 9 + [True]
    assert "http://localhost:8000/profile/record/" in str(mails[-1].body)
    # The act itself went on each time.
    assert AuditEntry.objects.filter(kind="FACTOR_MADE_ANEW", person_id=alice.pk).count() == 12


@WRITTEN_DOWN
def test_each_kind_and_each_person_has_mails_of_their_own(alice: User, bob: User, client_of: ClientOf) -> None:
    for person in (alice, bob):
        give_factor(person)
    own, other = signed_in_by_factor(client_of, alice), signed_in_by_factor(client_of, bob)
    for _ in range(11):
        make_codes_anew(own)
    make_codes_anew(other)
    own.post("/profile/security/app/remove/")
    assert (len(told(alice, CODES)), len(told(bob, CODES)), len(told(alice, APP))) == (10, 1, 1)


@WRITTEN_DOWN
def test_the_next_day_they_are_sent_again(alice: User, client_of: ClientOf) -> None:
    give_factor(alice)
    client = signed_in_by_factor(client_of, alice)
    for _ in range(11):
        make_codes_anew(client)
    KnockCount.objects.update(ends_at=timezone.now())
    make_codes_anew(client)
    assert len(told(alice, CODES)) == 11
    assert not LAST.search(str(told(alice, CODES)[-1].body))


def change_password(client: Client) -> None:
    new = {"oldpassword": PASSWORD, "password1": PASSWORD, "password2": PASSWORD}
    assert client.post("/profile/password/", new).status_code == 302


def test_so_are_mails_of_new_passwords(alice: User) -> None:
    for _ in range(12):
        client = Client()
        client.post("/sign-in/", {"login": alice.email, "password": PASSWORD})
        KnockCount.objects.filter(limit__startswith="sign-ins").delete()
        change_password(client)
    assert len(told(alice, "Your password was changed")) == 10


@WRITTEN_DOWN
def test_it_says_the_browser_in_words_and_leads_to_a_new_password(alice: User, client_of: ClientOf) -> None:
    """What a browser calls itself is its own text, and nobody reads it."""
    give_factor(alice)
    client = signed_in_by_factor(client_of, alice)
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    client.post("/profile/security/recovery-codes/new/", headers={"user-agent": firefox})
    new = {"oldpassword": PASSWORD, "password1": PASSWORD, "password2": PASSWORD}
    client.post("/profile/password/", new, headers={"user-agent": firefox})
    for subject in (CODES, "Your password was changed"):
        [body] = [str(each.body) for each in told(alice, subject)]
        assert "The change was made with Firefox on Linux, from the network address 127.0.0.1, on " in body
        assert "set a new password now: http://localhost:8000/password/\n" in body
        assert "Gecko" not in body


def test_the_last_mail_about_new_browsers_says_that_it_is(alice: User) -> None:
    for _ in range(8):
        KnockCount.objects.filter(limit__startswith="sign-ins").delete()
        Client().post("/sign-in/", {"login": alice.email, "password": PASSWORD})
    mails = told(alice, "New sign-in to your account")
    assert [bool(LAST.search(str(each.body))) for each in mails] == [False] * 4 + [True]


def turn(account: Account, owner: User) -> None:
    for needed in (True, False):
        assert factor_rules.ask_members(account, needed=needed, by=acting(owner))


def test_an_owner_who_turns_the_rule_on_and_off_mails_nobody_for_ever(
    northwind: Account, alice: User, bob: User
) -> None:
    give_factor(alice)
    for _ in range(9):
        turn(northwind, alice)
    mails = told(bob, "Northwind now requires a second factor")
    assert [bool(LAST.search(str(each.body))) for each in mails] == [False] * 4 + [True]


@WRITTEN_DOWN
def test_times_in_mails_are_utc_wherever_the_reader_is(alice: User, client_of: ClientOf) -> None:
    User.objects.filter(pk=alice.pk).update(time_zone="Asia/Tokyo")
    give_factor(alice)
    client = signed_in_by_factor(client_of, alice)
    for _ in range(knocks.OWN_CHANGES.most):
        make_codes_anew(client)
    body, now = str(told(alice, CODES)[-1].body), datetime.now(UTC)
    found = [re.search(rf"{word} (\d+ \w+ \d{{4}}, \d\d:\d\d) UTC", body) for word in ("on", "until")]
    spans = [datetime.strptime(each[1] + " +0000", "%d %B %Y, %H:%M %z") - now for each in found if each]
    assert [round(span.total_seconds() / 3600) for span in spans] == [0, 24]
