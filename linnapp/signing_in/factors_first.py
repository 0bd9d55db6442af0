"""Where a second factor is needed, and whoever has none is led to set one up. Apart from the other middleware, which
logging imports before there are models."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from linnapp.models import Account, User
from linnapp.refused_pages import SAFE, refused
from linnapp.seats import seats_of
from linnapp.services.factor_rules import accounts_asking
from linnapp.services.factors import has_factor
from linnapp.signing_in.factor_requests import (
    FactorNeeded,
    door_to_factor,
    is_proven,
    open_here,
    opens_entered,
    refuse_without_factor,
)
from linnapp.staff_requests import staff_access_of

OF_STAFF = ("admin/", "support/", "inside/")
# Leaving an account that was entered is open to everybody.
LEAVING = "access_leave"
# Pages that show something of every account that somebody has a seat in. Of those that were entered as staff they show
# nothing in a session without a factor, and no other page does: the words of the querysets ask.
OF_ALL_ACCOUNTS = {"search", "help_new", "answered_calls"}


class FactorsFirst:
    """Closes the pages of staff, and those of an account that asks its members for a second factor, to whoever has
    none, and to a session that none was used in.

    The page says which of the two, and leads there: 403 and no redirect, so that nothing goes round in circles. What an
    account's API clients do is none of its business."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        try:
            _refuse(request, kwargs)
        except FactorNeeded as needed:
            return self.process_exception(request, needed)
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        person = request.user
        if not isinstance(error, FactorNeeded) or not isinstance(person, User):
            return None
        seat = person.memberships.filter(account=error.account).first() if error.account else None
        return refused(
            request,
            "linnapp/factors/needed.html",
            asking=error.account,
            seat=seat,
            open_accounts=open_here(request, person, person.accounts.order_by("name")) if seat else (),
            door=door_to_factor(request, person) if has_factor(person) else "",
            was_sent=request.method not in SAFE,
        )


def _refuse(request: HttpRequest, kwargs: dict[str, Any]) -> None:
    """Raises FactorNeeded. Most requests are asked nothing, and those of an account one question."""
    match = request.resolver_match
    name, route = (match.url_name, match.route) if match else (None, "")
    slug, of_staff, of_all = kwargs.get("account"), route.startswith(OF_STAFF), name in OF_ALL_ACCOUNTS
    if not isinstance(request.user, User) or name == LEAVING:
        return
    person = request.user
    if person.is_staff:
        person.without_factor_here = not opens_entered(request, person)
    if not (slug or of_staff or of_all):
        return
    if of_all and not is_proven(request, person) and has_factor(person):
        # Whoever has none finds nothing there of the accounts that are closed to them.
        for account in accounts_asking(person)[:1]:
            raise FactorNeeded(account)
    if slug and (asking := _asking(request, slug)) and not _leaves(person, name, kwargs):
        refuse_without_factor(request, person, asking)
    elif settings.STAFF_NEED_FACTOR and person.is_staff and (of_staff or staff_access_of(request)):
        refuse_without_factor(request, person, None)


def _asking(request: HttpRequest, slug: str) -> Account | None:
    """The account of this address, where the reader has a seat and it asks its members for a second factor."""
    accounts = (seat.account for seat in seats_of(request))
    return next((account for account in accounts if account.slug == slug and account.members_need_factor), None)


def _leaves(person: User, name: str | None, kwargs: dict[str, Any]) -> bool:
    """One's own seat: the page that asks, and what it sends."""
    return name == "member_remove" and person.memberships.filter(pk=kwargs["member"]).exists()
