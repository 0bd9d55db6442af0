"""What the middleware and the page kit leave on a request, typed."""

from typing import cast

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


class Referenced(HttpRequest):
    """As it leaves the first middleware."""

    reference: str


class Revealing(HttpRequest):
    """Whose answer shows a credential in the clear."""

    shows_credential: bool


def htmx_of(request: HttpRequest) -> HtmxDetails | None:
    """None where htmx did not ask, and on an error page of a request that came no further."""
    return getattr(request, "htmx", None) or None


def wants_part(request: HttpRequest) -> bool:
    """Whether htmx asks, for a part of the page that is open; a boosted link asks for the page it leads to."""
    htmx = htmx_of(request)
    return htmx is not None and not htmx.boosted


def reference_of(request: HttpRequest) -> str:
    return getattr(request, "reference", "")


def will_show_credential(request: HttpRequest) -> None:
    cast(Revealing, request).shows_credential = True


def shows_credential(request: HttpRequest) -> bool:
    return getattr(request, "shows_credential", False)
