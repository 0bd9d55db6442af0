"""The listing of an application, as its team requests it and reads what came of it."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from installs.models import Review
from installs.store import listings
from linnapp import pages, tab
from linnapp.actors import Side
from linnapp.errors import NotPossible
from linnapp.models import Application

REVIEWS_SHOWN = 10
REQUESTABLE = (Application.Listing.UNLISTED, Application.Listing.RETURNED)


# The name of the page, where the module has the name of its subject.
@require_safe
def listing_page(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    return _page(request, tab.editable(request, account, application))


@require_POST
def listing_request(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    said = "Requested. This portal's staff will review it, and you get an e-mail when they have decided."
    return _do(request, tab.editable(request, account, application), listings.request_listing, said)


@require_POST
def listing_take_back(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    said = "Taken back. You can request a listing again at any time."
    return _do(request, tab.editable(request, account, application), listings.take_back, said)


def _do(request: HttpRequest, row: Application, act: Callable[..., object], said: str) -> HttpResponse:
    try:
        act(row, by=pages.acting(request, Side.DEVELOPER))
    except NotPossible as refusal:
        row.refresh_from_db()
        return _page(request, row, refusal)
    messages.success(request, said)
    return redirect("listing", row.account.slug, row.pk)


def _page(request: HttpRequest, application: Application, refusal: Exception | None = None) -> HttpResponse:
    listing, review = application.listing, listings.last_review(application)
    context = tab.context(
        application,
        "general",
        refusal=refusal,
        review=review,
        # The reasons that stand on top of the page: not once more below.
        said=review.pk if review and listing == Application.Listing.RETURNED else None,
        changed=listings.changed_fields(application) if application.is_verified else [],
        taken_off=listings.taken_off(application) if listing == Application.Listing.UNLISTED else None,
        checks=listings.checks(application) if listing in REQUESTABLE and not application.retired_at else [],
        earlier=Review.objects.of_application(application).newest_first()[:REVIEWS_SHOWN],
    )
    return render(request, "installs/store/listing.html", context, status=422 if refusal else 200)
