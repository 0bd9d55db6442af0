"""The account that a person last worked on: in a cookie of its own, as the session is not for pages to write."""

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase


def last_account(request: HttpRequest) -> str:
    """Its slug; "" for none that this person had. Whether they are a member of it still is for the caller to ask."""
    return request.get_signed_cookie(settings.LAST_ACCOUNT_COOKIE_NAME, default="", salt=_salt(request)) or ""


def keep_last_account(request: HttpRequest, response: HttpResponseBase, slug: str) -> None:
    response.set_signed_cookie(
        settings.LAST_ACCOUNT_COOKIE_NAME,
        slug,
        salt=_salt(request),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _salt(request: HttpRequest) -> str:
    """Who signs in next with this browser is not led to where the person before them worked."""
    return f"last account of {request.user.pk}"
