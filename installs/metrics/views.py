"""/metrics: what a monitor reads. It stands beside the API, without what only people need."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from prometheus_client import CONTENT_TYPE_LATEST

from installs.metrics.text import as_text
from linnapp.health.monitors import is_monitor


def metrics(request: HttpRequest) -> HttpResponse:
    if not is_monitor(request.META):
        raise Http404("The figures are read on this machine, or with METRICS_TOKEN.")
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    return HttpResponse(as_text(), content_type=CONTENT_TYPE_LATEST)
