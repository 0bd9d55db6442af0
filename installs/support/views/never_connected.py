"""Installations that have never connected, a day after they were installed: the oldest first."""

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from installs.installations import connecting
from installs.models import Installation
from installs.support.forms import NeverConnectedFilter
from linnapp.pages import Column, ListPage, Sort, page_or_part, signed_in

SORTS = {
    "oldest": Sort("Oldest first", ("installed_at",)),
    "newest": Sort("Newest first", ("-installed_at",)),
}
COLUMNS = (
    Column("Account", lambda row: row.account.name),
    Column("Application", lambda row: row.application.name),
    Column("Developer", lambda row: row.application.account.name),
    Column("Installation", lambda row: row.pk),
    Column("State", lambda row: f"{row.shown_state} {row.suspended_by}".strip()),
    Column("Installed", lambda row: row.installed_at),
)


@require_safe
def support_never_connected(request: HttpRequest) -> HttpResponseBase:
    if not signed_in(request).is_support:
        raise Http404
    rows = Installation.objects.silent().with_its_facts().defer("version__snapshot", "version__notes_folded")
    found = ListPage(request, rows, filters=NeverConnectedFilter, sorts=SORTS, columns=COLUMNS)
    if request.GET.get("format") == "csv":
        return found.as_csv("never-connected")
    postbacks = connecting.newest_postbacks(found.rows)
    context = {
        "list": found,
        "rows": [(row, postbacks.get(row.pk)) for row in found.rows],
        "csv_url": found.url(format="csv", after=None),
    }
    return page_or_part(request, "installs/support/support_never_connected.html", context)
