"""Every kind of thing there is, once, for whoever goes through all addresses."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from installs.connectors import making
from installs.help import asking as help_asking
from installs.models import (
    Connector,
    ConnectorCheck,
    Delivery,
    HelpCase,
    HelpMessage,
    Installation,
    PostbackAlerts,
    PostbackPolicy,
    RefusalGroup,
    SigningSecret,
    StaffNote,
)
from installs.postbacks import asking
from linnapp.models import Account, Application, KnockCount, Membership, Module, Secret, StaffAccess, User, Version
from linnapp.services import people
from tests.kit.people import acting, person

VALUES = making.Values(
    name="Warehouse",
    base_url="https://api.linnworks.net",
    scope="all",
    token="6a5ef9a1-0000-4000-8000-00000000beef",
    application_id="6a5ef9a1-0000-4000-8000-000000000001",
    application_secret="6a5ef9a1-0000-4000-8000-00000000cafe",
    grant_type="client_credentials",
    token_key="token",
)


TEAM_ONLY = "quokka-plan"


@dataclass(frozen=True)
class World:
    """What the addresses of the table are made of."""

    arguments: dict[str, Any]
    users: dict[str, User | None]


def routes(urlconf: str) -> Iterator[URLPattern]:
    """Every pattern of a URL conf, the admin's left out: `tests/admin/test_admin.py` goes through that."""

    def walk(patterns: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                if pattern.namespace != "admin":
                    yield from walk(pattern.url_patterns)
            else:
                yield pattern

    return walk(get_resolver(urlconf).url_patterns)


@pytest.fixture
def world(
    alice: User,
    bob: User,
    carol: User,
    dave: User,
    sam: User,
    paula: User,
    northwind: Account,
    cakes: Account,
    depot: Account,
    application: Application,
    version: Version,
    installation: Installation,
) -> World:
    invitation, _ = people.invite(northwind, email="eve@example.com", role=Membership.Role.DEVELOPER, by=acting(alice))
    Application.objects.update(listing=Application.Listing.LISTED)
    over = timezone.now() - timedelta(days=2)
    willa = person("Willa", "willa@linnapp.example", is_staff=True)
    was_here = StaffAccess.objects.create(
        person=willa, account=northwind, purpose="LOOK", reason="Past", begun_at=over, ends_at=over
    )
    arguments = {
        "slug": depot.slug,
        "access_id": was_here.pk,
        "account": northwind.slug,
        "account_key": northwind.pk,
        "application": application.pk,
        "installation": installation.pk,
        "version": version.pk,
        "secret": application.secrets.get().pk,
        "invitation": invitation.pk,
        "member": Membership.objects.get(user=bob).pk,
        "module": application.modules.get().key.hex,
        "delivery": asking.send_test(application, url="https://hooks.example.com/", by=acting(alice)).pk,
        "connector": making.make(northwind, VALUES, by=acting(alice)).pk,
        "act": "resume",
        "kind": "installation",
        "subject": installation.pk,
        "note": StaffNote.objects.create(installation=installation, text="Calls from an old till", by=sam).pk,
        "case": help_asking.ask(northwind, sentence="It does not work.", by=acting(alice)).pk,
        "digest": "0" * 64,
        "document": "exchange",
        **dict.fromkeys(("key", "link", "token"), "unknown"),
        "session": UserSession.objects.create(user=alice, ip="192.0.2.1", session_key="of alice", user_agent="").pk,
        "uidb36": "1",
        # The last of a passkey that nobody has.
        **dict.fromkeys(("parameter", "pk"), 0),
    }
    users = {"alice": alice, "bob": bob, "carol": carol, "dave": dave, "sam": sam, "paula": paula, "nobody": None}
    return World(arguments, users)


def address(world: World, pattern: URLPattern) -> str:
    """The pattern's address for Northwind's things; for what an installing account has, on Carol's account."""
    names = list(pattern.pattern.converters) or list(pattern.pattern.regex.groupindex)
    arguments = {name: world.arguments[name] for name in names}
    if "installation" in arguments and "application" not in arguments and "account" in arguments:
        arguments["account"] = "carols-cakes"
    if pattern.name == "my_apps":
        arguments["account"] = "carols-cakes"
    return reverse(str(pattern.name), kwargs=arguments)


def everything_of(world: World) -> list[Any]:
    rows = [Application.objects.values(), Installation.objects.values(), Version.objects.values()]
    rows += [Connector.objects.values(), ConnectorCheck.objects.values()]
    rows += [Membership.objects.values(), Account.objects.values()]
    rows += [
        PostbackPolicy.objects.values(),
        PostbackAlerts.objects.values(),
        SigningSecret.objects.values(),
        Delivery.objects.values(),
    ]
    rows += [HelpCase.objects.values(), HelpMessage.objects.values()]
    return [list(row.order_by("pk")) for row in rows]


def tell_the_team_only(application: Application) -> None:
    """Marks what only the application's own team may read."""
    Application.objects.filter(pk=application.pk).update(summary=TEAM_ONLY)
    Module.objects.filter(application=application).update(group=TEAM_ONLY, name=TEAM_ONLY, formatted_name=TEAM_ONLY)
    development = application.versions.development()
    for module in development.snapshot["Modules"]:
        module |= {"group": TEAM_ONLY, "moduleName": TEAM_ONLY, "formattedName": TEAM_ONLY}
    development.save()


def secrets_of_the_database() -> set[str]:
    """All that no page may hold: every value in the clear, every digest, every ciphertext, every password hash."""
    found = set()
    for model in apps.get_models():
        fields = {field.name for field in model._meta.concrete_fields}
        ciphertexts = {name for name in fields if name.endswith("encrypted")}
        for name in (fields & {"digest", "key_digest", "nonce", "password"}) | ciphertexts:
            found |= set(model._default_manager.values_list(name, flat=True))
        if model in (RefusalGroup, KnockCount):
            found |= set(model._default_manager.values_list("key", flat=True))
    found |= {secret.value() for secret in Secret.objects.all()}
    found |= {
        token.value() for installation in Installation.objects.all() for token in installation.permanent_tokens.all()
    }
    return found - {""}
