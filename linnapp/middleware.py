"""What stands around every view."""

import re
import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, cast

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.handlers.exception import convert_exception_to_response
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import get_resolver, set_urlconf
from django.utils import timezone, translation

from linnapp import credentials
from linnapp.last_account import keep_last_account, last_account
from linnapp.log_lines import about_alone, also_about
from linnapp.moments import BRITISH, locale_of
from linnapp.page_requests import Referenced, wants_part

View = Callable[[HttpRequest], HttpResponseBase]


class RequestReference:
    """Gives each request a reference: in the answer's X-Request-Id, in log lines, in refusals and on error pages."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        cast(Referenced, request).reference = reference = credentials.new_reference()
        with about_alone(reference=reference):
            response = self.get_response(request)
        # A refusal of the API is kept under a reference of its own.
        response.headers.setdefault("X-Request-Id", reference)
        return response

    def process_view(
        self, request: HttpRequest, view: Any, given: Sequence[Any], named: Mapping[str, Any]
    ) -> HttpResponse | None:
        """What the address names, log lines name too."""
        also_about(**{name: named[name] for name in ("account", "application") if name in named})
        return None


class MachineApi:
    """Answers the paths of machines from a URL conf of their own, without what only people need.

    No session, cookie, CSRF or redirect stands between a client and its answer: clients of the protocol know none
    of them, and a token exchange should cost what its two queries cost. Whatever is neither under /api/, /v1/, /v2/ and
    so on, nor /metrics, goes on to the middleware for people, and so is closed unless opened; but for what a program
    asks and no page answers, such as a call whose base URL lacks /api: a page of HTML would tell it nothing.
    """

    PATH = re.compile(r"/+(?:api|v[0-9]+)(?:/|$)|/metrics$", re.IGNORECASE)
    # As Linnworks names its calls: /Orders/GetOpenOrders.
    CALL = re.compile(r"/+[A-Z][A-Za-z0-9]*/+[A-Z][A-Za-z0-9]*/?")

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response
        self.resolver = get_resolver(settings.MACHINE_URLCONF)
        self.answer = cast("Callable[[HttpRequest], HttpResponse]", convert_exception_to_response(self._answer))

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if self.PATH.match(request.path_info):
            return self._answered(request)
        response = self.get_response(request)
        if response.status_code != HTTPStatus.NOT_FOUND or request.resolver_match or not self._is_call(request):
            return response
        response.close()
        return self._answered(request)

    def _answered(self, request: HttpRequest) -> HttpResponse:
        request.urlconf = settings.MACHINE_URLCONF
        # So that an exception nobody foresaw is answered by this URL conf's handlers, in the machines' own shape.
        set_urlconf(settings.MACHINE_URLCONF)
        try:
            response = self.answer(request)
        finally:
            set_urlconf(None)
        if response.status_code != HTTPStatus.NO_CONTENT:
            response.headers["Content-Length"] = str(len(response.content))
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    def _is_call(self, request: HttpRequest) -> bool:
        """Whether a program meant the API. Browsers that open a page, or a part of one, say so."""
        accepts = request.headers.get("Accept", "").lower()
        if "text/html" in accepts or "HX-Request" in request.headers:
            return False
        is_json = "json" in accepts or "json" in request.headers.get("Content-Type", "").lower()
        return is_json or "Authorization" in request.headers or bool(self.CALL.fullmatch(request.path_info))

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        match = self.resolver.resolve(request.path_info)
        return cast(HttpResponseBase, match.func(request, *match.args, **match.kwargs))


class SchemeOfSite:
    """SITE_URL decides what depends on http or https: TLS ends at a proxy, and what a client says of it in a header is
    not asked."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.META["wsgi.url_scheme"] = settings.SITE.scheme
        return self.get_response(request)


class UploadLimit:
    """Refuses a form with files before the first byte of it is read: Django limits the rest of a form only, and would
    write files of any size to the disk, for anybody."""

    # Somewhat more than any form takes, so that a picture that is too large is refused beside its field.
    MOST_BYTES = 16 * 1024 * 1024

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and (len(length) > 12 or int(length) > self.MOST_BYTES):
            raise RequestDataTooBig("The form is larger than 16 MB.")
        return self.get_response(request)


class Storable:
    """NUL is in no text that a database holds, nor in an address that a page made: PostgreSQL refuses it, and any
    look-up by it would break. Forms tell it beside their field; an address leads nowhere or is narrowed by nothing, a
    cookie is nobody's.
    """

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        for name in [name for name, value in request.COOKIES.items() if "\0" in value]:
            del request.COOKIES[name]
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, given: Sequence[Any], named: Mapping[str, Any]
    ) -> HttpResponse | None:
        match = request.resolver_match
        # The admin leads back to its list; an Installation URL is refused with a reference.
        if getattr(view, "reads_nul", False) or (match is not None and "admin" in match.app_names):
            return None
        if any("\0" in str(value) for value in named.values()):
            raise Http404
        if any("\0" in text for name, values in request.GET.lists() for text in (name, *values)):
            request.GET = _without_nul(request.GET)
        return None


def _without_nul(query: QueryDict) -> Any:
    kept = QueryDict(mutable=True)
    for name, values in query.lists():
        if not any("\0" in text for text in (name, *values)):
            kept.setlist(name, values)
    kept._mutable = False
    return kept


class PageHeaders:
    """Headers of pages that Django has no setting for."""

    POLICY = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", self.POLICY)
        # A page holds what one person may see: no shared cache keeps it, and Back after signing out shows nothing.
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class LastAccount:
    """Remembers the account of the page that somebody opened. What a page asks for by itself, each second perhaps, says
    nothing of where its reader works: another tab may be in front."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not request.user.is_authenticated:
            if settings.LAST_ACCOUNT_COOKIE_NAME in request.COOKIES:
                response.delete_cookie(settings.LAST_ACCOUNT_COOKIE_NAME, samesite="Lax")
            return response
        slug = request.resolver_match.kwargs.get("account") if request.resolver_match else None
        opened = request.method == "GET" and response.status_code == 200 and not wants_part(request)
        if slug and opened and slug != last_account(request):
            keep_last_account(request, response, slug)
        return response


class WrongMethod:
    """Says what a 405 is. Django answers it without a word, which a browser shows as a page that does not work; people
    get there by opening the address of a form that was answered in place."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not isinstance(response, HttpResponseNotAllowed):
            return response
        page = render(request, "405.html", status=405)
        page.headers["Allow"] = response.headers["Allow"]
        return page


class ReadersLocale:
    """Moments are written as the reader's browser asks for. Pages are not stored by anybody (PageHeaders), so that no
    cache has to tell one reader's from another's."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse | HttpResponseBase:
        locale = locale_of(request.headers.get("Accept-Language", ""))
        if locale == BRITISH:
            return self.get_response(request)
        with translation.override(locale):
            return self.get_response(request)


class ReadersTimeZone:
    """Times are rendered in the zone that the reader chose."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse | HttpResponseBase:
        if not request.user.is_authenticated:
            return self.get_response(request)
        try:
            zone = zoneinfo.ZoneInfo(request.user.time_zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            return self.get_response(request)
        with timezone.override(zone):
            return self.get_response(request)
