"""Suspensions: the account's own, staff's of one installation, staff's of an application everywhere. Three facts, each
lifted only by who set it; while any stands nothing is exchanged, and setting one ends all sessions at once."""

from django.db import transaction
from django.utils import timezone

from installs import acts
from installs.acts import Act
from installs.lifecycle import installing_side, locked, managed, record
from installs.models import Installation, Session
from linnapp import timeline
from linnapp.errors import NotPossible
from linnapp.models import Application, User
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
    row.suspended_by_staff_at, row.suspension_reason = None, ""
    row.save(update_fields=["suspended_by_staff_at", "suspension_reason"])
    record(Kind.INSTALLATION_RESUMED, row, by, Side.STAFF, reason)
    return True


@transaction.atomic
def suspend_application(application: Application, *, reason: str, by: User) -> bool:
    """Suspends the application everywhere: no installation of it exchanges, and all sessions end at once. Whether it
    was not suspended before."""
    row = Application.objects.select_for_update().get(pk=application.pk)
    if row.retired_at:
        raise NotPossible(f"{row} is retired already.")
    if row.suspended_by_staff_at:
        return False
    row.suspended_by_staff_at, row.suspension_reason = timezone.now(), reason
    row.save(update_fields=["suspended_by_staff_at", "suspension_reason"])
    Session.objects.filter(installation__application=row).end(Session.End.SUSPENDED)
    timeline.record(
        Kind.APPLICATION_SUSPENDED, by=by, side=Side.STAFF, application=row, account=row.account, reason=reason
    )
    return True


@transaction.atomic
def resume_application(application: Application, *, reason: str, by: User) -> bool:
    """Lifts the application's suspension; installations suspended by themselves stay so. Whether it was suspended."""
    row = Application.objects.select_for_update().get(pk=application.pk)
    if row.suspended_by_staff_at is None:
        return False
    row.suspended_by_staff_at, row.suspension_reason = None, ""
    row.save(update_fields=["suspended_by_staff_at", "suspension_reason"])
    timeline.record(
        Kind.APPLICATION_RESUMED, by=by, side=Side.STAFF, application=row, account=row.account, reason=reason
    )
    return True
