import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from linnapp.models import Account, KnockCount, Membership, User
from linnapp.services import people

pytestmark = pytest.mark.django_db
SIGN_UP = "/sign-up/"
NEW = {
    "name": "Erin Example",
    "company": "Erin's Emporium",
    "email": "Erin@Emporium.example",
    "password1": "a long enough secret",
    "time_zone": "Europe/Berlin",
}
NEWER = "another long secret"


def link_in(message: str) -> str:
    found = re.search(r"http://localhost:8000(/\S+)", message)
    assert found
    return found[1]


def test_a_person_and_an_account_are_made_together(client: Client) -> None:
    assert client.post(SIGN_UP, NEW).headers["Location"] == "/verify/"
    person = User.objects.get(email="erin@emporium.example")
    assert (person.name, person.time_zone) == ("Erin Example", "Europe/Berlin")
    seat = Membership.objects.get(user=person)
    assert (seat.account.name, seat.account.slug, seat.role) == ("Erin's Emporium", "erins-emporium", "OWNER")
    assert seat.account.contact_email == "erin@emporium.example"


def test_nobody_is_signed_in_before_the_address_is_verified(client: Client) -> None:
    client.post(SIGN_UP, NEW)
    assert client.get("/profile/").headers["Location"] == "/sign-in/?next=/profile/"
    answer = client.post("/sign-in/", {"login": NEW["email"], "password": NEW["password1"]})
    assert answer.status_code == 422
    assert b"or the e-mail is not confirmed yet" in answer.content
    assert "_auth_user_id" not in client.session


def test_a_new_password_confirms_the_address(client: Client) -> None:
    """Of somebody who lost the first mail, or whose address a stranger signed up with: their password is gone then."""
    client.post(SIGN_UP, NEW)
    client.post("/password/", {"email": NEW["email"]})
    form = client.get(link_in(str(mail.outbox[-1].body)), follow=True)
    client.post(form.request["PATH_INFO"], {"password1": NEWER, "password2": NEWER})
    for password, status in ((NEW["password1"], 422), (NEWER, 302)):
        assert Client().post("/sign-in/", {"login": NEW["email"], "password": password}).status_code == status


def test_whoever_gets_no_mail_is_told_what_sends_another_one(client: Client) -> None:
    """Nobody knows yet whether it was sent, and signing in gives no other link."""
    client.post(SIGN_UP, NEW)
    page = client.get("/verify/").content.decode()
    assert "We are sending you a link to <strong>erin@emporium.example</strong>" in page
    assert "Resend" in page
    elsewhere = Client().get("/verify/").content.decode()
    assert "We are sending you a link" in elsewhere
    assert '<a href="/password/">set a new password</a>' in elsewhere
    assert "sign in</a> to get another link" not in page
    assert "We sent" not in page


def test_when_the_link_can_be_sent_again_is_said(client: Client) -> None:
    client.post(SIGN_UP, NEW)
    assert "ave the link sent again in 3 minutes." in client.get("/verify/").content.decode()
    refused = client.post("/verify/again/", follow=True).content.decode()
    assert "Not sent again yet: the last link is less than three minutes old. Wait 3 minutes" in refused
    assert len(mail.outbox) == 1
    KnockCount.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    assert "ave the link sent again.</p>" in client.get("/verify/").content.decode()
    sent = client.post("/verify/again/", follow=True).content.decode()
    assert "We are sending you another link." in sent
    assert len(mail.outbox) == 2


def test_the_link_in_the_mail_verifies_and_signs_in_and_keeps_next(client: Client) -> None:
    client.post(SIGN_UP, NEW | {"next": "/profile/"})
    [message] = mail.outbox
    assert (message.to, message.subject) == (["erin@emporium.example"], "Confirm your e-mail address")
    link = link_in(str(message.body))
    page = client.get(link)
    assert b"Is this your address?" in page.content
    assert not EmailAddress.objects.get().verified
    answer = client.post(link)
    assert answer.headers["Location"] == "/profile/"
    assert EmailAddress.objects.get().verified
    assert client.get("/profile/").status_code == 200
    assert client.get(link).status_code == 200
    assert b"This link no longer works" in client.get(link).content


def test_a_link_that_is_over_names_a_way_that_works(client: Client, settings: Settings, alice: User) -> None:
    """Signing in sends none: who has not confirmed their address is answered as by a wrong password."""
    client.post(SIGN_UP, NEW)
    link = link_in(str(mail.outbox[0].body))
    settings.ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = 0
    over = client.get(link).content.decode()
    assert "This link no longer works" in over
    assert "we send you another one" not in over
    assert '<a href="/password/" role="button" class="secondary">Set a new password</a>' in over
    client.post("/password/", {"email": NEW["email"]})
    form = client.get(link_in(str(mail.outbox[1].body)), follow=True)
    client.post(form.request["PATH_INFO"], {"password1": NEWER, "password2": NEWER})
    assert EmailAddress.objects.get(user__email="erin@emporium.example").verified
    client.force_login(alice)
    assert '<a href="/profile/e-mail/" role="button">E-mail addresses</a>' in client.get(link).content.decode()


def test_next_leads_only_to_this_site(client: Client) -> None:
    client.post(SIGN_UP, NEW | {"next": "https://evil.example/"})
    answer = client.post(link_in(str(mail.outbox[0].body)))
    assert answer.headers["Location"] == "/"


def test_bad_input_keeps_what_was_typed(client: Client) -> None:
    answer = client.post(SIGN_UP, NEW | {"email": "erin", "password1": "short"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'value="Erin Example"' in page
    assert "error-summary" in page
    assert "short" not in re.findall(r'value="([^"]*)"', page)
    assert not User.objects.exists()
    assert not Account.objects.exists()


def test_an_unknown_time_zone_becomes_utc(client: Client) -> None:
    client.post(SIGN_UP, NEW | {"time_zone": "../../etc/passwd"})
    assert User.objects.get().time_zone == "UTC"


def test_a_known_address_looks_the_same_and_gets_another_mail(client: Client, alice: User) -> None:
    answer = client.post(SIGN_UP, NEW | {"email": "alice@northwind.example"})
    assert answer.headers["Location"] == "/verify/"
    assert User.objects.count() == 1
    assert not Account.objects.exists()
    [message] = mail.outbox
    assert message.subject == "You have already signed up"


def test_two_companies_of_one_name_get_two_addresses(client: Client) -> None:
    client.post(SIGN_UP, NEW)
    Client().post(SIGN_UP, NEW | {"email": "another@emporium.example"})
    assert list(Account.objects.order_by("slug").values_list("slug", flat=True)) == [
        "erins-emporium",
        "erins-emporium-2",
    ]


def test_losing_a_race_for_the_slug_tries_again(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make, tries = people.create_account, []

    def lose_once(**facts: object) -> Account:
        tries.append(facts)
        if len(tries) == 1:
            raise IntegrityError("slug taken")
        return make(**facts)  # type: ignore[arg-type]

    monkeypatch.setattr(people, "create_account", lose_once)
    assert client.post(SIGN_UP, NEW).headers["Location"] == "/verify/"
    assert User.objects.count() == Account.objects.count() == 1


def test_the_page_after_signing_up_says_where_printed_mail_is(client: Client) -> None:
    assert b"terminal where the portal was started" in client.get("/verify/").content
