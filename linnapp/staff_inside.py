"""Staff inside an account. Apart from the other middleware, which logging imports before there are models."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import resolve
from django.utils import timezone

from linnapp.models import StaffAccess, User
from linnapp.models.access import purposes_of
from linnapp.refused_pages import SAFE, refused
from linnapp.services.access import last_access_of, looked_at
from linnapp.staff_requests import OnlyToLook, staff_access_of

# For so long after its end, whoever was inside is told that it is over, and not that there is no such page.
REMEMBERED = timedelta(hours=12)
TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
FILENAME = re.compile(r'filename="([^"]+)"')
OF_THIS_PORTAL = " · linnapp"
LONGEST_NAME, LONGEST_PATH = 200, 400


class StaffInside:
    """Says on each request for an account's page by which access somebody of staff is there, and refuses what an access
    to look does not allow: whatever is sent, and the pages that only the team reads."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code == 200:
            keep_on_record(request, response)
        return response

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        person, slug = request.user, kwargs.get("account")
        if slug is None or not isinstance(person, User) or not person.is_staff:
            return None
        access = staff_access_of(request)
        if access is None:
            last = last_access_of(person, slug)
            return over(request, last) if last and is_missed(last) else None
        if access.is_to_look and request.method not in SAFE:
            return refused(request, "linnapp/access/only_to_look.html", access=access)
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, OnlyToLook):
            return refused(request, "linnapp/access/only_the_team.html", access=error.access)
        return None


def keep_on_record(request: HttpRequest, response: HttpResponseBase) -> None:
    """Of a page of the account that staff opened, or of a file of it: under the name that its reader sees. A part of a
    page has none, and goes by the name of its address: whether it is one, the client says, and so it counts as well."""
    file = FILENAME.search(response.headers.get("Content-Disposition", ""))
    access = staff_access_of(request) if file or request.method == "GET" else None
    if access is None:
        return
    title = None if response.streaming else TITLE.search(getattr(response, "content", b"").decode(errors="replace"))
    name = file[1] if file else unescape(title[1]).strip() if title else ""
    shown = name.removesuffix(OF_THIS_PORTAL) or str(resolve(request.path).url_name).replace("_", " ")
    looked_at(access, shown[:LONGEST_NAME], f"{request.path} {name}".strip()[:LONGEST_PATH])


def is_missed(access: StaffAccess) -> bool:
    """Whether it was by this access that somebody was here a while ago. One that runs still is missed where its
    permission was taken away."""
    return access.ends_at > timezone.now() - REMEMBERED


def over(request: HttpRequest, access: StaffAccess) -> HttpResponse | None:
    """What was typed stays in the page, to be sent again once the account is entered anew. Whoever has a seat by now is
    let through."""
    if access.account.memberships.filter(user=access.person).exists():
        return None
    may_enter = access.purpose in purposes_of(access.person)
    was_sent = request.method not in SAFE
    return refused(request, "linnapp/access/over.html", access=access, may_enter=may_enter, was_sent=was_sent)
