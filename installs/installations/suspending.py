"""Suspensions: the account's own, staff's of one installation, staff's of an application everywhere. Three facts, each
lifted only by who set it; while any stands nothing is exchanged, and setting one ends all sessions at once."""

from django.db import transaction
from django.utils import timezone

from installs.installations import acts
from installs.installations.acts import Act
from installs.installations.lifecycle import installing_side, locked, managed, record
from installs.models import Installation, Session
from linnapp import timeline
from linnapp.models import Application, User
from linnapp.services import applications
from linnapp.timeline import Kind, Side


@transaction.atomic
def suspend(installation: Installation, *, by: User) -> None:
    """By the account. Raises NotPossible for whoever may not, and for what is over or suspended by it already."""
    row = managed(installation, by)
    acts.refuse_unless_possible(Act.SUSPEND, row)
    row.suspended_by_account_at = timezone.now()
    row.save(update_fields=["suspended_by_account_at"])
    row.sessions.end(Session.End.SUSPENDED)
    record(Kind.INSTALLATION_SUSPENDED, row, by, installing_side(row))


@transaction.atomic
def resume(installation: Installation, *, by: User) -> None:
    """Lifts what the account set, and only that."""
    row = managed(installation, by)
    acts.refuse_unless_possible(Act.RESUME, row)
    row.suspended_by_account_at = None
    row.save(update_fields=["suspended_by_account_at"])
    record(Kind.INSTALLATION_RESUMED, row, by, installing_side(row))


@transaction.atomic
def suspend_by_staff(installation: Installation, *, reason: str, by: User) -> bool:
    """Nothing is exchanged until staff resume it; live sessions end at once. Whether it was not suspended before."""
    row = locked(installation)
    if row.suspended_by_staff_at:
        return False
    acts.refuse_unless_possible(Act.SUSPEND_BY_STAFF, row)
    row.suspended_by_staff_at, row.suspension_reason = timezone.now(), reason
    row.save(update_fields=["suspended_by_staff_at", "suspension_reason"])
    row.sessions.end(Session.End.SUSPENDED)
    record(Kind.INSTALLATION_SUSPENDED, row, by, Side.STAFF, reason)
    return True


@transaction.atomic
def resume_by_staff(installation: Installation, *, reason: str, by: User) -> bool:
    """Lifts what staff set, and only that. Whether it was suspended by staff."""
    row = locked(installation)
    if row.suspended_by_staff_at is None:
        return False
    acts.refuse_unless_possible(Act.RESUME_BY_STAFF, row)
    row.suspended_by_staff_at, row.suspension_reason = None, ""
    row.save(update_fields=["suspended_by_staff_at", "suspension_reason"])
    record(Kind.INSTALLATION_RESUMED, row, by, Side.STAFF, reason)
    return True


@transaction.atomic
def suspend_application(application: Application, *, reason: str, by: User) -> bool:
    """Suspends the application everywhere: no installation of it exchanges, and all sessions end at once. Whether it
    was not suspended before."""
    row = applications.locked(application)
    if row.suspended_by_staff_at:
        return False
    row.suspended_by_staff_at, row.suspension_reason = timezone.now(), reason
    row.save(update_fields=["suspended_by_staff_at", "suspension_reason"])
    Session.objects.filter(installation__application=row).end(Session.End.SUSPENDED)
    _record_everywhere(Kind.APPLICATION_SUSPENDED, row, by, reason)
    return True


@transaction.atomic
def resume_application(application: Application, *, reason: str, by: User) -> bool:
    """Lifts the application's suspension; installations suspended by themselves stay so. Whether it was suspended."""
    row = applications.locked(application)
    if row.suspended_by_staff_at is None:
        return False
    row.suspended_by_staff_at, row.suspension_reason = None, ""
    row.save(update_fields=["suspended_by_staff_at", "suspension_reason"])
    _record_everywhere(Kind.APPLICATION_RESUMED, row, by, reason)
    return True


def _record_everywhere(kind: Kind, application: Application, by: User, reason: str) -> None:
    """A line of the application's, and one of each installation that it stops or brings back."""
    timeline.record(kind, by=by, side=Side.STAFF, application=application, account=application.account, reason=reason)
    live = Installation.objects.of_application(application).live().select_related("account")
    timeline.record_all(
        timeline.entry(
            kind,
            by=by,
            side=Side.STAFF,
            application=application,
            account=row.account,
            subject_id=row.pk,
            reason=reason,
        )
        for row in live.iterator()
    )
