"""The Activity tab: the application's timeline with the developer's eyes, by day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from installs import figures
from installs.forms.activity import CHOICES, ActivityFilter
from installs.models import Installation
from installs.views import tab
from linnapp.models import Application, TimelineEntry
from linnapp.pages import ListPage, Sort, page_or_part
from linnapp.timeline import Line, Side, lines

SORTS = {"newest": Sort("Newest first", ("-id",)), "oldest": Sort("Oldest first", ("id",))}
# So many hours of exchanges in a row are folded into one line that opens.
FOLDED_FROM = 3


@dataclass(frozen=True)
class Hours:
    """Hours of exchanges that stand next to each other."""

    lines: list[Line]

    @property
    def exchanges(self) -> int:
        return sum(line.hour.exchanges for line in self.lines if line.hour)

    @property
    def refused(self) -> int:
        return sum(line.hour.refused for line in self.lines if line.hour)


@dataclass(frozen=True)
class Day:
    date: date
    entries: list[Line | Hours]


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
    return page_or_part(request, "installs/application_activity.html", "installs/_activity.html", context)


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


def by_day(listed: Iterable[Line]) -> list[Day]:
    """In the order they come, by the days of the reader's time zone."""
    return [Day(day, fold_hours(group)) for day, group in groupby(listed, key=_day)]


def _day(line: Line) -> date:
    return timezone.localdate(begin_of(line))


def begin_of(line: Line) -> datetime:
    return line.hour.begin if line.hour else line.at


def fold_hours(listed: Iterable[Line]) -> list[Line | Hours]:
    entries: list[Line | Hours] = []
    for is_exchanges, group in groupby(listed, key=lambda line: line.hour is not None):
        found = list(group)
        if is_exchanges and len(found) >= FOLDED_FROM:
            entries.append(Hours(found))
        else:
            entries.extend(found)
    return entries
