import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.utils import timezone

from linnapp.models import Account, Application, Invitation, Membership, User
from linnapp.services import people
from tests.kit.people import PASSWORD, ClientOf, acting

pytestmark = pytest.mark.django_db
INVITE = "/a/northwind/team/invite/"
ERIN = "erin@emporium.example"
SIGN_UP = {"name": "Erin", "password1": "a long enough secret"}


def mailed_link() -> str:
    found = re.search(r"http://localhost:8000(/invitations/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


@pytest.fixture
def link(northwind: Account, alice: User) -> str:
    """The link in the mail that invites Erin, who is new here, as a Developer."""
    people.invite(northwind, email=ERIN, role="DEVELOPER", by=acting(alice))
    return mailed_link()


def test_an_owner_invites_by_mail(northwind: Account, alice: User, client_of: ClientOf) -> None:
    answer = client_of(alice).post(INVITE, {"email": "Erin@Emporium.example", "role": "OWNER"}, follow=True)
    assert answer.redirect_chain == [("/a/northwind/team/", 302)]
    [message] = mail.outbox
    assert (message.to, message.subject) == ([ERIN], "Alice invites you to join Northwind")
    link = mailed_link()
    assert link not in answer.content.decode()
    invitation = Invitation.objects.get()
    assert (invitation.email, invitation.role, invitation.invited_by) == (ERIN, "OWNER", alice)
    assert link.split("/")[2] not in invitation.key_digest


def test_bad_input_keeps_what_was_typed(northwind: Account, alice: User, bob: User, client_of: ClientOf) -> None:
    client = client_of(alice)
    answer = client.post(INVITE, {"email": "not an address", "role": "OWNER"})
    assert answer.status_code == 422
    assert 'value="not an address"' in answer.content.decode()
    answer = client.post(INVITE, {"email": "bob@northwind.example", "role": "OWNER"})
    assert answer.status_code == 422
    assert "bob@northwind.example is already a member of Northwind." in answer.content.decode()
    answer = client.post(INVITE, {"email": "", "role": "OWNER"})
    assert answer.status_code == 422
    assert "Enter the e-mail address of the person you invite." in answer.content.decode()
    assert not mail.outbox


def test_somebody_who_is_here_signs_in_and_joins(carol: User, cakes: Account, northwind: Account, alice: User) -> None:
    people.invite(northwind, email=carol.email, role="DEVELOPER", by=acting(alice))
    link, client = mailed_link(), Client()
    page = client.get(link).content.decode()
    assert "Join Northwind?" in page
    sign_in = re.search(r'href="(/sign-in/\?[^"]+)"', page)
    assert sign_in
    answer = client.post(sign_in[1], {"login": carol.email, "password": PASSWORD})
    assert answer.headers["Location"] == link
    assert client.post(link).headers["Location"] == "/a/northwind/applications/"
    assert Membership.objects.get(user=carol, account=northwind).role == "DEVELOPER"
    assert client.get(link).status_code == 404


def test_somebody_new_signs_up_without_a_company_and_is_verified_by_the_link(link: str, northwind: Account) -> None:
    client = Client()
    sign_up = re.search(r'href="(/sign-up/\?[^"]+)"', client.get(link).content.decode())
    assert sign_up
    page = client.get(sign_up[1]).content.decode()
    assert "Company name" not in page
    assert f'value="{ERIN}"' in page
    answer = client.post("/sign-up/", SIGN_UP | {"next": link})
    assert answer.headers["Location"] == link
    assert EmailAddress.objects.get(email=ERIN).verified
    assert len(mail.outbox) == 1
    joined = client.post(link, follow=True)
    assert joined.redirect_chain == [("/a/northwind/applications/", 302)]
    assert "Welcome to Northwind." in joined.content.decode()
    assert list(Membership.objects.filter(user__email=ERIN).values_list("account__slug", "role")) == [
        ("northwind", "DEVELOPER")
    ]
    assert Account.objects.count() == 1


def test_an_owner_of_a_customer_comes_to_what_it_has_installed(
    alice: User, carol: User, cakes: Account, client_of: ClientOf
) -> None:
    people.invite(cakes, email=alice.email, role="OWNER", by=acting(carol))
    answer = client_of(alice).post(mailed_link())
    assert answer.headers["Location"] == f"/a/{cakes.slug}/apps/"


def test_an_owner_of_a_developer_comes_to_its_applications(
    application: Application, alice: User, carol: User, client_of: ClientOf
) -> None:
    people.invite(application.account, email=carol.email, role="OWNER", by=acting(alice))
    assert client_of(carol).post(mailed_link()).headers["Location"] == "/a/northwind/applications/"


def test_the_link_verifies_no_other_address(link: str) -> None:
    Client().post("/sign-up/?email=mallory@evil.example", SIGN_UP | {"next": link, "email": "mallory@evil.example"})
    assert list(EmailAddress.objects.exclude(email="alice@northwind.example").values_list("email", flat=True)) == [ERIN]


def test_a_made_up_link_makes_no_exception(northwind: Account) -> None:
    client = Client()
    answer = client.post("/sign-up/", SIGN_UP | {"next": "/invitations/made-up/", "email": ERIN})
    assert answer.status_code == 422
    client.post("/sign-up/", SIGN_UP | {"next": "/invitations/made-up/", "email": ERIN, "company": "Erin's"})
    assert not EmailAddress.objects.get(email=ERIN).verified


def test_only_the_invited_address_may_join(link: str, dave: User, northwind: Account, client_of: ClientOf) -> None:
    client = client_of(dave)
    assert "You are signed in as dave@davesdepot.example" in client.get(link).content.decode()
    assert client.post(link).status_code == 422
    assert not Membership.objects.filter(user=dave).exists()
    assert Invitation.objects.get().accepted_at is None


def test_joining_signed_out_leads_to_sign_in(link: str) -> None:
    assert Client().post(link).headers["Location"].startswith("/sign-in/?next=/invitations/")


def test_a_link_works_once_for_a_week_and_not_when_taken_back(link: str, alice: User, client_of: ClientOf) -> None:
    invitation = Invitation.objects.get()
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().get(link).status_code == 404
    Invitation.objects.update(expires_at=timezone.now() + timedelta(days=1))
    assert Client().get(link).status_code == 200
    revoke = f"/a/northwind/team/invitations/{invitation.pk}/revoke/"
    assert client_of(alice).get(revoke).status_code == 405
    assert client_of(alice).post(revoke).headers["Location"] == "/a/northwind/team/"
    assert Client().get(link).status_code == 404
    assert "This invitation is over" in Client().get(link).content.decode()


def test_inviting_again_ends_the_first_link(link: str, northwind: Account, alice: User) -> None:
    people.invite(northwind, email=ERIN, role="OWNER", by=acting(alice))
    assert Client().get(link).status_code == 404
    assert Client().get(mailed_link()).status_code == 200
