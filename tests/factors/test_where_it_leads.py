"""Whoever has a seat in an account that asks its members for a second factor is led to what is open to them."""

import pytest
from django.urls import reverse

from linnapp.models import Account, Application, Membership, User
from linnapp.services import people
from tests.factors.having import give_factor, signed_in_by_factor
from tests.kit.people import ClientOf, acting

pytestmark = pytest.mark.django_db


@pytest.fixture
def asking(northwind: Account, application: Application, dave: User, depot: Account) -> Account:
    """Northwind has applications and asks; Dave has a seat there, and an account of his own with none."""
    Membership.objects.create(account=northwind, user=dave, role=Membership.Role.DEVELOPER)
    northwind.members_need_factor = True
    northwind.save(update_fields=["members_need_factor"])
    return northwind


def test_the_home_page_leads_to_an_account_that_is_open(asking: Account, dave: User, client_of: ClientOf) -> None:
    client = client_of(dave)
    assert client.get("/").headers["Location"] == "/a/daves-depot/start/"
    assert client.get("/a/northwind/applications/").status_code == 403
    assert client.get("/").headers["Location"] == "/a/daves-depot/start/"
    give_factor(dave)
    assert signed_in_by_factor(client_of, dave).get("/").headers["Location"] == "/a/northwind/applications/"


def test_whoever_has_no_other_is_told_what_to_do(asking: Account, bob: User, client_of: ClientOf) -> None:
    closed = client_of(bob).get("/", follow=True)
    assert (closed.status_code, b"Set up a second factor first" in closed.content) == (403, True)
    assert b"your other accounts" not in closed.content


def test_the_closed_page_links_those_that_are_open(asking: Account, dave: User, client_of: ClientOf) -> None:
    people.create_account(name="Dave & Sons", owner=dave)
    shut = people.create_account(name="Dave's Vault", owner=dave)
    Account.objects.filter(pk=shut.pk).update(members_need_factor=True)
    page = client_of(dave).get("/a/northwind/team/").content.decode().partition("<main")[2]
    assert '<a href="/a/daves-depot/applications/">Dave&#x27;s Depot</a>' in page
    assert "Dave &amp; Sons</a>" in page
    assert "Dave&#x27;s Vault" not in page


@pytest.mark.parametrize("asks", [True, False])
def test_an_invitation_says_before_one_joins_that_a_second_factor_is_asked_for(
    asks: bool, northwind: Account, alice: User, dave: User, client_of: ClientOf
) -> None:
    Account.objects.filter(pk=northwind.pk).update(members_need_factor=asks)
    key = people.invite(northwind, email=dave.email, role="DEVELOPER", by=acting(alice))[1]
    page = reverse("invitation_accept", args=[key])
    told = b"asks its members for a second factor"
    assert (told in client_of(dave).get(page).content) == asks
    give_factor(dave)
    assert told not in signed_in_by_factor(client_of, dave).get(page).content
