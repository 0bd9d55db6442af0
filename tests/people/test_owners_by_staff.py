"""What staff do about the Owners of an account: none of it makes one of themselves, and its Owners are told."""

import pytest
from django.core import mail
from django.test import Client

from linnapp.errors import NotPossible
from linnapp.models import Account, Membership, User
from linnapp.services import people
from tests.kit.people import ClientOf, acting, person

pytestmark = pytest.mark.django_db
WHY = "Ticket 4711: the owner left."


def seat_of(user: User) -> Membership:
    return Membership.objects.get(user=user)


def told(owner: User) -> list[tuple[str, str]]:
    return [(str(sent.subject), str(sent.body)) for sent in mail.outbox if sent.to == [owner.email]]


@pytest.mark.parametrize("role", ["OWNER", "DEVELOPER"])
def test_nobody_accepts_their_own_invitation_with_another_address(
    role: str, northwind: Account, paula: User, client_of: ClientOf
) -> None:
    invitation, key = people.invite(northwind, email="paula@home.example", role=role, by=acting(paula, reason=WHY))
    browser: Client = client_of(paula)
    User.objects.filter(pk=paula.pk).update(email="paula@home.example")
    answer = browser.post(f"/invitations/{key}/")
    assert answer.status_code == 422
    assert "You sent this invitation yourself. Somebody else has to invite you" in answer.content.decode()
    assert not northwind.memberships.filter(user=paula).exists()
    other = person("Paul", "paul@home.example")
    invitation.email = other.email
    invitation.save()
    assert people.accept(invitation, by=acting(other)).role == role


def test_owners_read_whom_staff_invite_as_one_and_why(northwind: Account, alice: User, bob: User, paula: User) -> None:
    Account.objects.filter(pk=northwind.pk).update(name="Northwind\r\nBcc: eve@example.com")
    northwind.refresh_from_db()
    people.invite(northwind, email="erin@emporium.example", role="DEVELOPER", by=acting(paula, reason=WHY))
    assert not told(alice)
    people.invite(northwind, email="erin@emporium.example", role="OWNER", by=acting(paula, reason=WHY))
    [(subject, body)] = told(alice)
    assert subject == "erin@emporium.example was invited as an Owner of Northwind Bcc: eve@example.com"
    assert "by Paula of this portal's staff. Their reason:" in body
    assert WHY in body
    assert "/a/northwind/team/" in body
    assert not told(bob)


def test_and_whom_they_make_one(northwind: Account, alice: User, bob: User, carol: User, paula: User) -> None:
    Membership.objects.create(account=northwind, user=carol, role="OWNER")
    User.objects.filter(pk=carol.pk).update(is_active=False)
    people.change_role(seat_of(bob), role="OWNER", by=acting(paula, reason=WHY))
    [(subject, body)] = told(alice)
    assert subject == "Bob was made an Owner of Northwind"
    assert WHY in body
    assert not told(bob)
    assert not told(carol)


def test_what_an_owner_does_themselves_is_told_to_nobody(northwind: Account, alice: User, bob: User) -> None:
    people.invite(northwind, email="erin@emporium.example", role="OWNER", by=acting(alice))
    people.change_role(seat_of(bob), role="OWNER", by=acting(alice))
    assert not told(alice)


def test_the_last_owner_who_can_sign_in_stays(northwind: Account, alice: User, bob: User, client_of: ClientOf) -> None:
    people.change_role(seat_of(bob), role="OWNER", by=acting(alice))
    User.objects.filter(pk=bob.pk).update(is_active=False)
    browser, seat = client_of(alice), seat_of(alice)
    for path, sent in (("role", {"role": "DEVELOPER"}), ("remove", {})):
        answer = browser.post(f"/a/northwind/team/{seat.pk}/{path}/", sent, follow=True)
        assert "Alice is the last Owner of Northwind who can sign in." in answer.content.decode()
    assert seat_of(alice).role == "OWNER"
    # Whoever cannot sign in goes while another one can.
    people.remove_member(seat_of(bob), by=acting(alice))
    with pytest.raises(NotPossible, match=r"Alice is the last Owner of Northwind\. "):
        people.remove_member(seat_of(alice), by=acting(alice))
