"""A page that middleware refuses: it says why, and loses nothing of what was typed."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.http import HTMX_STOP_POLLING, retarget

from linnapp.page_requests import wants_part

SAFE = ("GET", "HEAD", "OPTIONS")


def refused(request: HttpRequest, template: str, **context: object) -> HttpResponse:
    """As a page with what was typed in it. A script that asked for a part is told above the page that is open, which
    stays as it is with all that stands in it, and asks no more by itself."""
    if not wants_part(request):
        return render(request, template, context | {"typed": typed_in(request)}, status=403)
    folder, _, name = template.rpartition("/")
    context["words"] = f"{folder}/_{name}"
    answer = render(request, "linnapp/access/_told.html", context, status=422)
    if request.method in SAFE:
        answer.status_code = HTMX_STOP_POLLING
    answer.headers["HX-Reswap"] = "outerHTML show:top"
    return retarget(answer, "#messages")


def typed_in(request: HttpRequest) -> list[tuple[str, str]]:
    own = "csrfmiddlewaretoken"
    return [(name, value) for name, values in request.POST.lists() if name != own for value in values]
