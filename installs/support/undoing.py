"""Taking back what one did to an installation a moment ago."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from installs.installations import kinds as rules
from installs.installations import suspending
from installs.installations.lifecycle import locked
from installs.models import Installation
from installs.support.acts import Act
from linnapp.actors import Actor, Side
from linnapp.errors import NotPossible
from linnapp.kinds import Kind
from linnapp.models import TimelineEntry, User

UNDONE_WITHIN = timedelta(hours=1)
# So far back an act of the last hour is looked for.
MOST_READ = 50
LEFT_BY: dict[str, Act] = {rules.INSTALLATION_SUSPENDED: Act.SUSPEND, rules.INSTALLATION_RESUMED: Act.RESUME}


def undoable(installation: Installation, person: User) -> TimelineEntry | None:
    """The suspension, or its end, that this person brought about within the hour, and that still stands."""
    newest = TimelineEntry.objects.about(installation.pk).newest_first()[:MOST_READ]
    last = next((entry for entry in newest if entry.kind in LEFT_BY and entry.side == Side.STAFF), None)
    if last is None or last.actor_id != person.pk or last.at <= timezone.now() - UNDONE_WITHIN:
        return None
    stands = bool(installation.suspended_by_staff_at) == (LEFT_BY[last.kind] == Act.SUSPEND)
    return last if stands and installation.is_live else None


def reason_of_undo(installation: Installation, entry: TimelineEntry) -> str:
    """What both sides read: a suspension that comes back has the reason that it had."""
    if entry.kind == rules.INSTALLATION_SUSPENDED:
        return f"The suspension was undone. Its reason was: {entry.reason}"
    before = _last(installation, rules.INSTALLATION_SUSPENDED)
    return before.reason if before else entry.reason


def _last(installation: Installation, kind: Kind) -> TimelineEntry | None:
    entries = TimelineEntry.objects.about(installation.pk).of_kinds(kind).newest_first()
    return entries.filter(side=Side.STAFF).first()


@transaction.atomic
def undo(installation: Installation, act: Act, *, by: Actor) -> None:
    """`by` brings the reason of the undo. Raises NotPossible where it is another's, or an hour ago, or where something
    else was done since."""
    row = locked(installation)
    last = undoable(row, by.person) if by.person else None
    if last is None or LEFT_BY[last.kind] != act:
        raise NotPossible("It can no longer be undone: an hour has passed, or it has been changed since.")
    if act == Act.SUSPEND:
        suspending.resume_by_staff(row, by=by)
    else:
        suspending.suspend_by_staff(row, by=by)
