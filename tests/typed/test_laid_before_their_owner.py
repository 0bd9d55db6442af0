"""Forms that somebody else may have typed at one's browser: what is kept, and what is seen first."""

import time

import pytest
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.models import Authenticator
from django.shortcuts import redirect
from django.test import Client

from linnapp.models import Account, Application, Invitation, KeptPost, Membership, User
from linnapp.services import browser_sessions
from tests.kit.people import PASSWORD, ClientOf
from tests.typed.forms import Forms, browser_of, end_sign_in, form_at, note_sign_in, sign_in

pytestmark = pytest.mark.django_db
SETTINGS, TEAM = "/a/northwind/settings/", "/a/northwind/team/"
EVIL = {"email": "evil@x.example", "role": "OWNER", "api_key": "k-4711"}


def laid(browser: Client, page: str, typed: dict[str, str], person: User) -> str:
    """The page after the sign-in of whoever it was laid before."""
    fields = form_at(browser, page)
    end_sign_in(browser)
    door = browser.post(page, fields | typed).headers["Location"]
    link = sign_in(browser, door, person, PASSWORD).headers["Location"]
    return browser.get(link).content.decode()


def test_an_owner_who_was_invited_by_somebody_else_is_seen_first(alice: User, northwind: Account) -> None:
    browser = browser_of(alice)
    fields = form_at(browser, SETTINGS)
    own = {name: fields[name] for name in ("csrfmiddlewaretoken", "drawn_for")}
    end_sign_in(browser)
    door = browser.post(f"{TEAM}invite/", own | EVIL).headers["Location"]
    page = browser.get(sign_in(browser, door, alice, PASSWORD).headers["Location"]).content.decode()
    assert "data-sends-itself" not in page
    told = page.partition("<form")[0]
    assert "A form that can add somebody to the account" in told
    assert f"{TEAM}invite/" in told
    assert all(value in told for value in ("E-mail", "evil@x.example", "Role", "Owner", "Api key"))
    assert "k-4711" not in told
    assert Invitation.objects.count() == 0
    action, fields = next(form for form in Forms(page).found if "kept_form" in form[1])
    assert browser.post(action, fields).status_code == 302
    assert Invitation.objects.get().email == "evil@x.example"


def test_what_shows_and_moves_nothing_goes_on_by_itself(alice: User, northwind: Account) -> None:
    page = laid(browser_of(alice), SETTINGS, {"name": "Northwind 2"}, alice)
    assert "data-sends-itself" in page


def test_what_its_person_sent_a_while_after_signing_in_goes_on_by_itself(
    northwind: Account, alice: User, client_of: ClientOf
) -> None:
    client = client_of(alice, fresh=False)
    door = client.post(f"{TEAM}invite/", EVIL).headers["Location"]
    link = client.post(door, {"password": PASSWORD}).headers["Location"]
    assert "data-sends-itself" in client.get(link).content.decode()


def test_one_of_ones_profile_is_seen_first(alice: User) -> None:
    page = laid(browser_of(alice), "/profile/", {"name": "Mallory"}, alice)
    assert "data-sends-itself" not in page
    assert "A change to your profile" in page


def test_one_of_the_admin_is_seen_first(paula: User, client_of: ClientOf, northwind: Account) -> None:
    browser = client_of(paula)
    note_sign_in(browser, paula)
    page = f"/admin/linnapp/account/{northwind.pk}/change/"
    fields = form_at(browser, page)
    mark = next(mine["drawn_for"] for _, mine in Forms(browser.get(page).content.decode()).found if "drawn_for" in mine)
    end_sign_in(browser)
    door = browser.post(page, fields | {"drawn_for": mark, "name": "Evil"}).headers["Location"]
    assert "go-on" in door
    browser.force_login(paula)
    seen = browser.get(door.partition("next=")[2].replace("%2F", "/")).content.decode()
    assert "A change in the admin" in seen
    assert "data-sends-itself" not in seen


@pytest.mark.parametrize("how", ["sign-out", "elsewhere"])
def test_of_a_sign_in_that_was_ended_by_hand_nothing_is_kept(how: str, alice: User, northwind: Account) -> None:
    browser = browser_of(alice)
    fields = form_at(browser, SETTINGS)
    if how == "sign-out":
        out = form_at(browser, "/sign-out/", "/sign-out/")
        assert browser.post("/sign-out/", out).status_code == 302
        fields["csrfmiddlewaretoken"] = form_at(browser, "/sign-in/")["csrfmiddlewaretoken"]
    else:
        browser_sessions.end_all(alice)
    answer = browser.post(SETTINGS, fields | {"name": "Evil"}, headers={"referer": f"http://testserver{SETTINGS}"})
    assert KeptPost.objects.count() == 0
    then = sign_in(browser, answer.headers["Location"], alice, PASSWORD).headers["Location"]
    told = browser.get(then).content.decode()
    assert "Type it again" in told
    assert "that session was ended" in told
    assert f'href="{SETTINGS}"' in told
    assert "Evil" not in told


