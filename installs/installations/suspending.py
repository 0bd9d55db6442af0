"""Suspensions: the account's own, staff's of one installation, staff's of an application everywhere. Three facts, each
lifted only by who set it; while any stands nothing is exchanged, and setting one ends all sessions at once."""

from collections.abc import Iterator

from django.db import transaction
from django.utils import timezone

from installs.installations import acts, kinds, suspension_mails
from installs.installations.acts import Act
from installs.installations.lifecycle import locked, locked_for
from installs.installations.telling import tell
from installs.models import EventType, Installation, Session
from installs.postbacks import events
from linnapp import timeline
from linnapp.actors import Actor, refuse_unless_staff
from linnapp.kinds import Kind
from linnapp.models import Application
from linnapp.services.locking import locked as locked_application


@transaction.atomic
def suspend(installation: Installation, *, by: Actor) -> None:
    """By the account. Raises NotPossible for whoever may not, and for what is over or suspended by it already."""
    row = locked_for(Act.SUSPEND, installation, by)
    row.suspended_by_account_at = timezone.now()
    row.save(update_fields=["suspended_by_account_at"])
    row.sessions.end(Session.End.SUSPENDED)
    tell(row, kinds.INSTALLATION_SUSPENDED, EventType.SUSPENDED, by=by)


@transaction.atomic
def resume(installation: Installation, *, by: Actor) -> None:
    """Lifts what the account set, and only that."""
    row = locked_for(Act.RESUME, installation, by)
    row.suspended_by_account_at = None
    row.save(update_fields=["suspended_by_account_at"])
    tell(row, kinds.INSTALLATION_RESUMED, EventType.RESUMED, by=by)


@transaction.atomic
def suspend_by_staff(installation: Installation, *, by: Actor) -> bool:
    """Nothing is exchanged until staff resume it; live sessions end at once. Whether it was not suspended before."""
    row = locked(installation)
    acts.refuse_others(Act.SUSPEND_BY_STAFF, row, by=by)
    if row.suspended_by_staff_at:
        return False
    acts.refuse_unless_possible(Act.SUSPEND_BY_STAFF, row, by=by)
    row.suspended_by_staff_at, row.suspension_reason = timezone.now(), by.reason
    row.save(update_fields=["suspended_by_staff_at", "suspension_reason"])
    row.sessions.end(Session.End.SUSPENDED)
    tell(row, kinds.INSTALLATION_SUSPENDED, EventType.SUSPENDED, by=by)
    suspension_mails.of_installation(row, "suspended", by=by)
    return True


@transaction.atomic
def resume_by_staff(installation: Installation, *, by: Actor) -> bool:
    """Lifts what staff set, and only that. Whether it was suspended by staff."""
    row = locked(installation)
    acts.refuse_others(Act.RESUME_BY_STAFF, row, by=by)
    if row.suspended_by_staff_at is None:
        return False
    acts.refuse_unless_possible(Act.RESUME_BY_STAFF, row, by=by)
    row.suspended_by_staff_at, row.suspension_reason = None, ""
    row.save(update_fields=["suspended_by_staff_at", "suspension_reason"])
    tell(row, kinds.INSTALLATION_RESUMED, EventType.RESUMED, by=by)
    suspension_mails.of_installation(row, "resumed", by=by)
    return True


@transaction.atomic
def suspend_application(application: Application, *, by: Actor) -> bool:
    """Suspends the application everywhere: no installation of it exchanges, and all sessions end at once. Whether it
    was not suspended before."""
    refuse_unless_staff(by)
    row = locked_application(application, ends_exchanges=True)
    if row.suspended_by_staff_at:
        return False
    row.suspended_by_staff_at, row.suspension_reason = timezone.now(), by.reason
    row.save(update_fields=["suspended_by_staff_at", "suspension_reason"])
    Session.objects.filter(installation__application=row).end(Session.End.SUSPENDED)
    _record_everywhere(kinds.APPLICATION_SUSPENDED, EventType.APPLICATION_SUSPENDED, row, by)
    suspension_mails.of_application(row, "suspended", by=by)
    return True


@transaction.atomic
def resume_application(application: Application, *, by: Actor) -> bool:
    """Lifts the application's suspension; installations suspended by themselves stay so. Whether it was suspended."""
    refuse_unless_staff(by)
    row = locked_application(application)
    if row.suspended_by_staff_at is None:
        return False
    row.suspended_by_staff_at, row.suspension_reason = None, ""
    row.save(update_fields=["suspended_by_staff_at", "suspension_reason"])
    _record_everywhere(kinds.APPLICATION_RESUMED, EventType.APPLICATION_RESUMED, row, by)
    suspension_mails.of_application(row, "resumed", by=by)
    return True


def _record_everywhere(kind: Kind, event: EventType, application: Application, by: Actor) -> None:
    """A line of the application's, and one of each installation that it stops or brings back; one event for all."""
    told = timeline.record(kind, by=by, application=application)
    events.record_of_application(application, event, told=told)
    timeline.record_all(timeline.entry_about(row, kind, by=by) for row in _live(application))


def _live(application: Application) -> Iterator[Installation]:
    for row in Installation.objects.of_application(application).live().select_related("account").iterator():
        row.application = application
        yield row
