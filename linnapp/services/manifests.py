"""The saved manifest: rows to values, values to rows, and what saving moves."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from linnapp import kinds, timeline
from linnapp.actors import Actor, refuse_to_lead_away, refuse_unless_fresh
from linnapp.errors import Moved
from linnapp.manifest import (
    Difference,
    Manifest,
    ManifestError,
    ManifestInvalid,
    ManifestModule,
    ManifestParameter,
    differences,
    postback_url,
    to_json,
    validate,
)
from linnapp.models import Application, Module
from linnapp.services.locking import locked
from linnapp.services.manifest_rows import Change, Kept, change_of, module_value
from linnapp.words import counted


def manifest_of(application: Application) -> Manifest:
    """The saved manifest as a value: two queries."""
    return _manifest(application, Kept.of(application).values())


def manifest_with(application: Application, modules: Iterable[Module]) -> Manifest:
    """The same of modules that were read already, with their parameters, in their order."""
    return _manifest(
        application,
        (
            module_value(row, [ManifestParameter(p.name, p.value, p.extra) for p in row.parameters.all()])
            for row in modules
        ),
    )


def _manifest(application: Application, modules: Iterable[ManifestModule]) -> Manifest:
    return Manifest(
        modules=tuple(modules),
        permissions=tuple(application.permissions),
        script_url=application.script_url,
        extra=application.manifest_extra,
    )


def write_rows(application: Application, manifest: Manifest) -> None:
    """Makes the rows of the manifest, and the members that stand on the application, say this one. Inside a
    transaction."""
    change_of(application, Kept.of(application), manifest).write()
    application.save(update_fields=_set_members(application, manifest))


def _set_members(application: Application, manifest: Manifest) -> list[str]:
    """The names of the members that stand on the application, which say this manifest now."""
    application.permissions = list(manifest.permissions)
    application.script_url = manifest.script_url
    application.manifest_extra = manifest.extra
    return ["permissions", "script_url", "manifest_extra"]


@dataclass(frozen=True)
class _Prepared:
    """What saving takes that needs no lock: nearly all of its time. It holds while the revision is the one that it was
    made upon, since whatever changes a saved manifest moves that."""

    revision: int
    errors: list[ManifestError]
    differences: list[Difference] = field(default_factory=list)
    leads_elsewhere: bool = False
    change: Change = field(default_factory=Change)
    as_json: Any = None


def _prepared(application: Application, manifest: Manifest) -> _Prepared:
    # The revision first: where somebody saves before the rows are read, it is not the one that is locked.
    standing = Application.objects.filter(pk=application.pk).first()
    revision, errors = standing.manifest_revision if standing else 0, validate(manifest)
    if standing is None or errors:
        return _Prepared(revision, errors)
    kept = Kept.of(standing)
    before = _manifest(standing, kept.values())
    return _Prepared(
        revision,
        errors,
        differences(before, manifest),
        postback_url(before) != postback_url(manifest),
        change_of(standing, kept, manifest),
        to_json(manifest),
    )


def save_manifest(application: Application, manifest: Manifest, *, expected_revision: int, by: Actor) -> Application:
    """Saves, and moves the Development Version with it: nothing else moves. What can be worked out before the
    application is locked is: others wait for its lock, and on SQLite for every writer.

    Raises Moved where somebody saved since `expected_revision`, ManifestInvalid with every error, NotPossible once
    retired. Returns the row with its new revision; saving what already stands changes nothing.
    """
    prepared = _prepared(application, manifest)
    with transaction.atomic():
        row = locked(application, retired="its manifest can no longer be changed")
        if row.manifest_revision != expected_revision or prepared.revision != expected_revision:
            raise Moved("Somebody else has saved this manifest since you opened it.")
        if prepared.errors:
            raise ManifestInvalid(prepared.errors)
        return _save(row, manifest, prepared, by)


def _save(row: Application, manifest: Manifest, prepared: _Prepared, by: Actor) -> Application:
    if not prepared.differences:
        return row
    if prepared.leads_elsewhere:
        refuse_to_lead_away(by)
        if postback_url(manifest):
            # What is installed on the Development Version is authorised there from now on.
            refuse_unless_fresh(by)
    prepared.change.write()
    row.manifest_revision += 1
    row.manifest_saved_at = row.changed_at = timezone.now()
    row.manifest_saved_by = by.person
    saved = ["manifest_revision", "manifest_saved_at", "manifest_saved_by", "changed_at"]
    # Once: a row that its own transaction wrote before has its foreign keys checked again at COMMIT, and whoever
    # suspends the account holds that, and waits for the application.
    row.save(update_fields=[*_set_members(row, manifest), *saved])
    development = row.versions.development()
    development.snapshot = prepared.as_json
    development.save(update_fields=["snapshot"])
    changes = counted(len(prepared.differences), "change")
    timeline.record(kinds.MANIFEST_SAVED, by=by, application=row, changes=changes)
    return row
