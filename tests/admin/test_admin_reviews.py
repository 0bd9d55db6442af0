"""The page of a review: what staff judge by, and List and Return on it, with a reason."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from installs.models import Installation, Review
from installs.store import listings
from linnapp.actors import Actor
from linnapp.errors import NotPossible
from linnapp.models import Application, User, Version
from linnapp.services import applications
from tests.kit.listings import WORDS, Listing, state_of, told
from tests.kit.people import ClientOf, acting

pytestmark = pytest.mark.django_db
OPEN = "/admin/installs/review/?decided=Open"


@pytest.fixture
def review(installation: Installation, application: Application, alice: User) -> Review:
    """An open one, of an application that passes all checks and is installed once."""
    applications.edit_application(
        application, by=acting(alice), description=WORDS, support_contact="help@northwind.example"
    )
    Application.objects.filter(pk=application.pk).update(logo_digest="a" * 64)
    return listings.request_listing(Application.objects.get(pk=application.pk), by=acting(alice))


def here(review: Review) -> str:
    return reverse("admin:installs_review_change", args=[review.pk])


def page_of(client: Client, review: Review) -> str:
    page = client.get(here(review))
    assert page.status_code == 200
    return " ".join(page.content.decode().split())


def decide(client: Client, review: Review, what: str, reason: str = "Well said.", page: str = "") -> Any:
    read = re.search(r'name="read" value="([^"]*)"', page or page_of(client, review))
    sent = {"decide": what, "reason": reason, "read": read[1] if read else ""}
    return client.post(here(review), sent)


def test_staff_read_all_that_they_judge_by_on_one_page(review: Review, paula: User, client_of: ClientOf) -> None:
    page = page_of(client_of(paula), review)
    for words in (
        f'src="/logos/{"a" * 64}.png" width="140" height="140"',
        "<strong>Stock Bridge</strong> by Northwind wants to connect to an account.",
        WORDS,
        "It will be able to",
        "a key of its own to your account (permanent token), shown to the person who installs it",
        "Version 1.0.0",
        "<dd>help@northwind.example</dd>",
        "1 live installation, 1 account besides the developer",
        "<strong>Released version:</strong> 1.0.0 is what accounts get.",
        "It has never been listed before.",
        "<strong>1.0.0</strong>",
    ):
        assert words in page, words
    assert 'value="list">List</button>' in page
    assert 'value="return">Return</button>' in page


def test_it_is_listed_there_with_its_reason(
    review: Review, paula: User, client_of: ClientOf, django_capture_on_commit_callbacks: Any
) -> None:
    client = client_of(paula)
    with django_capture_on_commit_callbacks(execute=True):
        answer = decide(client, review, "list")
    assert (answer.status_code, answer.headers["Location"]) == (302, OPEN)
    assert "Stock Bridge is listed in the store." in client.get(OPEN).content.decode()
    assert state_of(review.application) == Listing.LISTED
    assert told(review.application)[-1] == ("APPLICATION_LISTED", "Paula", "Well said.")
    assert mail.outbox[-1].subject == "Stock Bridge is listed in the store"


def test_it_is_returned_there_with_its_reason(review: Review, paula: User, client_of: ClientOf) -> None:
    client = client_of(paula)
    assert decide(client, review, "return", "Say which countries.").status_code == 302
    assert "Stock Bridge was returned to its developer." in client.get(OPEN).content.decode()
    assert state_of(review.application) == Listing.RETURNED
    page = page_of(client, review)
    assert "by Paula: Say which countries." in page
    assert 'name="decide"' not in page


def test_without_a_reason_nothing_happens(review: Review, paula: User, client_of: ClientOf) -> None:
    answer = decide(client_of(paula), review, "list", reason="  ")
    assert answer.status_code == 422
    assert "Write the reason." in answer.content.decode()
    assert state_of(review.application) == Listing.IN_REVIEW


@pytest.mark.parametrize("moved", ["description", "version", "contact"])
def test_what_moved_while_it_was_read_is_shown_anew_and_the_reason_kept(
    review: Review, alice: User, paula: User, client_of: ClientOf, moved: str
) -> None:
    client = client_of(paula)
    page, application = page_of(client, review), review.application
    if moved == "description":
        applications.edit_application(application, by=acting(alice), description="Send us your password, please, all.")
    elif moved == "contact":
        applications.edit_application(application, by=acting(alice), support_contact="other@northwind.example")
    else:
        release(application, alice, (1, 1, 0))
    answer = decide(client, review, "list", page=page)
    assert answer.status_code == 422
    assert "It was edited while you were reading." in answer.content.decode()
    assert "Well said.</textarea>" in answer.content.decode()
    assert state_of(application) == Listing.IN_REVIEW


def release(application: Application, by: User, number: tuple[int, int, int]) -> Version:
    """Another version, of the same modules under another number."""
    newest = application.versions.the_latest()
    assert newest
    copy = Version.objects.get(pk=newest.pk)
    copy.pk, copy.major, copy.minor, copy.patch, copy.created_at = None, *number, timezone.now()
    copy._state.adding = True
    copy.save(force_insert=True)
    return copy


def test_what_another_decided_meanwhile_stays_and_the_reason_is_there_to_copy(
    review: Review, paula: User, client_of: ClientOf
) -> None:
    client = client_of(paula)
    page = page_of(client, review)
    listings.send_back(review.application, by=acting(paula, reason="First."))
    answer = decide(client, review, "list", page=page)
    assert answer.status_code == 422
    assert "Paula decided this while you were reading" in answer.content.decode()
    assert "<strong>Your reason:</strong> Well said." in answer.content.decode()
    assert state_of(review.application) == Listing.RETURNED


@pytest.mark.parametrize("what", ["list", "return"])
@pytest.mark.parametrize("meanwhile", ["returned", "taken back", "requested again"])
def test_what_is_decided_between_the_look_and_the_lock_stays(
    what: str,
    meanwhile: str,
    review: Review,
    alice: User,
    paula: User,
    client_of: ClientOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    application = review.application

    def another_is_faster(*about: Any) -> Actor:
        if meanwhile == "returned":
            listings.send_back(application, by=acting(paula, reason="First."))
        else:
            listings.take_back(application, by=acting(alice))
        if meanwhile == "requested again":
            listings.request_listing(application, by=acting(alice))
        return acting(paula, reason="Well said.")

    client = client_of(paula)
    page = page_of(client, review)
    monkeypatch.setattr("installs.admin.reviews.acting", another_is_faster)
    answer = decide(client, review, what, page=page)
    assert answer.status_code == 422
    assert "decided this while you were reading, so your decision was not applied" in answer.content.decode()
    assert "<strong>Your reason:</strong> Well said." in answer.content.decode()
    expected = {"returned": Listing.RETURNED, "taken back": Listing.UNLISTED, "requested again": Listing.IN_REVIEW}
    assert state_of(application) == expected[meanwhile]
    assert not Review.objects.accepted().exists()


def test_the_services_decide_on_the_review_that_was_read_alone(review: Review, paula: User) -> None:
    by = acting(paula, reason="Well said.")
    listings.send_back(review.application, by=by, review=review)
    for decides in (listings.list_in_store, listings.return_with_reasons):
        with pytest.raises(NotPossible, match="It was decided or taken back while you were reading"):
            decides(review.application, by=by, review=review)


def test_a_name_with_a_line_break_breaks_no_mail(review: Review, paula: User) -> None:
    Application.objects.filter(pk=review.application_id).update(name="Bridge\r\nBcc: eve@example.com")
    application = Application.objects.get(pk=review.application_id)
    listings.return_with_reasons(application, by=acting(paula, reason="Well said."))
    assert mail.outbox[-1].subject == "The listing of Bridge Bcc: eve@example.com was returned"


def test_what_a_service_refuses_is_said_on_the_page(review: Review, paula: User, client_of: ClientOf) -> None:
    Version.objects.filter(application=review.application).update(withdrawn_at=timezone.now())
    answer = decide(client_of(paula), review, "list")
    assert answer.status_code == 422
    assert "has no version that can be installed, so nobody could install it" in answer.content.decode()
    assert "Well said.</textarea>" in answer.content.decode()


def test_whoever_may_only_look_decides_nothing(review: Review, sam: User, paula: User, client_of: ClientOf) -> None:
    sam.user_permissions.add(Permission.objects.get(codename="view_review"))
    client = client_of(sam)
    page = page_of(client, review)
    assert "What an installer reads" in page
    assert 'name="decide"' not in page
    read = page_of(client_of(paula), review)
    assert decide(client, review, "list", page=read).status_code == 403
    assert state_of(review.application) == Listing.IN_REVIEW
    sam.user_permissions.set(Permission.objects.filter(codename="change_review"))
    assert decide(client_of(sam), review, "list").status_code == 302


def test_who_may_not_see_reviews_sees_none(review: Review, sam: User, client_of: ClientOf) -> None:
    sam.user_permissions.add(Permission.objects.get(codename="view_application"))
    assert client_of(sam).get(here(review)).status_code == 403
    assert client_of(sam).post(here(review), {"decide": "list", "reason": "Mine."}).status_code == 403


def test_a_review_that_is_gone_leads_back(paula: User, client_of: ClientOf) -> None:
    answer = client_of(paula).get(reverse("admin:installs_review_change", args=[4711]))
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")


def test_what_changed_since_the_last_accepted_review_stands_beside_it(
    review: Review, alice: User, paula: User, client_of: ClientOf
) -> None:
    application = Application.objects.get(pk=review.application_id)
    listings.accept(application, by=acting(paula, reason="Everything is there."))
    listings.take_off_store(application, by=acting(paula, reason="For a while."))
    applications.edit_application(application, by=acting(alice), name="Stock Ferry")
    release(application, alice, (1, 1, 0))
    again = listings.request_listing(Application.objects.get(pk=application.pk), by=acting(alice))
    page = page_of(client_of(paula), again)
    assert "<td>Stock Bridge</td><td>Stock Ferry</td>" in page
    assert "<td>1.0.0</td><td>1.1.0</td>" in page
    assert f'href="{here(review)}">Listed</a>' in page
    applications.edit_application(application, by=acting(alice), name="Stock Barge")
    assert "name: it was requested as Stock Ferry" in page_of(client_of(paula), again)


def test_open_ones_stand_first_and_are_three_clicks_from_the_first_page(
    review: Review, alice: User, paula: User, client_of: ClientOf
) -> None:
    Review.objects.create(application=review.application, name="Later", decision="RETURNED", decided_at=timezone.now())
    client = client_of(paula)
    assert f'href="{OPEN}"' in client.get("/admin/").content.decode()
    assert f'href="{here(review)}' in client.get(OPEN).content.decode()
    rows = client.get("/admin/installs/review/").context["cl"].result_list
    assert [row.decision for row in rows] == ["", "RETURNED"]
