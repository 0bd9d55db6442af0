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
    assert homes == {alice: "/a/northwind/start/", carol: "/accounts/none/", sam: "/support/", paula: "/support/"}


def test_nobody_signed_out_has_a_profile() -> None:
    assert Client().get(PROFILE).headers["Location"] == f"/sign-in/?next={PROFILE}"
    assert Client().delete(PROFILE).status_code == 302


@pytest.mark.parametrize("name", ["Contoso\n\nYour seat ends today", "Contoso\u202eosotnoC", "Con\u200btoso"])
def test_a_name_is_one_line_that_is_seen_whole(
    alice: User, northwind: Account, paula: User, client_of: ClientOf, name: str
) -> None:
    """Mails to others carry it."""
    asked = {
        "/profile/": (alice, {"name": name, "time_zone": "UTC"}),
        "/accounts/new/": (alice, {"name": name}),
        f"/a/{northwind.slug}/settings/": (alice, {"name": name, "contact_email": ""}),
        f"/admin/linnapp/account/{northwind.pk}/change/": (paula, {"name": name, "contact_email": "", "why": "x"}),
        f"/admin/linnapp/user/{alice.pk}/change/": (paula, {"name": name, "is_active": "on", "why": "x"}),
    }
    for page, (person, sent) in asked.items():
        answer = client_of(person).post(page, sent)
        assert answer.status_code in (200, 422), page
        assert "cannot be in a name" in answer.content.decode() or "one line" in answer.content.decode(), page
    assert not Account.objects.filter(name__startswith="Con").exists()
