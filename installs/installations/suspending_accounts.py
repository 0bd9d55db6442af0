"""Staff suspend a whole account, and resume it. While it is suspended nothing of it is exchanged, on either side: what
is installed on it, and what it makes, wherever that is installed."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from installs.installations import kinds, suspension_mails
from installs.models import EventSettings, EventType, Installation, Session
from installs.models.installations import InstallationQuerySet
from installs.postbacks import events
from linnapp import timeline
from linnapp.actors import Actor, refuse_unless_staff
from linnapp.kinds import Kind
from linnapp.models import Account, Application, TimelineEntry
from linnapp.services.locking import end_exchanges, locked_account


@transaction.atomic
def suspend_account(account: Account, *, by: Actor) -> bool:
    """Ends all sessions of both sides at once. Whether it was not suspended before."""
    refuse_unless_staff(by)
    row = _locked(account)
    if row.suspended_by_staff_at:
        return False
    row.suspended_by_staff_at, row.suspension_reason = timezone.now(), by.reason
    row.save(update_fields=["suspended_by_staff_at", "suspension_reason"])
    Session.objects.of_either_side(row).end(Session.End.SUSPENDED)
    _record_everywhere(row, kinds.ACCOUNT_SUSPENDED, kinds.PUBLISHER_SUSPENDED, by)
    _record_events_here(row, kinds.ACCOUNT_SUSPENDED, EventType.SUSPENDED, by)
    _record_events_of_publisher(row, kinds.PUBLISHER_SUSPENDED, EventType.APPLICATION_SUSPENDED, by)
    suspension_mails.of_account(row, "suspended", by=by)
    return True


@transaction.atomic
def resume_account(account: Account, *, by: Actor) -> bool:
    """Lifts the account's suspension; what is suspended by itself stays so. Whether it was suspended."""
    refuse_unless_staff(by)
    row = _locked(account)
    if row.suspended_by_staff_at is None:
        return False
    row.suspended_by_staff_at, row.suspension_reason = None, ""
    row.save(update_fields=["suspended_by_staff_at", "suspension_reason"])
    _record_everywhere(row, kinds.ACCOUNT_RESUMED, kinds.PUBLISHER_RESUMED, by)
    _record_events_here(row, kinds.ACCOUNT_RESUMED, EventType.RESUMED, by)
    _record_events_of_publisher(row, kinds.PUBLISHER_RESUMED, EventType.APPLICATION_RESUMED, by)
    suspension_mails.of_account(row, "resumed", by=by)
    return True


def _locked(account: Account) -> Account:
    """The row, and after it the applications of both sides: whoever else ends sessions of theirs, moves or publishes
    something holds its application. None is added meanwhile, because that holds the account, and so do the exchanges
    that this keeps off: those of other accounts, with the same applications, go on."""
    row = locked_account(account.pk)
    installed = Installation.objects.filter(account=row).values("application")
    applications = Application.objects.select_for_update(no_key=True).filter(Q(account=row) | Q(pk__in=installed))
    list(applications.order_by("pk").values_list("pk"))
    end_exchanges(row)
    return row


def _record_everywhere(account: Account, here: Kind, of_publisher: Kind, by: Actor) -> None:
    """A line of the account's and of each application of its own, and one of each installation that it stops or brings
    back. The reason is its own people's: the other side of an installation reads none."""
    timeline.record(here, by=by, account=account)
    applications = Application.objects.filter(account=account).not_retired().iterator()
    timeline.record_all(_of_application(of_publisher, row, account, by) for row in applications)
    told = replace(by, reason="")
    timeline.record_all(_of_each(here, _of_others_on(account).iterator(), told))
    timeline.record_all(_of_each(of_publisher, _of_its_applications(account), told))


def _record_events_here(account: Account, kind: Kind, event: EventType, by: Actor) -> None:
    """To the developers of what is installed on it, who read no reason."""
    told = replace(by, reason="")
    rows = _of_others_on(account).filter(application__in=EventSettings.objects.with_url().values("application"))
    for row in rows.select_related("version").defer("version__snapshot").order_by("pk"):
        events.record(row, event, told=timeline.entry_about(row, kind, by=told))


def _record_events_of_publisher(account: Account, kind: Kind, event: EventType, by: Actor) -> None:
    rows = Application.objects.filter(account=account, pk__in=EventSettings.objects.with_url().values("application"))
    for row in rows.not_retired().order_by("pk"):
        row.account = account
        events.record_of_application(row, event, told=_of_application(kind, row, account, by))


def _of_application(kind: Kind, row: Application, account: Account, by: Actor) -> TimelineEntry:
    return timeline.entry(kind, by=by, application=row, account=account, publisher=account.name)


def _of_each(kind: Kind, rows: Iterable[Installation], by: Actor) -> Iterator[TimelineEntry]:
    return (timeline.entry_about(row, kind, by=by) for row in rows)


def _of_others_on(account: Account) -> InstallationQuerySet:
    rows = Installation.objects.live().filter(account=account).exclude(application__account=account)
    return rows.select_related("application__account", "account")


def _of_its_applications(account: Account) -> Iterable[Installation]:
    rows = Installation.objects.live().filter(application__account=account)
    return rows.select_related("application__account", "account").iterator()
