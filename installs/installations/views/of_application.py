"""The Installations tab: who has the application, on which version, and their permanent tokens."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.db import connections
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from installs.installations import acts, connecting, lifecycle
from installs.installations.acts import Act
from installs.installations.forms.of_application import STATES, InstallationFilter
from installs.models import Delivery, Installation, PermanentToken, Session
from installs.models.installations import InstallationQuerySet
from linnapp import credentials, tab
from linnapp.actors import Side
from linnapp.models import Account, Application, Version, commonness
from linnapp.pages import (
    Column,
    ListPage,
    Sort,
    acting,
    may_show,
    page_or_part,
    reveal,
)
from linnapp.services.versions import Number
from linnapp.signing_in.fresh_sign_ins import shows_or_moves_secret

SORTS = {
    "installed": Sort("Newest first", ("-installed_at",)),
    "used": Sort("Last used", ("-used_at",)),
    "account": Sort("Account", ("account__name",)),
}
VERSION_CHIPS = 8
# From so many on, and from one for so many accounts of the portal, those of a page are sooner met by name than sorted.
MANY, ONE_FOR = 3_000, 50
NUMBERS = ("kind", "major", "minor", "patch")
# A snapshot of fifty versions is read for as long as the rest of their rows.
NOT_LISTED = ("consent", "version__snapshot", "version__notes", "version__notes_folded")


@dataclass(frozen=True)
class Row:
    """`token` is the permanent token in the clear, for ten minutes after it was revealed; else None. `old_tail` is that
    of an old one that still works beside it. `to_send` is a message for a customer whose installation never connected,
    `postback` the one that was to bring its permanent token."""

    installation: Installation
    behind: int
    may_switch: bool
    may_rotate: bool
    sessions: int
    tail: str
    old_tail: str
    token: str | None
    to_send: str
    postback: Delivery | None


class InstallationList(ListPage):
    """Sorted by account, where many have the application and nothing is left out, SQLite goes through accounts by name
    until the page is full: else it would look all of theirs up, and sort them."""

    begins_at = ""

    def _after(self, values: Sequence[Any]) -> Q:
        self.begins_at = str(values[0])
        return super()._after(values)

    def first(self, found: QuerySet[Any], most: int) -> list[Any]:
        return super().first(found.filter(account__in=self._accounts(found, most)) if self._goes_on else found, most)

    @cached_property
    def _goes_on(self) -> bool:
        every = self.filterset.queryset
        if self.sort_key != "account" or self.is_narrowed or connections[every.db].vendor != "sqlite":
            return False
        many = max(MANY, commonness.counted_about(every.db, Account) // ONE_FOR)
        return bool(every.order_by()[many : many + 1].values("pk"))

    def _accounts(self, found: QuerySet[Any], most: int) -> list[UUID]:
        """Those of the first rows: each has one at least. Of the last name all: among accounts of one name the list
        goes by installations."""
        accounts = Account.objects.filter(Exists(found.order_by().filter(account=OuterRef("pk"))))
        first = accounts.filter(name__gte=self.begins_at).order_by("name", "pk")
        keys_and_names = list(first.values_list("pk", "name")[:most])
        keys = [key for key, _ in keys_and_names]
        if len(keys) == most:
            keys += accounts.filter(name=keys_and_names[-1][1]).exclude(pk__in=keys).values_list("pk", flat=True)
        return keys


@require_safe
def application_installations(request: HttpRequest, account: str, application: UUID) -> HttpResponseBase:
    row = tab.visible(request, account, application)
    numbers = installable_numbers(row)
    filters = partial(InstallationFilter, application=row)
    told = partial(of_known, row)
    listed = installations_of(row)
    installations = InstallationList(request, listed, filters=filters, sorts=SORTS, columns=columns(numbers), told=told)
    if request.GET.get("format") == "csv":
        return installations.as_csv(f"installations-{row.pk}")
    context = tab.context(
        row,
        "installations",
        list=installations,
        rows=rows_of(request, told(installations.rows), numbers),
        filters=filters_of(row, installations) if installations.is_long else [],
        csv_url=installations.url(format="csv", after=None),
        site_url=settings.SITE_URL,
    )
    return page_or_part(request, "installs/installations/application_installations.html", context)


def installations_of(application: Application) -> InstallationQuerySet:
    live_tokens = Prefetch("permanent_tokens", PermanentToken.objects.live(), to_attr="live_tokens")
    rows = Installation.objects.of_application(application).select_related("account", "version")
    return rows.defer(*NOT_LISTED).with_used_at().prefetch_related(live_tokens)


def of_known(application: Application, installations: Sequence[Installation]) -> list[Installation]:
    """The same rows, each with this application, which is not read once more for each."""
    for installation in installations:
        installation.application = application
    return list(installations)


def installable_numbers(application: Application) -> list[Number]:
    """Numbers of the versions that can be installed, lowest first."""
    return sorted(
        version.numbers for version in Version.objects.of_application(application).installable().only(*NUMBERS)
    )


def behind(installation: Installation, numbers: list[Number]) -> int:
    """By how many versions that are higher and not withdrawn; what is over, or in development, is behind none."""
    if not installation.is_live or installation.version.is_development:
        return 0
    return len(numbers) - bisect_right(numbers, installation.version.numbers)


def filters_of(application: Application, listed: ListPage) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    return [
        ("State", listed.chips("state", STATES)),
        ("Version", listed.chips("version", versions_in_use(application, listed))),
    ]


def versions_in_use(application: Application, listed: ListPage) -> list[tuple[object, str]]:
    """The versions that installations are on, the Development Version and the highest first, with how many each chip
    leads to; without where a text is looked for, which would be for all that is found and not for what is shown."""
    versions = Version.objects.of_application(application).in_use(Installation.objects.all()).defer("snapshot")
    ordered = versions.order_by("kind", "-major", "-minor", "-patch")
    if listed.request.GET.get("q"):
        return [(version.pk, version.label) for version in ordered[:VERSION_CHIPS]]
    counts = cast(InstallationQuerySet, listed.besides("version")).counted_by_version()
    return [(version.pk, f"{version.label} ({counts.get(version.pk, 0)})") for version in ordered[:VERSION_CHIPS]]


def rows_of(request: HttpRequest, installations: list[Installation], numbers: list[Number]) -> list[Row]:
    sessions = Session.objects.live().counted_by_installation(installations)
    postbacks = connecting.newest_postbacks(row for row in installations if row.is_silent)
    return [
        shown(request, row, behind(row, numbers), sessions.get(row.pk, 0), postbacks.get(row.pk))
        for row in installations
    ]


def shown(
    request: HttpRequest, installation: Installation, behind_by: int, sessions: int, postback: Delivery | None
) -> Row:
    live: list[PermanentToken] = installation.live_tokens  # type: ignore[attr-defined]
    token, old, *_ = *live, None, None
    return Row(
        installation,
        behind=behind_by,
        may_switch=installation.is_on_own_account and acts.is_possible(Act.SWITCH, installation),
        may_rotate=acts.is_possible(Act.ROTATE, installation),
        sessions=sessions,
        tail=credentials.masked(token.tail) if token else "",
        old_tail=credentials.masked(old.tail) if old else "",
        token=token.value() if token and may_show(request, "token", token.pk) else None,
        to_send=_to_send(installation, postback),
        postback=postback,
    )


def _to_send(installation: Installation, postback: Delivery | None) -> str:
    """Nobody writes to themselves."""
    is_told = installation.is_silent and not installation.is_suspended and not installation.is_on_own_account
    return connecting.what_to_send(installation, postback) if is_told else ""


def columns(numbers: list[Number]) -> list[Column]:
    """Of the CSV: everything of the list but the permanent token."""
    return [
        Column("Account", lambda row: row.account.name),
        Column("Installation", lambda row: row.pk),
        Column("Version", lambda row: row.version.label),
        Column("Versions behind", lambda row: behind(row, numbers)),
        Column("Version withdrawn", lambda row: row.version.withdrawn_at),
        Column("State", lambda row: f"{row.shown_state} {row.suspended_by}".strip()),
        Column("Installed", lambda row: row.installed_at),
        Column("First exchange", lambda row: row.first_exchange_at),
        Column("Last used", lambda row: row.last_used_at),
        Column("Uninstalled", lambda row: row.uninstalled_at),
        Column("Why it failed", lambda row: row.why_failed if row.has_failed else ""),
    ]


@require_POST
@shows_or_moves_secret("Shows a permanent token")
def application_token_reveal(request: HttpRequest, account: str, application: UUID, installation: UUID) -> HttpResponse:
    row = tab.editable(request, account, application)
    rows = Installation.objects.of_application(row).select_related("application__account", "account")
    chosen, by = get_object_or_404(rows, pk=installation), acting(request, Side.DEVELOPER)
    back = f"{reverse('application_installations', args=(account, row.pk))}?{_asked(request, chosen)}#i-{chosen.pk}"
    return reveal(request, "token", lambda: lifecycle.reveal_token(chosen, by=by), back)


def _asked(request: HttpRequest, installation: Installation) -> str:
    """What the list was asked for in which Reveal was pressed; without one a list of this row alone."""
    if "list" not in request.POST:
        return f"q={installation.pk}"
    return QueryDict(request.POST["list"]).urlencode()
