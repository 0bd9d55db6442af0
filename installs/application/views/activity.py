"""The Activity tab: the application's timeline with the developer's eyes, by day."""

from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from installs.models import Installation
from linnapp import tab, timeline_pages
from linnapp.models import Application
from linnapp.pages import page_or_part
from linnapp.timeline import Side


@require_safe
def application_activity(request: HttpRequest, account: str, application: UUID) -> HttpResponseBase:
    row = tab.visible(request, account, application)
    one = _installation(request, row)
    timeline = timeline_pages.of_application(request, row, reader=Side.DEVELOPER, installation=one)
    if file := timeline.file():
        return file
    context = tab.context(row, "activity", timeline=timeline, installation=one)
    return page_or_part(request, "installs/application/application_activity.html", context)


def _installation(request: HttpRequest, application: Application) -> Installation | None:
    """The one installation that the address narrows to."""
    installations = Installation.objects.of_application(application).select_related("account")
    try:
        return installations.filter(pk=UUID(request.GET["installation"])).first()
    except (KeyError, ValueError):
        return None
