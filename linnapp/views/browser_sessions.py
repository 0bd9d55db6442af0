"""The browsers that somebody is signed in with."""

from dataclasses import dataclass
from datetime import datetime

from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from linnapp.actors import Side
from linnapp.pages import acting, signed_in
from linnapp.services import browser_sessions
from linnapp.user_agents import device_in_words, place_of
from linnapp.words import counted


@dataclass(frozen=True)
class Browser:
    key: int
    device: str
    address: str
    since: datetime
    last_used: datetime
    is_this: bool


def own_browsers(request: HttpRequest) -> list[Browser]:
    """This one first."""
    this = request.session.session_key
    found = [
        Browser(
            row.pk, device_in_words(row.user_agent), row.ip, row.created_at, row.last_seen_at, row.session_key == this
        )
        for row in browser_sessions.open_of(signed_in(request))
    ]
    return sorted(found, key=lambda browser: not browser.is_this)


@require_POST
def session_end(request: HttpRequest, session: int) -> HttpResponse:
    row = get_object_or_404(UserSession.objects.filter(user_id=signed_in(request).pk), pk=session)
    if row.session_key == request.session.session_key:
        get_adapter().logout(request)
        return redirect("account_login")
    browser_sessions.end_one(row, by=acting(request, Side.CUSTOMER), place=place_of(request))
    messages.success(request, f"{device_in_words(row.user_agent)} was signed out.")
    return redirect("mfa_index")


@require_POST
def sessions_end_others(request: HttpRequest) -> HttpResponse:
    by, this = acting(request, Side.CUSTOMER), request.session.session_key
    ended = browser_sessions.end_others(signed_in(request), but=this, by=by, place=place_of(request))
    were = counted(ended, "other browser was", "other browsers were")
    messages.success(request, f"{were} signed out." if ended else "No other browser was signed in.")
    return redirect("mfa_index")
