"""An account moves its installation: to the latest version, and back to the one before."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from installs.installations import moving
from installs.installations.comparison import Comparison, compared
from installs.installations.forms.moving import VersionReadForm
from installs.installations.views import own
from installs.models import Installation
from linnapp.errors import Moved
from linnapp.models import Version
from linnapp.moments import shown
from linnapp.pages import page_or_part, refusal_told
from linnapp.words import span_in_words

INCOMPLETE = "This form came back incomplete. Read it again, then send it again."


@require_http_methods(["GET", "HEAD", "POST"])
def installation_update(request: HttpRequest, account: str, installation: UUID) -> HttpResponse:
    if request.method == "POST":
        return _update(request, own.managed(request, account, installation))
    return _update_page(request, own.readable(request, account, installation))


def _update(request: HttpRequest, row: Installation) -> HttpResponse:
    form = VersionReadForm(request.POST)
    if not form.is_valid():
        return _update_page(request, row, INCOMPLETE)
    read = get_object_or_404(Version.objects.of_application(row.application), pk=form.cleaned_data["version"])
    with refusal_told(request):
        try:
            updated = moving.update(row, to=read, by=own.acting(request, row))
        except Moved as news:
            return _update_page(request, row, str(news))
        messages.success(request, _updated(updated))
    return redirect("installation_detail", row.account.slug, row.pk)


def _updated(row: Installation) -> str:
    before, until = moving.way_back(row), moving.way_back_until(row)
    way_back = f" You can go back to {before.label} until {_day(until)}." if before else ""
    return f"{row.application} is now on {row.version}.{way_back}"


def _day(moment: datetime | None) -> str:
    return shown(moment or timezone.now(), "DAY_LONG")


def _update_page(request: HttpRequest, row: Installation, refusal: str = "") -> HttpResponse:
    """Also for those of the account who may not update: they read what is to come, without a button."""
    available = moving.available_update(row)
    if available is None:
        return redirect("installation_detail", row.account.slug, row.pk)
    comparison = compared(row.version, available)
    if "changes" in request.GET:
        return _one_part(request, row, comparison, available)
    context = {
        "installation": row,
        "available": available,
        "leads_down": moving.leads_down(row, available),
        "verb": moving.verb_of(row, available),
        "comparison": comparison,
        "may_come_back": moving.may_come_back_to(row.version),
        "way_back_lasts": span_in_words(moving.GO_BACK_WITHIN),
        "between": moving.versions_between(row.version, available),
        "refusal": refusal,
        "may_manage": own.is_managed(request, row),
        "owners": row.account.owners(),
    }
    return render(request, "installs/installations/installation_update.html", context, status=422 if refusal else 200)


def _one_part(request: HttpRequest, row: Installation, comparison: Comparison, after: Version) -> HttpResponse:
    """What differs in one module: asked for when its line is opened, and a page of its own without scripts."""
    part = next((part for part in comparison.parts if part.key == request.GET["changes"]), None)
    if part is None:
        raise Http404("Nothing of this module differs")
    context = {"installation": row, "today": row.version, "after": after, "part": part}
    return page_or_part(request, "installs/installations/comparison/compared_part.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def installation_go_back(request: HttpRequest, account: str, installation: UUID) -> HttpResponse:
    row = own.managed(request, account, installation)
    return _go_back(request, row) if request.method == "POST" else _go_back_page(request, row)


def _go_back_page(request: HttpRequest, row: Installation, refusal: str = "") -> HttpResponse:
    before = moving.way_back(row)
    if before is None:
        return redirect("installation_detail", row.account.slug, row.pk)
    comparison = compared(row.version, before)
    if "changes" in request.GET:
        return _one_part(request, row, comparison, before)
    context = {
        "installation": row,
        "before": before,
        "until": moving.way_back_until(row),
        "comparison": comparison,
        "refusal": refusal,
    }
    return render(request, "installs/installations/installation_go_back.html", context, status=422 if refusal else 200)


def _go_back(request: HttpRequest, row: Installation) -> HttpResponse:
    form = VersionReadForm(request.POST)
    if not form.is_valid():
        return _go_back_page(request, row, INCOMPLETE)
    read = get_object_or_404(Version.objects.of_application(row.application), pk=form.cleaned_data["version"])
    with refusal_told(request):
        try:
            gone_back = moving.go_back(row, to=read, by=own.acting(request, row))
        except Moved as news:
            return _go_back_page(request, own.managed(request, row.account.slug, row.pk), str(news))
        messages.success(request, f"{row.application} is on {gone_back.version} again.")
    return redirect("installation_detail", row.account.slug, row.pk)
