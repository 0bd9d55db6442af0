"""The store, as people of one account see it: what they may install there, and what they have."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from installs.models.deliveries import host_of
from installs.store import offers
from installs.store.forms import AllVersions, StoreFilter
from linnapp import pages
from linnapp.manifest import consent_lines
from linnapp.models import Account, Application

SORTS = {
    "name": pages.Sort("Name", ("name",)),
    "newest": pages.Sort("Newest", ("-created_at",), in_head=False),
}
NEWEST_FIRST = {"newest": pages.Sort("Newest first", ("-major", "-minor", "-patch"))}
VERSIONS_A_PAGE = 10


def _account(request: HttpRequest, slug: str) -> Account:
    return get_object_or_404(Account.objects.visible_to(request.user), slug=slug)


# The name of the page, where the module has the name of its subject.
@require_safe
def store_list(request: HttpRequest, account: str) -> HttpResponse:
    here = _account(request, account)
    page = pages.ListPage(request, offers.on_offer(), filters=StoreFilter, sorts=SORTS)
    context = _who_installs(request, here) | {
        "list": page,
        "rows": offers.offers(page.rows, here),
        "filters": [("Type", page.chips("type", Application.Type.choices))],
        "query": f"?account={here.slug}",
    }
    return pages.page_or_part(request, "installs/store/store.html", context)


@require_safe
def store_application(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    here = _account(request, account)
    row = get_object_or_404(offers.on_offer(), pk=application)
    offer = offers.offers([row], here)[0]
    versions = pages.ListPage(
        request,
        row.versions.installable().defer("snapshot"),
        filters=AllVersions,
        sorts=NEWEST_FIRST,
        size=VERSIONS_A_PAGE,
    )
    context = _who_installs(request, here) | {
        "application": row,
        "offer": offer,
        "reaches": consent_lines(offer.latest.manifest()),
        "postback_host": host_of(offer.latest.postback_url),
        "reliability": offers.reliability(row, offer.latest),
        "accounts": offers.accounts_using(row),
        "list": versions,
        "query": f"?account={here.slug}",
    }
    return render(request, "installs/store/store_application.html", context)


def _who_installs(request: HttpRequest, account: Account) -> dict[str, Any]:
    """Whether this person installs whatever there is on the account, and whom to ask if not."""
    owners = account.owners()
    return {"account": account, "owners": owners, "may_install": pages.signed_in(request) in owners}
