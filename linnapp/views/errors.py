import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.template import loader

from linnapp.page_requests import reference_of

RETRY_AFTER = 2


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without context processors: what broke this request may be what they need, such as the database. A
    database that is away is nobody's fault, and soon over."""
    if isinstance(sys.exception(), (OperationalError, InterfaceError)):
        page = loader.render_to_string("503.html")
        return HttpResponse(page, status=503, headers={"Retry-After": RETRY_AFTER, "Cache-Control": "no-store"})
    context = {"request_id": reference_of(request)}
    return HttpResponseServerError(loader.render_to_string("500.html", context))
