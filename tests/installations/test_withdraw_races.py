"""A version is withdrawn while two hundred accounts install it or update to it: whoever comes after gets another one,
and whoever came before is told."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from installs.application import kinds, withdrawing
from installs.installations import lifecycle, moving
from installs.models import Installation
from linnapp.actors import Actor, Side
from linnapp.errors import Moved, NotPossible
from linnapp.models import Account, Application, Membership, TimelineEntry, User, Version
from tests.kit.consenting import external, release
from tests.kit.people import acting

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow(seconds=20)]
ACCOUNTS = 200
AT_ONCE = 20
DONE_BEFORE = 40


@pytest.fixture
def customers(carol: User) -> list[Account]:
    """Carol owns them all."""
    made = Account.objects.bulk_create(
        Account(name=f"Shop {number:03}", slug=f"shop-{number:03}", contact_email=carol.email)
        for number in range(ACCOUNTS)
    )
    Membership.objects.bulk_create(
        Membership(account=account, user=carol, role=Membership.Role.OWNER) for account in made
    )
    return made


def during(acts: list[Callable[[], bool]], withdraw: Callable[[], object]) -> list[bool]:
    """What came of the acts, some at a time; the withdrawal happens among them. Whatever else they raise fails."""
    done, enough = [], threading.Event()

    def run(act: Callable[[], bool]) -> bool:
        try:
            return act()
        except (Moved, NotPossible):
            return False
        finally:
            done.append(act)
            if len(done) >= DONE_BEFORE:
                enough.set()
            connection.close()

    def among_them() -> None:
        try:
            assert enough.wait(60)
            withdraw()
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE + 1) as pool:
        withdrawal = pool.submit(among_them)
        results = list(pool.map(run, acts))
        withdrawal.result(60)
    return results


def told_of_it() -> set[object]:
    entries = TimelineEntry.objects.of_kinds(kinds.VERSION_WITHDRAWN).filter(subject_id__isnull=False)
    keys = list(entries.values_list("subject_id", flat=True))
    assert len(keys) == len(set(keys))
    return set(keys)


def on(version: Version) -> set[object]:
    return set(Installation.objects.on_version(version).values_list("pk", flat=True))


def test_nobody_installs_it_once_it_is_withdrawn_and_whoever_did_is_told(
    application: Application, version: Version, customers: list[Account], carol: User, alice: User
) -> None:
    newer = release(application, (1, 1, 0), external(moduleName="Newer"), alice)
    by = Actor(carol, Side.CUSTOMER)

    def install(account: Account) -> Callable[[], bool]:
        return lambda: lifecycle.install(application, account=account, version=newer, by=by).created

    results = during(
        [install(account) for account in customers],
        lambda: withdrawing.withdraw_version(newer, by=acting(alice)),
    )
    withdrawn_at = Version.objects.get(pk=newer.pk).withdrawn_at
    assert withdrawn_at
    assert DONE_BEFORE <= results.count(True) < ACCOUNTS
    assert Installation.objects.count() == results.count(True)
    assert not Installation.objects.filter(version=newer, installed_at__gt=withdrawn_at).exists()
    assert told_of_it() == on(newer)
    left = customers[results.index(False)]
    assert lifecycle.install(application, account=left, version=version, by=by).created


def test_nobody_updates_to_it_once_it_is_withdrawn_and_whoever_did_is_told(
    application: Application, version: Version, customers: list[Account], carol: User, alice: User
) -> None:
    by = Actor(carol, Side.CUSTOMER)
    installed = [
        lifecycle.install(application, account=account, version=version, by=by).installation for account in customers
    ]
    newer = release(application, (1, 1, 0), external(moduleName="Newer"), alice)

    def update(row: Installation) -> Callable[[], bool]:
        return lambda: moving.update(row, to=newer, by=by).version == newer

    results = during([update(row) for row in installed], lambda: withdrawing.withdraw_version(newer, by=acting(alice)))
    assert DONE_BEFORE <= results.count(True) < ACCOUNTS
    assert len(on(newer)) == results.count(True)
    assert told_of_it() == on(newer)
    assert len(on(version)) == results.count(False)
