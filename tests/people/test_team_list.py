"""A team of many: its pages, its search and what narrows it."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from linnapp.models import Account, Membership, User
from tests.kit.people import ClientOf

pytestmark = pytest.mark.django_db
TEAM = "/a/northwind/team/"
NAMES = re.compile(r'<th scope="row">(?:<bdi[^>]*>)?(.*?)(?:</bdi>| <small>|</th>)')


@pytest.fixture
def crowd(northwind: Account, alice: User, bob: User) -> list[User]:
    """Sixty more Developers."""
    people = User.objects.bulk_create(
        User(name=f"Person {number:02}", email=f"person{number:02}@crowd.example") for number in range(60)
    )
    Membership.objects.bulk_create(Membership(account=northwind, user=user, role="DEVELOPER") for user in people)
    return people


def shown(client: Client, **asked: str) -> list[str]:
    page = client.get(TEAM, asked).content.decode()
    return NAMES.findall(page)


def test_a_page_holds_fifty_and_leads_to_the_next(crowd: list[User], alice: User, client_of: ClientOf) -> None:
    client = client_of(alice)
    first = client.get(TEAM).content.decode()
    assert "62 in all" in first
    following = re.search(r'href="([^"]*)" rel="next"', first)
    assert following
    second = client.get(following[1].replace("&amp;", "&")).content.decode()
    assert shown(client) == ["Alice", "Bob", *(user.name for user in crowd[:48])]
    assert NAMES.findall(second) == [user.name for user in crowd[48:]]


def test_people_are_found_by_name_and_address_and_by_role(crowd: list[User], alice: User, client_of: ClientOf) -> None:
    client = client_of(alice)
    assert shown(client, q="person 07") == ["Person 07"]
    assert shown(client, q="PERSON11@crowd") == ["Person 11"]
    assert shown(client, role="OWNER") == ["Alice"]
    assert len(shown(client, role="nonsense")) == 50
    assert "Nobody matches." in client.get(TEAM, {"q": "Zed"}).content.decode()


def test_owners_narrow_by_second_factor_and_developers_do_not(
    crowd: list[User], alice: User, bob: User, client_of: ClientOf
) -> None:
    for kind in (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN):
        Authenticator.objects.create(user=crowd[3], type=kind, data={})
    Authenticator.objects.create(user=crowd[4], type=Authenticator.Type.RECOVERY_CODES, data={})
    assert shown(client_of(alice), factor="yes") == ["Person 03"]
    assert "61 in all" in client_of(alice).get(TEAM, {"factor": "no"}).content.decode()
    for asked in ("yes", "no"):
        page = client_of(bob).get(TEAM, {"factor": asked}).content.decode()
        assert "62 in all" in page
        assert "Second factor" not in page


def test_whoever_changes_a_role_comes_back_to_the_same_search(
    crowd: list[User], alice: User, client_of: ClientOf
) -> None:
    client, seat = client_of(alice), Membership.objects.get(user=crowd[7])
    page = client.get(TEAM, {"q": "person 0", "sort": "newest"}).content.decode()
    action = re.search(rf'action="(/a/northwind/team/{seat.pk}/role/[^"]*)"', page)
    assert action
    answer = client.post(action[1].replace("&amp;", "&"), {"role": "OWNER"})
    assert answer.headers["Location"] == f"{TEAM}?q=person+0&sort=newest#m-{seat.pk}"
    assert f'id="m-{seat.pk}"' in client.get(answer.headers["Location"]).content.decode()
