"""Locks, in the order in which everybody takes them: accounts, applications, and then whatever hangs on them.

How strong each is says docs/decisions/0055: exchanges keep accounts and application from whoever ends them (FOR KEY
SHARE against FOR UPDATE), so that whoever merely edits something (NO KEY) keeps no exchange waiting."""

from enum import IntEnum
from uuid import UUID

from django.db import connection

from linnapp.errors import NotPossible
from linnapp.models import Account, Application


class Alone(IntEnum):
    """What one transaction at a time does, where no row stands for all that it counts. PostgreSQL knows it by number:
    two releases that run side by side must agree on it."""

    REFUSALS = 0x7265667573
    CHECKS = 0x636865636B73
    IMPORTED_ACCOUNTS = 0x6163636F756E


UNCHANGED = "it can no longer be changed"
CLOSED = "This account no longer exists: this portal's staff closed it."


def alone(at: Alone) -> None:
    """Waits for whoever does the same, and keeps others from it until the transaction ends: before anything else is
    locked or read. SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int(at)])


def locked_accounts(*keys: UUID) -> dict[UUID, Account]:
    """The rows by their keys, locked until the transaction ends. Exchanges go on, and whoever writes a row that
    points to one of them waits for nobody (NO KEY). Raises NotPossible where one was closed meanwhile."""
    rows = Account.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
    found = {row.pk: row for row in rows}
    if len(found) < len(set(keys)):
        raise NotPossible(CLOSED)
    return found


def locked_account(key: UUID) -> Account:
    """The row, locked until the transaction ends. Raises NotPossible where it was closed."""
    return locked_accounts(key)[key]


def end_exchanges(account: Account) -> None:
    """Holds a locked account so that nothing is exchanged and nothing comes to point to it until the transaction ends:
    for whatever suspends or closes it. After its applications: whoever writes one of those twice, or a row that points
    to one, asks for the account when their transaction ends (PostgreSQL checks foreign keys then), and would wait in a
    circle."""
    Account.objects.select_for_update().values_list("pk").get(pk=account.pk)


def refuse_suspended(account: Account, stops: str) -> None:
    """Raises NotPossible for an account that is suspended, with what that stops."""
    if account.suspended_by_staff_at:
        suspended = f"{account} has been suspended by this portal's staff."
        raise NotPossible(f"{suspended} Until they lift the suspension, {stops}.")


def locked(
    application: Application,
    *,
    ends_exchanges: bool = False,
    retired: str = UNCHANGED,
) -> Application:
    """The row with its account, locked until the transaction ends: by whatever changes something about it, before
    anything else of it. With `ends_exchanges` nothing is exchanged meanwhile: by whatever suspends, retires, moves or
    deletes it, or ends sessions of all its installations. Raises NotPossible for one that was deleted, for one that
    another account has by now (who may change it was asked of the one before), and for a retired one, with what that
    means for who asks."""
    rows = Application.objects.select_for_update(of=("self",), no_key=not ends_exchanges).select_related("account")
    row = rows.filter(pk=application.pk).first()
    if row is None:
        raise NotPossible(f"{application} no longer exists.")
    if row.account_id != application.account_id:
        raise NotPossible(f"{row} was moved to another account. Nothing was changed.")
    if row.retired_at:
        raise NotPossible(f"{row} is retired: {retired}.")
    return row


def locked_to_publish(application: Application, *, stops: str, retired: str = UNCHANGED) -> Application:
    """The same for what reaches others. Raises NotPossible while its account is suspended, with what that stops: read
    once the row is held, because suspending an account holds its applications."""
    row = locked(application, retired=retired)
    row.account.refresh_from_db()
    refuse_suspended(row.account, stops)
    return row
