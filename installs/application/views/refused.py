"""The Refused tab, and the same of one installation for its account: what was refused, by cause, with what to do about
it and the reference that explains each."""

from functools import partial
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from installs.application.forms.refused import RefusedOfApplicationFilter
from installs.exchange import refused
from installs.exchange.explanations import Explanation, explain
from installs.exchange.forms import KINDS, KINDS_OF_TEAM, WITHIN, RefusedFilter
from installs.exchange.references import KEPT
from installs.installations.views import own
from installs.models import Installation, RefusalGroup
from linnapp import tab
from linnapp.models import Application, Secret
from linnapp.pages import ListPage, page_or_part, searched, signed_in

# Chips of secrets: the newest ones.
SECRETS_SHOWN = 8


@require_http_methods(["GET", "HEAD", "POST"])
def application_refused(request: HttpRequest, account: str, application: UUID) -> HttpResponseBase:
    """What is searched for is posted: it may be a credential, and that stands in no address."""
    row = tab.visible(request, account, application)
    mine, installed = Secret.objects.filter(application=row), Installation.objects.of_application(row)
    if asked := searched(request, partial(refused.narrowed_by, secrets=mine, installations=installed)):
        return asked
    secrets = list(mine.order_by("-created_at", "-pk"))
    groups = RefusalGroup.objects.told_to_team(row.pk, (secret.pk for secret in secrets)).since(timezone.now() - KEPT)
    found = ListPage(
        request,
        refused.with_references(groups),
        filters=RefusedOfApplicationFilter,
        sorts=refused.SORTS,
        columns=refused.columns(),
    )
    if request.GET.get("format") == "csv":
        return found.as_csv(f"refused-{row.pk}")
    context = tab.context(
        row,
        "refused",
        list=found,
        lines=refused.lines_for_team(found.rows, row),
        filters=[
            ("What", found.chips("kind", KINDS_OF_TEAM)),
            ("When", found.chips("within", WITHIN)),
            ("Secret", found.chips("secret", _choice_of(secrets))),
        ],
        cause=refused.asked_cause(request),
        refusal=_explained(request, row),
        csv_url=found.url(format="csv", after=None, reference=None),
    )
    return page_or_part(request, "installs/application/application_refused.html", context)


@require_safe
def installation_refused(request: HttpRequest, account: str, installation: UUID) -> HttpResponseBase:
    row = own.readable(request, account, installation)
    groups = RefusalGroup.objects.of_installation(row.pk).since(timezone.now() - KEPT)
    found = ListPage(request, refused.with_references(groups), filters=RefusedFilter, sorts=refused.SORTS)
    context = {
        "installation": row,
        "application": row.application,
        "list": found,
        "lines": refused.lines_for_account(found.rows),
        "filters": [("What", found.chips("kind", KINDS))],
        "cause": refused.asked_cause(request),
        "refusal": _explained(request, row),
    }
    return page_or_part(request, "installs/application/installation_refused.html", context)


def _choice_of(secrets: list[Secret]) -> list[tuple[object, str]]:
    """Where there is a choice."""
    if len(secrets) < 2:
        return []
    newest = secrets[:SECRETS_SHOWN]
    return [(row.pk, f"…{row.tail}" if row.is_live else f"…{row.tail}, retired") for row in newest]


def _explained(request: HttpRequest, about: Application | Installation) -> Explanation | None:
    """The one that was chosen or pasted, where it is of this application or installation."""
    asked = request.GET.get("reference") or request.GET.get("q", "")
    found = explain(asked[:1000], signed_in(request), in_console=False)
    return found if found and about in (found.application, found.installation) else None
