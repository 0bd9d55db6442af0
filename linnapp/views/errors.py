import sys

from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.template import loader

from linnapp.page_requests import reference_of

RETRY_AFTER = 2
# What PostgreSQL says of a write to a server that only reads, as after another has taken its place.
READ_ONLY = "25006"


def is_away(error: BaseException | None) -> bool:
    if isinstance(error, InternalError):
        return getattr(error.__cause__, "sqlstate", None) == READ_ONLY
    return isinstance(error, (OperationalError, InterfaceError))


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without context processors: what broke this request may be what they need, such as the database. A
    database that is away is nobody's fault, and soon over."""
    if is_away(sys.exception()):
        page = loader.render_to_string("503.html")
        return HttpResponse(page, status=503, headers={"Retry-After": RETRY_AFTER, "Cache-Control": "no-store"})
    context = {"request_id": reference_of(request)}
    return HttpResponseServerError(loader.render_to_string("500.html", context))
