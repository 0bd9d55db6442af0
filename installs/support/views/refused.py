"""What was refused, as support reads it: all of it, or of one application, account or installation."""

from datetime import timedelta
from functools import reduce
from operator import and_
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from installs.exchange import refused as lists
from installs.exchange.explanations import Explanation, explain
from installs.exchange.forms import KINDS, SPANS, WITHIN
from installs.exchange.references import KEPT
from installs.models import Installation, RefusalGroup
from installs.models.refusals import RefusalGroupQuerySet
from installs.support import looks, refused
from installs.support.forms import RefusedForSupportFilter
from installs.support.refused import Subject
from linnapp.actors import Side
from linnapp.models import Account, Application, Secret
from linnapp.pages import ListPage, acting, page_or_part, searched, signed_in

SUBJECTS: dict[str, QuerySet[Any]] = {
    "installation": Installation.objects.with_its_facts(),
    "application": Application.objects.select_related("account"),
    "account": Account.objects.all(),
}


@require_http_methods(["GET", "HEAD", "POST"])
def support_refused(request: HttpRequest) -> HttpResponseBase:
    """What is searched for is posted: it may be a credential, and that stands in no address."""
    if not signed_in(request).is_support:
        raise Http404
    if asked := searched(request, refused.narrowed_by):
        return asked
    subjects = _subjects(request)
    found = ListPage(
        request,
        lists.with_references(_groups(subjects).since(timezone.now() - _span(request))),
        filters=RefusedForSupportFilter,
        sorts=lists.SORTS,
        columns=lists.columns(for_support=True),
        told=lists.with_meant,
    )
    if request.GET.get("format") == "csv":
        return found.as_csv("refused")
    context = {
        "list": found,
        "lines": lists.lines_for_support(found.rows),
        "filters": [("What", found.chips("kind", KINDS)), ("When", found.chips("within", WITHIN))],
        "subject": next(iter(subjects.values()), None),
        "subjects": [
            (name, row, reverse(f"support_{name}", args=(row.pk,)), found.url(**{name: None}, after=None))
            for name, row in subjects.items()
        ],
        "left_out": " and ".join(filter(None, map(_left_out, subjects.values()))),
        "cause": lists.asked_cause(request),
        "without_cause": found.url(cause=None, after=None),
        "secret": _secret(request),
        "without_secret": found.url(secret=None, after=None),
        "refusal": _explained(request),
        "csv_url": found.url(format="csv", after=None, reference=None),
    }
    return page_or_part(request, "installs/support/support_refused.html", context)


def _span(request: HttpRequest) -> timedelta:
    """The shortest that is asked for: of two bounds SQLite reads all that the first one leaves."""
    return SPANS.get(request.GET.get("within", ""), KEPT)


def _subjects(request: HttpRequest) -> dict[str, Subject]:
    """What the address narrows to. That it was looked at is put on record, as on its own page."""
    found: dict[str, Subject] = {}
    for name, rows in SUBJECTS.items():
        if given := request.GET.get(name):
            try:
                key = UUID(given)
            except ValueError as error:
                raise Http404 from error
            found[name] = get_object_or_404(rows.all(), pk=key)
    for row in found.values():
        looks.note_view(row, by=acting(request, Side.STAFF))
    return found


def _groups(subjects: dict[str, Subject]) -> RefusalGroupQuerySet:
    """Of each of them."""
    of_each = [refused.of(row) for row in subjects.values()]
    return reduce(and_, of_each) if of_each else RefusalGroup.objects.all()


def _left_out(subject: Subject) -> str:
    return refused.left_out(subject) if isinstance(subject, Account) else ""


def _secret(request: HttpRequest) -> Secret | None:
    """The one that the address narrows to."""
    key = request.GET.get("secret", "")
    is_key = key.isdecimal() and len(key) < 19
    return Secret.objects.select_related("application").filter(pk=int(key)).first() if is_key else None


def _explained(request: HttpRequest) -> Explanation | None:
    """The one that was chosen or pasted."""
    return explain((request.GET.get("reference") or request.GET.get("q", ""))[:1000], signed_in(request))
