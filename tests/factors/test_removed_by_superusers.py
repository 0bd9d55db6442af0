"""Somebody lost their second factor: a superuser removes it, with a reason, and they are told."""

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client
from django.urls import reverse

from linnapp.errors import NotPossible
from linnapp.models import StaffAccess, TimelineEntry, User
from linnapp.services import factor_rules
from tests.factors.having import give_factor, signed_in_by_factor
from tests.kit.people import PASSWORD, ClientOf, acting, person

pytestmark = pytest.mark.django_db
WHY = "Lost the phone, called back"


def page_of(row: User) -> str:
    return reverse("admin:linnapp_user_act", args=[row.pk, "remove_factors"])


def remove(client: Client, row: User, reason: str = WHY) -> Any:
    """The page as it is shown, answered with a reason."""
    read = re.search(rb'name="read" value="([^"]*)"', client.get(page_of(row)).content)
    return client.post(page_of(row), {"apply": "1", "read": read[1].decode() if read else "", "reason": reason})


def test_it_goes_with_a_reason_a_mail_a_line_and_all_sessions(paula: User, bob: User, client_of: ClientOf) -> None:
    browsers, client = [Client(), Client()], client_of(paula)
    for browser in browsers:
        browser.post("/sign-in/", {"login": bob.email, "password": PASSWORD})
    give_factor(bob)
    Authenticator.objects.create(user=bob, type=Authenticator.Type.RECOVERY_CODES, data={"seed": "sealed"})
    asked = client.get(page_of(bob))
    assert b"signed out everywhere" in asked.content
    assert remove(client, bob, reason="").status_code == 422
    assert Authenticator.objects.count() == 2
    assert all(browser.get("/profile/").status_code == 200 for browser in browsers)
    assert remove(client, bob).status_code == 302
    assert not Authenticator.objects.exists()
    assert all(browser.get("/profile/").status_code == 302 for browser in browsers)
    assert client.get("/profile/").status_code == 200
    sent = mail.outbox[-1]
    assert (sent.to, sent.subject) == ([bob.email], "Your second factors were removed")
    assert WHY in sent.body
    entry = TimelineEntry.objects.get(kind="PERSON_FACTORS_REMOVED")
    assert (entry.actor_name, entry.reason, entry.facts["member"]) == ("Paula", WHY, "Bob")
    bob.refresh_from_db()
    again = client_of(bob)
    assert again.get("/profile/").status_code == 200


def test_an_access_of_staff_ends_with_it(paula: User, sam: User, northwind: object, client_of: ClientOf) -> None:
    give_factor(sam)
    signed_in_by_factor(client_of, sam).post("/inside/northwind/", {"purpose": "LOOK", "reason": "Looks"})
    assert StaffAccess.objects.running().exists()
    assert remove(client_of(paula), sam).status_code == 302
    assert not StaffAccess.objects.running().exists()
    entry = TimelineEntry.objects.get(kind="STAFF_SENT_AWAY")
    assert (entry.actor_name, entry.reason, entry.facts["member"]) == ("Paula", WHY, "Sam")
    assert not TimelineEntry.objects.filter(kind="STAFF_LEFT").exists()


def test_nobody_removes_their_own_and_nobody_else_removes_anybodys(
    paula: User, sam: User, bob: User, client_of: ClientOf
) -> None:
    give_factor(paula)
    give_factor(bob)
    client = signed_in_by_factor(client_of, paula)
    refused = remove(client, paula)
    assert b"This is you." in client.get(refused.headers["Location"]).content
    helper = person("Hal", "hal@linnapp.example", is_staff=True)
    helper.user_permissions.set(Permission.objects.filter(codename__in=["change_user", "view_user"]))
    assert remove(client_of(helper), bob).status_code == 403
    assert b"Remove second factors" not in client_of(helper).get(f"/admin/linnapp/user/{bob.pk}/change/").content
    assert remove(client_of(sam), bob).status_code == 404
    assert remove(client_of(bob), bob).status_code == 404
    assert Authenticator.objects.count() == 2


def test_whoever_is_no_superuser_any_more_removes_none(paula: User, bob: User) -> None:
    """Their page was asked for before."""
    give_factor(bob)
    User.objects.filter(pk=paula.pk).update(is_superuser=False)
    with pytest.raises(NotPossible, match="Only a platform admin"):
        factor_rules.remove_all(bob, by=acting(paula, reason=WHY))
    assert Authenticator.objects.filter(user=bob).exists()


def test_a_stale_sign_in_is_asked_again_first(paula: User, bob: User, client_of: ClientOf) -> None:
    give_factor(bob)
    answer = remove(client_of(paula, fresh=False), bob)
    assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert Authenticator.objects.exists()


def test_it_is_no_act_on_many(paula: User, bob: User, client_of: ClientOf) -> None:
    give_factor(bob)
    client = client_of(paula)
    listed = client.get("/admin/linnapp/user/").content
    assert b'value="switch_off"' in listed
    assert b'value="remove_factors"' not in listed
    client.post(
        "/admin/linnapp/user/", {"action": "remove_factors", "_selected_action": [bob.pk], "apply": "1", "reason": "x"}
    )
    assert Authenticator.objects.exists()


def test_a_stolen_session_removes_no_factor(bob: User, client_of: ClientOf) -> None:
    give_factor(bob)
    answer = client_of(bob, fresh=False).post(reverse("mfa_deactivate_totp"))
    assert answer.status_code == 302
    assert "/sign-in/again/" in answer.headers["Location"]
    assert Authenticator.objects.exists()


def test_the_password_alone_signs_in_afterwards(paula: User, bob: User, client_of: ClientOf) -> None:
    give_factor(bob)
    remove(client_of(paula), bob)
    browser = Client()
    signed = browser.post("/sign-in/", {"login": bob.email, "password": PASSWORD})
    assert signed.status_code == 302
    assert browser.get("/profile/").status_code == 200
