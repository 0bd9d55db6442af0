"""An installation moves to another version: by the act of somebody who may install on its account, and by no other."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from installs.installations import acts, kinds
from installs.installations.acts import Act
from installs.installations.lifecycle import locked_for, offered_versions
from installs.installations.telling import tell_moved
from installs.models import Installation
from installs.models.installations import InstallationQuerySet
from linnapp.actors import Actor
from linnapp.errors import Moved, NotPossible
from linnapp.models import Version
from linnapp.words import span_in_words

GO_BACK_WITHIN = timedelta(days=14)


def available_updates(installations: Iterable[Installation]) -> dict[UUID, Version]:
    """What each may be updated to, by installation, where there is something: one query for all. One that is on the
    Development Version is switched, not updated."""
    rows = list(installations)
    latest = latest_of({row.application_id for row in rows})
    return {row.pk: found for row in rows if (found := update_to(latest.get(row.application_id), row))}


def latest_of(applications: Iterable[UUID]) -> dict[UUID, Version]:
    """The latest version of each of these applications that has one, by the application's key."""
    latest = Version.objects.filter(application__in=list(applications)).latest_of_each()
    return {version.application_id: version for version in latest.defer("snapshot")}


def is_better(latest: Version, on: Version) -> bool:
    """Whether who runs the one is told of the latest: it is higher, or theirs was withdrawn."""
    return not on.is_development and (on.withdrawn_at is not None or latest.numbers > on.numbers)


def update_to(latest: Version | None, installation: Installation) -> Version | None:
    """The latest version of its application, where this installation may be updated to it. From a version that was
    withdrawn that may lead down."""
    if latest is None or not is_better(latest, installation.version):
        return None
    return latest if acts.is_possible(Act.UPDATE, installation) else None


def leads_down(installation: Installation, available: Version) -> bool:
    return available.numbers < installation.version.numbers


def verb_of(installation: Installation, available: Version) -> str:
    """Who steps down is promised no update."""
    return "Move" if leads_down(installation, available) else "Update"


def words_of(installation: Installation, available: Version) -> str:
    return f"{verb_of(installation, available)} to {available.label}"


def available_update(installation: Installation) -> Version | None:
    return available_updates([installation]).get(installation.pk)


def versions_between(before: Version, after: Version) -> list[Version]:
    """Released after the one, up to and with the other, newest first; those withdrawn since are among them."""
    siblings = Version.objects.of_application(after.application).above(before.numbers).newest_first()
    return [version for version in siblings.defer("snapshot") if version.numbers <= after.numbers]


def may_come_back_to(version: Version) -> bool:
    """Whether an update from this version leaves a way back to it."""
    return not version.is_development and version.withdrawn_at is None


def way_back(installation: Installation) -> Version | None:
    """The version it was updated from, for fourteen days, if it is not withdrawn."""
    before, moved_at = installation.previous_version, installation.moved_at
    if before is None or before.withdrawn_at or moved_at is None or moved_at < timezone.now() - GO_BACK_WITHIN:
        return None
    return before if acts.is_possible(Act.GO_BACK, installation) else None


def with_way_back_to(versions: Iterable[Version]) -> InstallationQuerySet:
    """Live, and updated from one of these within the fourteen days."""
    since = timezone.now() - GO_BACK_WITHIN
    return Installation.objects.live().filter(previous_version__in=list(versions), moved_at__gte=since)


def way_back_until(installation: Installation) -> datetime | None:
    return installation.moved_at + GO_BACK_WITHIN if installation.moved_at else None


@transaction.atomic
def update(installation: Installation, *, to: Version, by: Actor) -> Installation:
    """Moves to the latest version, which is the one that was read; sent twice, it moves once. From a version that was
    withdrawn that may be one below, and leaves no way back. Raises Moved where the latest is another one by now,
    NotPossible for whoever may not, for a version that never was an update of this, and without anything to move to."""
    row = locked_for(Act.UPDATE, installation, by)
    available = available_update(row)
    if available is None and to == row.version:
        return row
    if available is None:
        none_left = "there is no other version to move to"
        nothing = none_left if row.version.withdrawn_at else "there is nothing newer to update to"
        raise NotPossible(f"{row.application} is on {row.version.label}, and {nothing}.")
    _refuse_unless_read(to, available, row)
    before, kind = row.version, kinds.MOVED_DOWN if leads_down(row, available) else kinds.UPDATED
    row.previous_version = before if kind == kinds.UPDATED else None
    _move(row, available)
    tell_moved(row, kind, before=before, by=by)
    return row


@transaction.atomic
def go_back(installation: Installation, *, to: Version, by: Actor) -> Installation:
    """To the version before, which is the one that was read; sent twice, it moves once. Raises Moved where that is
    another one by now, NotPossible past the fourteen days, and where the version before was withdrawn."""
    row = locked_for(Act.GO_BACK, installation, by)
    before = way_back(row)
    if before is None and to == row.version:
        return row
    if before is None:
        within = span_in_words(GO_BACK_WITHIN)
        raise NotPossible(
            f"You can't go back to the previous version: the update was more than {within} ago, or that version has "
            "since been withdrawn."
        )
    if to != before:
        raise Moved(f"It was updated again while you were reading. You can now go back to {before.label}.")
    left, row.previous_version = row.version, None
    _move(row, before)
    tell_moved(row, kinds.WENT_BACK, before=left, by=by)
    return row


@transaction.atomic
def switch(installation: Installation, *, to: Version, by: Actor) -> Installation:
    """Between the Development Version and released ones, on the application's own account."""
    row = locked_for(Act.SWITCH, installation, by)
    if not row.is_on_own_account:
        raise NotPossible("Only the application's own account can choose a version. Others update to the latest.")
    if to not in offered_versions(row.application, row.account, by.reader):
        raise NotPossible("You cannot choose that version: it was withdrawn, or is not of this application.")
    if to == row.version:
        return row
    before, row.previous_version = row.version, None
    _move(row, to)
    tell_moved(row, kinds.VERSION_MOVED, before=before, by=by)
    return row


def leave_development(installation: Installation, *, to: Version, by: Actor) -> None:
    """Off the Development Version, as its application goes to another account: it is for the own account alone. The
    caller holds the application, and gave it to that account."""
    before, installation.previous_version = installation.version, None
    _move(installation, to)
    tell_moved(installation, kinds.VERSION_MOVED, before=before, by=by)


def _refuse_unless_read(read: Version, available: Version, row: Installation) -> None:
    if read == available:
        return
    on = row.version
    is_foreign = read.application_id != row.application_id or read.is_development
    if is_foreign or read == on or (read.numbers < on.numbers and not on.withdrawn_at):
        raise NotPossible(f"You can update {row.application} only to {available.label}, the latest version.")
    if read.withdrawn_at:
        raise Moved(f"{read.label} was withdrawn while you were reading. This is what {available.label} changes.")
    raise Moved(f"{available.label} became the newest version while you were reading. This is what it changes.")


def _move(row: Installation, to: Version) -> None:
    row.version, row.moved_at = to, timezone.now()
    row.save(update_fields=["version", "previous_version", "moved_at"])
