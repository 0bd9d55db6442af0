"""An installation moves to another version: by the act of somebody who may install on its account, and by no other."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from installs import acts
from installs.acts import Act
from installs.lifecycle import installing_side, managed, offered_versions, record
from installs.models import Installation
from linnapp.errors import Moved, NotPossible
from linnapp.models import User, Version
from linnapp.timeline import Kind

GO_BACK_WITHIN = timedelta(days=14)


def available_update(installation: Installation) -> Version | None:
    """The version this installation may be updated to; None for one on the Development Version, which is switched."""
    if installation.version.is_development or not acts.is_possible(Act.UPDATE, installation):
        return None
    latest = installation.application.versions.latest()
    return latest if latest and latest.numbers > installation.version.numbers else None


def way_back(installation: Installation) -> Version | None:
    """The version it was updated from, for fourteen days, if it is not withdrawn."""
    before, moved_at = installation.previous_version, installation.moved_at
    if before is None or before.withdrawn_at or moved_at is None or moved_at < timezone.now() - GO_BACK_WITHIN:
        return None
    return before if acts.is_possible(Act.GO_BACK, installation) else None


@transaction.atomic
def update(installation: Installation, *, to: Version, by: User) -> Installation:
    """Moves to the latest version, which is the one that was read. Raises Moved where a newer one was released since,
    NotPossible for whoever may not, and where there is nothing to update to."""
    row = managed(installation, by)
    acts.refuse_unless_possible(Act.UPDATE, row)
    available = available_update(row)
    if available is None:
        raise NotPossible(f"{row.application} is on {row.version.label}, and there is nothing newer to update to.")
    if to != available:
        raise Moved(f"{available.label} was released while you read. Here is what it changes.")
    before, row.previous_version = row.version, row.version
    _move(row, available)
    record(Kind.UPDATED, row, by, installing_side(row), before=before.label, version=available.label)
    return row


@transaction.atomic
def go_back(installation: Installation, *, by: User) -> Installation:
    """Raises NotPossible past the fourteen days, and where the version before was withdrawn."""
    row = managed(installation, by)
    acts.refuse_unless_possible(Act.GO_BACK, row)
    before = way_back(row)
    if before is None:
        raise NotPossible("The way back is open for 14 days after an update, while that version is not withdrawn.")
    left, row.previous_version = row.version, None
    _move(row, before)
    record(Kind.WENT_BACK, row, by, installing_side(row), before=left.label, version=before.label)
    return row


@transaction.atomic
def switch(installation: Installation, *, to: Version, by: User) -> Installation:
    """Between the Development Version and released ones, on the application's own account."""
    row = managed(installation, by)
    acts.refuse_unless_possible(Act.SWITCH, row)
    if not row.is_on_own_account or to not in offered_versions(row.application, row.account, by):
        raise NotPossible("A version is chosen on the application's own account only. Others update to the latest.")
    if to == row.version:
        return row
    before, row.previous_version = row.version, None
    _move(row, to)
    record(Kind.VERSION_MOVED, row, by, installing_side(row), before=before.label, version=to.label)
    return row


def _move(row: Installation, to: Version) -> None:
    row.version, row.moved_at = to, timezone.now()
    row.save(update_fields=["version", "previous_version", "moved_at"])
