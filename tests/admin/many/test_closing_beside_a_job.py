"""An account is closed while a job of somebody who leaves with it is at work on it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from installs.admin.acts_on_accounts import SUSPEND_ACCOUNTS
from installs.application.closing import close_account
from linnapp import bulk_changes
from linnapp.bulk_changes import Wish
from linnapp.models import Account, User
from tests.kit.people import acting, person


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    ready = Barrier(len(calls), timeout=30)

    def run(call: Callable[[], Any]) -> Any:
        try:
            ready.wait()
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.mark.django_db(transaction=True)
def test_neither_waits_for_the_other_for_ever(northwind: Account, paula: User) -> None:
    for number in range(4):
        was_staff = person(f"Was {number}", f"was{number}@spam.example", is_staff=True, is_superuser=True)
        account = Account.objects.create(name=f"Spam {number}", slug=f"spam-{number}")
        account.memberships.create(user=was_staff, role="OWNER")
        by, wishes = acting(was_staff, reason="R"), [Wish(account.pk, "Spam"), Wish(northwind.pk, "Northwind")]
        change = bulk_changes.begin(SUSPEND_ACCOUNTS, Account, wishes, by=by, wanted={})
        User.objects.filter(pk=was_staff.pk).update(is_staff=False, is_superuser=False)
        at_once(
            lambda change=change, by=by: bulk_changes._row(change, SUSPEND_ACCOUNTS, by),  # type: ignore[misc]
            lambda account=account: close_account(account, by=acting(paula, reason="Spam")),  # type: ignore[misc]
        )
        assert not Account.objects.filter(pk=account.pk).exists()
