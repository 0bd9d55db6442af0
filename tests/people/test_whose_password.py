"""A password that was typed at sign-up counts for whoever typed it: a stranger may sign up with anybody's address."""

import re
from urllib.parse import unquote

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from linnapp.models import KnockCount, User

pytestmark = pytest.mark.django_db
VICTIM = "erin@emporium.example"
STRANGERS = "a long enough secret"
OWN = "another long secret"
SIGN_UP = {"name": "Mallory", "company": "Trapdoor", "email": VICTIM, "password1": STRANGERS}


def link_in_newest_mail() -> str:
    found = re.search(r"http://localhost:8000(/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def signs_in(password: str, browser: Client | None = None) -> bool:
    return (browser or Client()).post("/sign-in/", {"login": VICTIM, "password": password}).status_code == 302


def signed_up(password: str = STRANGERS, **typed: str) -> Client:
    browser = Client()
    assert browser.post("/sign-up/", SIGN_UP | {"password1": password} | typed).headers["Location"] == "/verify/"
    return browser


def test_the_victims_own_confirmation_does_not_make_the_strangers_password_work() -> None:
    stranger, victim = signed_up(), Client()
    link = link_in_newest_mail()
    page = victim.get(link).content.decode()
    assert "Somebody signed up with it as Mallory," in page
    to_password = victim.post(link)
    form = to_password.headers["Location"]
    assert re.fullmatch(r"/password/\w+-set-password/", form)
    assert not signs_in(STRANGERS, stranger)
    assert not signs_in(STRANGERS)
    for page_of_stranger in ("/profile/", "/verify/", "/sign-in/"):
        stranger.get(page_of_stranger)
    assert "_auth_user_id" not in stranger.session
    done = victim.post(form, {"password1": OWN, "password2": OWN})
    assert done.headers["Location"] == "/"
    assert victim.get("/profile/").status_code == 200
    assert signs_in(OWN)
    assert not signs_in(STRANGERS)
    assert stranger.get("/profile/").status_code == 302


def test_whoever_goes_no_further_than_confirming_asks_for_a_link() -> None:
    signed_up()
    victim = Client()
    victim.post(link_in_newest_mail())
    assert not signs_in(STRANGERS)
    victim.post("/password/", {"email": VICTIM})
    form = victim.get(link_in_newest_mail(), follow=True).redirect_chain[-1][0]
    victim.post(form, {"password1": OWN, "password2": OWN})
    assert signs_in(OWN)


def test_nobody_sets_a_password_without_having_confirmed() -> None:
    stranger = signed_up()
    Client().post(link_in_newest_mail())
    person = User.objects.get()
    form = f"/password/{person.pk}-set-password/"
    assert b"This link no longer works" in stranger.get(form).content


def test_who_signed_up_and_confirms_in_the_same_browser_is_signed_in_with_what_they_typed() -> None:
    browser = signed_up()
    link = link_in_newest_mail()
    assert b"Yes, it is mine" in browser.get(link).content
    assert browser.post(link).headers["Location"] == "/"
    assert browser.get("/profile/").status_code == 200
    assert signs_in(STRANGERS)


def test_the_mark_is_of_the_browser_and_not_of_a_sign_up_there_with_another_address() -> None:
    signed_up()
    link = link_in_newest_mail()
    other = signed_up(OWN, email="fred@emporium.example")
    assert "set-password" in other.post(link).headers["Location"]
    assert not signs_in(STRANGERS)


def test_the_mark_ends_with_the_password_that_was_typed() -> None:
    stranger = signed_up()
    link = link_in_newest_mail()
    victim = User.objects.get(email=VICTIM)
    # As `manage.py changepassword` does.
    victim.set_password(OWN)
    victim.save()
    assert "set-password" in stranger.post(link).headers["Location"]
    assert not signs_in(OWN)
    assert not signs_in(STRANGERS)


def test_a_victim_who_signs_up_too_gets_in_by_a_link_and_the_stranger_does_not() -> None:
    """Their form is answered as for any known address. The stranger's link, should they open it, leads to a new
    password here as well: this browser typed another one."""
    signed_up()
    link = link_in_newest_mail()
    KnockCount.objects.all().delete()
    victim = signed_up(OWN)
    assert mail.outbox[-1].subject == "You have already signed up"
    assert "set-password" in victim.post(link).headers["Location"]
    assert not signs_in(STRANGERS)
    assert not signs_in(OWN)


def test_a_mail_sent_again_by_the_stranger_helps_them_no_more_than_the_first() -> None:
    stranger = signed_up()
    KnockCount.objects.all().delete()
    assert stranger.post("/verify/again/").status_code == 302
    assert len(mail.outbox) == 2
    Client().post(link_in_newest_mail())
    assert not signs_in(STRANGERS, stranger)


def test_a_reset_in_between_takes_the_strangers_mark_away() -> None:
    """The link of the sign-up is opened in the stranger's own browser at last, by whatever way."""
    stranger, victim = signed_up(), Client()
    link = link_in_newest_mail()
    victim.post("/password/", {"email": VICTIM})
    form = victim.get(link_in_newest_mail(), follow=True).redirect_chain[-1][0]
    victim.post(form, {"password1": OWN, "password2": OWN})
    assert stranger.get(link).status_code == 200
    assert not signs_in(STRANGERS, stranger)
    assert signs_in(OWN)


def test_a_person_made_on_the_command_line_keeps_the_password_they_sign_in_with() -> None:
    User.objects.create_user(VICTIM, OWN, name="Erin")
    browser = Client()
    assert signs_in(OWN, browser)
    browser.post(link_in_newest_mail())
    assert signs_in(OWN)


def test_a_new_address_of_somebody_confirmed_changes_no_password() -> None:
    signed_up(OWN).post(link_in_newest_mail())
    browser = Client()
    assert signs_in(OWN, browser)
    browser.post("/profile/e-mail/", {"email": "new@emporium.example", "action_add": "1"})
    link = link_in_newest_mail()
    assert browser.post(link).status_code == 302
    assert EmailAddress.objects.get().email == "new@emporium.example"
    assert User.objects.get().check_password(OWN)


def test_nobody_is_given_an_address_by_the_click_of_its_reader() -> None:
    """A stranger with an account here asks for a change to the victim's address; the victim opens the link."""
    signed_up(OWN, email="mallory@trapdoor.example").post(link_in_newest_mail())
    stranger = Client()
    typed = {"login": "mallory@trapdoor.example", "password": OWN}
    assert stranger.post("/sign-in/", typed).status_code == 302
    stranger.post("/profile/e-mail/", {"email": VICTIM, "action_add": "1"})
    link, victim = link_in_newest_mail(), Client()
    for answer in (victim.get(link), victim.post(link)):
        assert unquote(answer.headers["Location"]) == f"/sign-in/?next={link}"
    assert User.objects.get().email == "mallory@trapdoor.example"
    assert not EmailAddress.objects.get(email=VICTIM).verified


def test_the_page_after_signing_up_sends_another_mail_and_tells_nobody_who_is_known() -> None:
    pages = []
    for email in (VICTIM, "known@emporium.example"):
        if email != VICTIM:
            person = User.objects.create_user(email, OWN, name="Known")
            EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)
        browser = signed_up(email=email)
        page = browser.get("/verify/").content.decode()
        assert f"<strong>{email}</strong>" in page
        assert "Resend" in page
        assert '<a href="/sign-up/">Sign up again</a>' in page
        sent = len(mail.outbox)
        at_once = browser.post("/verify/again/")
        assert len(mail.outbox) == sent
        KnockCount.objects.all().delete()
        later = browser.post("/verify/again/", follow=True)
        assert len(mail.outbox) == sent + 1
        assert at_once.headers["Location"] == "/verify/?again=too-soon"
        assert later.redirect_chain == [("/verify/?again=sent", 302)]
        body = re.sub(r"\b\w{64}\b", "", later.content.decode()).replace(email, "THE ADDRESS")
        pages.append((at_once.status_code, body))
    assert pages[0] == pages[1]


def test_sending_again_has_a_limit_and_needs_a_sign_up() -> None:
    assert Client().post("/verify/again/").headers["Location"] == "/sign-up/"
    browser = signed_up()
    for _ in range(40):
        answer = browser.post("/verify/again/")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert b"Too many attempts from your network" in answer.content
    assert len(mail.outbox) == 1
