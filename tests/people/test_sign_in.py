import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse

from linnapp.models import User
from tests.kit.people import PASSWORD, ClientOf
from tests.typed.forms import go_on

pytestmark = pytest.mark.django_db
SIGN_IN = "/sign-in/"


def credentials(user: User, password: str = PASSWORD) -> dict[str, str]:
    return {"login": user.email, "password": password}


def link_in(message: object) -> str:
    found = re.search(r"http://localhost:8000(/\S+)", str(message))
    assert found
    return found[1]


def test_signing_in_leads_to_next(client: Client, alice: User) -> None:
    page = client.get(f"{SIGN_IN}?next=/profile/")
    assert b'<input type="hidden" name="next" value="/profile/">' in page.content
    answer = client.post(SIGN_IN, credentials(alice) | {"next": "/profile/"})
    assert answer.headers["Location"] == "/profile/"
    assert client.get("/profile/").status_code == 200


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_next_leads_only_to_this_site(client: Client, alice: User, elsewhere: str) -> None:
    answer = client.post(SIGN_IN, credentials(alice) | {"next": elsewhere})
    assert answer.headers["Location"] == "/"


def test_a_wrong_password_and_an_unknown_person_look_alike(client: Client, alice: User) -> None:
    wrong = client.post(SIGN_IN, credentials(alice, "wrong"))
    unknown = client.post(SIGN_IN, {"login": "nobody@nowhere.example", "password": "wrong"})
    assert wrong.status_code == unknown.status_code == 422
    sentence = "The e-mail or password is wrong, or the e-mail is not confirmed yet."
    assert sentence in wrong.content.decode()
    assert sentence in unknown.content.decode()
    assert f'value="{alice.email}"' in wrong.content.decode()
    assert "_auth_user_id" not in client.session


def test_wrong_passwords_are_throttled_with_a_sentence(client: Client, alice: User) -> None:
    for _ in range(5):
        client.post(SIGN_IN, credentials(alice, "wrong"))
    answer = client.post(SIGN_IN, credentials(alice))
    assert answer.status_code == 429
    assert 290 < int(answer.headers["Retry-After"]) <= 300
    page = answer.content.decode()
    assert "Too many failed sign-ins. Wait 5 minutes, or set a new password now." in page
    assert f'value="{alice.email}"' in page
    assert "_auth_user_id" not in client.session


def test_signing_out_needs_a_post(alice: User, client_of: ClientOf) -> None:
    client = client_of(alice)
    assert client.get("/sign-out/").status_code == 200
    assert client.get("/profile/").status_code == 200
    assert client.post("/sign-out/").headers["Location"] == "/"
    assert client.get("/profile/").status_code == 302


def test_somebody_switched_off_cannot_sign_in(client: Client, alice: User) -> None:
    alice.is_active = False
    alice.save()
    client.post(SIGN_IN, credentials(alice))
    assert "_auth_user_id" not in client.session


def test_a_password_is_reset_by_a_mailed_link(client: Client, alice: User) -> None:
    assert client.post("/password/", {"email": alice.email}).headers["Location"] == "/password/sent/"
    page = client.get(link_in(mail.outbox[0].body), follow=True)
    address = page.redirect_chain[-1][0]
    answer = client.post(address, {"password1": "another long secret", "password2": "another long secret"})
    assert answer.headers["Location"] == "/"
    assert client.get("/profile/").status_code == 200
    assert Client().post(SIGN_IN, credentials(alice, "another long secret")).status_code == 302
    assert mail.outbox[1].subject == "Your password was changed"
    assert client.get(link_in(mail.outbox[0].body), follow=True).status_code == 200


def test_a_mailed_link_leads_to_the_portal_wherever_it_was_asked_for(client: Client, alice: User) -> None:
    client.post("/password/", {"email": alice.email}, headers={"host": "localhost:6666"})
    assert "http://localhost:8000/password/" in mail.outbox[0].body
    assert "6666/password/" not in mail.outbox[0].body


