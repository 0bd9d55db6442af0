import threading

import pytest
from django.db import connection, transaction
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from linnapp.errors import NotPossible
from linnapp.models import Account, Invitation, Membership, TimelineEntry, User
from linnapp.services import people
from tests.kit.people import ClientOf, acting

pytestmark = pytest.mark.django_db
TEAM = "/a/northwind/team/"


def seat_of(user: User, account: Account) -> Membership:
    return Membership.objects.get(user=user, account=account)


def test_an_owner_sees_the_team_and_may_change_it(
    northwind: Account, alice: User, bob: User, client_of: ClientOf
) -> None:
    people.invite(northwind, email="erin@emporium.example", role="DEVELOPER", by=acting(alice))
    page = client_of(alice).get(TEAM).content.decode()
    assert "alice<wbr>@northwind.example" in page
    assert "bob<wbr>@northwind.example" in page
    assert "erin@emporium.example" in page
    assert "Invite somebody" in page
    assert f"{TEAM}{seat_of(bob, northwind).pk}/role/" in page


def test_a_developer_reads_and_changes_nothing(northwind: Account, alice: User, bob: User, client_of: ClientOf) -> None:
    invitation, _ = people.invite(northwind, email="erin@emporium.example", role="DEVELOPER", by=acting(alice))
    client = client_of(bob)
    page = client.get(TEAM).content.decode()
    assert "alice<wbr>@northwind.example" in page
    assert "Invite somebody" not in page
    seat = seat_of(alice, northwind)
    assert client.get(f"{TEAM}invite/").status_code == 404
    assert client.post(f"{TEAM}invite/", {"email": "x@x.example", "role": "OWNER"}).status_code == 404
    assert client.post(f"{TEAM}{seat_of(bob, northwind).pk}/role/", {"role": "OWNER"}).status_code == 404
    assert client.post(f"{TEAM}{seat.pk}/remove/").status_code == 404
    assert client.post(f"{TEAM}invitations/{invitation.pk}/revoke/").status_code == 404
    assert client.get("/a/northwind/settings/").status_code == 404
    assert seat_of(bob, northwind).role == "DEVELOPER"
    assert Invitation.objects.count() == 1
    assert Membership.objects.filter(account=northwind).count() == 2


def test_a_stranger_gets_404_and_changes_nothing(
    northwind: Account, bob: User, depot: Account, dave: User, client_of: ClientOf
) -> None:
    seat = seat_of(bob, northwind)
    client = client_of(dave)
    for path in (TEAM, f"{TEAM}invite/", f"{TEAM}{seat.pk}/remove/", "/a/northwind/settings/"):
        assert client.get(path).status_code == 404
    # An Owner elsewhere names a seat that is not theirs under their own address.
    for path in (TEAM, "/a/daves-depot/team/"):
        assert client.post(f"{path}{seat.pk}/role/", {"role": "OWNER"}).status_code == 404
        assert client.post(f"{path}{seat.pk}/remove/").status_code == 404
    assert seat_of(bob, northwind).role == "DEVELOPER"


def test_nobody_signed_out_sees_a_team(northwind: Account) -> None:
    assert Client().get(TEAM).headers["Location"] == f"/sign-in/?next={TEAM}"


def test_an_owner_changes_a_role(northwind: Account, alice: User, bob: User, client_of: ClientOf) -> None:
    client = client_of(alice)
    path = f"{TEAM}{seat_of(bob, northwind).pk}/role/"
    assert client.get(path).status_code == 405
    assert client.post(path, {"role": "EMPEROR"}).headers["Location"] == TEAM
    assert seat_of(bob, northwind).role == "DEVELOPER"
    row = f"#m-{seat_of(bob, northwind).pk}"
    assert client.post(path, {"role": "OWNER"}).headers["Location"] == f"{TEAM}{row}"
    assert seat_of(bob, northwind).role == "OWNER"
    entry = TimelineEntry.objects.get(kind="MEMBER_ROLE")
    assert (entry.facts["member"], entry.facts["role"], entry.actor_name) == ("Bob", "Owner", "Alice")


