"""/metrics: what a monitor reads. It stands beside the API, without what only people need."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from prometheus_client import CONTENT_TYPE_LATEST

from installs.metrics.text import as_text
from linnapp import credentials
from linnapp.addresses import is_from_this_machine

BEARER = "bearer "


def metrics(request: HttpRequest) -> HttpResponse:
    if not (is_from_this_machine(request.META) or has_token(request)):
        raise Http404("The figures are read on this machine, or with METRICS_TOKEN.")
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    return HttpResponse(as_text(), content_type=CONTENT_TYPE_LATEST)


def has_token(request: HttpRequest) -> bool:
    given = request.headers.get("Authorization", "")
    if not settings.METRICS_TOKEN or given[: len(BEARER)].lower() != BEARER:
        return False
    return credentials.same(given[len(BEARER) :].strip(), settings.METRICS_TOKEN)
