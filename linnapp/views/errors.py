from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.template import loader


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without context processors: what broke this request may be what they need, such as the database."""
    context = {"request_id": getattr(request, "reference", "")}
    return HttpResponseServerError(loader.render_to_string("500.html", context))
