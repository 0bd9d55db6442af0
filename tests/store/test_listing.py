"""Listing: a developer requests, staff list, return or take off in the admin, and what changed since is marked."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from installs.application import removal
from installs.installations import lifecycle, suspending
from installs.models import Delivery, Review
from installs.store import listings
from linnapp.errors import NotPossible
from linnapp.models import Account, Application, TimelineEntry, User, Version
from linnapp.services import applications
from tests.admin.test_admin import path_of
from tests.admin.test_admin_actions import act, ask
from tests.kit.consenting import address, read
from tests.kit.people import ClientOf, acting
from tests.kit.posting import with_postback

Listing = Application.Listing
WORDS = "Keeps stock levels of your shops, warehouses and marketplaces the same."
NEEDS = ("Logo", "Description", "Released version", "Support contact")


@pytest.fixture
def ready(application: Application, version: Version, alice: User) -> Application:
    """Stock Bridge 1.0.0, with all that a listing needs."""
    Application.objects.filter(pk=application.pk).update(logo_digest="a" * 64)
    applications.edit_application(
        application, by=acting(alice), description=WORDS, support_contact="help@northwind.example"
    )
    return Application.objects.get(pk=application.pk)


@pytest.fixture
def requested(ready: Application, alice: User) -> Application:
    listings.request_listing(ready, by=acting(alice))
    return Application.objects.get(pk=ready.pk)


@pytest.fixture
def listed(requested: Application, paula: User) -> Application:
    listings.accept(requested, by=acting(paula, reason="Everything is there."))
    return Application.objects.get(pk=requested.pk)


def here(application: Application, name: str = "listing") -> str:
    return reverse(name, args=[application.account.slug, application.pk])


def state_of(application: Application) -> str:
    return Application.objects.get(pk=application.pk).listing


def told(application: Application) -> list[tuple[str, str, str]]:
    kinds = (
        "LISTING_REQUESTED",
        "LISTING_RETURNED",
        "LISTING_TAKEN_BACK",
        "APPLICATION_LISTED",
        "APPLICATION_UNLISTED",
    )
    rows = TimelineEntry.objects.about_application(application.pk).filter(kind__in=kinds).order_by("pk")
    return list(rows.values_list("kind", "actor_name", "reason"))


def test_a_new_application_reads_what_a_listing_needs_and_is_refused_until_it_has_it(
    client_of: ClientOf, application: Application, alice: User
) -> None:
    client = client_of(alice)
    page = read(client.get(here(application)))
    for name in NEEDS:
        assert f"{name} to mend" in page
    assert "Postback to mend" not in page
    refused = client.post(here(application, "listing_request"))
    assert refused.status_code == 422
    assert "Not yet: mend what is marked below (logo, description, released version, support contact)" in read(refused)
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
    assert "Nothing can be installed yet. Release a version." in read(client_of(alice).get(here(ready)))


def test_where_there_is_a_postback_url_its_host_must_have_answered_lately(
    client_of: ClientOf, ready: Application, alice: User
) -> None:
    with_postback(ready, "https://hooks.northwind.example/in?t=[{TOKEN}]", alice, (1, 1, 0))
    client = client_of(alice)
    page = read(client.get(here(ready)))
    assert "hooks.northwind.example accepted no postback in the last seven days. Send it a test postback." in page
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
    assert "Requested. The staff of this portal review it" in page
    assert "Take the request back" in page
    review = Review.objects.open().get()
    assert (review.name, review.description, review.logo_digest) == ("Stock Bridge", WORDS, "a" * 64)
    assert review.requested_by == bob
    again = client.post(here(ready, "listing_request"))
    assert again.status_code == 422
    assert "Stock Bridge is in review already." in read(again)
    assert "Taken back." in read(client.post(here(ready, "listing_take_back"), follow=True))
    assert state_of(ready) == Listing.UNLISTED
    review.refresh_from_db()
    assert (review.decision, review.decided_by) == ("TAKEN_BACK", bob)
    late = client.post(here(ready, "listing_take_back"))
    assert late.status_code == 422
    assert "No request for a listing of Stock Bridge is open" in read(late)
    assert told(ready) == [("LISTING_REQUESTED", "Bob", ""), ("LISTING_TAKEN_BACK", "Bob", "")]


def test_returned_with_reasons_and_then_listed(
    client_of: ClientOf,
    ready: Application,
    alice: User,
    paula: User,
    dave: User,
    depot: Account,
    django_capture_on_commit_callbacks: Any,
) -> None:
    developer, staff, customer = client_of(alice), client_of(paula), client_of(dave)
    store = reverse("store_application", args=[depot.slug, ready.pk])
    developer.post(here(ready, "listing_request"))
    assert customer.get(store).status_code == 404
    with django_capture_on_commit_callbacks(execute=True):
        page = act(staff, "return_listing", ready, reason="Say which countries.").content.decode()
    assert "1 application returned." in page
    assert state_of(ready) == Listing.RETURNED
    (letter,) = mail.outbox
    assert letter.to == ["alice@northwind.example"]
    assert letter.subject == "The listing of Stock Bridge was returned"
    assert "Say which countries." in letter.body
    assert here(ready) in letter.body
    page = read(developer.get(here(ready)))
    assert "Returned just now by the staff of this portal. Their reasons: Say which countries." in page
    assert "Paula" not in page
    assert customer.get(store).status_code == 404
    assert "This application is not verified." in read(customer.get(address(ready)))

    developer.post(here(ready, "listing_request"))
    assert state_of(ready) == Listing.IN_REVIEW
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        act(staff, "list_in_store", ready, reason="Well done.")
    (letter,) = mail.outbox
    assert letter.subject == "Stock Bridge is listed in the store"
    assert "Well done." in letter.body
    assert customer.get(store).status_code == 200
    assert "not verified" not in read(customer.get(address(ready)))
    assert "See it in the store" in read(developer.get(here(ready)))
    assert told(ready) == [
        ("LISTING_REQUESTED", "Alice", ""),
        ("LISTING_RETURNED", "Paula", "Say which countries."),
        ("LISTING_REQUESTED", "Alice", ""),
        ("APPLICATION_LISTED", "Paula", "Well done."),
    ]
    assert list(Review.objects.order_by("pk").values_list("decision", flat=True)) == ["RETURNED", "LISTED"]


def test_taking_off_tells_the_owners_why_and_it_can_be_requested_again(
    client_of: ClientOf, listed: Application, alice: User, paula: User, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        act(client_of(paula), "take_off_store", listed, reason="Complaints.")
    assert state_of(listed) == Listing.UNLISTED
    assert mail.outbox[0].subject == "Stock Bridge was taken off the store"
    client = client_of(alice)
    assert "Taken off the store just now by the staff of this portal. Their reason: Complaints." in read(
        client.get(here(listed))
    )
    assert client.post(here(listed, "listing_request")).status_code == 302
    assert state_of(listed) == Listing.IN_REVIEW


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("name", "Stock Tower", "name"),
        ("description", f"{WORDS} And more.", "description"),
        ("logo_digest", "", "logo"),
    ],
)
def test_an_edit_of_a_listed_one_is_marked_for_staff_and_hides_nothing(
    client_of: ClientOf,
    listed: Application,
    alice: User,
    paula: User,
    dave: User,
    depot: Account,
    field: str,
    value: str,
    word: str,
) -> None:
    staff, marked = client_of(paula), path_of(Application) + "?changed=Yes"
    assert str(listed.pk) not in staff.get(marked).content.decode()
    if field == "logo_digest":
        applications.remove_logo(listed, by=acting(alice))
    else:
        started_from = {field: str(getattr(listed, field))}
        applications.edit_application(listed, by=acting(alice), started_from=started_from, **{field: value})
    assert str(listed.pk) in staff.get(marked).content.decode()
    assert str(listed.pk) not in staff.get(path_of(Application) + "?changed=No").content.decode()
    assert f"Changed since review: {word}." in read(client_of(alice).get(here(listed)))
    assert client_of(dave).get(reverse("store_application", args=[depot.slug, listed.pk])).status_code == 200
    for shown in (
        client_of(dave).get(reverse("store_application", args=[depot.slug, listed.pk])),
        client_of(dave).get(address(listed)),
    ):
        assert f"Changed since it was verified: {word}." in read(shown)
    assert f"Reviewed anew: {word}." in ask(staff, "list_in_store", listed).content.decode()
    act(staff, "list_in_store", listed, reason="Fine.")
    assert str(listed.pk) not in staff.get(marked).content.decode()
    assert "Changed since review" not in read(client_of(alice).get(here(listed)))
    assert "Changed since" not in read(client_of(dave).get(address(listed)))
    assert Review.objects.accepted().count() == 2


def test_what_nobody_reads_in_the_store_marks_nothing(
    client_of: ClientOf, listed: Application, alice: User, paula: User
) -> None:
    applications.edit_application(
        listed, by=acting(alice), summary="Ask Bob.", support_contact="other@northwind.example"
    )
    assert str(listed.pk) not in client_of(paula).get(path_of(Application) + "?changed=Yes").content.decode()


def test_an_edit_between_request_and_decision_is_marked_at_once(
    client_of: ClientOf, requested: Application, alice: User, paula: User
) -> None:
    applications.edit_application(requested, by=acting(alice), name="Free Money")
    staff = client_of(paula)
    page = ask(staff, "list_in_store", requested).content.decode()
    assert "Marked as changed since it was requested: name." in page
    act(staff, "list_in_store", requested)
    assert "Changed since review: name." in read(client_of(alice).get(here(requested)))
    assert str(requested.pk) in staff.get(path_of(Application) + "?changed=Yes").content.decode()


def test_staff_read_what_was_requested_on_the_page_of_the_admin(
    client_of: ClientOf, requested: Application, paula: User
) -> None:
    page = client_of(paula).get(f"{path_of(Application)}{requested.pk}/change/").content.decode()
    assert "Open: Stock Bridge, requested by Alice" in page
    assert f'src="/logos/{"a" * 64}.png"' in page


def test_what_was_edited_while_staff_read_it_is_shown_to_them_again(
    client_of: ClientOf, listed: Application, paula: User, alice: User
) -> None:
    staff = client_of(paula)
    applications.edit_application(
        listed, by=acting(alice), description="Innocent words about stock, and for whom it is."
    )
    asked = read_of(ask(staff, "list_in_store", listed))
    applications.edit_application(listed, by=acting(alice), description="Send your password to https://evil.example/.")
    answer = ask(staff, "list_in_store", listed, apply="1", reason="Fine.", read=asked)
    assert answer.status_code == 422
    assert "It was edited, or requested anew, while you read." in answer.content.decode()
    assert ">Fine.</textarea>" in answer.content.decode().replace("\n", "")
    listed.refresh_from_db()
    assert listings.changed_fields(listed) == ["description"]


@pytest.mark.parametrize("action", ["list_in_store", "return_listing"])
def test_what_was_requested_anew_while_staff_read_it_is_shown_to_them_again(
    client_of: ClientOf, requested: Application, paula: User, alice: User, action: str
) -> None:
    staff = client_of(paula)
    asked = read_of(ask(staff, action, requested))
    listings.take_back(requested, by=acting(alice))
    listings.request_listing(requested, by=acting(alice))
    assert ask(staff, action, requested, apply="1", reason="Fine.", read=asked).status_code == 422
    requested.refresh_from_db()
    assert requested.listing == Application.Listing.IN_REVIEW


def read_of(page: Any) -> str:
    found = re.search(r'name="read" value="([^"]+)"', page.content.decode())
    assert found
    return found[1]


def test_open_requests_are_found_in_the_admin_and_lead_to_their_application(
    client_of: ClientOf, requested: Application, paula: User
) -> None:
    staff, review = client_of(paula), Review.objects.get()
    listed = reverse("admin:installs_review_changelist")
    change = reverse("admin:installs_review_change", args=[review.pk])
    assert change in staff.get(listed, {"decided": "Open"}).content.decode()
    assert change not in staff.get(listed, {"decided": "Returned"}).content.decode()
    assert reverse("admin:linnapp_application_change", args=[requested.pk]) in staff.get(change).content.decode()


def test_staff_cannot_return_or_take_off_what_is_not_there_for_it(
    client_of: ClientOf, requested: Application, paula: User, alice: User
) -> None:
    staff = client_of(paula)
    assert "In review: it is returned instead." in ask(staff, "take_off_store", requested).content.decode()
    assert "Return it with the reasons instead." in act(staff, "take_off_store", requested).content.decode()
    assert state_of(requested) == Listing.IN_REVIEW
    listings.take_back(requested, by=acting(alice))
    assert "Not in review: there is nothing to return." in ask(staff, "return_listing", requested).content.decode()
    assert "is not in review: there is nothing to return." in act(staff, "return_listing", requested).content.decode()
    assert state_of(requested) == Listing.UNLISTED
    assert mail.outbox == []


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
