"""Staff close an account that nobody should have opened: it is deleted where nothing was ever installed on it or of
what it makes, with those of its people who are nowhere else, and suspended otherwise."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from installs.application import kinds, removal
from installs.installations.suspending_accounts import suspend_account
from installs.models import Connector, Installation
from linnapp import timeline
from linnapp.actors import Actor, refuse_unless_staff
from linnapp.errors import NotPossible
from linnapp.models import Account, Application, Membership, StaffAccess, User
from linnapp.services.locking import locked_account
from linnapp.words import counted


@dataclass(frozen=True)
class Closing:
    """What closing an account does, as things stand. `installed` counts what was ever installed on it or of what it
    makes: where there is any of it, the account is suspended, and the rest stays."""

    account: Account
    installed: int
    applications: list[Application]
    leaving: list[User]
    staying: list[User]
    connectors: int
    invitations: int

    @property
    def deletes(self) -> bool:
        return not self.installed


def closing(account: Account) -> Closing:
    leaving = list(_only_here(account).order_by("name", "pk"))
    members = User.objects.filter(memberships__account=account).order_by("name", "pk")
    return Closing(
        account,
        Installation.objects.of_either_side(account).count(),
        list(account.applications.order_by("name", "pk")),
        leaving,
        [person for person in members if person not in leaving],
        Connector.objects.on_account(account.slug).count(),
        account.invitations.open().count(),
    )


def _only_here(account: Account) -> QuerySet[User]:
    """Its people who have no other seat, and are not of staff, nor were while they entered some account: of that its
    Owners keep reading who it was."""
    seats = Membership.objects.filter(account=account).values("user")
    elsewhere = Membership.objects.exclude(account=account).values("user")
    entered = StaffAccess.objects.values("person")
    people = User.objects.filter(pk__in=seats, is_staff=False, is_superuser=False)
    return people.exclude(pk__in=elsewhere).exclude(pk__in=entered)


@transaction.atomic
def close_account(account: Account, *, by: Actor) -> bool:
    """Whether anything changed: one that is suspended already, and cannot be deleted, stays as it is. The lock of the
    account lets who installs on it, or what it makes, end first, and refuses whoever comes after."""
    refuse_unless_staff(by)
    if not by.reason.strip():
        raise NotPossible("Give the reason: it stays on record.")
    row = locked_account(account.pk)
    if Installation.objects.of_either_side(row).exists():
        return suspend_account(row, by=by)
    _delete(row, by)
    return True


def _delete(account: Account, by: Actor) -> None:
    """Its entries in the timeline stay: they point to nothing."""
    applications = list(Application.objects.select_for_update().filter(account=account).order_by("pk"))
    # Held, and then asked again: who took a seat elsewhere meanwhile stays.
    list(_only_here(account).select_for_update().order_by("pk").values_list("pk"))
    leaving = list(_only_here(account).values_list("pk", flat=True))
    for application in applications:
        application.account = account
        removal.delete_never_installed(application, by=by)
    made, people = counted(len(applications), "application"), counted(len(leaving), "person", "people")
    timeline.record(kinds.ACCOUNT_CLOSED, by=by, account=account, made=made, people=people)
    account.delete()
    User.objects.filter(pk__in=leaving).delete()
