"""When a browser's sign-in was last used, and the end of a staff member's that nobody uses. Apart from the other
middleware, which logging imports before there are models."""

from collections.abc import Callable
from typing import cast

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from linnapp.addresses import client_address
from linnapp.models import User
from linnapp.page_requests import wants_part
from linnapp.services import access, browser_sessions
from linnapp.signing_in.devices import keep_device


class BrowserSessions:
    """Whoever is of the staff is signed out before the page is made: it is told to sign in, and where to go on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated:
            if browser_sessions.is_left_alone(request.user, request.session):
                sign_out_idle(request)
            elif is_by_hand(request):
                browser_sessions.note_use(request.session, client_address(request.META))
        response = self.get_response(request)
        keep_device(request, response)
        return response


def sign_out_idle(request: HttpRequest) -> None:
    """As the adapter does; but the browser's row stays, by which a form that comes now is kept: nobody ended it."""
    access.leave_all(cast(User, request.user))
    logout(request)
    span = browser_sessions.idle_span()
    messages.info(request, f"You were signed out after {span} without activity. Sign in to continue.")


def is_by_hand(request: HttpRequest) -> bool:
    """Whether somebody asked for it. A page that is open asks for parts of itself each second perhaps, or loads itself
    anew: browsers say of a page that it was a person who opened it (Sec-Fetch-User)."""
    if request.method not in {"GET", "HEAD"}:
        return True
    is_page = request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
    by_person = "Sec-Fetch-Mode" not in request.headers or "Sec-Fetch-User" in request.headers
    return is_page and by_person and not wants_part(request)
