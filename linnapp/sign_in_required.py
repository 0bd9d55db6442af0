"""Closed unless opened. Apart from the other middleware, which logging imports before there are models."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails


class SignInRequired(LoginRequiredMiddleware):
    """A script that asks for a part of a page is sent to the sign-in as a whole, and back to the page it is on: a
    part's own address is often one that is posted to."""

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., Any]) -> Any:
        htmx = HtmxDetails(request)
        if not htmx:
            return super().handle_no_permission(request, view_func)
        return HttpResponseClientRedirect(redirect_to_login(_page_of(htmx)).url)


def _page_of(htmx: HtmxDetails) -> str:
    """The page that is open; the first one where what was sent is no address."""
    try:
        return htmx.current_url_abs_path or "/"
    except ValueError:
        return "/"
