"""Create New Version."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from linnapp import kinds, timeline
from linnapp.actors import Actor, refuse_unless_fresh
from linnapp.errors import Moved, NotPossible
from linnapp.manifest import Difference, differences, postback_url, to_json
from linnapp.models import Application, Version
from linnapp.services import quotas
from linnapp.services.locking import locked_to_publish
from linnapp.services.manifests import manifest_of

Number = tuple[int, int, int]


def newest(application: Application) -> Version | None:
    """The highest number ever released, withdrawn or not: the one that the next number must pass."""
    return application.versions.released().newest_first().first()


def suggested_number(application: Application) -> Number:
    """The next minor; 1.0.0 for the first."""
    version = newest(application)
    return (version.numbers[0], version.numbers[1] + 1, 0) if version else (1, 0, 0)


def too_low(highest: Version) -> str:
    """Why a number is refused that does not pass the highest."""
    why = "which was withdrawn: its number is never used again" if highest.withdrawn_at else "the newest version"
    return f"The number must be above {highest.label}, {why}."


def changes_to_release(application: Application) -> list[Difference]:
    """What the saved manifest has that the latest version has not, and the other way round. A withdrawn one is nothing
    to compare with: what it had may be released again, under another number."""
    version = application.versions.the_latest()
    return differences(version.manifest() if version else None, manifest_of(application))


@transaction.atomic
def create_version(
    application: Application,
    *,
    number: Number,
    notes: str,
    expected_revision: int,
    by: Actor,
    at: datetime | None = None,
) -> Version:
    """Freezes the saved manifest under a number. Raises Moved where the manifest was saved since it was reviewed,
    NotPossible where nothing changed, the number is not above the newest, the account is suspended, and past
    VERSIONS_PER_DAY. `at` dates a version that is brought in from elsewhere: afterwards the database lets nobody change
    it."""
    row = locked_to_publish(application, stops="no version can be released", retired="no version of it can be created")
    if row.manifest_revision != expected_revision:
        raise Moved("The manifest was saved after you reviewed it. Review the changes again.")
    highest, latest = newest(row), row.versions.the_latest()
    if highest and number <= highest.numbers:
        raise NotPossible(too_low(highest))
    if latest and not changes_to_release(row):
        raise NotPossible(f"Nothing has changed since version {latest.label}, so there is nothing to release.")
    saved = manifest_of(row)
    if postback_url(saved) not in ("", latest.postback_url if latest else ""):
        refuse_unless_fresh(by)
    quotas.count_version(row.account, by=by)
    created = Version.objects.create(
        application=row,
        kind=Version.Kind.RELEASED,
        major=number[0],
        minor=number[1],
        patch=number[2],
        snapshot=to_json(saved),
        notes=notes,
        created_by=by.person,
        created_at=at or timezone.now(),
    )
    row.changed_at = timezone.now()
    row.save(update_fields=["changed_at"])
    timeline.record(kinds.VERSION_CREATED, by=by, application=row, version=created.label)
    return created
