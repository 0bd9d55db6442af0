"""Loading the demo once: people and accounts first, then their history."""

from pathlib import Path

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction

from installs.demo.catalogue import CUSTOMERS
from installs.demo.history import History
from linnapp.demo_people import PEOPLE, DemoPerson
from linnapp.models import Account, Membership, User
from linnapp.models.people import SUPPORT_GROUP
from linnapp.services import people

LOGOS = Path(__file__).parent / "logos"


def is_loaded() -> bool:
    return User.objects.filter(email=PEOPLE[0].email).exists()


@transaction.atomic
def load() -> None:
    """All or nothing: a start that is stopped in the middle begins anew."""
    owners: dict[str, User] = {}
    for person in PEOPLE:
        user = make_person(person)
        if person.account:
            take_seat(user, person, owners)
    for name in ("Harbour Labs", *CUSTOMERS):
        owner = make_owner(name)
        people.create_account(name=name, owner=owner)
        owners[name] = owner
    History(owners, logo).tell()


def logo(name: str) -> bytes:
    return (LOGOS / f"{name}.png").read_bytes()


def make_person(person: DemoPerson) -> User:
    user = User.objects.create_user(
        person.email,
        settings.DEMO_PASSWORD or None,
        name=person.name,
        is_staff=person.is_support or person.is_superuser,
        is_superuser=person.is_superuser,
    )
    if person.is_support:
        user.groups.add(Group.objects.get(name=SUPPORT_GROUP))
    return verified(user)


def verified(user: User) -> User:
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def take_seat(user: User, person: DemoPerson, owners: dict[str, User]) -> None:
    if person.account not in owners:
        owners[person.account] = user
        people.create_account(name=person.account, owner=user)
        return
    account = Account.objects.get(name=person.account)
    Membership.objects.create(account=account, user=user, role=person.role)


def make_owner(company: str) -> User:
    """An owner nobody signs in as: without a usable password."""
    mailbox = people.free_slug(company)
    return verified(User.objects.create_user(f"owner@{mailbox}.example", name=f"Owner of {company}"))
