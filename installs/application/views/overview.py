"""The Overview tab: the way to a first call, what needs attention, a week in figures, the last lines of Activity."""

from collections.abc import Iterable
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from installs.application import attention, figures
from installs.application.at_once import AtOnce
from installs.application.beside_name import beside_name
from installs.application.checklist import checklist
from installs.exchange.command_line import exchange_command
from installs.models import Delivery
from linnapp import kinds, pages, tab, timeline
from linnapp.models import TimelineEntry
from linnapp.page_requests import wants_part
from linnapp.timeline_days import with_repeats

# So many lines, of so many entries: what was repeated is one.
LATEST, LOOKED_AT = 5, 25


@require_safe
def application_overview(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    row = tab.visible(request, account, application)
    as_a_whole = TimelineEntry.objects.about_application(row.pk).of_application_as_a_whole()
    entries = as_a_whole.without_kinds(*kinds.about("exchanges")).newest_first()
    known = AtOnce.of(row)
    steps = checklist(row, known)
    if wants_part(request) and steps.asks_again:
        return HttpResponse(status=204)
    notices = attention.notices(row, known)
    context = tab.context(
        row,
        "overview",
        beside_name=beside_name(known.versions.latest_or_withdrawn, known.numbers.live),
        checklist=steps,
        command=exchange_command(row),
        notices=notices,
        week=figures.week(row, known),
        postbacks_query=_postbacks_counted(notices),
        latest=with_repeats(timeline.lines(entries[:LOOKED_AT], timeline.Side.DEVELOPER))[:LATEST],
    )
    part = "installs/application/_checklist.html"
    return pages.page_or_part(request, "installs/application/application_overview.html", context, part=part)


def _postbacks_counted(notices: Iterable[attention.Notice]) -> str:
    """What the figure of delivered postbacks leads to: those that failed, where attention is drawn to any."""
    told = {notice.query for notice in notices if notice.url_name == "postback_list"}
    failed = urlencode({"state": "failed", "kind": Delivery.Kind.POSTBACK})
    return failed if failed in told else urlencode({"state": "delivered", "kind": Delivery.Kind.POSTBACK})
