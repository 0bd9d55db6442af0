"""“Confirm that it’s you”: when it is asked, in which words, and that the act goes on with everything typed."""

import re
from html import unescape

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from linnapp.models import Account, Application, Invitation, KeptPost, TimelineEntry, User
from tests.kit.people import PASSWORD, ClientOf
from tests.typed.forms import Forms, browser_of, end_sign_in, form_at, link_in, send_kept, sign_in

pytestmark = pytest.mark.django_db
INVITED = {"email": "fay@x.example", "role": "OWNER"}
NEW = {"name": "Erin", "company": "Emporium", "email": "erin@emporium.example", "password1": "correct horse battery"}


def test_the_page_names_the_act_and_the_act_goes_on_with_everything_typed(
    northwind: Account, alice: User, client_of: ClientOf
) -> None:
    client = client_of(alice, fresh=False)
    door = client.post("/a/northwind/team/invite/", INVITED).headers["Location"]
    page = client.get(door).content.decode()
    assert "Sign in again to continue: this page adds somebody to the account" in page
    assert "What you typed is kept for 15 minutes" in page
    assert "fay@x.example" not in str(dict(client.session.items()))
    assert client.post(door, {"password": "wrong"}).status_code == 422
    link = client.post(door, {"password": PASSWORD}).headers["Location"]
    action, fields = next(form for form in Forms(client.get(link).content.decode()).found if "kept_form" in form[1])
    assert Invitation.objects.count() == 0
    assert client.post(action, fields).headers["Location"] == "/a/northwind/team/"
    assert Invitation.objects.get().email == "fay@x.example"
    assert client.post(action, fields).status_code == 404
    assert (Invitation.objects.count(), KeptPost.objects.count()) == (1, 0)


def test_what_is_only_opened_simply_comes_back(installation: object, paula: User, client_of: ClientOf) -> None:
    page = "/inside/northwind/"
    client = client_of(paula, fresh=False)
    answer = client.get(page)
    if answer.status_code == 302:
        assert "this page opens an account’s pages to staff" in client.get(answer.headers["Location"]).content.decode()
        assert client.post(answer.headers["Location"], {"password": PASSWORD}).headers["Location"] == page
    assert KeptPost.objects.count() == 0


def test_a_file_is_chosen_again_and_the_rest_is_there(
    application: Application, alice: User, northwind: Account
) -> None:
    browser = browser_of(alice)
    general = f"/a/northwind/applications/{application.pk}/general/"
    fields = form_at(browser, general, f"{general}logo/")
    end_sign_in(browser)
    picture = SimpleUploadedFile("our logo.png", b"no picture", "image/png")
    sent = browser.post(
        f"{general}logo/", fields | {"logo": picture}, headers={"referer": f"http://testserver{general}"}
    )
    link = sign_in(browser, sent.headers["Location"], alice, PASSWORD).headers["Location"]
    page = browser.get(link).content.decode()
    assert "Files cannot be kept" in page
    assert "our logo.png" in page
    assert "data-sends-itself" not in page
    assert browser.post(link, form_at(browser, link)).headers["Location"] == general


@pytest.mark.parametrize("referer", ["https://elsewhere.example/a", "http://testserver//elsewhere.example/a"])
def test_a_page_elsewhere_is_not_led_back_to(alice: User, northwind: Account, referer: str) -> None:
    browser = browser_of(alice)
    fields = form_at(browser, "/a/northwind/settings/")
    end_sign_in(browser)
    door = browser.post("/a/northwind/settings/", fields, headers={"referer": referer}).headers["Location"]
    page = browser.get(sign_in(browser, door, alice, PASSWORD).headers["Location"]).content.decode()
    assert 'href="/"' in page or 'href="/elsewhere.example/a"' in page
    assert "//elsewhere" not in page


def is_asked(client: Client) -> bool:
    """By changing one's address."""
    answer = client.post("/profile/e-mail/", {"email": "new@emporium.example", "action_add": "1"})
    return answer.headers.get("Location", "").startswith("/sign-in/again/")


def late(client: Client) -> None:
    """What the browser did so far was hours ago."""
    session = client.session
    for record in session.get("account_authentication_methods", []):
        record["at"] -= 24 * 3600
    session["account_authentication_methods"] = session.get("account_authentication_methods", [])
    session.save()


def test_whoever_just_verified_their_mail_is_not_asked(client: Client, db: None) -> None:
    client.post("/sign-up/", NEW)
    late(client)
    client.post(link_in(mail.outbox[0].body))
    assert client.get("/profile/").status_code == 200
    assert not is_asked(client)


