"""Somebody deletes their own person: what stands in the way, what goes at once, and what goes on without them."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.utils import timezone

from installs.installations import lifecycle
from installs.models import HelpCase, Installation
from linnapp import bulk_changes
from linnapp.errors import NotPossible
from linnapp.models import (
    Account,
    Application,
    BulkChange,
    Deletion,
    ExportFile,
    Invitation,
    MailRefusal,
    Membership,
    OutgoingMail,
    StaffAccess,
    User,
    Version,
)
from linnapp.services import access, deleting, people
from tests.kit.people import PASSWORD, ClientOf, acting, person

pytestmark = pytest.mark.django_db
PAGE = "/profile/delete/"


def delete(browser: Client, user: User) -> Any:
    return browser.post(PAGE, {"email": user.email})


def is_gone(user: User) -> bool:
    return User.objects.get(pk=user.pk).deleted_at is not None


def told(page: str, refused: bool = True) -> bool:
    return ("Your profile cannot be deleted yet." in page) is refused


def test_the_only_owner_of_what_is_in_use_is_refused_with_where_to_hand_over(
    installation: Installation, alice: User, carol: User, client_of: ClientOf
) -> None:
    for user, slug in ((alice, "northwind"), (carol, "carols-cakes")):
        browser = client_of(user)
        page = browser.get(PAGE).content.decode()
        assert told(page)
        assert f'href="/a/{slug}/team/"' in page
        assert '<button type="submit" class="danger">' not in page
        assert delete(browser, user).status_code == 422
        assert not is_gone(user)
    assert Membership.objects.count() == 2


def test_who_owns_with_others_and_who_only_develops_leave_and_the_rest_stays(
    installation: Installation, alice: User, bob: User, client_of: ClientOf
) -> None:
    northwind = installation.application.account
    erin = person("Erin", "erin@northwind.example")
    Membership.objects.create(account=northwind, user=erin, role="OWNER")
    northwind.contact_email = alice.email
    northwind.save()
    for user in (alice, bob):
        browser = client_of(user)
        assert told(browser.get(PAGE).content.decode(), refused=False)
        assert delete(browser, user).headers["Location"] == "/sign-in/"
        assert browser.get("/profile/").status_code == 302
        assert is_gone(user)
    northwind.refresh_from_db()
    assert northwind.contact_email == erin.email
    assert [seat.user for seat in northwind.memberships.all()] == [erin]
    assert Installation.objects.get(pk=installation.pk).is_live
    activity = client_of(erin).get("/a/northwind/activity/").content.decode()
    assert activity.count("A member of this team deleted their profile and left") == 2


def test_an_account_that_is_theirs_alone_and_empty_goes_with_them(
    dave: User, depot: Account, client_of: ClientOf
) -> None:
    browser = client_of(dave)
    page = browser.get(PAGE).content.decode()
    assert "you are this account's only member, and it has nothing in it" in page
    assert "Dave&#x27;s Depot" in page
    delete(browser, dave)
    assert not Account.objects.filter(pk=depot.pk).exists()


def test_an_empty_account_with_others_in_it_is_handed_over_first(
    bob: User, alice: User, northwind: Account, client_of: ClientOf
) -> None:
    assert told(client_of(alice).get(PAGE).content.decode())
    with pytest.raises(NotPossible):
        deleting.delete_person(alice)
    # Somebody who cannot sign in owns nothing for them.
    Membership.objects.filter(user=bob).update(role="OWNER")
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert told(client_of(alice).get(PAGE).content.decode())
    User.objects.filter(pk=bob.pk).update(is_active=True)
    assert told(client_of(alice).get(PAGE).content.decode(), refused=False)


def test_it_asks_for_the_address_and_a_fresh_sign_in(dave: User, depot: Account, client_of: ClientOf) -> None:
    browser = client_of(dave)
    answer = browser.post(PAGE, {"email": "somebody@else.example"})
    assert answer.status_code == 422
    assert 'value="somebody@else.example"' in answer.content.decode()
    assert not is_gone(dave)
    stale = client_of(dave, fresh=False)
    answer = delete(stale, dave)
    assert answer.headers["Location"].startswith("/sign-in/again/")
    assert not is_gone(dave)
    assert browser.post(PAGE, {"email": f" {dave.email.upper()} "}).headers["Location"] == "/sign-in/"
    assert is_gone(dave)


def test_they_are_signed_out_everywhere_and_the_password_opens_nothing(dave: User, depot: Account) -> None:
    browsers = [Client(), Client()]
    for browser in browsers:
        browser.post("/sign-in/", {"login": dave.email, "password": PASSWORD})
        assert browser.get("/profile/").status_code == 200
    old = Client()
    old.force_login(dave)
    keys = [browser.session.session_key for browser in browsers]
    delete(browsers[0], dave)
    # Nothing is left to open, whatever is done to the row later.
    assert not Session.objects.filter(session_key__in=keys).exists()
    assert [browser.get("/profile/").status_code for browser in (*browsers, old)] == [302, 302, 302]
    again = Client().post("/sign-in/", {"login": "dave@davesdepot.example", "password": PASSWORD})
    assert again.status_code == 422
    nobody = Client().post("/sign-in/", {"login": f"deleted-{dave.pk}@deleted.invalid", "password": PASSWORD})
    assert nobody.status_code == 422


def test_the_address_is_told_and_can_sign_up_again(dave: User, depot: Account, client_of: ClientOf) -> None:
    delete(client_of(dave), dave)
    [sent] = mail.outbox
    assert (sent.to, sent.subject) == ([dave.email], "Your profile was deleted")
    assert "Dave's Depot" in str(sent.body)
    new = {"name": "Dave", "company": "Dave's Depot", "email": dave.email, "password1": "long enough secret"}
    assert Client().post("/sign-up/", new).status_code == 302
    assert User.objects.get(email=dave.email).pk != dave.pk


def test_what_hung_on_them_is_gone_and_what_they_worked_on_is_nobodys(
    sam: User, alice: User, northwind: Account, paula: User, client_of: ClientOf
) -> None:
    case = HelpCase.objects.create(account=northwind, sentence="It does not work.", assigned_to=sam)
    access.enter(northwind, purpose="LOOK", by=acting(sam, reason="A reason"))
    MailRefusal.objects.create(user=sam, kind="HELP")
    people.invite(northwind, email=sam.email, role="DEVELOPER", by=acting(alice))
    OutgoingMail.objects.create(message_id="<1@x.example>", recipient=sam.email, content_encrypted="x")
    ends = timezone.now() + timedelta(days=1)
    file = ExportFile.objects.create(table="linnapp.User", title="1 person", person=sam, total=1, ends_at=ends)
    delete(client_of(sam), sam)
    assert not ExportFile.objects.current().filter(pk=file.pk).exists()
    case.refresh_from_db()
    assert case.assigned_to is None
    assert not EmailAddress.objects.filter(user=sam).exists()
    assert not Invitation.objects.exists()
    assert not MailRefusal.objects.exists()
    assert not OutgoingMail.objects.filter(message_id="<1@x.example>").exists()
    entered = StaffAccess.objects.get()
    assert (str(entered.person), entered.is_running) == ("deleted person", False)
    row = User.objects.get(pk=sam.pk)
    assert (row.is_active, row.is_staff, row.groups.count()) == (False, False, 0)
    assert "deleted person" in client_of(alice).get("/a/northwind/team/").content.decode()


def test_the_last_superuser_stays(paula: User, client_of: ClientOf) -> None:
    browser = client_of(paula)
    assert deleting.LAST_SUPERUSER in browser.get(PAGE).content.decode()
    assert delete(browser, paula).status_code == 422
    assert not is_gone(paula)
    other = person("Petra", "petra@linnapp.example", is_staff=True, is_superuser=True)
    delete(browser, paula)
    assert is_gone(paula)
    assert client_of(other).get(f"/admin/linnapp/user/{paula.pk}/change/").status_code == 302
    assert "deleted person" not in client_of(other).get("/admin/linnapp/user/").content.decode()


def test_a_bulk_change_of_theirs_ends_first(
    application: Application, paula: User, sam: User, client_of: ClientOf
) -> None:
    person("Petra", "petra@linnapp.example", is_staff=True, is_superuser=True)
    change = BulkChange.objects.create(
        table="linnapp.Application", act="suspend", title="x", reason="y", person=paula, person_name="Paula", total=0
    )
    assert delete(client_of(paula), paula).status_code == 422
    bulk_changes.stop(change)
    delete(client_of(paula), paula)
    assert is_gone(paula)


def test_who_was_asked_in_their_name_meanwhile_does_nothing(
    application: Application, version: Version, cakes: Account, carol: User, dave: User, depot: Account, alice: User
) -> None:
    """Their rows are in the hands of a request that began before."""
    Membership.objects.create(account=cakes, user=dave, role="OWNER")
    invitation, _ = people.invite(cakes, email="new@x.example", role="DEVELOPER", by=acting(dave))
    to_carol, _ = people.invite(depot, email=carol.email, role="OWNER", by=acting(dave))
    deleting.delete_person(carol)
    with pytest.raises(NotPossible):
        lifecycle.install(application, account=cakes, version=version, by=acting(carol))
    with pytest.raises(NotPossible):
        people.create_account(name="Carol again", owner=carol)
    with pytest.raises(NotPossible):
        people.accept(to_carol, by=acting(carol))
    with pytest.raises(NotPossible):
        deleting.delete_person(carol)
    assert Invitation.objects.get() == invitation
    assert Membership.objects.filter(user=carol).count() == 0
    assert Deletion.objects.count() == 1


def test_nobody_of_the_demo_is_deleted(
    dave: User, depot: Account, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "DEMO", True)
    assert delete(client_of(dave), dave).status_code == 422
    assert not is_gone(dave)
