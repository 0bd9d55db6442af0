"""Listing: what a developer reads there, requests and takes back."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from installs.application import removal
from installs.installations import lifecycle, suspending
from installs.models import Delivery, Review
from installs.store import listings
from linnapp.errors import NotPossible
from linnapp.models import Account, Application, User, Version
from tests.kit.consenting import read
from tests.kit.listings import WORDS, Listing, here, state_of, told
from tests.kit.people import ClientOf, acting
from tests.kit.posting import with_postback

NEEDS = ("Logo", "Description", "Released version", "Support contact")


def test_a_new_application_reads_what_a_listing_needs_and_is_refused_until_it_has_it(
    client_of: ClientOf, application: Application, alice: User
) -> None:
    client = client_of(alice)
    page = read(client.get(here(application)))
    for name in NEEDS:
        assert f"{name} to fix" in page
    assert "Postback to fix" not in page
    refused = client.post(here(application, "listing_request"))
    assert refused.status_code == 422
    assert "First fix what is marked below (logo, description, released version, support contact)" in read(refused)
    assert state_of(application) == Listing.UNLISTED
    assert not Review.objects.exists()
    assert told(application) == []


@pytest.mark.parametrize(
    ("missing", "name"),
    [
        ({"logo_digest": ""}, "Logo"),
        ({"description": "Too short."}, "Description"),
        ({"support_contact": " "}, "Support"),
    ],
)
def test_each_missing_thing_alone_refuses(
    client_of: ClientOf, ready: Application, alice: User, missing: dict[str, str], name: str
) -> None:
    Application.objects.filter(pk=ready.pk).update(**missing)
    refused = client_of(alice).post(here(ready, "listing_request"))
    assert refused.status_code == 422
    assert next(check.name for check in refused.context["checks"] if not check.passed).startswith(name)
    assert state_of(ready) == Listing.UNLISTED


def test_a_withdrawn_version_is_none(client_of: ClientOf, ready: Application, version: Version, alice: User) -> None:
    Version.objects.filter(pk=version.pk).update(withdrawn_at=timezone.now())
    assert "There is none. Release a version." in read(client_of(alice).get(here(ready)))


def test_where_there_is_a_postback_url_its_host_must_have_answered_lately(
    client_of: ClientOf, ready: Application, alice: User
) -> None:
    with_postback(ready, "https://hooks.northwind.example/in?t=[{TOKEN}]", alice, (1, 1, 0))
    client = client_of(alice)
    page = read(client.get(here(ready)))
    assert (
        "hooks.northwind.example has not accepted a postback in the last seven days. Send it a test postback." in page
    )
    assert client.post(here(ready, "listing_request")).status_code == 422
    now, state = timezone.now(), Delivery.State
    endpoint, failed = "hooks.northwind.example", state.STOPPED
    rows = [("other.example", state.DELIVERED, 0), (endpoint, failed, 0), (endpoint, state.DELIVERED, 8)]
    for number, (host, became, days) in enumerate(rows):
        Delivery.objects.create(
            application=ready,
            event="test",
            state=became,
            url=f"https://{host}/in",
            host=host,
            nonce=f"listing {number}",
            ended_at=now - timedelta(days=days),
        )
    assert client.post(here(ready, "listing_request")).status_code == 422
    Delivery.objects.filter(host="hooks.northwind.example").update(state=state.DELIVERED, ended_at=now)
    assert "hooks.northwind.example answered in the last seven days." in read(client.get(here(ready)))
    assert client.post(here(ready, "listing_request")).status_code == 302
    assert state_of(ready) == Listing.IN_REVIEW


def test_a_request_keeps_what_is_reviewed_and_can_be_taken_back(
    client_of: ClientOf, ready: Application, bob: User
) -> None:
    client = client_of(bob)
    page = read(client.post(here(ready, "listing_request"), follow=True))
    assert "Requested. This portal's staff will review it" in page
    assert "Take the request back" in page
    review = Review.objects.open().get()
    assert (review.name, review.description, review.logo_digest) == ("Stock Bridge", WORDS, "a" * 64)
    assert review.requested_by == bob
    again = client.post(here(ready, "listing_request"))
    assert again.status_code == 422
    assert "Stock Bridge is already in review." in read(again)
    assert "Taken back." in read(client.post(here(ready, "listing_take_back"), follow=True))
    assert state_of(ready) == Listing.UNLISTED
    review.refresh_from_db()
    assert (review.decision, review.decided_by) == ("TAKEN_BACK", bob)
    late = client.post(here(ready, "listing_take_back"))
    assert late.status_code == 422
    assert "There is no open request to list Stock Bridge" in read(late)
    assert told(ready) == [("LISTING_REQUESTED", "Bob", ""), ("LISTING_TAKEN_BACK", "Bob", "")]


def test_a_suspended_one_is_not_requested(client_of: ClientOf, ready: Application, alice: User, paula: User) -> None:
    suspending.suspend_application(ready, by=acting(paula, reason="Checked."))
    refused = client_of(alice).post(here(ready, "listing_request"))
    assert refused.status_code == 422
    assert "is suspended: it can be listed once" in read(refused)


def test_retiring_ends_the_request(
    requested: Application, version: Version, cakes: Account, carol: User, alice: User, client_of: ClientOf
) -> None:
    row = lifecycle.install(requested, account=cakes, version=version, by=acting(carol)).installation
    lifecycle.uninstall(row, by=acting(carol))
    removal.remove_application(requested, by=acting(alice))
    assert not Review.objects.open().exists()
    assert state_of(requested) == Listing.UNLISTED
    client = client_of(alice)
    assert "Request listing" not in read(client.get(here(requested)))
    assert client.post(here(requested, "listing_request")).status_code == 422
    with pytest.raises(NotPossible):
        listings.accept(requested, by=acting(alice, reason="Late."))


def test_a_deleted_one_takes_its_reviews_along(requested: Application, alice: User) -> None:
    removal.remove_application(requested, by=acting(alice))
    assert not Review.objects.exists()


def test_general_and_overview_lead_there(client_of: ClientOf, requested: Application, alice: User, paula: User) -> None:
    client = client_of(alice)
    general = reverse("application_general", args=["northwind", requested.pk])
    assert "Store In review" in read(client.get(general))
    assert here(requested) in client.get(general).content.decode()
    listings.send_back(requested, by=acting(paula, reason="Say which countries."))
    overview = read(client.get(reverse("application_overview", args=["northwind", requested.pk])))
    assert "Its listing was returned" in overview
    assert "Say which countries." in overview


def test_a_stranger_and_a_customer_find_no_listing(
    client_of: ClientOf, requested: Application, dave: User, depot: Account, carol: User, cakes: Account
) -> None:
    for person in (dave, carol):
        client = client_of(person)
        assert client.get(here(requested)).status_code == 404
        assert client.post(here(requested, "listing_take_back")).status_code == 404
    assert state_of(requested) == Listing.IN_REVIEW
