"""Staff move an application, and close its account, while others install it and change it: nothing is left half, and
nobody waits in a circle."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import connection
from django.utils import timezone

from installs.application.closing import close_account
from installs.application.moving import move_application
from installs.installations import lifecycle, suspending
from installs.installations.suspending_accounts import resume_account, suspend_account
from installs.models import Installation
from linnapp.actors import Actor, Side
from linnapp.errors import NotPossible
from linnapp.models import Account, Application, Membership, TimelineEntry, User, Version
from linnapp.services import applications, people, secrets
from tests.kit.people import acting

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 24
AT_ONCE = 8
DONE_BEFORE = 6
ROUNDS = 6
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


def during(acts: list[Act], other: Act) -> list[bool]:
    """What came of the acts, some at a time; the other happens among them, and is possible."""
    done, enough = [], threading.Event()

    def run(act: Act) -> bool:
        try:
            return attempt(act)
        finally:
            done.append(act)
            if len(done) >= DONE_BEFORE:
                enough.set()

    def among_them() -> bool:
        assert enough.wait(60)
        return attempt(other)

    with ThreadPoolExecutor(AT_ONCE + 1) as pool:
        beside = pool.submit(among_them)
        results = list(pool.map(run, acts))
        assert beside.result()
    return results


@pytest.fixture
def shops(carol: User) -> list[Account]:
    rows = Account.objects.bulk_create(
        Account(name=f"Shop {number:03}", slug=f"shop-{number:03}", contact_email=carol.email) for number in range(MANY)
    )
    Membership.objects.bulk_create(Membership(account=row, user=carol, role=Membership.Role.OWNER) for row in rows)
    return rows


def moved(application: Application, to: Account, by: User) -> Act:
    def act() -> object:
        row = Application.objects.get(pk=application.pk)
        return move_application(row, to=to, secrets_end=timezone.now(), by=acting(by, reason="Sold."))

    return act


def test_each_installation_during_a_move_is_told_of_it_or_comes_from_the_new_account(
    application: Application, version: Version, depot: Account, shops: list[Account], carol: User, paula: User
) -> None:
    owner = Actor(carol, Side.CUSTOMER)

    def installing(shop: Account) -> Act:
        return lambda: lifecycle.install(
            Application.objects.get(pk=application.pk), account=shop, version=version, by=owner
        )

    during([installing(shop) for shop in shops], moved(application, depot, paula))
    entries = TimelineEntry.objects.filter(subject_id__isnull=False)
    told = entries.filter(kind="APPLICATION_MOVED").count()
    from_the_old = entries.filter(kind="INSTALLED", facts__publisher="Northwind").count()
    assert DONE_BEFORE <= told == from_the_old
    assert entries.filter(kind="INSTALLED").count() == Installation.objects.count()


def test_no_secret_that_the_old_team_makes_during_a_move_lives_on(
    application: Application, depot: Account, alice: User, paula: User
) -> None:
    waiting = Application.objects.get(pk=application.pk)
    acts: list[Act] = [lambda: secrets.create_secret(application=waiting, by=acting(alice))] * MANY
    during(acts, moved(application, depot, paula))
    assert application.secrets.live().get().created_by == paula


@pytest.mark.parametrize("begin", [0, 1], ids=["closed first", "installed first"])
def test_an_installation_during_a_close_is_refused_or_keeps_the_account(
    begin: int, depot: Account, shops: list[Account], carol: User, dave: User, paula: User
) -> None:
    made, _ = applications.create_application(account=depot, name="Pills", kind="SYSTEM", by=acting(dave))
    version = made.versions.development()
    acts: list[Act] = [
        lambda: close_account(depot, by=acting(paula, reason="Spam.")),
        lambda: lifecycle.install(made, account=depot, version=version, by=acting(dave)),
    ]
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(attempt, acts[begin:] + acts[:begin]))
    rows = Installation.objects.count()
    kept = Account.objects.filter(pk=depot.pk).first()
    assert (rows == 1) == (kept is not None) == all(results)
    assert kept is None or kept.suspended_by_staff_at
    assert Application.objects.filter(pk=made.pk).exists() == (kept is not None)


def test_a_seat_taken_during_a_close_is_deleted_with_it_or_refused(depot: Account, dave: User, paula: User) -> None:
    guests = [User.objects.create_user(f"guest-{number}@x.example", name=f"Guest {number}") for number in range(6)]
    invited = [people.invite(depot, email=guest.email, role="DEVELOPER", by=acting(dave))[0] for guest in guests]
    acts: list[Act] = [
        lambda: close_account(depot, by=acting(paula, reason="Spam.")),
        *(partial(people.accept, row, by=acting(guest)) for row, guest in zip(invited, guests, strict=True)),
    ]
    with ThreadPoolExecutor(len(acts)) as pool:
        results = list(pool.map(attempt, acts[3:] + acts[:3]))
    assert not Account.objects.filter(pk=depot.pk).exists()
    assert not Membership.objects.filter(user__in=guests).exists()
    # Who came in before it was closed went with it; who came later was refused, and stays.
    assert User.objects.filter(pk__in=[guest.pk for guest in guests]).count() == results.count(False)


def test_a_seat_taken_elsewhere_during_a_close_keeps_the_person_or_is_refused(
    depot: Account, cakes: Account, carol: User, paula: User
) -> None:
    people_there = [User.objects.create_user(f"p{number}@x.example", name=f"P {number}") for number in range(6)]
    Membership.objects.bulk_create(
        Membership(account=depot, user=who, role=Membership.Role.DEVELOPER) for who in people_there
    )
    invited = [people.invite(cakes, email=who.email, role="DEVELOPER", by=acting(carol))[0] for who in people_there]
    acts: list[Act] = [
        lambda: close_account(depot, by=acting(paula, reason="Spam.")),
        *(partial(people.accept, row, by=acting(who)) for row, who in zip(invited, people_there, strict=True)),
    ]
    with ThreadPoolExecutor(len(acts)) as pool:
        closed, *accepted = list(pool.map(attempt, acts))
    assert closed
    assert not Account.objects.filter(pk=depot.pk).exists()
    for who, has_seat in zip(people_there, accepted, strict=True):
        assert User.objects.filter(pk=who.pk).exists() == has_seat
        assert Membership.objects.filter(account=cakes, user_id=who.pk).exists() == has_seat


def test_nobody_waits_in_a_circle(
    installation: Installation, northwind: Account, depot: Account, cakes: Account, carol: User, paula: User
) -> None:
    application, version, staff = installation.application, installation.version, acting(paula, reason="Test")
    acts: list[Act] = [
        moved(application, depot, paula),
        moved(application, northwind, paula),
        lambda: suspend_account(northwind, by=staff),
        lambda: resume_account(northwind, by=staff),
        lambda: suspend_account(cakes, by=staff),
        lambda: resume_account(cakes, by=staff),
        lambda: suspending.suspend_by_staff(installation, by=staff),
        lambda: suspending.resume_by_staff(installation, by=staff),
        lambda: lifecycle.install(
            Application.objects.get(pk=application.pk), account=cakes, version=version, by=acting(carol)
        ),
    ]
    with ThreadPoolExecutor(len(acts)) as pool:
        list(pool.map(attempt, acts * ROUNDS))
    assert application.secrets.live().count() == 1