def test_whoever_joined_by_an_invitation_is_not_asked(
    client: Client, northwind: Account, alice: User, client_of: ClientOf
) -> None:
    client_of(alice).post("/a/northwind/team/invite/", INVITED | {"email": NEW["email"]})
    invitation = link_in(mail.outbox[0].body)
    client.post("/sign-up/", NEW | {"next": invitation})
    assert client.post(invitation).status_code == 302
    assert not is_asked(client)


def test_whoever_just_set_a_new_password_is_not_asked(client: Client, alice: User) -> None:
    client.post("/password/", {"email": alice.email})
    link = client.get(link_in(mail.outbox[0].body)).headers["Location"]
    client.post(link, {"password1": "another long secret", "password2": "another long secret"})
    client.post("/sign-in/", {"login": alice.email, "password": "another long secret"})
    assert not is_asked(client)


def with_nothing(person: User, client_of: ClientOf) -> Client:
    """Long signed in, with neither password nor factor."""
    person.set_unusable_password()
    person.save()
    return client_of(person, fresh=False)


def test_whoever_has_neither_password_nor_factor_is_led_to_the_mail(
    application: Application, alice: User, client_of: ClientOf
) -> None:
    client = with_nothing(alice, client_of)
    reset = "/password/?next="
    for page in ("/profile/password/set/", "/profile/security/app/"):
        assert client.get(page).headers["Location"].startswith(reset), page
    sent = client.post("/profile/password/set/", {"password1": "correct horse battery"})
    assert sent.headers["Location"].startswith(reset)
    secret = reverse("secret_reveal", args=["northwind", application.pk, application.secrets.get().pk])
    for page, typed in (
        (secret, {}),
        ("/profile/e-mail/", {"email": "new@emporium.example", "action_add": "1"}),
    ):
        assert client.post(page, typed).headers["Location"].startswith(reset), page
    assert client.get("/password/").status_code == 200
    alice.refresh_from_db()
    assert not alice.has_usable_password()
    assert client_of(alice).get("/profile/password/set/").status_code == 200


@pytest.mark.parametrize("door", ["/sign-in/again/", "/sign-in/again/factor/", "/sign-in/again/passkey/"])
def test_no_door_of_theirs_has_a_field_that_they_cannot_fill(door: str, alice: User, client_of: ClientOf) -> None:
    answer = with_nothing(alice, client_of).get(door, {"next": "/profile/e-mail/"})
    assert answer.headers["Location"] == "/password/?next=%2Fprofile%2Fe-mail%2F"


def test_the_mail_is_asked_for_in_words_of_theirs_and_goes_on_with_everything_typed(
    northwind: Account, alice: User, client_of: ClientOf
) -> None:
    client = with_nothing(alice, client_of)
    door = client.post("/a/northwind/team/invite/", INVITED).headers["Location"]
    page = client.get(door).content.decode()
    assert "<h1>Confirm that it’s you</h1>" in page
    assert "Sign in again to continue: this page adds somebody to the account" in page
    assert "What you typed is kept for 15 minutes" in page
    asked = form_at(client, door, "/password/")
    assert asked["email"] == alice.email
    told = client.post("/password/", asked).headers["Location"]
    assert "Back to sign-in" not in client.get(told).content.decode()
    link = client.get(link_in(mail.outbox[0].body)).headers["Location"]
    new = {"password1": "another long secret", "password2": "another long secret"}
    assert send_kept(client, client.post(link, new).headers["Location"]).status_code == 302
    assert Invitation.objects.get().email == "fay@x.example"


def test_whoever_forgot_their_password_is_led_to_the_mail_as_well(
    northwind: Account, alice: User, client_of: ClientOf
) -> None:
    client = client_of(alice, fresh=False)
    door = client.post("/a/northwind/team/invite/", INVITED).headers["Location"]
    found = re.search(r'href="(/password/[^"]+)"', client.get(door).content.decode())
    assert found
    page = client.get(unescape(found[1])).content.decode()
    assert "<h1>Set a new password</h1>" in page
    assert f'value="{door.partition("next=")[2].replace("%2F", "/")}"' in page


def test_a_sign_in_of_yesterday_is_asked(alice: User, client: Client) -> None:
    client.post("/sign-in/", {"login": alice.email, "password": PASSWORD})
    late(client)
    assert is_asked(client)
    assert TimelineEntry.objects.count() == 0
    assert EmailAddress.objects.count() == 1
