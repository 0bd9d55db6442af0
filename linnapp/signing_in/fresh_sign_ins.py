"""Whether a sign-in is fresh enough for what shows or moves a secret, and the question where it is not.

Pages that may show or move a secret are marked. On a page with the mark a service that needs a fresh sign-in is
answered by the question for one; on any other it refuses whoever acts, also right after signing in."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from allauth.account.adapter import get_adapter
from allauth.core.exceptions import ReauthenticationRequired
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from linnapp.errors import SignInIsOld
from linnapp.page_requests import will_ask_for_sign_in

AnyView = TypeVar("AnyView", bound=Callable[..., HttpResponseBase])
MARK = "shows_or_moves"


def sign_in_is_old(request: HttpRequest) -> bool:
    """Not as allauth says: whoever has neither password nor factor is always fresh to it."""
    if not request.user.is_authenticated:
        return True
    return bool(get_adapter(request).is_reauthentication_required(app=""))


def ask_for_fresh_sign_in(request: HttpRequest) -> None:
    """Raises ReauthenticationRequired where the sign-in is old, which the middleware answers with the question."""
    if sign_in_is_old(request):
        raise ReauthenticationRequired


def fresh_sign_in_first(view: AnyView) -> AnyView:
    """Asks where the sign-in is old. On what a view calls once it has its row: strangers are told 404, not asked."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        ask_for_fresh_sign_in(request)
        return view(request, *args, **kwargs)

    return cast(AnyView, answer)


def shows_or_moves_secret(what: str) -> Callable[[AnyView], AnyView]:
    """`what` is told in SECURITY.md. The question comes after whatever the view and the service refuse: a stranger is
    told 404, and is not asked for a password. What was written before it is taken back by the service's transaction."""

    def marked(view: AnyView) -> AnyView:
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            will_ask_for_sign_in(request)
            try:
                return view(request, *args, **kwargs)
            except SignInIsOld:
                ask_for_fresh_sign_in(request)
                raise

        setattr(answer, MARK, what)
        return cast(AnyView, answer)

    return marked


def told_of(view: Callable[..., object]) -> str:
    """What a page shows or moves; "" for one without the mark."""
    return getattr(view, MARK, "")
