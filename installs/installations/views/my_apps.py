"""What an account has installed, as its own people read it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from installs.installations import acts, connecting, lifecycle, moving, rotating
from installs.installations.acts import Act
from installs.installations.forms.my_apps import MyAppsFilter
from installs.installations.links import InstallationLink
from installs.installations.views import own
from installs.models import Installation
from installs.postbacks import owing
from installs.postbacks.views.of_installation import last_few
from linnapp import pages, timeline_pages
from linnapp.manifest import consent_lines
from linnapp.models import Account, User, Version
from linnapp.signing_in.fresh_sign_ins import shows_or_moves_secret

PAGE_SIZE = 50
SORTS = {
    "installed": pages.Sort("Newest", ("-installed_at",)),
    "name": pages.Sort("Name", ("application__name",)),
    "used": pages.Sort("Last used", ("-used_at",)),
}

BUTTONS = (Act.SUSPEND, Act.RESUME, Act.SWITCH, Act.ROTATE, Act.END_SESSIONS)


@dataclass(frozen=True)
class Row:
    """`to_do` is what to do about one that has never connected."""

    installation: Installation
    available: Version | None
    may_update: bool
    to_do: str


@require_safe
def my_apps(request: HttpRequest, account: str) -> HttpResponse:
    owner = get_object_or_404(Account.objects.visible_to(request.user), slug=account)
    installed = Installation.objects.filter(account=owner).with_its_facts().with_used_at()
    page = pages.ListPage(request, installed, filters=MyAppsFilter, sorts=SORTS, size=PAGE_SIZE)
    context = {
        "account": owner,
        "list": page,
        "rows": with_updates(page.rows, pages.signed_in(request)),
        "not_handed_over": rotating.not_handed_over_on(owner),
        "filters": [("State", page.chips("state", MyAppsFilter.STATES))],
    }
    return pages.page_or_part(request, "installs/installations/my_apps.html", context)


def with_updates(installations: list[Installation], reader: User) -> list[Row]:
    available = moving.available_updates(installations)
    managed = Installation.objects.manageable_by(reader).among(available) if available else set()
    silent = _never_connected(installations)
    return [Row(row, available.get(row.pk), row.pk in managed, silent.get(row.pk, "")) for row in installations]


def _never_connected(installations: list[Installation]) -> dict[UUID, str]:
    """What to do about those that have never connected, though nobody keeps them from it."""
    silent = [row for row in installations if row.is_silent and not row.is_suspended]
    postbacks = connecting.newest_postbacks(silent)
    return {row.pk: connecting.what_to_do(row, postbacks.get(row.pk)) for row in silent}


@require_safe
def installation_detail(request: HttpRequest, account: str, installation: UUID) -> HttpResponseBase:
    row = own.readable(request, account, installation)
    reader = lifecycle.installing_side(row.application, row.account)
    timeline = timeline_pages.of_installation(request, row, reader=reader)
    if file := timeline.file():
        return file
    context = {
        "installation": row,
        "application": row.application,
        "reaches": consent_lines(row.version.manifest()),
        "available": moving.available_update(row),
        "way_back": moving.way_back(row),
        "way_back_until": moving.way_back_until(row),
        "possible": {act.name: acts.is_possible(act, row) for act in BUTTONS},
        "sessions": list(row.sessions.live().order_by("-last_used_at")),
        **last_few(row),
        "timeline": timeline,
        "may_manage": own.is_managed(request, row),
        "may_connect": row.is_live and row.is_on_own_account and _owns(request, row),
        "owners": row.account.owners(),
        "again": _again(row),
        "to_do": _never_connected([row]).get(row.pk, ""),
    }
    return render(request, "installs/installations/installation_detail.html", context | _token(request, row))


def _owns(request: HttpRequest, installation: Installation) -> bool:
    return Account.objects.owned_by(request.user).filter(pk=installation.account_id).exists()


def _again(installation: Installation) -> str:
    """What brings the link back to this account. A failed installation keeps its tracking: its maker has never got
    what belongs to it."""
    owed = owing.owed_by_last_consent(installation) if installation.has_failed else None
    link = InstallationLink(installation.application_id, owed.tracking if owed else "")
    return link.query(account=installation.account.slug)


def _token(request: HttpRequest, installation: Installation) -> dict[str, Any]:
    """The permanent token: masked, and in the clear for whoever revealed it in the last minutes; and whether an old one
    still works beside it."""
    token = installation.permanent_tokens.live().select_related("replaces").first()
    shown = token.value() if token and pages.may_show(request, "token", token.pk) else ""
    return {"token": token, "shown": shown, "rotation": rotating.rotation_with(installation, token)}


@require_POST
@shows_or_moves_secret("Shows a permanent token")
def installation_token_reveal(request: HttpRequest, account: str, installation: UUID) -> HttpResponse:
    row = own.managed(request, account, installation)
    by, back = own.acting(request, row), pages.at_section("permanent-token", "installation_detail", account, row.pk)
    return pages.reveal(request, "token", lambda: lifecycle.reveal_token(row, by=by), back)


@require_http_methods(["GET", "HEAD", "POST"])
def installation_uninstall(request: HttpRequest, account: str, installation: UUID) -> HttpResponse:
    row = own.managed(request, account, installation)
    if request.method == "POST":
        return _uninstall(request, row)
    if not row.is_live:
        return redirect("installation_detail", account, row.pk)
    return render(request, "installs/installations/installation_uninstall.html", own.what_it_stops(request, row))


def _uninstall(request: HttpRequest, installation: Installation) -> HttpResponse:
    with pages.refusal_told(request):
        lifecycle.uninstall(installation, by=own.acting(request, installation))
        messages.success(request, f"{installation.application} is uninstalled from {installation.account}.")
    return redirect("my_apps", installation.account.slug)
