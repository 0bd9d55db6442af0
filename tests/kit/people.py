"""The people of the product, as fixtures. They explain the whole model of access:

Alice owns Northwind, Bob is a Developer there; Carol owns a customer's account; Dave is a stranger with an account of
his own; Sam is of Support, Paula is superuser; nobody is signed out.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, Permission
from django.test import Client

from installs.installations import lifecycle
from installs.models import Installation
from installs.models.installations import ACTS_OF_SUPPORT
from linnapp import credentials
from linnapp.actors import Actor, Side
from linnapp.models import Account, Application, KeyCanary, Membership, User, Version
from linnapp.models.people import SUPPORT_GROUP
from linnapp.services import applications, people, versions
from tests.kit.order import empties_the_database

# What stops a customer's client program is given to support by hand.
NOT_BY_DEFAULT = ("suspend_for_support", "end_old_token_for_support")
PASSWORD = "correct horse battery"
ClientOf = Callable[..., Client]


def person(name: str, email: str, **fields: bool) -> User:
    user = User.objects.create_user(email, PASSWORD, name=name, **fields)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def acting(person: User, side: Side | None = None, reason: str = "") -> Actor:
    """As the pages make it of them: Northwind develops, staff are staff, everybody else is a customer."""
    if side is None and person.is_staff:
        side = Side.STAFF
    elif side is None:
        side = Side.DEVELOPER if person.email.endswith("@northwind.example") else Side.CUSTOMER
    return Actor(person, side, reason)


def grow_old(client: Client) -> None:
    """Its sign-in was yesterday."""
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 24 * 3600
    session.save()


def support_group() -> Group:
    """As the migrations leave it."""
    group = Group.objects.get_or_create(name=SUPPORT_GROUP)[0]
    acts = [codename for codename, _ in ACTS_OF_SUPPORT if codename not in NOT_BY_DEFAULT]
    group.permissions.set(Permission.objects.filter(codename__in=["look_into_accounts", *acts]))
    return group


@pytest.fixture(autouse=True)
def rows_of_migrations(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    """What migrations wrote, written again where a test emptied the database: the next one may not know of it."""
    yield
    if not empties_the_database(request.node):
        return
    with django_db_blocker.unblock():
        support_group()
        if not KeyCanary.objects.exists():
            KeyCanary.objects.create(encrypted=credentials.new_canary())


@pytest.fixture
def alice(db: None) -> User:
    return person("Alice", "alice@northwind.example")


@pytest.fixture
def northwind(alice: User) -> Account:
    return people.create_account(name="Northwind", owner=alice)


@pytest.fixture
def bob(northwind: Account) -> User:
    user = person("Bob", "bob@northwind.example")
    Membership.objects.create(account=northwind, user=user, role=Membership.Role.DEVELOPER)
    return user


@pytest.fixture
def carol(db: None) -> User:
    return person("Carol", "carol@carolscakes.example")


@pytest.fixture
def cakes(carol: User) -> Account:
    return people.create_account(name="Carol's Cakes", owner=carol)


@pytest.fixture
def dave(db: None) -> User:
    return person("Dave", "dave@davesdepot.example")


@pytest.fixture
def depot(dave: User) -> Account:
    return people.create_account(name="Dave's Depot", owner=dave)


@pytest.fixture
def sam(db: None) -> User:
    user = person("Sam", "sam@linnapp.example", is_staff=True)
    user.groups.add(support_group())
    return user


@pytest.fixture
def paula(db: None) -> User:
    return person("Paula", "paula@linnapp.example", is_staff=True, is_superuser=True)


@pytest.fixture
def client_of() -> ClientOf:
    """A browser signed in as somebody; `fresh=False` for a sign-in older than credentials ask for."""

    def sign_in(user: User | None, *, fresh: bool = True) -> Client:
        client = Client()
        if user is None:
            return client
        client.force_login(user)
        session = client.session
        at = time.time() if fresh else time.time() - 24 * 3600
        session["account_authentication_methods"] = [{"method": "password", "at": at, "email": user.email}]
        session["account_authentication_methods_user"] = str(user.pk)
        session.save()
        return client

    return sign_in


@pytest.fixture
def application(northwind: Account, alice: User) -> Application:
    """Stock Bridge of Northwind, a System Integration without a version."""
    made, _ = applications.create_application(
        account=northwind, name="Stock Bridge", kind=Application.Type.SYSTEM, by=acting(alice)
    )
    return made


@pytest.fixture
def version(application: Application, alice: User) -> Version:
    return versions.create_version(application, number=(1, 0, 0), notes="First.", expected_revision=1, by=acting(alice))


@pytest.fixture
def installation(application: Application, version: Version, cakes: Account, carol: User) -> Installation:
    """Stock Bridge 1.0.0 on Carol's Cakes."""
    return lifecycle.install(application, account=cakes, version=version, by=acting(carol)).installation
