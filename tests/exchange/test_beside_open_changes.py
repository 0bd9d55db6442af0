"""Exchanges while somebody's change is not committed: a mere edit keeps none of them waiting, and what ends exchanges
keeps off those that it ends, and leaves no session."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest
from django.db import connection, transaction

from installs.application import withdrawing
from installs.exchange.door import Door
from installs.installations import lifecycle, suspending, suspending_accounts
from installs.models import Installation, Session
from linnapp.models import Account, Application, User, Version
from linnapp.services import applications, manifests
from tests.kit.exchanging import URL, knock, through_the_door
from tests.kit.people import acting

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("nothing_noted")]
ON_POSTGRESQL = connection.vendor == "postgresql"
# Of an exchange that has to wait until the change is over.
LOOKED_ON = 0.3


@dataclass(frozen=True)
class There:
    """The installation that exchanges, and another one of the same application on another account."""

    mine: Installation
    others: Installation
    publisher: Account
    version: Version
    alice: User
    dave: User
    paula: User

    @property
    def application(self) -> Application:
        return Application.objects.select_related("account").get(pk=self.mine.application_id)

    def save(self) -> None:
        row = self.application
        saved = manifests.manifest_of(row)
        changed = replace(saved, permissions=(*saved.permissions, "Inventory"))
        manifests.save_manifest(row, changed, expected_revision=row.manifest_revision, by=acting(self.alice))

    def install(self) -> None:
        lifecycle.install(self.application, account=self.publisher, version=self.version, by=acting(self.alice))


@pytest.fixture
def there(
    application: Application,
    installation: Installation,
    version: Version,
    depot: Account,
    northwind: Account,
    alice: User,
    dave: User,
    paula: User,
) -> There:
    others = lifecycle.install(application, account=depot, version=version, by=acting(dave)).installation
    return There(installation, others, northwind, version, alice, dave, paula)


EDITS: dict[str, Callable[[There], object]] = {
    "a manifest is saved": There.save,
    "a name is edited": lambda on: applications.edit_application(on.application, by=acting(on.alice), name="Another"),
    "it is installed on another account": There.install,
    "it is uninstalled from another account": lambda on: lifecycle.uninstall(on.others, by=acting(on.dave)),
    "another account suspends it": lambda on: suspending.suspend(on.others, by=acting(on.dave)),
    "another account that has it is suspended": lambda on: suspending_accounts.suspend_account(
        on.others.account, by=acting(on.paula, reason="Test")
    ),
    "a version is withdrawn": lambda on: withdrawing.withdraw_version(on.version, by=acting(on.alice)),
}
ENDS: dict[str, Callable[[There], object]] = {
    "the application is suspended": lambda on: suspending.suspend_application(
        on.application, by=acting(on.paula, reason="Test")
    ),
    "the developer's account is suspended": lambda on: suspending_accounts.suspend_account(
        on.application.account, by=acting(on.paula, reason="Test")
    ),
}


@contextmanager
def not_committed(change: Callable[[], object]) -> Iterator[None]:
    """The change is made in another connection, and committed in the end."""
    made, over, faults = threading.Event(), threading.Event(), list[BaseException]()

    def work() -> None:
        try:
            with transaction.atomic():
                change()
                made.set()
                over.wait(30)
        except BaseException as fault:
            faults.append(fault)
        finally:
            made.set()
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert made.wait(30)
        yield
    finally:
        over.set()
        thread.join(30)
    assert not faults, faults


def exchange_beside(change: Callable[[], object], right: dict[str, str], patience: float) -> tuple[bool, int]:
    """Whether an exchange was answered before the change was over, and with what it was in the end."""

    async def beside(door: Door) -> tuple[bool, int]:
        held = not_committed(change)
        await asyncio.to_thread(held.__enter__)
        try:
            asked = asyncio.create_task(knock(door, URL, right))
            await asyncio.wait([asked], timeout=patience)
            answered = asked.done()
        finally:
            await asyncio.to_thread(held.__exit__, None, None, None)
        return answered, (await asked).status

    return through_the_door(beside)


@pytest.mark.parametrize("edit", EDITS)
def test_an_exchange_is_answered_while_an_edit_is_not_over(there: There, right: dict[str, str], edit: str) -> None:
    # SQLite has one writer.
    patience = 3.0 if ON_POSTGRESQL else LOOKED_ON
    answered = exchange_beside(lambda: EDITS[edit](there), right, patience)
    assert answered == (ON_POSTGRESQL, 200)


@pytest.mark.parametrize("end", ENDS)
def test_an_exchange_waits_for_what_ends_it_and_leaves_none(there: There, right: dict[str, str], end: str) -> None:
    assert exchange_beside(lambda: ENDS[end](there), right, LOOKED_ON) == (False, 400)
    assert not Session.objects.exists()
