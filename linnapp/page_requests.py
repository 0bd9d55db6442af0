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


class Asking(HttpRequest):
    """Of a page that asks for a fresh sign-in where what is done on it needs one."""

    asks_for_sign_in: bool


def htmx_of(request: HttpRequest) -> HtmxDetails | None:
    """None where htmx did not ask, and on an error page of a request that came no further."""
    return getattr(request, "htmx", None) or None


def wants_part(request: HttpRequest) -> bool:
    """Whether htmx asks, for a part of the page that is open; a boosted link asks for the page it leads to."""
    htmx = htmx_of(request)
    return htmx is not None and not htmx.boosted


def reference_of(request: HttpRequest) -> str:
    return getattr(request, "reference", "")


def will_ask_for_sign_in(request: HttpRequest) -> None:
    cast(Asking, request).asks_for_sign_in = True


def asks_for_sign_in(request: HttpRequest) -> bool:
    return getattr(request, "asks_for_sign_in", False)


def will_show_credential(request: HttpRequest) -> None:
    cast(Revealing, request).shows_credential = True


def shows_credential(request: HttpRequest) -> bool:
    return getattr(request, "shows_credential", False)


class Marked(HttpRequest):
    """What forms carry beside what was typed: the mark of the person they were drawn for, and the link to what is kept
    of one that was sent before; "" where they carry none. `own_mark` is that of whoever is signed in now."""

    mark: str
    kept_form: str
    own_mark: str
