"""The Activity of an account: its team, its settings, and what staff looked at and did inside of it."""

from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from linnapp import timeline_pages
from linnapp.models import Account, StaffAccess
from linnapp.pages import page_or_part


@require_safe
def account_activity(request: HttpRequest, account: str) -> HttpResponseBase:
    row = get_object_or_404(Account.objects.overseen_by(request.user), slug=account)
    timeline = timeline_pages.of_account(request, row)
    if file := timeline.file():
        return file
    context = {"account": row, "timeline": timeline, "access": _access(request, row)}
    return page_or_part(request, "linnapp/people/account_activity.html", context)


def _access(request: HttpRequest, account: Account) -> StaffAccess | None:
    """The one access that the address narrows to."""
    try:
        return account.staff_accesses.newest_first().filter(pk=UUID(request.GET["access"])).first()
    except (KeyError, ValueError):
        return None