def test_the_last_owner_can_neither_leave_nor_become_a_developer(
    northwind: Account, alice: User, bob: User, client_of: ClientOf
) -> None:
    client, seat = client_of(alice), seat_of(alice, northwind)
    answer = client.post(f"{TEAM}{seat.pk}/role/", {"role": "DEVELOPER"}, follow=True)
    assert "Alice is the last Owner of Northwind. Make somebody else an Owner first." in answer.content.decode()
    answer = client.post(f"{TEAM}{seat.pk}/remove/", follow=True)
    assert "Alice is the last Owner of Northwind." in answer.content.decode()
    assert seat_of(alice, northwind).role == "OWNER"
    people.change_role(seat_of(bob, northwind), role="OWNER", by=acting(alice))
    client.post(f"{TEAM}{seat.pk}/role/", {"role": "DEVELOPER"})
    assert seat_of(alice, northwind).role == "DEVELOPER"


def test_removing_asks_first_and_ends_all_access(
    northwind: Account, alice: User, bob: User, client_of: ClientOf
) -> None:
    path = f"{TEAM}{seat_of(bob, northwind).pk}/remove/"
    client = client_of(alice)
    assert "Remove Bob from Northwind?" in client.get(path).content.decode()
    assert client_of(bob).get(TEAM).status_code == 200
    assert client.post(path).headers["Location"] == TEAM
    assert client_of(bob).get(TEAM).status_code == 404
    assert TimelineEntry.objects.filter(kind="MEMBER_REMOVED", account_id=northwind.pk).count() == 1
    assert client.post(path).status_code == 404


def test_a_developer_may_leave(northwind: Account, bob: User, client_of: ClientOf) -> None:
    client = client_of(bob)
    path = f"{TEAM}{seat_of(bob, northwind).pk}/remove/"
    assert "Leave Northwind?" in client.get(path).content.decode()
    assert client.post(path).headers["Location"] == "/"
    assert not Membership.objects.filter(user=bob).exists()


def test_a_seat_that_went_meanwhile_is_a_sentence_and_no_error(northwind: Account, alice: User, bob: User) -> None:
    seat = seat_of(bob, northwind)
    people.remove_member(seat_of(bob, northwind), by=acting(alice))
    with pytest.raises(NotPossible, match="Bob is no longer a member of Northwind"):
        people.change_role(seat, role="OWNER", by=acting(alice))


def test_account_settings_change_what_applications_are_told(
    northwind: Account, alice: User, client_of: ClientOf
) -> None:
    client = client_of(alice)
    bad = client.post("/a/northwind/settings/", {"name": "", "contact_email": "nowhere"})
    assert bad.status_code == 422
    assert 'value="nowhere"' in bad.content.decode()
    client.post("/a/northwind/settings/", {"name": "Northwind Ltd", "contact_email": "hello@northwind.example"})
    northwind.refresh_from_db()
    assert (northwind.name, northwind.contact_email, northwind.slug) == (
        "Northwind Ltd",
        "hello@northwind.example",
        "northwind",
    )
    assert TimelineEntry.objects.filter(kind="ACCOUNT_EDITED").count() == 1


def test_anybody_may_make_another_account(carol: User, cakes: Account, client_of: ClientOf) -> None:
    client = client_of(carol)
    assert client.post("/accounts/new/", {"name": " "}).status_code == 422
    client.post("/accounts/new/", {"name": "Carol's Coffee"})
    assert seat_of(carol, Account.objects.get(slug="carols-coffee")).role == "OWNER"
    page = client.get("/a/carols-coffee/team/").content.decode()
    assert "Carol&#x27;s Cakes" in page


def test_a_team_of_two_hundred_costs_no_more_queries(
    northwind: Account, alice: User, client_of: ClientOf, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    crowd = User.objects.bulk_create(User(email=f"p{n}@x.example", name=f"P{n}") for n in range(200))
    Membership.objects.bulk_create(Membership(account=northwind, user=user, role="DEVELOPER") for user in crowd)
    client = client_of(alice)
    with django_assert_max_num_queries(9):
        assert client.get(TEAM).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_two_accounts_of_one_name_in_the_same_moment_get_two_addresses(carol: User) -> None:
    made: list[Account] = []

    def make_another() -> None:
        made.append(people.create_account(name="Twice", owner=carol))
        connection.close()

    another = threading.Thread(target=make_another)
    with transaction.atomic():
        people.create_account(name="Twice", owner=carol)
        another.start()
        # Long enough to have chosen its address, and to wait for this one's end.
        another.join(timeout=0.5)
    another.join(timeout=10)
    assert [account.slug for account in made] == ["twice-2"]
