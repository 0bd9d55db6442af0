import pytest
from django.test import Client

from linnapp.models import Account, User
from tests.kit.people import ClientOf

pytestmark = pytest.mark.django_db
PROFILE = "/profile/"


def test_a_person_changes_name_and_zone(alice: User, client_of: ClientOf) -> None:
    client = client_of(alice)
    assert client.post(PROFILE, {"name": "Alice A.", "time_zone": "Asia/Tokyo"}).headers["Location"] == PROFILE
    alice.refresh_from_db()
    assert (alice.name, alice.time_zone) == ("Alice A.", "Asia/Tokyo")
    assert '<option value="Asia/Tokyo" selected>' in client.get(PROFILE).content.decode()


def test_bad_input_keeps_what_was_typed(alice: User, client_of: ClientOf) -> None:
    answer = client_of(alice).post(PROFILE, {"name": "Alice A.", "time_zone": "Mars/Olympus"})
    assert answer.status_code == 422
    assert 'value="Alice A."' in answer.content.decode()
    alice.refresh_from_db()
    assert (alice.name, alice.time_zone) == ("Alice", "UTC")


def test_times_are_in_the_readers_zone(alice: User, northwind: object, client_of: ClientOf) -> None:
    alice.time_zone = "Asia/Tokyo"
    alice.save()
    assert "Asia/Tokyo" in client_of(alice).get("/a/northwind/team/").content.decode()


def test_nothing_else_about_a_person_can_be_set(alice: User, client_of: ClientOf) -> None:
    client_of(alice).post(PROFILE, {"name": "A", "time_zone": "UTC", "is_superuser": "on", "email": "x@x.example"})
    alice.refresh_from_db()
    assert (alice.is_superuser, alice.email) == (False, "alice@northwind.example")


def test_home_is_where_a_person_works(
    alice: User, northwind: Account, carol: User, sam: User, paula: User, client_of: ClientOf
) -> None:
    homes = {person: client_of(person).get("/").headers["Location"] for person in (alice, carol, sam, paula)}
    assert homes == {alice: "/a/northwind/apps/", carol: "/accounts/new/", sam: "/support/", paula: "/support/"}


def test_nobody_signed_out_has_a_profile() -> None:
    assert Client().get(PROFILE).headers["Location"] == f"/sign-in/?next={PROFILE}"
    assert Client().delete(PROFILE).status_code == 302
