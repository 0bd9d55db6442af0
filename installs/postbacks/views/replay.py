"""Replaying all that failed since a moment: how many, which and to which address stand there before it is done."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from installs.models.deliveries import DeliveryQuerySet, host_of
from installs.postbacks import asking
from installs.postbacks.forms import deliveries
from installs.postbacks.forms.deliveries import ReplayForm, SinceForm, last_in_words
from installs.postbacks.retention import KEPT
from linnapp import pages, tab
from linnapp.actors import Side
from linnapp.models import Application
from linnapp.signing_in.fresh_sign_ins import shows_or_moves_secret
from linnapp.words import counted

SHOWN = 20
SPANS = deliveries.SPANS | {"quarter": KEPT}


@require_http_methods(["GET", "HEAD", "POST"])
@shows_or_moves_secret("Sends permanent tokens to another address than before")
def postback_replay(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    row = tab.editable(request, account, application)
    if request.method == "POST":
        return _replay(request, row)
    span, question = _asked(request)
    since = question.cleaned_data["since"] if question.is_valid() else None
    form = ReplayForm(initial={"since": since.isoformat() if since else None})
    return _page(request, row, form, question, span)


def _asked(request: HttpRequest) -> tuple[str, SinceForm]:
    """The span of a chip, or the moment that was typed; without either, a day."""
    if "since" in request.GET:
        return "", SinceForm(request.GET)
    span = request.GET.get("last", "")
    span = span if span in SPANS else "day"
    return span, SinceForm({"since": f"{timezone.localtime() - SPANS[span]:%Y-%m-%dT%H:%M}"})


def _replay(request: HttpRequest, application: Application) -> HttpResponse:
    form = ReplayForm(request.POST)
    if form.is_valid():
        since, to_newest = form.cleaned_data["since"], form.cleaned_data["to"] == "newest"
        with pages.refusal_in(form):
            what = _what(asking.replayable(application, since))
            count = asking.replay(
                application, since=since, to_newest=to_newest, by=pages.acting(request, Side.DEVELOPER)
            )
            left = asking.replayable(application, since).order_by().count() if count == asking.TOGETHER else 0
            _tell(request, count, what, left)
            if left:
                page = reverse("postback_replay", args=(application.account.slug, application.pk))
                return redirect(f"{page}?{urlencode({'since': f'{timezone.localtime(since):%Y-%m-%dT%H:%M}'})}")
            return redirect("postback_list", application.account.slug, application.pk)
    return _page(request, application, form, SinceForm({"since": request.POST.get("since")}))


def _what(rows: DeliveryQuerySet) -> str:
    """One and many, as they are counted: postbacks, where no event is among them."""
    return "delivery,deliveries" if rows.events().exists() else "postback,postbacks"


def _tell(request: HttpRequest, count: int, what: str, left: int) -> None:
    if not count:
        messages.info(request, "Nothing has failed since then, so there was nothing to replay.")
        return
    one, _, many = what.partition(",")
    words = counted(count, f"{one} is", f"{many} are")
    are = "is" if left == 1 else "are"
    more = f" {left:,} more {are} left. {asking.TOGETHER:,} are sent at a time: replay the rest next." if left else ""
    messages.success(request, f"{words} being sent again, oldest first.{more}")


def _page(
    request: HttpRequest, application: Application, form: ReplayForm, question: SinceForm, span: str = ""
) -> HttpResponse:
    since = question.cleaned_data["since"] if question.is_valid() else None
    context = tab.context(
        application,
        "postbacks",
        form=form,
        question=question,
        since=since,
        spans=[(last_in_words(last), f"?last={key}", key == span) for key, last in SPANS.items()],
        **(_failed(application, since) if since else {}),
    )
    refused = form.is_bound or since is None
    return render(request, "installs/postbacks/postback_replay.html", context, status=422 if refused else 200)


def _failed(application: Application, since: datetime) -> dict[str, Any]:
    rows = asking.replayable(application, since)
    hosts = rows.counted_by_host()
    count = sum(number for _, number in hosts)
    newest = {host_of(url) for url in asking.newest_urls(application).values() if url}
    return {
        "count": count,
        "what": _what(rows),
        "hosts": hosts,
        "newest_hosts": sorted(newest),
        "rows": list(rows.for_lists()[:SHOWN]),
        "more": max(count - SHOWN, 0),
        "now": min(count, asking.TOGETHER),
    }
