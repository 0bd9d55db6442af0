"""What a developer does with an application as a whole."""

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from linnapp import kinds, logos, manifest, timeline
from linnapp.actors import Actor
from linnapp.models import Account, Application, Secret, Version
from linnapp.services import manifests, quotas, secrets
from linnapp.services.editing import labels, write_changes
from linnapp.services.locking import locked, locked_accounts, refuse_suspended

EDITABLE = ("name", "summary", "description", "support_contact")


@transaction.atomic
def create_application(*, account: Account, name: str, kind: str, by: Actor) -> tuple[Application, Secret]:
    """A new application with its Application ID, first secret, preset manifest and Development Version. Raises
    NotPossible on an account that is suspended, and past APPLICATIONS_PER_ACCOUNT."""
    row = locked_accounts(account.pk)[account.pk]
    refuse_suspended(row, "no application can be created on it")
    quotas.count_application(row, by=by)
    preset = manifest.preset(kind, name)
    application = Application.objects.create(
        account=account,
        name=name,
        type=kind,
        created_by=by.person,
        manifest_saved_by=by.person,
        manifest_saved_at=timezone.now(),
    )
    manifests.write_rows(application, preset)
    Version.objects.create(
        application=application, kind=Version.Kind.DEVELOPMENT, snapshot=manifest.to_json(preset), created_by=by.person
    )
    timeline.record(
        kinds.APPLICATION_CREATED,
        by=by,
        application=application,
        type=application.get_type_display(),
    )
    return application, secrets.make_secret(application, by=by)


@transaction.atomic
def edit_application(
    application: Application, *, by: Actor, started_from: Mapping[str, str] | None = None, **values: str
) -> list[str]:
    """Sets name, summary, description or support contact; the names of the fields that changed. Raises EditedMeanwhile
    where somebody else wrote into one of them since `started_from`, and writes nothing then."""
    row = locked(application)
    changed = write_changes(row, {name: values[name] for name in EDITABLE if name in values}, started_from)
    if changed:
        row.changed_at = timezone.now()
        row.save(update_fields=[*changed, "changed_at"])
        timeline.record(kinds.APPLICATION_EDITED, by=by, application=row, fields=labels(row, changed))
    return changed


def set_logo(application: Application, picture: bytes, *, by: Actor) -> None:
    """Stores a picture of exactly 140 x 140 as the logo; raises NotPossible for anything else."""
    digest = logos.store(logos.read(picture))
    _change_logo(application, digest, "changed" if application.logo_digest else "added", by)


def remove_logo(application: Application, *, by: Actor) -> None:
    _change_logo(application, "", "removed", by)


@transaction.atomic
def _change_logo(application: Application, digest: str, change: str, by: Actor) -> None:
    row = locked(application)
    if row.logo_digest == digest:
        return
    row.logo_digest = digest
    row.changed_at = timezone.now()
    row.save(update_fields=["logo_digest", "changed_at"])
    timeline.record(kinds.APPLICATION_LOGO, by=by, application=row, change=change)
