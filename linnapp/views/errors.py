from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.template import loader

from linnapp.page_requests import reference_of


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without context processors: what broke this request may be what they need, such as the database."""
    context = {"request_id": reference_of(request)}
    return HttpResponseServerError(loader.render_to_string("500.html", context))