def test_what_goes_to_an_address_that_nobody_opens_leads_back_to_its_page(
    alice: User, bob: User, northwind: Account
) -> None:
    browser = browser_of(alice)
    role = f"{TEAM}{Membership.objects.get(user=bob).pk}/role/"
    fields = form_at(browser, TEAM, role)
    end_sign_in(browser)
    without = {"csrfmiddlewaretoken": fields["csrfmiddlewaretoken"], "role": "OWNER"}
    answer = browser.post(role, without, headers={"referer": f"http://testserver{TEAM}"})
    assert answer.headers["Location"] == f"/sign-in/?next={TEAM}"


def test_what_was_kept_goes_with_the_sign_in_that_it_was_typed_in(alice: User, northwind: Account) -> None:
    browser = browser_of(alice)
    fields = form_at(browser, SETTINGS)
    end_sign_in(browser)
    browser.post(SETTINGS, fields)
    assert KeptPost.objects.count() == 1
    browser_sessions.end_all(alice)
    assert KeptPost.objects.count() == 0


def test_what_staff_sent_after_too_long_is_kept(paula: User, client_of: ClientOf) -> None:
    browser = client_of(paula)
    note_sign_in(browser, paula)
    fields = form_at(browser, "/profile/")
    session = browser.session
    session["seen_at"] = int(time.time()) - 31 * 60
    session.save()
    answer = browser.post("/profile/", fields | {"name": "Paula P."})
    assert "go-on" in answer.headers["Location"]
    assert KeptPost.objects.get().person == paula


def test_a_password_is_not_kept_and_is_typed_again(alice: User) -> None:
    browser = browser_of(alice)
    page = "/profile/password/"
    typed = {"oldpassword": PASSWORD, "password1": "another long secret", "password2": "another long secret"}
    fields = form_at(browser, page) | typed
    end_sign_in(browser)
    answer = browser.post(page, fields, headers={"referer": f"http://testserver{page}"})
    assert KeptPost.objects.count() == 0
    then = sign_in(browser, answer.headers["Location"], alice, PASSWORD).headers["Location"]
    told = browser.get(then).content.decode()
    assert "Type it again" in told
    assert f'href="{page}"' in told
    assert "another long secret" not in told
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


@pytest.mark.parametrize("page", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)"])
def test_typing_it_again_leads_to_no_other_site(page: str, alice: User) -> None:
    told = browser_of(alice).get("/sign-in/go-on/again/", {"page": page}).content.decode()
    assert page not in told
    assert "Go to the home page" in told


def test_the_dialog_gives_the_mark_of_the_new_sign_in(alice: User, application: Application) -> None:
    browser = browser_of(alice)
    fields = form_at(browser, SETTINGS)
    end_sign_in(browser)
    asked = {"x-drawn-for": fields["drawn_for"], "x-csrftoken": fields["csrfmiddlewaretoken"]}
    new = browser.post("/sign-in/here/", {"password": PASSWORD}, headers=asked).json()
    assert new["mark"].partition(":")[0] != fields["drawn_for"].partition(":")[0]
    end_sign_in(browser)
    again = fields | {"drawn_for": new["mark"], "csrfmiddlewaretoken": new["token"]}
    assert "go-on" in browser.post(SETTINGS, again).headers["Location"]


def in_dialog(person: User, password: str = PASSWORD) -> str:
    browser = browser_of(person)
    fields = form_at(browser, "/profile/")
    end_sign_in(browser)
    asked = {"x-drawn-for": fields["drawn_for"], "x-csrftoken": fields["csrfmiddlewaretoken"]}
    return browser.post("/sign-in/here/", {"password": password}, headers=asked).content.decode()


def test_the_dialog_goes_on_for_whom_the_page_was_drawn_and_nobody_else(alice: User, dave: User) -> None:
    """They signed in in another tab meanwhile."""
    browser = browser_of(alice)
    asked = {"x-drawn-for": form_at(browser, "/profile/")["drawn_for"]}
    end_sign_in(browser)
    browser.force_login(dave)
    assert browser.get("/sign-in/here/", headers=asked).json() == {"go": "/"}
    browser.force_login(alice)
    assert set(browser.get("/sign-in/here/", headers=asked).json()) == {"token", "mark"}


def test_the_dialog_asks_nobody_for_a_password_that_they_have_not(alice: User) -> None:
    assert 'name="password"' in in_dialog(alice, "not hers at all")
    alice.set_unusable_password()
    alice.save()
    told = in_dialog(alice, "not hers at all")
    assert 'name="password"' not in told
    assert 'href="/sign-in/"' in told


def test_the_dialog_names_a_second_factor_only_where_one_is_asked_for(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise ImmediateHttpResponse(redirect("account_email_verification_sent"))

    Authenticator.objects.create(user=alice, type=Authenticator.Type.TOTP, data={"secret": "x"})
    assert "Use your second factor" in in_dialog(alice)
    monkeypatch.setattr("linnapp.forms.people.SignInForm.login", stop)
    told = in_dialog(alice)
    assert "One more step" in told
    assert "second factor" not in told
