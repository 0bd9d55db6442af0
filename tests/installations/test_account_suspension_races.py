"""Staff suspend an account while it installs, and others install what it makes; and while all that locks the same rows
happens at once: nothing is overlooked, and nobody waits in a circle."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from installs.application import closing
from installs.installations import kinds, lifecycle, session_ends, suspending
from installs.installations.suspending_accounts import resume_account, suspend_account
from installs.models import Installation, Session
from linnapp.actors import Actor, Side
from linnapp.errors import NotPossible
from linnapp.models import Account, Application, Membership, TimelineEntry, User, Version
from linnapp.services import applications, versions
from linnapp.services.locking import locked
from tests.kit.people import acting

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 60
AT_ONCE = 10
DONE_BEFORE = 15
A_GAP = 0.03
ROUNDS = 12
SESSIONS = 20
Act = Callable[[], object]


def attempt(act: Act) -> bool:
    """Whether it was possible; whatever else it raises fails the test. The connection is given back."""
    try:
        act()
    except NotPossible:
        return False
    else:
        return True
    finally:
        connection.close()


def during(acts: list[Act], suspend: Act) -> list[bool]:
    """What came of the acts, some at a time; the suspension happens among them."""
    done, enough = [], threading.Event()

    def run(act: Act) -> bool:
        # SQLite's writer goes to whoever asks first: without a gap the suspension may ask in vain until the last.
        time.sleep(A_GAP if enough.is_set() else 0)
        try:
            return attempt(act)
        finally:
            done.append(act)
            if len(done) >= DONE_BEFORE:
                enough.set()

    def among_them() -> bool:
        assert enough.wait(60)
        return attempt(suspend)

    with ThreadPoolExecutor(AT_ONCE + 1) as pool:
        suspended = pool.submit(among_them)
        results = list(pool.map(run, acts))
        assert suspended.result()
    return results


def installing(application: Application, account: Account, version: Version, by: Actor) -> Act:
    return lambda: lifecycle.install(application, account=account, version=version, by=by)


def test_each_installation_of_its_applications_was_there_before_or_never_comes(
    application: Application, version: Version, northwind: Account, carol: User, paula: User
) -> None:
    shops = Account.objects.bulk_create(
        Account(name=f"Shop {number:03}", slug=f"shop-{number:03}", contact_email=carol.email) for number in range(MANY)
    )
    Membership.objects.bulk_create(Membership(account=shop, user=carol, role=Membership.Role.OWNER) for shop in shops)
    owner = Actor(carol, Side.CUSTOMER)
    acts = [installing(application, shop, version, owner) for shop in shops]
    results = during(acts, lambda: suspend_account(northwind, by=acting(paula, reason="Spam.")))
    assert DONE_BEFORE <= results.count(True) < MANY
    assert Installation.objects.count() == results.count(True) == told(kinds.PUBLISHER_SUSPENDED)


def told(kind: str) -> int:
    return TimelineEntry.objects.filter(kind=kind, subject_id__isnull=False).count()


def test_each_installation_on_it_was_there_before_or_never_comes(
    northwind: Account, cakes: Account, alice: User, carol: User, paula: User
) -> None:
    made = [made_by(northwind, f"App {number:03}", alice) for number in range(MANY)]
    owner = acting(carol)
    acts = [installing(application, cakes, version, owner) for application, version in made]
    results = during(acts, lambda: suspend_account(cakes, by=acting(paula, reason="Spam.")))
    assert DONE_BEFORE <= results.count(True) < MANY
    assert Installation.objects.count() == results.count(True) == told(kinds.ACCOUNT_SUSPENDED)


def made_by(account: Account, name: str, by: User) -> tuple[Application, Version]:
    row, _ = applications.create_application(account=account, name=name, kind="SYSTEM", by=acting(by))
    return row, versions.create_version(row, number=(1, 0, 0), notes="", expected_revision=1, by=acting(by))


def test_nobody_waits_in_a_circle(
    installation: Installation, cakes: Account, northwind: Account, carol: User, alice: User, paula: User
) -> None:
    """Each of these ends sessions of the same installations, or holds what the others hold."""
    application, version = installation.application, installation.version
    lifecycle.install(application, account=northwind, version=version, by=acting(alice))
    staff, owner = acting(paula, reason="Test"), acting(carol)
    of_both = list(Installation.objects.order_by("pk"))
    acts: list[Act] = [
        lambda: begin_sessions(of_both),
        lambda: suspend_account(cakes, by=staff),
        lambda: resume_account(cakes, by=staff),
        lambda: suspend_account(northwind, by=staff),
        lambda: resume_account(northwind, by=staff),
        lambda: suspending.suspend_application(application, by=staff),
        lambda: suspending.resume_application(application, by=staff),
        lambda: session_ends.end_sessions(installation, by=owner),
        installing(application, cakes, version, owner),
        lambda: suspending.suspend_by_staff(installation, by=staff),
        lambda: suspending.resume_by_staff(installation, by=staff),
    ]
    with ThreadPoolExecutor(len(acts)) as pool:
        list(pool.map(attempt, acts * ROUNDS))
    resume_account(cakes, by=staff)
    assert suspend_account(cakes, by=staff)
    assert not Session.objects.live().filter(installation=installation).exists()


@pytest.mark.parametrize("act", [suspend_account, closing.close_account])
def test_an_application_that_is_written_twice_does_not_wait_for_who_waits_for_it(
    act: Callable[..., bool], application: Application, northwind: Account, paula: User
) -> None:
    """PostgreSQL asks for the account once more at the end of such a transaction."""
    begun = threading.Event()

    def end_it() -> bool:
        begun.set()
        return attempt(lambda: act(Account.objects.get(pk=northwind.pk), by=acting(paula, reason="Spam.")))

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            row = locked(application)
            row.save(update_fields=["name"])
            row.save(update_fields=["name"])
            if connection.vendor == "postgresql":
                ended = pool.submit(end_it)
                assert begun.wait(10)
                until_somebody_waits()
        if connection.vendor != "postgresql":
            ended = pool.submit(end_it)
        assert ended.result()


def until_somebody_waits() -> None:
    with connection.cursor() as cursor:
        for _ in range(1_000):
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
            time.sleep(0.01)
    raise AssertionError("the other one does not wait")


def begin_sessions(installations: list[Installation]) -> None:
    """Rows that some fault left behind, for each of the others to end."""
    Session.objects.bulk_create(
        Session(
            digest=f"{threading.get_ident()}-{timezone.now().timestamp()}-{number}-{row.pk.hex[:8]}"[-64:],
            installation=row,
            permanent_token=row.permanent_tokens.get(),
            secret=row.application.secrets.get(),
            expires_at=timezone.now() + timedelta(hours=1),
        )
        for row in installations
        for number in range(SESSIONS)
    )
