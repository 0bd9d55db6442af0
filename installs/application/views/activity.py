"""The Activity tab: the application's timeline with the developer's eyes, by day."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from installs.application import figures
from installs.application.forms.activity import CHOICES, ActivityFilter
from installs.models import Installation
from linnapp import tab
from linnapp.models import Application, TimelineEntry
from linnapp.pages import ListPage, Sort, page_or_part
from linnapp.timeline import Side, lines
from linnapp.timeline_days import by_day

SORTS = {"newest": Sort("Newest first", ("-id",)), "oldest": Sort("Oldest first", ("id",))}


@require_safe
def application_activity(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    row = tab.visible(request, account, application)
    one = _installation(request, row)
    entries = TimelineEntry.objects.about_application(row.pk)
    shown = entries if one else entries.of_application_as_a_whole()
    activity = ListPage(request, shown, filters=ActivityFilter, sorts=SORTS)
    context = tab.context(
        row,
        "activity",
        list=activity,
        days=by_day(lines(activity.rows, Side.DEVELOPER)),
        installation=one,
        running=figures.running(row, one) if _begins_now(activity) else None,
        chips=activity.chips("about", CHOICES),
    )
    return page_or_part(request, "installs/application/application_activity.html", context)


def _begins_now(activity: ListPage) -> bool:
    """Whether what happens now would stand on this page: the first one, and about exchanges if about anything."""
    asked = activity.request.GET
    about_exchanges = asked.get("about") in {None, "", "exchanges"} and not asked.get("q")
    return about_exchanges and activity.sort_key == "newest" and not activity.first_url


def _installation(request: HttpRequest, application: Application) -> Installation | None:
    """The one installation that the address narrows to."""
    installations = Installation.objects.of_application(application).select_related("account")
    try:
        return installations.filter(pk=UUID(request.GET["installation"])).first()
    except (KeyError, ValueError):
        return None
