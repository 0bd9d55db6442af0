"""Closed unless opened. Apart from the other middleware, which logging imports before there are models."""

from collections.abc import Callable
from typing import Any, cast

from allauth.core.exceptions import ReauthenticationRequired
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from linnapp.page_requests import Marked
from linnapp.services.typed import take
from linnapp.typed import KEPT, MARK, is_it_still_you, key_of, nothing_kept, sign_in_first


class TypedForms:
    """Takes out of a form what no view reads, and lets one that was kept pass once."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        marked = cast(Marked, request)
        marked.mark = marked.kept_form = ""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, given: Any, named: Any) -> HttpResponse | None:
        if request.method != "POST" or not (MARK in request.POST or KEPT in request.POST):
            return None
        marked, form = cast(Marked, request), request.POST.copy()
        marked.mark, marked.kept_form = (str(form.pop(name, [""])[-1]) for name in (MARK, KEPT))
        form._mutable = False
        request.POST = form  # type: ignore[assignment]
        # Nobody signed in: it is kept on, behind the same link.
        if marked.kept_form and request.user.is_authenticated and not take(request.user, self._key(marked)):
            return nothing_kept(request)
        return None

    def _key(self, request: Marked) -> str:
        return key_of(request, request.kept_form)


class SignInRequired(LoginRequiredMiddleware):
    """What was typed is kept until its person signed in again. A script that asks for a part of a page is told so, and
    the page stays."""

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., Any]) -> Any:
        return sign_in_first(request)


class FreshSignIn:
    """Before allauth's own, which would keep what was typed in the clear, in the session."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return is_it_still_you(request) if isinstance(exception, ReauthenticationRequired) else None
