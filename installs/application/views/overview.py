"""The Overview tab: the way to a first call, what needs attention, a week in figures, the last lines of Activity."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from installs.application import attention, figures
from installs.application.at_once import AtOnce
from installs.application.beside_name import beside_name
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
    known = AtOnce.of(row)
    context = tab.context(
        row,
        "overview",
        beside_name=beside_name(known.versions.latest_or_withdrawn, known.numbers.live),
        checklist=checklist(row, known),
        command=exchange_command(row),
        notices=attention.notices(row, known),
        week=figures.week(row, known),
        latest=with_repeats(timeline.lines(entries[:LOOKED_AT], timeline.Side.DEVELOPER))[:LATEST],
    )
    return render(request, "installs/application/application_overview.html", context)