def test_a_reset_for_an_unknown_address_looks_the_same(client: Client) -> None:
    answer = client.post("/password/", {"email": "nobody@nowhere.example"})
    assert answer.headers["Location"] == "/password/sent/"
    assert mail.outbox[0].to == ["nobody@nowhere.example"]


def test_a_changed_password_signs_other_browsers_out(alice: User, client_of: ClientOf) -> None:
    client, other = client_of(alice), client_of(alice)
    new = {"oldpassword": PASSWORD, "password1": "another long secret", "password2": "another long secret"}
    assert client.post("/profile/password/", new | {"oldpassword": "wrong"}).status_code == 422
    assert client.post("/profile/password/", new).status_code == 302
    assert other.get("/profile/").status_code == 302
    alice.refresh_from_db()
    assert alice.check_password("another long secret")


def test_a_new_address_counts_once_its_mail_was_answered(alice: User, client_of: ClientOf) -> None:
    client = client_of(alice)
    assert client.post("/profile/e-mail/", {"email": "alice@new.example", "action_add": "1"}).status_code == 302
    alice.refresh_from_db()
    assert alice.email == "alice@northwind.example"
    client.post(link_in(mail.outbox[0].body))
    alice.refresh_from_db()
    assert alice.email == "alice@new.example"
    assert list(EmailAddress.objects.values_list("email", "verified", "primary")) == [("alice@new.example", True, True)]
    assert mail.outbox[1].to == ["alice@northwind.example"]


def test_another_persons_address_is_refused_even_when_unverified(alice: User, client_of: ClientOf) -> None:
    User.objects.create_user("erin@emporium.example", PASSWORD, name="Erin")
    client = client_of(alice)
    client.post("/profile/e-mail/", {"email": "erin@emporium.example", "action_add": "1"})
    answer = client.post(link_in(mail.outbox[0].body))
    assert answer.status_code in {200, 302}
    alice.refresh_from_db()
    assert alice.email == "alice@northwind.example"


def test_changing_the_address_asks_for_a_fresh_sign_in(alice: User, client_of: ClientOf) -> None:
    client = client_of(alice, fresh=False)
    answer = client.post("/profile/e-mail/", {"email": "alice@new.example", "action_add": "1"})
    assert answer.headers["Location"].startswith("/sign-in/again/")
    assert not mail.outbox
    assert client.get(answer.headers["Location"]).status_code == 200
    assert client.post(answer.headers["Location"], {"password": "wrong"}).status_code == 422
    go_on(client, answer, PASSWORD)
    assert mail.outbox[0].to == ["alice@new.example"]


@pytest.mark.parametrize(
    "path", ["/sign-in/", "/sign-up/", "/password/", "/password/sent/", "/password/changed/", "/verify/", "/verify/x/",
             "/password/1-abc-def/", "/account-inactive/"]
)  # fmt: skip
def test_every_page_of_the_entrance_opens(client: Client, path: str) -> None:
    assert client.get(path, follow=True).status_code == 200


@pytest.mark.parametrize(
    "path", ["/profile/e-mail/", "/profile/password/", "/sign-in/again/", "/profile/password/set/"]
)
def test_every_page_of_ones_own_opens(alice: User, client_of: ClientOf, path: str) -> None:
    assert client_of(alice).get(path, follow=True).status_code == 200
    assert Client().get(path).headers["Location"].startswith("/sign-in/")


@pytest.mark.parametrize(
    ("name", "sentences"),
    [
        ("account_login", ["Enter your e-mail address.", "Enter your password."]),
        ("account_signup", ["Enter your name.", "Enter the name of your company.", "Choose a password."]),
        ("account_reset_password", ["Enter your e-mail address."]),
    ],
)
def test_what_is_missing_is_said_in_the_page_and_not_by_the_browser(
    client: Client, name: str, sentences: list[str]
) -> None:
    shown = client.post(reverse(name), {}).content.decode()
    assert f'action="{reverse(name)}" novalidate' in shown
    assert "This field is required" not in shown
    for sentence in sentences:
        assert shown.count(sentence) == 2
