"""An account that asks its members for a second factor: its pages are closed to members without one, and nothing else
is."""

import re
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse

from installs.models import Installation
from linnapp.actors import Actor, Side
from linnapp.errors import NotPossible
from linnapp.models import Account, Application, Membership, TimelineEntry, User
from linnapp.services import factor_rules, people
from tests.factors.having import give_factor, signed_in_by_factor
from tests.house.world import World, address, everything_of, routes
from tests.kit.people import ClientOf, acting
from tests.kit.signing_in.factors import at_home, with_passkey

pytestmark = pytest.mark.django_db
FIRST, CONFIRM = b"Set up a second factor first", b"Confirm with your second factor"
PART = {"HX-Request": "true"}


def ask_members(account: Account, owner: User) -> None:
    give_factor(owner)
    assert factor_rules.ask_members(account, needed=True, by=Actor(owner, Side.CUSTOMER))


@pytest.mark.once
def test_no_page_of_the_account_opens_to_a_member_without_one(
    world: World, northwind: Account, alice: User, bob: User, client_of: ClientOf
) -> None:
    """Made from the URL conf: exports, parts and downloads are addresses of the account like all others."""
    ask_members(northwind, alice)
    before, client, own = everything_of(world), client_of(bob), Membership.objects.get(user=bob).pk
    opened, asked = [], 0
    for pattern in routes(settings.ROOT_URLCONF):
        url = address(world, pattern)
        if not url.startswith("/a/northwind/") or url.startswith(f"/a/northwind/team/{own}/remove/"):
            continue
        for method in ("get", "post"):
            answer = getattr(client, method)(url, headers=PART)
            asked += 1
            opened += [f"{method} {url}"] if b"Set up a second factor first." not in answer.content else []
    assert opened == []
    assert asked > 120
    assert everything_of(world) == before
    assert client.get("/a/northwind/applications/?format=csv").status_code == 403


def test_with_one_the_pages_open_and_not_by_a_session_that_is_older(
    northwind: Account, application: Application, alice: User, bob: User, client_of: ClientOf
) -> None:
    ask_members(northwind, alice)
    old = client_of(bob)
    give_factor(bob)
    for page in ("/a/northwind/applications/", "/search/"):
        answer = old.get(page)
        assert (answer.status_code, CONFIRM in answer.content) == (403, True), page
    client = signed_in_by_factor(client_of, bob)
    assert client.get("/a/northwind/applications/").status_code == 200
    assert b"Stock Bridge" in client.post("/search/", {"q": "Stock"}).content


def test_one_that_is_made_in_a_session_without_proof_is_no_proof(
    northwind: Account, alice: User, settings: Any
) -> None:
    """Only the click of the demo goes so far."""
    settings.DEMO = True
    ask_members(northwind, alice)
    browser = at_home()
    browser.post("/demo/sign-in/", {"email": alice.email})
    with_passkey(alice, browser)
    assert browser.get("/a/northwind/applications/").status_code == 403


def test_what_spans_accounts_shows_nothing_of_it(
    northwind: Account, application: Application, alice: User, bob: User, depot: Account, client_of: ClientOf
) -> None:
    Membership.objects.create(account=depot, user=bob, role=Membership.Role.OWNER)
    ask_members(northwind, alice)
    client = client_of(bob)
    assert b"Stock Bridge" not in client.post("/search/", {"q": "Stock"}).content
    offered = client.get("/help/new/").content
    assert b"Dave&#x27;s Depot" in offered
    assert b'value="northwind"' not in offered
    assert client.get("/a/daves-depot/applications/").status_code == 200


def test_nothing_is_installed_onto_it_by_an_owner_without_one(
    application: Application, version: Any, cakes: Account, carol: User, alice: User, client_of: ClientOf
) -> None:
    Account.objects.filter(pk=cakes.pk).update(members_need_factor=True)
    client, page = client_of(carol), reverse("authorize", args=[application.pk])
    for answer in (
        client.get(page),
        client.get(f"{page}?account={cakes.slug}"),
        client.post(page, {"account": cakes.slug}),
    ):
        assert (answer.status_code, FIRST in answer.content) == (403, True)
    give_factor(carol)
    assert CONFIRM in client.post(page, {"account": cakes.slug}).content
    assert not Installation.objects.exists()
    other = people.create_account(name="Carol's Second", owner=carol)
    assert b"Carol&#x27;s Second" in client.get(page).content
    assert f'value="{cakes.slug}"'.encode() not in client.get(f"{page}?account={other.slug}").content
    assert CONFIRM in client.get(f"{page}?account={cakes.slug}").content
    assert signed_in_by_factor(client_of, carol).get(f"{page}?account={cakes.slug}").status_code == 200


