"""The search of the top bar."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from installs.models import Delivery, Installation
from installs.search.finding import MOST_OF_A_KIND, search
from installs.search.forms import SearchForm
from linnapp.models import Account, Application
from linnapp.pages import signed_in


@dataclass(frozen=True)
class Hit:
    installation: Installation
    page: str


@sensitive_post_parameters("q")
@require_http_methods(["GET", "HEAD", "POST"])
def search_everything(request: HttpRequest) -> HttpResponse:
    form = SearchForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "installs/search/search.html", {"form": form}, status=422 if form.is_bound else 200)
    found = search(form.cleaned_data["q"], signed_in(request))
    mine = set(Account.objects.visible_to(request.user).values_list("pk", flat=True))
    if found.exact:
        return redirect(page_of(found.exact, mine))
    # What looks like a credential is not written into a page: the field comes back empty.
    shown = SearchForm() if found.is_identifier else form
    query = "" if found.is_identifier else form.cleaned_data["q"]
    installations = [Hit(row, page_of(row, mine)) for row in found.installations]
    context = {"form": shown, "found": found, "query": query, "installations": installations, "most": MOST_OF_A_KIND}
    return render(request, "installs/search/search.html", context)


def page_of(thing: Application | Installation | Delivery, mine: set[UUID]) -> str:
    """The page of the reader's own side: the installing account's where it is one of `mine`, else the application's."""
    if isinstance(thing, Application):
        return reverse("application_overview", args=(thing.account.slug, thing.pk))
    if isinstance(thing, Delivery):
        return reverse("postback_detail", args=(thing.application.account.slug, thing.application_id, thing.pk))
    if thing.account_id in mine:
        return reverse("installation_detail", args=(thing.account.slug, thing.pk))
    application = thing.application
    address = reverse("application_installations", args=(application.account.slug, application.pk))
    return f"{address}?q={thing.pk}"
