"""The support console. Those it is not open to are told what they are told everywhere: there is no such page."""

import re
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from installs.models import Delivery, Installation
from installs.postbacks.views import deliveries, of_installation
from installs.support import cases
from installs.support.forms import SupportSearchForm
from linnapp import timeline
from linnapp.actors import Side
from linnapp.models import TimelineEntry
from linnapp.pages import acting, signed_in

LINES_SHOWN = 100
SESSIONS_SHOWN = 10
ENTRY_KEY = re.compile(r"\d{1,18}", re.ASCII)


@require_http_methods(["GET", "HEAD", "POST"])
def support_search(request: HttpRequest) -> HttpResponse:
    """What is searched for is posted: a pasted token in an address would lie in logs and histories."""
    if not signed_in(request).is_support:
        raise Http404
    form = SupportSearchForm(request.POST or None)
    if not form.is_valid():
        context = {"form": form, "viewed": cases.viewed_lately(signed_in(request))}
        return render(request, "installs/support/support_search.html", context, status=422 if form.is_bound else 200)
    text = form.cleaned_data["q"]
    found = cases.find(text)
    if found.exact:
        return redirect("support_installation", found.exact.pk)
    hidden = cases.may_hold_credential(text)
    context = {
        "form": SupportSearchForm() if hidden else form,
        "asked": "" if hidden else text,
        "found": found,
        "cause": cases.in_words(found.refusal.group.reason) if found.refusal else "",
        "most": cases.MOST_FOUND,
    }
    return render(request, "installs/support/support_search.html", context)


@require_safe
def support_installation(request: HttpRequest, installation: UUID) -> HttpResponse:
    rows = Installation.objects.for_support(request.user).with_its_facts()
    row = get_object_or_404(rows, pk=installation)
    cases.note_view(row, by=acting(request, Side.STAFF))
    entries = _entries(request, row)
    context = {
        "installation": row,
        "owners": row.account.owners(),
        "latest": row.application.versions.the_latest(),
        "lines": timeline.lines(entries[:LINES_SHOWN], timeline.Side.STAFF),
        "older": entries[LINES_SHOWN - 1].pk if len(entries) > LINES_SHOWN else None,
        "sessions": list(row.sessions.order_by("-created_at")[:SESSIONS_SHOWN]),
        "live_sessions": row.sessions.live().count(),
        "beside": row.permanent_tokens.replacing().first(),
        "causes": cases.causes(row),
        "missing": cases.missing_postback(row),
        "postbacks": list(Delivery.objects.of_installation(row).last_few()),
    }
    return render(request, "installs/support/support_installation.html", context)


def _entries(request: HttpRequest, installation: Installation) -> list[TimelineEntry]:
    """Newest first, or those before the one the address names; one more than a page holds."""
    entries = TimelineEntry.objects.about(installation.pk).newest_first()
    before = request.GET.get("before", "")
    if ENTRY_KEY.fullmatch(before):
        entries = entries.before(int(before))
    return list(entries[: LINES_SHOWN + 1])


@require_safe
def support_postbacks(request: HttpRequest, installation: UUID) -> HttpResponse:
    row = get_object_or_404(Installation.objects.for_support(request.user).with_its_facts(), pk=installation)
    cases.note_view(row, by=acting(request, Side.STAFF))
    context = of_installation.context_of(request, row)
    if one := of_installation.opened(request, row):
        context |= {"delivery": one, **deliveries.progress_of(one)}
    return render(request, "installs/support/support_postbacks.html", context)
