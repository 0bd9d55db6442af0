"""People, accounts and applications with their versions and Application Secrets."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import Group
from django.utils import timezone

from bench.scale import names
from bench.scale.filling import copy, insert, numbered, run
from bench.scale.names import Size
from linnapp import credentials
from linnapp.manifest import Manifest, ManifestModule, ManifestParameter, to_json
from linnapp.models import Account, Application, Membership, Module, Parameter, Secret, User, Version

Row = dict[str, Any]
VERSIONS, OF_THE_FIRST = 5, 20
MODULES, PARAMETERS = 3, 4
MODULES_OF_THE_FIRST = 12
TEAM = 20


def fill(size: Size) -> None:
    now = timezone.now()
    people(size, now)
    applications(size, now)


def people(size: Size, now: datetime) -> None:
    of_their_own(now)
    copy(User, ({"id": names.OWNERS + n, "password": "!", "email": names.owner(n), "name": f"Owner {n}",
                 "date_joined": now - timedelta(days=400)} for n in range(size.accounts)))  # fmt: skip
    numbered(User)
    insert(EmailAddress, "linnapp_user u", user="id", email="email", verified="true", primary="true")
    copy(Account, ({"id": names.key("c", n), "name": names.account(n), "slug": names.slug(n),
                    "contact_email": f"shop.{names.md5(f'e{n}')[:8]}@{names.domain(n)}",
                    "created_at": now - timedelta(days=400, seconds=n), "owned_at": now - timedelta(days=400)}
                   for n in range(size.accounts)))  # fmt: skip
    first = len(names.SLUGS)
    insert(
        Membership,
        f"generate_series({first}, {size.accounts} - 1) i",
        role="'OWNER'",
        account="md5('c'||i)::uuid",
        user=f"{names.OWNERS} + i",
    )
    for number, person in enumerate((names.DEV, names.CUSTOMER, names.PLAIN)):
        user = User.objects.get(email=names.email(person))
        Membership.objects.create(account_id=names.key("c", number), user=user, role=Membership.Role.OWNER)
    insert(
        Membership,
        f"generate_series({first}, {first + TEAM} - 1) i",
        role="'DEVELOPER'",
        account="md5('c0')::uuid",
        user=f"{names.OWNERS} + i",
    )


def of_their_own(now: datetime) -> None:
    """Those who sign in. Their factors are made as the portal makes them."""
    for person in names.PEOPLE:
        is_staff, is_superuser = person in names.FACTORS, person == names.SUPERUSER
        user = User.objects.create_user(
            names.email(person), names.PASSWORD, name=f"{person.title()} Scale", is_staff=is_staff,
            is_superuser=is_superuser, date_joined=now,
        )  # fmt: skip
        if is_staff:
            TOTP.activate(user, names.FACTORS[person])
        if person == names.SUPPORT:
            user.groups.add(Group.objects.get(name="Support"))
    assert Authenticator.objects.count() == len(names.FACTORS)


def applications(size: Size, now: datetime) -> None:
    numbers = range(size.applications)
    copy(Application, ({"id": names.key("a", n), "name": names.application(n),
                        "type": Application.Type.values[n % len(Application.Type.values)],
                        "description": f"Keeps things in step for shop {n}. " + "It does so every minute. " * 6,
                        "support_contact": "help@example.com", "listing": "UNLISTED" if n % 2 else "LISTED",
                        "manifest_revision": 1, "created_at": now - timedelta(days=390),
                        "changed_at": now - timedelta(days=100), "account": names.key("c", names.maker(n))}
                       for n in numbers))  # fmt: skip
    manifests = {n: manifest(n) for n in numbers}
    copy(Module, (row for n in numbers for row in modules(n, manifests[n])))
    insert(
        Parameter,
        f"linnapp_module m, generate_series(0, {PARAMETERS} - 1) k",
        position="k",
        name="'Param'||k",
        value="""'"https://hooks.example.com/p"'""",
        module="m.id",
    )
    copy(Version, (row for n in numbers for row in versions(n, manifests[n], now)))
    sealed = credentials.encrypt(names.key("s", 0))
    copy(Secret, ({"application": names.key("a", n), "digest": credentials.digest(names.key("s", n)),
                   "encrypted": sealed, "tail": names.key("s", n)[-4:], "created_at": now - timedelta(days=390)}
                  for n in numbers))  # fmt: skip
    run("ANALYZE linnapp_version, linnapp_application, linnapp_account, linnapp_secret")


def manifest(number: int) -> Manifest:
    parameters = tuple(ManifestParameter(f"Param{k}", "https://hooks.example.com/p") for k in range(PARAMETERS))
    how_many = MODULES if number else MODULES_OF_THE_FIRST
    return Manifest(
        tuple(
            ManifestModule(
                key=names.md5(f"m{number}-{k}"), type="ExternalApplication", name=f"Module{k}",
                formatted_name=f"Module {k}", parameters=parameters,
            )
            for k in range(how_many)
        )
    )  # fmt: skip


def modules(number: int, said: Manifest) -> Iterator[Row]:
    for position, module in enumerate(said.modules):
        yield {
            "application": names.key("a", number), "key": module.key, "position": position, "name": module.name,
            "formatted_name": module.formatted_name, "type": module.type,
        }  # fmt: skip


def versions(number: int, said: Manifest, now: datetime) -> Iterator[Row]:
    for n in range((VERSIONS if number else OF_THE_FIRST) + 1):
        major, minor = 1 + (n - 1) // 10, (n - 1) % 10
        yield {
            "application": names.key("a", number),
            "kind": Version.Kind.RELEASED if n else Version.Kind.DEVELOPMENT,
            "major": major if n else None,
            "minor": minor if n else None,
            "patch": 0 if n else None,
            "snapshot": to_json(said),
            "notes": f"Notes of version {n}",
            "created_at": now - timedelta(days=380 - 10 * n),
        }
