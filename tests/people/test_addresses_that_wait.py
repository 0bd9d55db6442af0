"""An address that somebody wrote into their profile and nobody confirmed is nobody's: who reads it gets nothing of
them by it, and goes on as if it stood nowhere."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from django.core import mail
from django.test import Client

from linnapp.admin import helping
from linnapp.models import Account, KnockCount, OutgoingMail, User
from linnapp.services import people
from tests.kit.people import PASSWORD, ClientOf, acting

pytestmark = pytest.mark.django_db
TYPED = "victoria@other.example"
OWN = "a long enough pass 77"
SIGN_UP = {"name": "Victoria", "company": "Tea", "email": TYPED, "password1": OWN}


def writes_it_down(person: User, client_of: ClientOf) -> Client:
    """Their new address waits from then on; the mails that went there are put away."""
    browser = client_of(person)
    assert browser.post("/profile/e-mail/", {"action_add": "", "email": TYPED}).status_code == 302
    assert EmailAddress.objects.filter(user=person, email=TYPED, verified=False).exists()
    KnockCount.objects.all().delete()
    return browser


def newest_link() -> str:
    found = re.search(r"http://localhost:8000(/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def asks_for_a_password(email: str) -> list[str]:
    """The links that it is sent."""
    mail.outbox.clear()
    assert Client().post("/password/", {"email": email}).status_code == 302
    assert [letter.to for letter in mail.outbox] == [[email]]
    return re.findall(r"http://localhost:8000(/password/\S+-\S+)", str(mail.outbox[0].body))


def keys_of(email: str) -> list[tuple[str, bool]]:
    rows = EmailAddress.objects.filter(email=email).order_by("user__name")
    return list(rows.values_list("user__name", "verified"))


def test_it_is_sent_no_link_to_anybodys_password(
    dave: User, depot: Account, alice: User, northwind: Account, client_of: ClientOf
) -> None:
    writes_it_down(dave, client_of)
    writes_it_down(alice, client_of)
    assert asks_for_a_password(TYPED) == []
    assert b"/sign-up/" in str(mail.outbox[0].body).encode()


def test_its_owner_signs_up_and_is_alone_with_it(dave: User, depot: Account, client_of: ClientOf) -> None:
    of_dave, victoria = writes_it_down(dave, client_of), Client()
    his_link = newest_link()
    assert victoria.post("/sign-up/", SIGN_UP).headers["Location"] == "/verify/"
    assert keys_of(TYPED) == [("Dave", False), ("Victoria", False)]
    assert victoria.post(newest_link()).headers["Location"] == "/"
    assert victoria.get("/profile/").status_code == 200
    assert keys_of(TYPED) == [("Victoria", True)]
    of_dave.post(his_link)
    assert of_dave.get(his_link).status_code in (200, 404)
    assert keys_of(TYPED) == [("Victoria", True)]
    dave.refresh_from_db()
    assert (dave.email, keys_of(dave.email)) == ("dave@davesdepot.example", [("Dave", True)])
    assert len(asks_for_a_password(TYPED)) == 1


def test_a_link_is_of_the_one_who_signs_in_with_it(dave: User, depot: Account, client_of: ClientOf) -> None:
    """Also before its owner confirmed: a new password confirms it, and the other's row ends."""
    writes_it_down(dave, client_of)
    Client().post("/sign-up/", SIGN_UP)
    victoria = User.objects.get(email=TYPED)
    [link] = asks_for_a_password(TYPED)
    browser = Client()
    form = browser.get(link, follow=True).redirect_chain[-1][0]
    assert browser.post(form, {"password1": OWN, "password2": OWN}).status_code == 302
    assert browser.session["_auth_user_id"] == str(victoria.pk)
    assert keys_of(TYPED) == [("Victoria", True)]
    dave.refresh_from_db()
    assert dave.check_password(PASSWORD)


