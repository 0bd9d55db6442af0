"""The Versions tab: the list, and one snapshot."""

import json
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from installs.application import withdrawing
from installs.application.checklist import next_line
from installs.application.forms.versions import USES, VersionFilter
from installs.application.views.folded import changed_part, one_module
from installs.installations.kinds import MOVES
from installs.models import Installation
from linnapp import snapshots, tab, timeline
from linnapp.models import Application, TimelineEntry, Version
from linnapp.pages import ListPage, Sort, page_or_part

SORTS = {
    "newest": Sort("Newest first", ("-major", "-minor", "-patch")),
    "oldest": Sort("Oldest first", ("major", "minor", "patch")),
}
MOVES_SHOWN = 5
ACCOUNTS_SHOWN = 20
LONGEST_JSON = 20_000


@dataclass(frozen=True)
class Row:
    """A version in the list, with how many live installations are on it, of how many."""

    version: Version
    installations: int
    of: int
    is_newest: bool

    @property
    def percent(self) -> int:
        return round(100 * self.installations / self.of) if self.of else 0

    @property
    def may_be_taken_back(self) -> bool:
        return withdrawing.may_be_taken_back(self.version)

    @property
    def first_line(self) -> str:
        return next(iter(self.version.notes.strip().splitlines()), "")


@require_safe
def version_list(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    row = tab.visible(request, account, application)
    released = Version.objects.of_application(row).released().select_related("created_by")
    versions = ListPage(request, released, filters=VersionFilter, sorts=SORTS)
    pinned = [] if versions.is_narrowed or versions.first_url else [row.versions.development()]
    latest = row.versions.the_latest()
    counts = Installation.objects.of_application(row).live_by_version()
    behind = {version: counts.get(version.pk, 0) for version in Version.objects.of_application(row).outdated()}
    context = tab.context(
        row,
        "versions",
        latest=latest,
        behind=sum(behind.values()),
        on_withdrawn=sum(count for version, count in behind.items() if version.withdrawn_at),
        lines=_moves(row),
        list=versions,
        rows=rows_of(counts, [*pinned, *versions.rows], latest),
        filters=[("Use", versions.chips("use", USES))],
        has_versions=bool(versions.rows) or released.exists(),
    )
    return page_or_part(request, "installs/application/version_list.html", context)


def _moves(application: Application) -> list[timeline.Line]:
    """The last moves, found by the installations that moved: the whole timeline may be long."""
    moved = Installation.objects.of_application(application).moved_lately()[:MOVES_SHOWN]
    entries = TimelineEntry.objects.about_any(moved.values("pk")).of_kinds(*MOVES).newest_first()
    return timeline.lines(entries[:MOVES_SHOWN], timeline.Side.DEVELOPER)


def rows_of(counts: dict[int, int], versions: list[Version], latest: Version | None) -> list[Row]:
    """`counts` are live installations by the keys of their versions."""
    total = sum(counts.values())
    return [Row(version, counts.get(version.pk, 0), total, version == latest) for version in versions]


@require_safe
def version_detail(request: HttpRequest, account: str, application: UUID, version: int) -> HttpResponse:
    row = tab.of_team(request, account, application)
    found = _version(row, version)
    before, changes = snapshots.changes_of(found)
    if "changes" in request.GET:
        return changed_part(request, row, changes, f"Changes in {found.label}")
    manifest = found.manifest()
    modules = snapshots.modules_of(manifest)
    if "module" in request.GET:
        return one_module(request, row, modules, f"Module of {found.label}")
    on_it = Installation.objects.of_application(row).live().on_version(found).with_its_facts().by_account_name()
    counts = Installation.objects.of_application(row).live_by_version()
    withdrawal = withdrawing.withdrawal_of(found)
    context = tab.context(
        row,
        "versions",
        withdrawal=withdrawal,
        withdrawn_by=timeline.actor(withdrawal, timeline.Side.DEVELOPER) if withdrawal else "",
        next_line=next_line(row),
        version=rows_of(counts, [found], row.versions.the_latest())[0],
        on_it=list(on_it[:ACCOUNTS_SHOWN]),
        manifest=manifest,
        modules=modules,
        modules_folded=snapshots.are_long(modules),
        before=before,
        changes=changes,
        changes_summed=snapshots.summed(changes),
        folded=snapshots.are_long(changes),
        as_json=_shown_json(found),
    )
    return page_or_part(
        request, "installs/application/version_detail.html", context, part="installs/application/_version_changes.html"
    )


@require_safe
def version_export(request: HttpRequest, account: str, application: UUID, version: int) -> HttpResponse:
    row = tab.of_team(request, account, application)
    found = _version(row, version)
    response = HttpResponse(_as_json(found), content_type="application/json; charset=utf-8")
    name = "development" if found.is_development else found.label
    response.headers["Content-Disposition"] = f'attachment; filename="manifest-{row.pk}-{name}.json"'
    return response


def _version(application: Application, key: int) -> Version:
    versions = Version.objects.of_application(application).select_related("application", "created_by")
    return get_object_or_404(versions, pk=key)


def _shown_json(version: Version) -> str:
    """ "" where it is so long that it is read as a file."""
    text = _as_json(version)
    return text if len(text) <= LONGEST_JSON else ""


def _as_json(version: Version) -> str:
    return json.dumps(version.snapshot, indent=2, ensure_ascii=False) + "\n"