def test_leaving_and_the_profile_stay_open_and_no_other_seat_is_removed_that_way(
    northwind: Account, alice: User, bob: User, client_of: ClientOf
) -> None:
    ask_members(northwind, alice)
    client = client_of(bob)
    seats = {seat.user_id: seat.pk for seat in northwind.memberships.all()}
    closed = client.get("/a/northwind/team/")
    leave = f"/a/northwind/team/{seats[bob.pk]}/remove/"
    assert leave.encode() in closed.content
    assert client.get("/profile/").status_code == 200
    assert client.get(f"/a/northwind/team/{seats[alice.pk]}/remove/").status_code == 403
    assert b"Leave Northwind?" in client.get(leave).content
    assert client.post(leave).status_code == 302
    assert not northwind.memberships.filter(user=bob).exists()


def test_strangers_read_what_they_read_everywhere(
    northwind: Account, alice: User, dave: User, client_of: ClientOf
) -> None:
    ask_members(northwind, alice)
    assert client_of(dave).get("/a/northwind/applications/").status_code == 404
    assert Client().get("/a/northwind/applications/").status_code == 302


def test_an_owner_turns_it_on_with_one_of_their_own(
    northwind: Account, alice: User, bob: User, client_of: ClientOf
) -> None:
    client, page, rule = client_of(alice), "/a/northwind/settings/", "/a/northwind/settings/second-factor/"
    shown = client.get(page).content
    assert b"0 of 2 have a second factor" in shown
    assert b"Require a second factor" not in shown
    refused = client.post(rule, {"needed": "yes"}, follow=True)
    assert b"Set up your own second factor first." in refused.content
    give_factor(alice)
    client = signed_in_by_factor(client_of, alice)
    assert b"1 of 2 has a second factor" in client.get(page).content
    assert b"Members need a second factor from now on." in client.post(rule, {"needed": "yes"}, follow=True).content
    northwind.refresh_from_db()
    assert northwind.members_need_factor
    entry = TimelineEntry.objects.get(kind="ACCOUNT_FACTORS_ASKED")
    assert (entry.account_id, entry.actor_name) == (northwind.pk, "Alice")
    assert client.post(rule, {"needed": "perhaps"}).status_code == 302
    assert client.post(rule, {"needed": "no"}).status_code == 302
    northwind.refresh_from_db()
    assert not northwind.members_need_factor


def test_two_owners_at_once_lose_nothing(northwind: Account, alice: User) -> None:
    """Each began with the account as it was before."""
    give_factor(alice)
    one, other = Account.objects.get(pk=northwind.pk), Account.objects.get(pk=northwind.pk)
    assert factor_rules.ask_members(one, needed=True, by=acting(alice))
    people.edit_account(other, name="Northwind Ltd", by=acting(alice))
    assert not factor_rules.ask_members(other, needed=True, by=acting(alice))
    now = Account.objects.get(pk=northwind.pk)
    assert (now.members_need_factor, now.name) == (True, "Northwind Ltd")
    assert TimelineEntry.objects.filter(kind="ACCOUNT_FACTORS_ASKED").count() == 1


def test_members_without_one_are_told(northwind: Account, alice: User, bob: User) -> None:
    ask_members(northwind, alice)
    assert [(told.to, told.subject) for told in mail.outbox] == [
        ([bob.email], "Northwind now requires a second factor")
    ]


def test_whoever_may_not_change_it_does_not(
    northwind: Account, alice: User, bob: User, dave: User, client_of: ClientOf
) -> None:
    rule = "/a/northwind/settings/second-factor/"
    for person in (bob, dave):
        give_factor(person)
        assert signed_in_by_factor(client_of, person).post(rule, {"needed": "yes"}).status_code == 404
        with pytest.raises(NotPossible, match="Only an Owner"):
            factor_rules.ask_members(northwind, needed=True, by=acting(person))
    give_factor(alice)
    stale = client_of(alice, fresh=False).post(rule, {"needed": "yes"})
    assert stale.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert not Account.objects.filter(members_need_factor=True).exists()


def test_the_team_page_tells_owners_who_has_one(
    northwind: Account, alice: User, bob: User, client_of: ClientOf
) -> None:
    give_factor(bob)
    cells = re.findall(
        r'<td data-label="Second factor">(.*?)</td>', client_of(alice).get("/a/northwind/team/").content.decode()
    )
    assert cells == ["Not yet", "Yes"]
    assert b"Second factor" not in client_of(bob).get("/a/northwind/team/").content
