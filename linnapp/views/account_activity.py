"""The Activity of an account: its team, its settings, and what staff looked at and did inside of it."""

from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from linnapp.forms.activity import CHOICES, AccountActivityFilter
from linnapp.models import Account, Application, StaffAccess, TimelineEntry
from linnapp.pages import Column, ListPage, Sort, page_or_part
from linnapp.timeline import lines_of_account
from linnapp.timeline_days import by_day

SORTS = {"newest": Sort("Newest first", ("-id",)), "oldest": Sort("Oldest first", ("id",))}
COLUMNS = (
    Column("When", lambda entry: entry.at),
    Column("What", lambda entry: lines_of_account([entry])[0].sentence),
    Column("Reason", lambda entry: lines_of_account([entry])[0].reason),
    Column("Application", lambda entry: entry.facts.get("application", "")),
)


@require_safe
def account_activity(request: HttpRequest, account: str) -> HttpResponseBase:
    row = get_object_or_404(Account.objects.overseen_by(request.user), slug=account)
    own = Application.objects.of_account(account).values("pk")
    entries = TimelineEntry.objects.about_account(row.pk, own)
    activity = ListPage(request, entries, filters=AccountActivityFilter, sorts=SORTS, columns=COLUMNS)
    if request.GET.get("format") == "csv":
        return activity.as_csv(f"activity-of-{row.slug}")
    context = {
        "account": row,
        "list": activity,
        "days": by_day(lines_of_account(activity.rows)),
        "chips": activity.chips("about", CHOICES),
        "access": _access(request, row),
        "csv_url": activity.url(format="csv", after=None),
    }
    return page_or_part(request, "linnapp/people/account_activity.html", context)


def _access(request: HttpRequest, account: Account) -> StaffAccess | None:
    """The one access that the address narrows to."""
    try:
        return account.staff_accesses.newest_first().filter(pk=UUID(request.GET["access"])).first()
    except (KeyError, ValueError):
        return None
