"""What the middleware leaves on a request, typed."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


class Referenced(HttpRequest):
    """As it leaves the first middleware."""

    reference: str


def htmx_of(request: HttpRequest) -> HtmxDetails | None:
    """None where htmx did not ask, and on an error page of a request that came no further."""
    return getattr(request, "htmx", None) or None


def wants_part(request: HttpRequest) -> bool:
    """Whether htmx asks, for a part of the page that is open; a boosted link asks for the page it leads to."""
    htmx = htmx_of(request)
    return htmx is not None and not htmx.boosted


def reference_of(request: HttpRequest) -> str:
    return getattr(request, "reference", "")
