"""A case: all that support reads of one installation."""

from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from installs.exchange.explanations import Explanation, explain
from installs.models import Installation
from installs.postbacks.views.of_installation import last_few
from installs.support import looks, overview
from installs.support.likely import rules
from installs.support.likely.evidence import Evidence
from installs.support.views import desk
from linnapp import timeline_pages
from linnapp.actors import Side
from linnapp.pages import acting, signed_in

SESSIONS_SHOWN = 10


def opened(request: HttpRequest, installation: UUID) -> Installation:
    """For whoever the console is open to; everybody else gets 404. Puts the look on record."""
    rows = Installation.objects.for_support(request.user).with_its_facts()
    row = get_object_or_404(rows, pk=installation)
    looks.note_view(row, by=acting(request, Side.STAFF))
    return row


@require_safe
def support_installation(request: HttpRequest, installation: UUID) -> HttpResponseBase:
    row = opened(request, installation)
    timeline = timeline_pages.of_installation(request, row, reader=Side.STAFF)
    if file := timeline.file():
        return file
    seen, found = Evidence(row), explain(request.GET.get("reference", ""), signed_in(request))
    likely = rules.likely_causes(row, signed_in(request), seen, found.group if found else None)
    refusal = found if found and _is_shown(found, row, {cause.reference for cause in likely}) else None
    context = {
        "installation": row,
        "owners": row.account.owners(),
        "latest": row.application.versions.the_latest(),
        "timeline": timeline,
        "sessions": list(row.sessions.order_by("-created_at")[:SESSIONS_SHOWN]),
        "live_sessions": row.sessions.live().count(),
        "beside": row.permanent_tokens.replacing().first(),
        "causes": overview.causes_of_installation(seen),
        "refusal": refusal,
        "likely": likely,
        "rules": rules.RULES,
        **last_few(row),
        **desk.context(row, signed_in(request)),
    }
    return render(request, "installs/support/support_installation.html", context)


def _is_shown(found: Explanation, installation: Installation, shown: set[str]) -> bool:
    """Whether the refusal that the search or a likely cause led from is of this installation, or taken for it."""
    return found.installation == installation or found.reference in shown
