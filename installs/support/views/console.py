"""The console's pages of an application and of an account: all that support reads of either, with the way to each
case."""

from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from installs.models import Installation
from installs.support import looks, overview, refused
from installs.support.views.notes import notes_on
from linnapp import timeline_pages
from linnapp.actors import Side
from linnapp.models import Account, Application
from linnapp.pages import acting, signed_in
from linnapp.services import factor_rules

TEAM_SHOWN = 20


@require_safe
def support_application(request: HttpRequest, application: UUID) -> HttpResponseBase:
    row = get_object_or_404(Application.objects.for_support(request.user).select_related("account"), pk=application)
    looks.note_view(row, by=acting(request, Side.STAFF))
    timeline = timeline_pages.of_application(request, row, reader=Side.STAFF)
    if file := timeline.file():
        return file
    installations = Installation.objects.of_application(row)
    context = {
        "subject": row,
        "most": overview.SHOWN,
        "owners": row.account.owners(),
        "newest": row.versions.the_latest(),
        "secrets": list(row.secrets.live()),
        "installations": overview.newest(installations),
        "never_connected": overview.never_connected(installations),
        "causes": overview.causes(row),
        "timeline": timeline,
        "notes": notes_on(row, signed_in(request)),
    }
    return render(request, "installs/support/support_application.html", context)


@require_safe
def support_account(request: HttpRequest, account_key: UUID) -> HttpResponseBase:
    row = get_object_or_404(Account.objects.for_support(request.user), pk=account_key)
    looks.note_view(row, by=acting(request, Side.STAFF))
    timeline = timeline_pages.of_account(request, row, reader=Side.STAFF)
    if file := timeline.file():
        return file
    installations = Installation.objects.filter(account=row)
    made = Application.objects.filter(account=row)
    team = list(row.memberships.with_people()[:TEAM_SHOWN])
    context = {
        "subject": row,
        "most": overview.SHOWN,
        "owners": row.owners(),
        "team": team,
        "with_factor": factor_rules.with_factor(seat.user for seat in team),
        "applications": list(made.select_related("account").order_by("-created_at")[: overview.SHOWN]),
        "installations": overview.newest(installations),
        "never_connected": overview.never_connected(installations),
        "causes": overview.causes(row),
        "left_out": refused.left_out(row),
        "timeline": timeline,
        "notes": notes_on(row, signed_in(request)),
    }
    return render(request, "installs/support/support_account.html", context)
