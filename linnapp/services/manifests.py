"""The saved manifest: rows to values, values to rows, and what saving moves."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from linnapp import kinds, timeline
from linnapp.actors import Actor, refuse_to_lead_away
from linnapp.errors import Moved
from linnapp.manifest import (
    Manifest,
    ManifestInvalid,
    ManifestModule,
    ManifestParameter,
    differences,
    postback_url,
    to_json,
    validate,
)
from linnapp.models import Application, Module, Parameter
from linnapp.services.locking import locked
from linnapp.words import counted


def manifest_of(application: Application) -> Manifest:
    """The saved manifest as a value: two queries. Its parameters are read without making objects of them: a thousand
    cost most of what a page of it does."""
    rows = Parameter.objects.filter(module__application=application).order_by("position")
    parameters: dict[int, list[ManifestParameter]] = {}
    for module, name, value, extra in rows.values_list("module_id", "name", "value", "extra"):
        parameters.setdefault(module, []).append(ManifestParameter(name, value, extra))
    modules = application.modules.all()
    return _manifest(application, (_module_value(row, parameters.get(row.pk, ())) for row in modules))


def manifest_with(application: Application, modules: Iterable[Module]) -> Manifest:
    """The same of modules that were read already, with their parameters, in their order."""
    return _manifest(
        application,
        (
            _module_value(row, [ManifestParameter(p.name, p.value, p.extra) for p in row.parameters.all()])
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


def _module_value(row: Module, parameters: Iterable[ManifestParameter]) -> ManifestModule:
    return ManifestModule(
        key=row.key.hex,
        group=row.group,
        name=row.name,
        formatted_name=row.formatted_name,
        type=row.type,
        path=row.path,
        parameters=tuple(parameters),
        extra=row.extra,
    )


def write_rows(application: Application, manifest: Manifest) -> None:
    """Replaces the rows of the manifest and the members that stand on the application. Inside a transaction."""
    application.modules.all().delete()
    modules = Module.objects.bulk_create(
        Module(
            application=application,
            key=UUID(value.key),
            position=position,
            group=value.group,
            name=value.name,
            formatted_name=value.formatted_name,
            type=value.type,
            path=value.path,
            extra=value.extra,
        )
        for position, value in enumerate(manifest.modules)
    )
    Parameter.objects.bulk_create(
        Parameter(module=row, position=position, name=p.name, value=p.value, extra=p.extra)
        for row, value in zip(modules, manifest.modules, strict=True)
        for position, p in enumerate(value.parameters)
    )
    application.permissions = list(manifest.permissions)
    application.script_url = manifest.script_url
    application.manifest_extra = manifest.extra
    application.save(update_fields=["permissions", "script_url", "manifest_extra"])


@transaction.atomic
def save_manifest(application: Application, manifest: Manifest, *, expected_revision: int, by: Actor) -> Application:
    """Saves, and moves the Development Version with it: nothing else moves.

    Raises Moved where somebody saved since `expected_revision`, ManifestInvalid with every error, NotPossible once
    retired. Returns the row with its new revision; saving what already stands changes nothing.
    """
    row = locked(application, retired="its manifest can no longer be changed")
    if row.manifest_revision != expected_revision:
        raise Moved("Somebody else saved this manifest since you opened it.")
    if errors := validate(manifest):
        raise ManifestInvalid(errors)
    before = manifest_of(row)
    changes = differences(before, manifest)
    if not changes:
        return row
    if postback_url(before) != postback_url(manifest):
        refuse_to_lead_away(by)
    write_rows(row, manifest)
    row.manifest_revision += 1
    row.manifest_saved_at = row.changed_at = timezone.now()
    row.manifest_saved_by = by.person
    row.save(update_fields=["manifest_revision", "manifest_saved_at", "manifest_saved_by", "changed_at"])
    development = row.versions.development()
    development.snapshot = to_json(manifest)
    development.save(update_fields=["snapshot"])
    timeline.record(kinds.MANIFEST_SAVED, by=by, application=row, changes=counted(len(changes), "change"))
    return row