def test_its_owner_comes_by_an_invitation(
    dave: User, depot: Account, alice: User, northwind: Account, client_of: ClientOf
) -> None:
    writes_it_down(dave, client_of)
    _, key = people.invite(northwind, email=TYPED, role="DEVELOPER", by=acting(alice))
    page, browser = f"/invitations/{key}/", Client()
    came = browser.post(f"/sign-up/?next={page}", {"name": "Victoria", "password1": OWN, "next": page})
    assert came.headers["Location"] == page
    assert browser.post(page).status_code == 302
    assert northwind.memberships.filter(user__email=TYPED).exists()
    assert keys_of(TYPED) == [("Victoria", True)]


def test_who_confirms_first_has_it_and_the_others_wait_no_longer(
    dave: User, depot: Account, alice: User, northwind: Account, client_of: ClientOf
) -> None:
    writes_it_down(alice, client_of)
    of_dave = writes_it_down(dave, client_of)
    of_dave.post(newest_link())
    dave.refresh_from_db()
    assert (dave.email, keys_of(TYPED)) == (TYPED, [("Dave", True)])


def test_a_sign_up_that_nobody_confirmed_ends_where_another_confirms(
    dave: User, depot: Account, client_of: ClientOf
) -> None:
    """A stranger signed up with it meanwhile: his mail says so, and he reads it."""
    of_dave = writes_it_down(dave, client_of)
    his_link = newest_link()
    Client().post("/sign-up/", SIGN_UP)
    of_dave.post(his_link)
    dave.refresh_from_db()
    assert (dave.email, keys_of(TYPED)) == (TYPED, [("Dave", True)])
    assert not User.objects.filter(name="Victoria").exists()
    assert not Account.objects.filter(name="Tea").exists()


def test_somebody_who_confirmed_it_keeps_it(dave: User, depot: Account, client_of: ClientOf) -> None:
    of_dave, victoria = writes_it_down(dave, client_of), Client()
    victoria.post("/sign-up/", SIGN_UP)
    victoria.post(newest_link())
    KnockCount.objects.all().delete()
    mail.outbox.clear()
    of_dave.post("/profile/e-mail/", {"action_add": "", "email": TYPED})
    of_dave.post(newest_link())
    dave.refresh_from_db()
    assert dave.email != TYPED
    assert victoria.get("/profile/").status_code == 200


def test_nobody_signs_in_by_it(dave: User, depot: Account, client_of: ClientOf) -> None:
    writes_it_down(dave, client_of)
    browser = Client()
    answer = browser.post("/sign-in/", {"login": TYPED, "password": PASSWORD})
    assert (answer.status_code, "_auth_user_id" in browser.session) == (422, False)
    assert browser.post("/sign-in/", {"login": dave.email, "password": PASSWORD}).status_code == 302


def test_staff_send_a_link_to_the_person_they_chose_alone(
    dave: User, depot: Account, sam: User, client_of: ClientOf
) -> None:
    writes_it_down(dave, client_of)
    Client().post("/sign-up/", SIGN_UP)
    victoria = User.objects.get(email=TYPED)
    mail.outbox.clear()
    assert helping._send_reset(victoria, acting(sam, reason="She asked us to."))
    [letter] = mail.outbox
    assert f"/password/{user_pk_to_url_str(victoria)}-" in str(letter.body)


def test_a_changed_password_takes_back_no_mail_to_it(dave: User, depot: Account, client_of: ClientOf) -> None:
    """One that waits for its owner is not his."""
    of_dave = writes_it_down(dave, client_of)
    waiting = [
        OutgoingMail.objects.create(message_id=it, recipient=it, opens=it, kind="PASSWORD")
        for it in (TYPED, dave.email)
    ]
    changed = {"oldpassword": PASSWORD, "password1": OWN, "password2": OWN}
    assert of_dave.post("/profile/password/", changed).status_code == 302
    for letter in waiting:
        letter.refresh_from_db()
    assert [letter.state for letter in waiting] == ["WAITING", "LAPSED"]
