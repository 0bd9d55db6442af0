"""Staff close an account that nobody should have opened: it is deleted where nothing was ever installed on it or of
what it makes, with those of its people who are nowhere else, and suspended otherwise."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from installs.application import kinds, removal
from installs.installations.suspending_accounts import suspend_account
from installs.models import Connector, HelpCase, Installation
from linnapp import timeline
from linnapp.actors import Actor, refuse_unless_staff
from linnapp.errors import NotPossible
from linnapp.models import Account, Application, BulkChange, Invitation, Membership, StaffAccess, User
from linnapp.services import audit
from linnapp.services.locking import end_exchanges, locked_account
from linnapp.words import counted


@dataclass(frozen=True)
class Closing:
    """What closing an account does, as things stand. `installed` counts what was ever installed on it or of what it
    makes: where there is any of it, the account is suspended, and the rest stays."""

    account: Account
    installed: int = 0
    applications: list[Application] = field(default_factory=list)
    leaving: list[User] = field(default_factory=list)
    staying: list[User] = field(default_factory=list)
    connectors: int = 0
    invitations: int = 0
    cases: int = 0

    @property
    def deletes(self) -> bool:
        return not self.installed


def closing(account: Account) -> Closing:
    return closings([account])[account.pk]


def closings(accounts: Sequence[Account]) -> dict[UUID, Closing]:
    """Of each by itself, by a few statements for all."""
    keys = [account.pk for account in accounts]
    installed, connectors = _installed(keys), _counted(Connector.objects.filter(account__in=keys))
    invitations = _counted(Invitation.objects.open().filter(account__in=keys))
    cases = _counted(HelpCase.objects.filter(account__in=keys))
    made: dict[UUID, list[Application]] = defaultdict(list)
    for row in Application.objects.filter(account__in=keys).order_by("name", "pk"):
        made[row.account_id].append(row)
    people, leaving = _people(keys), _leaving(keys)
    return {
        key: Closing(
            account,
            installed[key],
            made[key],
            [person for person in people[key] if person.pk in leaving],
            [person for person in people[key] if person.pk not in leaving],
            connectors.get(key, 0),
            invitations.get(key, 0),
            cases.get(key, 0),
        )
        for key, account in zip(keys, accounts, strict=True)
    }


def _installed(keys: Sequence[UUID]) -> Counter[UUID]:
    """How much was ever installed on each, or of what it makes: what is both counts once."""
    rows = Installation.objects.filter(Q(account__in=keys) | Q(application__account__in=keys)).order_by()
    found = Counter[UUID]()
    for on, of, number in rows.values_list("account_id", "application__account_id").annotate(Count("pk")):
        for key in {on, of}:
            found[key] += number
    return found


def _counted(rows: QuerySet[Any]) -> dict[UUID, int]:
    return dict(rows.order_by().values_list("account_id").annotate(Count("pk")))


def _people(keys: Sequence[UUID]) -> dict[UUID, list[User]]:
    found: dict[UUID, list[User]] = defaultdict(list)
    seats = Membership.objects.filter(account__in=keys).select_related("user")
    for seat in seats.order_by("user__name", "user__pk"):
        found[seat.account_id].append(seat.user)
    return found


def _leaving(keys: Sequence[UUID]) -> set[int]:
    """Who has one seat alone, in one of these."""
    one = Membership.objects.order_by().values("user").annotate(seats=Count("pk")).filter(seats=1).values("user")
    return set(with_no_other_seat(keys).filter(pk__in=one).values_list("pk", flat=True))


def never_installed(accounts: QuerySet[Account]) -> QuerySet[Account]:
    """Those on which nothing was ever installed, nor of what they make: closing deletes them. Looked for
    among those without a note of use, which is never there where nothing was used."""
    on = Installation.objects.filter(account=OuterRef("pk"))
    of = Installation.objects.filter(application__account=OuterRef("pk"))
    return accounts.filter(~Exists(on), ~Exists(of), used_at=None)


def _only_here(account: Account) -> QuerySet[User]:
    return with_no_other_seat([account.pk])


def with_no_other_seat(accounts: Iterable[UUID] | QuerySet[Any]) -> QuerySet[User]:
    """People of these accounts who have no seat elsewhere, and are not of staff, nor were while they entered some
    account: of that its Owners keep reading who it was."""
    seats = Membership.objects.filter(account__in=accounts).values("user")
    elsewhere = Membership.objects.exclude(account__in=accounts).values("user")
    entered = StaffAccess.objects.values("person")
    people = User.objects.filter(pk__in=seats, is_staff=False, is_superuser=False)
    return people.exclude(pk__in=elsewhere).exclude(pk__in=entered)


@transaction.atomic
def close_account(account: Account, *, by: Actor) -> bool:
    """Whether anything changed: one that is suspended already, and cannot be deleted, stays as it is. The lock of the
    account lets who installs on it, or what it makes, end first, and refuses whoever comes after."""
    refuse_unless_staff(by)
    if not by.reason.strip():
        raise NotPossible("Give the reason. It stays on record.")
    # A job holds its change while it waits for the account: who may leave with it is let go of in the same order.
    seats = Membership.objects.filter(account=account).values("user")
    list(BulkChange.objects.select_for_update(of=("self",)).filter(person__in=seats).order_by("pk").values_list("pk"))
    row = locked_account(account.pk)
    if Installation.objects.of_either_side(row).exists():
        return suspend_account(row, by=by)
    _delete(row, by)
    return True


def _delete(account: Account, by: Actor) -> None:
    """Its entries in the timeline stay: they point to nothing."""
    made = Application.objects.filter(account=account).order_by("pk")
    list(made.select_for_update(no_key=True).values_list("pk"))
    end_exchanges(account)
    applications = list(made.select_for_update())
    # Held, and then asked again: who took a seat elsewhere meanwhile stays.
    list(_only_here(account).select_for_update().order_by("pk").values_list("pk"))
    leaving = list(_only_here(account).values_list("pk", flat=True))
    for application in applications:
        application.account = account
        removal.delete_never_installed(application, by=by)
    count, people = counted(len(applications), "application"), counted(len(leaving), "person", "people")
    entry = timeline.record(kinds.ACCOUNT_CLOSED, by=by, account=account, made=count, people=people)
    for person in User.objects.filter(memberships__account=account).exclude(pk__in=leaving).order_by("pk"):
        audit.copied(entry, of=person)
    account.delete()
    User.objects.filter(pk__in=leaving).delete()
