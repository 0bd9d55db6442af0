"""What a developer does with an application as a whole."""

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from linnapp import logos, manifest, timeline
from linnapp.errors import Moved, NotPossible
from linnapp.models import Account, Application, Secret, User, Version
from linnapp.services import manifests, secrets

EDITABLE = ("name", "summary", "description", "support_contact")


@transaction.atomic
def create_application(*, account: Account, name: str, kind: str, by: User) -> tuple[Application, Secret]:
    """A new application with its Application ID, first secret, preset manifest and Development Version."""
    preset = manifest.preset(kind, name)
    application = Application.objects.create(
        account=account, name=name, type=kind, created_by=by, manifest_saved_by=by, manifest_saved_at=timezone.now()
    )
    manifests.write_rows(application, preset)
    Version.objects.create(
        application=application, kind=Version.Kind.DEVELOPMENT, snapshot=manifest.to_json(preset), created_by=by
    )
    timeline.record(
        timeline.Kind.APPLICATION_CREATED,
        by=by,
        side=timeline.Side.DEVELOPER,
        application=application,
        account=account,
        type=application.get_type_display(),
    )
    return application, secrets.create_secret(application=application, by=by)


def locked(application: Application) -> Application:
    """The application's row, locked until the transaction ends; raises NotPossible once it is retired."""
    row = Application.objects.select_for_update().get(pk=application.pk)
    if row.retired_at:
        raise NotPossible(f"{row.name} is retired: nothing about it can be changed any more.")
    return row


class EditedMeanwhile(Moved):
    """Somebody else changed the same fields since the person began: what stands in them now, by field."""

    def __init__(self, theirs: Mapping[str, str]) -> None:
        super().__init__("Somebody else changed the same fields meanwhile.")
        self.theirs = theirs


@transaction.atomic
def edit_application(
    application: Application, *, by: User, started_from: Mapping[str, str] | None = None, **values: str
) -> list[str]:
    """Sets name, summary, description or support contact; the names of the fields that changed.

    `started_from` is what the person saw when they began: a field left as it was is not written, one that somebody
    else changed since raises EditedMeanwhile, and nothing is written then.
    """
    row = locked(application)
    seen = started_from or {}
    wanted = {name: values[name] for name in EDITABLE if name in values and values[name] != seen.get(name)}
    changed = [name for name, value in wanted.items() if getattr(row, name) != value]
    moved = [name for name in changed if name in seen and getattr(row, name) != seen[name]]
    if moved:
        raise EditedMeanwhile({name: getattr(row, name) for name in moved})
    if not changed:
        return []
    for field in changed:
        setattr(row, field, values[field])
    row.changed_at = timezone.now()
    row.save(update_fields=[*changed, "changed_at"])
    names = {field.name: str(field.verbose_name) for field in Application._meta.fields}
    fields = ", ".join(names[field] for field in changed)
    timeline.record(
        timeline.Kind.APPLICATION_EDITED,
        by=by,
        side=timeline.Side.DEVELOPER,
        application=row,
        account=row.account,
        fields=fields,
    )
    return changed


def set_logo(application: Application, picture: bytes, *, by: User) -> None:
    """Stores a picture of exactly 140 x 140 as the logo; raises NotPossible for anything else."""
    digest = logos.store(logos.read(picture))
    _change_logo(application, digest, "changed" if application.logo_digest else "added", by)


def remove_logo(application: Application, *, by: User) -> None:
    _change_logo(application, "", "removed", by)


@transaction.atomic
def _change_logo(application: Application, digest: str, change: str, by: User) -> None:
    row = locked(application)
    if row.logo_digest == digest:
        return
    row.logo_digest = digest
    row.changed_at = timezone.now()
    row.save(update_fields=["logo_digest", "changed_at"])
    timeline.record(
        timeline.Kind.APPLICATION_LOGO,
        by=by,
        side=timeline.Side.DEVELOPER,
        application=row,
        account=row.account,
        change=change,
    )
