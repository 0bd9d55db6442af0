"""The record: how one signed in and what changed about that; for Owners, that of their team."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from linnapp import record_pages
from linnapp.models import Account
from linnapp.pages import page_or_part, signed_in


@require_safe
def own_record(request: HttpRequest) -> HttpResponseBase:
    timeline = record_pages.of_person(request, signed_in(request))
    if file := timeline.file():
        return file
    return page_or_part(request, "linnapp/people/own_record.html", {"timeline": timeline})


@require_safe
def team_record(request: HttpRequest, account: str) -> HttpResponseBase:
    row = get_object_or_404(Account.objects.overseen_by(request.user), slug=account)
    timeline = record_pages.of_team(request, row)
    if file := timeline.file():
        return file
    return page_or_part(request, "linnapp/people/team_record.html", {"account": row, "timeline": timeline})
