"""Listing: staff list, return or remove from the store in the admin, and what changed since is marked."""

import re
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse

from installs.models import Review
from installs.store import listings
from linnapp.models import Account, Application, User
from linnapp.services import applications
from tests.admin.test_admin import path_of
from tests.admin.test_admin_actions import act, ask
from tests.kit.consenting import address, read
from tests.kit.listings import WORDS, Listing, here, state_of, told
from tests.kit.people import ClientOf, acting


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
    assert "1 application was returned." in page
    assert state_of(ready) == Listing.RETURNED
    (letter,) = mail.outbox
    assert letter.to == ["alice@northwind.example"]
    assert letter.subject == "The listing of Stock Bridge was returned"
    assert "Say which countries." in letter.body
    assert here(ready) in letter.body
    page = read(developer.get(here(ready)))
    assert "Returned just now by this portal's staff. Their reasons: Say which countries." in page
    assert "Paula" not in page
    assert customer.get(store).status_code == 404
    assert "Nobody at this portal has checked Stock Bridge." in read(customer.get(address(ready)))

    developer.post(here(ready, "listing_request"))
    assert state_of(ready) == Listing.IN_REVIEW
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        act(staff, "list_in_store", ready, reason="Well done.")
    (letter,) = mail.outbox
    assert letter.subject == "Stock Bridge is listed in the store"
    assert "Well done." in letter.body
    assert customer.get(store).status_code == 200
    assert "Nobody at this portal has checked Stock Bridge" not in read(customer.get(address(ready)))
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
    assert mail.outbox[0].subject == "Stock Bridge was removed from the store"
    client = client_of(alice)
    assert "Removed from the store just now by this portal's staff. Their reason: Complaints." in read(
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
    assert f"Reviewed again: {word}." in ask(staff, "list_in_store", listed).content.decode()
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
    assert "Changed since it was requested: name." in page
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
    assert "Something has changed since you read this." in answer.content.decode()
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
    assert (
        "In review, and not in the store: return it with the reasons instead."
        in ask(staff, "take_off_store", requested).content.decode()
    )
    assert "Return it with the reasons instead." in act(staff, "take_off_store", requested).content.decode()
    assert state_of(requested) == Listing.IN_REVIEW
    listings.take_back(requested, by=acting(alice))
    assert "Not in review: there is nothing to return." in ask(staff, "return_listing", requested).content.decode()
    assert (
        "is not in review, so there is nothing to return." in act(staff, "return_listing", requested).content.decode()
    )
    assert state_of(requested) == Listing.UNLISTED
    assert mail.outbox == []
