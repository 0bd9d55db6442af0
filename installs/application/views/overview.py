"""The Overview tab: the way to a first call, what needs attention, a week in figures, the last lines of Activity."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from installs.application import attention, figures
from installs.application.checklist import checklist
from installs.exchange.command_line import exchange_command
from linnapp import kinds, tab, timeline
from linnapp.models import TimelineEntry
from linnapp.timeline_days import with_repeats

# So many lines, of so many entries: what was repeated is one.
LATEST, LOOKED_AT = 5, 25


@require_safe
def application_overview(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    row = tab.visible(request, account, application)
    as_a_whole = TimelineEntry.objects.about_application(row.pk).of_application_as_a_whole()
    entries = as_a_whole.without_kinds(*kinds.about("exchanges")).newest_first()
    context = tab.context(
        row,
        "overview",
        checklist=checklist(row),
        command=exchange_command(row),
        notices=attention.notices(row),
        week=figures.week(row),
        latest=with_repeats(timeline.lines(entries[:LOOKED_AT], timeline.Side.DEVELOPER))[:LATEST],
    )
    return render(request, "installs/application/application_overview.html", context)
