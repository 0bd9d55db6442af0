"""The search of the top bar, as a page and as the lines that Ctrl-K shows."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from installs.models import Delivery, Installation
from installs.search.finding import MOST_OF_A_KIND, Found, search
from installs.search.forms import SearchForm
from linnapp.models import Account, Application
from linnapp.page_requests import wants_part
from linnapp.pages import signed_in


@dataclass(frozen=True)
class Hit:
    installation: Installation
    page: str


@dataclass(frozen=True)
class Line:
    """One thing that was found, as one line that leads to its page. `application` is whose logo it has."""

    name: str
    kind: str
    page: str
    application: Application | None = None


@sensitive_post_parameters("q")
@require_http_methods(["GET", "HEAD", "POST"])
def search_everything(request: HttpRequest) -> HttpResponse:
    form = SearchForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        if wants_part(request):
            return render(request, "installs/search/_search_lines.html", {"lines": []}, status=422)
        return render(request, "installs/search/search.html", {"form": form}, status=422 if form.is_bound else 200)
    found = search(form.cleaned_data["q"], signed_in(request))
    mine = set(Account.objects.visible_to(request.user).values_list("pk", flat=True))
    if wants_part(request):
        lines = list(islice(lines_of(found, mine), MOST_OF_A_KIND))
        return render(request, "installs/search/_search_lines.html", {"lines": lines})
    if found.exact:
        return redirect(page_of(found.exact, mine))
    # What looks like a credential is not written into a page: the field comes back empty.
    shown = SearchForm() if found.is_identifier else form
    query = "" if found.is_identifier else form.cleaned_data["q"]
    installations = [Hit(row, page_of(row, mine)) for row in found.installations]
    context = {"form": shown, "found": found, "query": query, "installations": installations, "most": MOST_OF_A_KIND}
    return render(request, "installs/search/search.html", context)


def lines_of(found: Found, mine: set[UUID]) -> Iterator[Line]:
    """What the page of results leads to, but for versions and refusals, which need a page to be understood."""
    if recognised := found.recognised:
        yield Line(
            f"{recognised.application}", recognised.what, page_of(recognised.subject, mine), recognised.application
        )
    things: list[Application | Installation | Delivery | Account]
    things = [found.exact] if found.exact else [*found.applications, *found.accounts, *found.installations]
    for thing in things:
        if isinstance(thing, Account):
            yield Line(thing.name, "Account", reverse("application_list", args=(thing.slug,)))
        elif isinstance(thing, Application):
            yield Line(thing.name, f"Application of {thing.account}", page_of(thing, mine), thing)
        elif isinstance(thing, Installation):
            application = thing.application
            yield Line(f"{thing.account}", f"Installation of {application}", page_of(thing, mine), application)
        else:
            yield Line(thing.host, f"Delivery of {thing.application}", page_of(thing, mine), thing.application)
    for document in found.documents:
        yield Line(document.title, "Help", reverse("document", args=(document.slug,)))


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
