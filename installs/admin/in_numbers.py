"""What an act does to all the rows that are chosen, in numbers: a few statements, however many rows they are."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from installs.application import closing
from installs.application.withdrawing import TAKEN_BACK_WITHIN
from installs.installations.effects import ending
from installs.models import Delivery, Installation, Review, Session
from installs.postbacks import asking
from installs.store import listings
from linnapp.models import Account, Application, Version
from linnapp.words import counted

Rows = QuerySet[Any]
Listing = Application.Listing


def _keys(rows: Rows) -> Rows:
    return rows.order_by().values("pk")


def _accounts(installations: Rows) -> int:
    return installations.order_by().values("account").distinct().count()


def _sessions(installations: Rows) -> str:
    return f"{ending(Session.objects.live().filter(installation__in=_keys(installations)).count())}."


# Applications.


def not_stopped(rows: Rows) -> Rows:
    return rows.filter(retired_at=None, suspended_by_staff_at=None)


def stopped(rows: Rows) -> Rows:
    return rows.filter(retired_at=None, suspended_by_staff_at__isnull=False)


def _installed(applications: Rows) -> QuerySet[Installation]:
    return Installation.objects.live().filter(application__in=_keys(applications))


def stopping(rows: Rows) -> list[str]:
    live = _installed(rows)
    return [f"{counted(_accounts(live), 'account')} cannot use them.", _sessions(live)]


def going_on(rows: Rows) -> list[str]:
    return [f"{counted(_accounts(_installed(rows)), 'account')} can use them again."]


def _installable() -> Exists:
    return Exists(Version.objects.installable().filter(application=OuterRef("pk")))


def to_list(rows: Rows) -> Rows:
    known: Rows = listings.with_changed_since_review(Application.objects.filter(pk__in=_keys(rows), retired_at=None))
    return known.filter(_installable()).exclude(listing=Listing.LISTED, changed_since_review=False)


def in_review(rows: Rows) -> Rows:
    return rows.filter(Exists(Review.objects.open().filter(application=OuterRef("pk"))))


def to_unlist(rows: Rows) -> Rows:
    return rows.filter(listing=Listing.LISTED)


def to_retire(rows: Rows) -> Rows:
    live = Installation.objects.live().filter(application=OuterRef("pk"))
    return rows.filter(~Exists(live), retired_at=None)


def retiring(rows: Rows) -> list[str]:
    deleted = rows.filter(~Exists(Installation.objects.filter(application=OuterRef("pk")))).count()
    are = counted(deleted, "was never installed and is", "were never installed and are")
    return [f"{are} deleted permanently."] if deleted else []


def with_newest(rows: Rows) -> Rows:
    return rows.filter(_installable(), retired_at=None)


def on_newest(rows: Rows) -> list[str]:
    newest = Version.objects.filter(application__in=_keys(rows)).latest_of_each()
    return [_running(newest.values("pk"))]


# Versions.


def to_withdraw(rows: Rows) -> Rows:
    return rows.filter(kind=Version.Kind.RELEASED, withdrawn_at=None, application__retired_at=None)


def running(rows: Rows) -> list[str]:
    return [_running(_keys(rows))]


def _running(versions: Rows) -> str:
    accounts = _accounts(Installation.objects.live().filter(version__in=versions))
    return f"{counted(accounts, 'account that runs them keeps', 'accounts that run them keep')} them."


def to_take_back(rows: Rows) -> Rows:
    since = timezone.now() - TAKEN_BACK_WITHIN
    return rows.filter(withdrawn_at__gt=since, application__retired_at=None)


# Installations.


def _live(rows: Rows) -> QuerySet[Installation]:
    return Installation.objects.live().filter(pk__in=_keys(rows))


def not_stopped_here(rows: Rows) -> Rows:
    return _live(rows).filter(suspended_by_staff_at=None)


def stopped_here(rows: Rows) -> Rows:
    return _live(rows).filter(suspended_by_staff_at__isnull=False)


def stopping_here(rows: Rows) -> list[str]:
    return [_sessions(rows)]


def _rotatable(rows: Rows) -> QuerySet[Installation]:
    return _live(rows).filter(state=Installation.State.ACTIVE, application__retired_at=None)


def to_rotate(rows: Rows) -> Rows:
    return _rotatable(rows).exclude(pk__in=_keys(Installation.objects.rotated()))


def rotated(rows: Rows) -> Rows:
    return _rotatable(rows).filter(pk__in=_keys(Installation.objects.rotated()))


def in_session(rows: Rows) -> Rows:
    return _live(rows).filter(Exists(Session.objects.live().filter(installation=OuterRef("pk"))))


# Postbacks.


def _failed() -> QuerySet[Delivery]:
    return Delivery.objects.without_tests().failed().sendable()


def to_redeliver(rows: Rows) -> Rows:
    """What arrived is sent again too, if somebody asks for it."""
    known = Delivery.objects.without_tests().sendable().filter(pk__in=_keys(rows))
    awaited = Q(decides=True, state__in=Delivery.WAITING)
    return known.exclude(awaited).exclude(claimed_until__gt=timezone.now())


def with_failed(rows: Rows) -> Rows:
    return rows.filter(Exists(_failed().filter(installation=OuterRef("pk"))))


def sent_again(rows: Rows) -> list[str]:
    return [so_many_again(_failed().filter(installation__in=_keys(rows)).count())]


def so_many_again(number: int) -> str:
    if number > asking.TOGETHER:
        at_most = f"{asking.TOGETHER} at most of each application or installation"
        return f"Up to {number:,} postbacks are sent again: {at_most}. Do this again for the rest."
    return f"{counted(number, 'postback is', 'postbacks are')} sent again."


# Accounts.


def open_accounts(rows: Rows) -> Rows:
    return rows.filter(suspended_by_staff_at=None)


def stopped_accounts(rows: Rows) -> Rows:
    return rows.filter(suspended_by_staff_at__isnull=False)


def _of_either_side(accounts: Rows) -> QuerySet[Installation]:
    keys = _keys(accounts)
    return Installation.objects.live().filter(Q(account__in=keys) | Q(application__account__in=keys))


def stopping_accounts(rows: Rows) -> list[str]:
    live = _of_either_side(rows)
    return [f"{counted(live.count(), 'installation stops', 'installations stop')} on either side.", _sessions(live)]


def resuming_accounts(rows: Rows) -> list[str]:
    return [f"{counted(_of_either_side(rows).count(), 'installation')} can be used again, if nothing else stops it."]


def to_close(rows: Rows) -> Rows:
    """One that is suspended already, and is not deleted, stays as it is."""
    unused = closing.never_installed(Account.objects.all())
    return rows.filter(Q(suspended_by_staff_at=None) | Q(pk__in=_keys(unused)))


def closing_accounts(rows: Rows) -> list[str]:
    unused = closing.never_installed(rows)
    deleted = unused.count()
    made = Application.objects.filter(account__in=_keys(unused)).count()
    people = closing.with_no_other_seat(_keys(unused)).count()
    with_them = f"{counted(made, 'application')} and {counted(people, 'person', 'people')} without another seat"
    others = rows.count() - deleted
    are_deleted = [f"{counted(deleted, 'is', 'are')} deleted permanently, with {with_them}."] if deleted else []
    if not others:
        return are_deleted
    why = "as something was installed on them or from them"
    return [*are_deleted, f"{counted(others, 'is', 'are')} suspended, {why}.", _sessions(_of_either_side(rows))]
