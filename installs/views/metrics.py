"""/metrics: what a monitor reads. It stands beside the API, without what only people need."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from prometheus_client import CONTENT_TYPE_LATEST

from installs.metrics import as_text
from installs.views import api
from linnapp import credentials
from linnapp.addresses import is_from_this_machine

BEARER = "bearer "


def metrics(request: HttpRequest) -> HttpResponse:
    if not (is_from_this_machine(request.META) or has_token(request)):
        return api.not_found(request)
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    return HttpResponse(as_text(), content_type=CONTENT_TYPE_LATEST)


def has_token(request: HttpRequest) -> bool:
    given = request.headers.get("Authorization", "")
    if not settings.METRICS_TOKEN or given[: len(BEARER)].lower() != BEARER:
        return False
    return credentials.same(given[len(BEARER) :].strip(), settings.METRICS_TOKEN)
