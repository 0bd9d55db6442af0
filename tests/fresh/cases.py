"""Every page that shows or moves a secret: who may do it, what they type, and what is so once it was done."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import URLPattern
from django.utils import timezone

from installs.installations import lifecycle
from installs.models import Connector, Delivery, EventSettings, Installation, PermanentToken, SigningSecret
from linnapp.manifest import parse, to_json
from linnapp.models import (
    Account,
    Application,
    Invitation,
    Membership,
    Secret,
    StaffAccess,
    TimelineEntry,
    User,
    Version,
)
from linnapp.services.manifests import manifest_of, save_manifest
from tests.house.world import VALUES, World, address
from tests.kit.consenting import release, sent
from tests.kit.people import acting
from tests.kit.pressing import form_of
from tests.kit.signing_in.factors import Passkey, code_of, made, recovery_codes, with_both

OLD, NEW, NEWER = (f"https://{name}.example/hook?t=[{{TOKEN}}]" for name in ("old", "new", "newer"))
Typed = dict[str, Any]


def led_to(url: str) -> dict[str, Any]:
    parameters = [{"name": "PostbackUrl", "value": url}]
    return {"Modules": [{"type": "ExternalApplication", "parameters": parameters}]}


@dataclass(frozen=True)
class Town:
    """Stock Bridge has an old and a newest version with different addresses, and a third in its saved manifest; Dave's
    installation of it is of the old one, and its postback failed. Carol's is of a version without an address. Dave has
    an app, recovery codes and a passkey."""

    world: World
    failed: Delivery
    passkey: Authenticator
    codes: list[str]

    @property
    def application(self) -> Application:
        return Application.objects.get(pk=self.world.arguments["application"])

    @property
    def installation(self) -> Installation:
        return Installation.objects.get(pk=self.world.arguments["installation"])


@pytest.fixture
def town(world: World, application: Application, depot: Account) -> Town:
    alice, dave = world.users["alice"], world.users["dave"]
    assert alice
    assert dave
    old = release(application, (1, 1, 0), led_to(OLD), alice)
    consented = lifecycle.install(application, account=depot, version=old, by=acting(dave))
    assert consented.delivery
    release(application, (1, 2, 0), led_to(NEW), alice)
    revision = Application.objects.get(pk=application.pk).manifest_revision
    save_manifest(application, parse(led_to(NEWER)), expected_revision=revision, by=acting(alice))
    Delivery.objects.filter(pk=consented.delivery.pk).update(state=Delivery.FAILED[0], ended_at=timezone.now())
    passkey = with_both(dave, "Laptop")
    return Town(world, consented.delivery, passkey, recovery_codes(dave))


def told(kind: str) -> Callable[[Town], object]:
    return lambda town: TimelineEntry.objects.filter(kind=kind).count() > 0


def rotated(town: Town) -> object:
    return PermanentToken.objects.filter(installation=town.installation).count() == 2


def saved(town: Town) -> object:
    return OLD in str(to_json(manifest_of(town.application)))


def _edited(town: Town, client: Client, url: str) -> Typed:
    """The form of the page, with another address typed into it."""
    page = client.get(url)
    form = form_of(page, "manifest")
    found: Typed = {}
    for name, value in form.fields:
        found.setdefault(name, []).append(OLD if value == NEWER else value)
    assert [OLD] in found.values()
    return found


def _as_json(town: Town, client: Client, url: str) -> Typed:
    found = to_json(manifest_of(town.application))
    return {"text": str(found).replace("'", '"').replace(NEWER, OLD), "revision": town.application.manifest_revision}


def _typed(**fields: Any) -> Callable[[Town, Client, str], Typed]:
    return lambda town, client, url: fields


def _released(town: Town, client: Client, url: str) -> Typed:
    return {"number": "1.3.0", "notes": "Moved house.", "revision": town.application.manifest_revision}


def _consented(town: Town, client: Client, url: str) -> Typed:
    return sent(town.installation.version, town.installation.account)


def _connector(town: Town, client: Client, url: str) -> Typed:
    fields = dict(VALUES.__dict__) | {"token": "", "application_secret": ""}
    return fields | {"base_url": f"{VALUES.base_url}/elsewhere"}


def _app(town: Town, client: Client, url: str) -> Typed:
    page = client.get(url).context
    return {"code": code_of(page["secret"]), "pending": page["pending"]}


def _new_passkey(town: Town, client: Client, url: str) -> Typed:
    carol = town.world.users["carol"]
    assert carol
    return made(Passkey(carol), client.get(url))


@dataclass(frozen=True)
class Case:
    """`done` is false before, and true once the act was done with what was typed. `use` are other parts of the address
    than the world's."""

    who: str
    done: Callable[[Town], object]
    typed: Callable[[Town, Client, str], Typed] = field(default=_typed())
    use: Callable[[Town], dict[str, Any]] = field(default=lambda town: {})

    def url(self, town: Town, pattern: URLPattern) -> str:
        return address(World(town.world.arguments | self.use(town), town.world.users), pattern)


def _failed(town: Town) -> dict[str, Any]:
    return {"delivery": town.failed.pk}


def _led_to_new(town: Town) -> object:
    return Delivery.objects.get(pk=town.failed.pk).url == NEW


def _of_dave(town: Town) -> dict[str, Any]:
    return {"pk": town.passkey.pk}


def has(name: str, kind: str) -> Callable[[Town], object]:
    """Whether somebody has a factor of this kind."""
    return lambda town: Authenticator.objects.filter(user__name=name, type=kind).exists()


def no_more(name: str, kind: str) -> Callable[[Town], object]:
    return lambda town: not has(name, kind)(town)


def of_bob(town: Town) -> User:
    bob = town.world.users["bob"]
    assert bob
    return User.objects.get(pk=bob.pk)


def codes_are_others(town: Town) -> object:
    dave = town.world.users["dave"]
    assert dave
    return not set(town.codes) & set(recovery_codes(dave))


CASES = {
    "secret_reveal": Case("bob", told("SECRET_REVEALED")),
    "secret_create": Case("bob", lambda town: Secret.objects.filter(application=town.application).count() == 2),
    "application_token_reveal": Case("bob", told("TOKEN_REVEALED")),
    "installation_token_reveal": Case("carol", told("TOKEN_REVEALED")),
    "application_token_rotate": Case("bob", rotated),
    "installation_rotate": Case("carol", rotated),
    "signing_secret_reveal": Case("bob", told("SIGNING_SECRET_REVEALED")),
    "signing_secret_rotate": Case(
        "bob",
        lambda town: (
            SigningSecret.objects.of_application(town.application).filter(ends_at=None).count()
            and told("SIGNING_SECRET_ROTATED")(town)
        ),
        _typed(after="24h"),
    ),
    "events_set": Case(
        "bob",
        lambda town: EventSettings.objects.filter(url="https://events.example/").exists(),
        _typed(url="https://events.example/", events=["installation.installed"]),
    ),
    "postback_redeliver": Case("bob", _led_to_new, _typed(to="newest"), _failed),
    "postback_replay": Case("bob", _led_to_new, _typed(to="newest", since="2026-01-01T00:00:00+00:00")),
    "manifest_edit": Case("bob", saved, _edited),
    "manifest_module": Case("bob", saved, _edited, lambda town: {"module": town.application.modules.get().key.hex}),
    "manifest_json": Case("bob", saved, _as_json),
    "version_release": Case(
        "bob", lambda town: Version.objects.filter(minor=3, notes="Moved house.").exists(), _released
    ),
    "authorize": Case("carol", told("AUTHORISED_AGAIN"), _consented),
    "invitation_create": Case(
        "alice",
        lambda town: Invitation.objects.filter(email="mallory@example.com", role="OWNER").exists(),
        _typed(email="mallory@example.com", role="OWNER"),
    ),
    "member_role": Case(
        "alice", lambda town: Membership.objects.filter(user__name="Bob", role="OWNER").exists(), _typed(role="OWNER")
    ),
    "access_enter": Case(
        "paula",
        lambda town: StaffAccess.objects.filter(reason="She asked us to.").exists(),
        _typed(purpose="WORK", reason="She asked us to."),
    ),
    "connector_edit": Case(
        "alice", lambda town: Connector.objects.filter(base_url__endswith="/elsewhere").exists(), _connector
    ),
    "support_act": Case("paula", rotated, _typed(reason="She asked us to."), lambda town: {"act": "rotate"}),
    "account_email": Case(
        "carol",
        lambda town: EmailAddress.objects.filter(email="carol@elsewhere.example").exists(),
        _typed(email="carol@elsewhere.example", action_add=""),
    ),
    "profile_delete": Case("bob", lambda town: of_bob(town).deleted_at, _typed(email="bob@northwind.example")),
    "account_factors": Case(
        "dave", told("ACCOUNT_FACTORS_ASKED"), _typed(needed="yes"), lambda town: {"account": "daves-depot"}
    ),
    "mfa_activate_totp": Case("carol", has("Carol", "totp"), _app),
    "mfa_deactivate_totp": Case("dave", no_more("Dave", "totp")),
    "mfa_add_webauthn": Case("carol", has("Carol", "webauthn"), _new_passkey),
    "mfa_edit_webauthn": Case(
        "dave",
        lambda town: Authenticator.objects.get(pk=town.passkey.pk).data["name"] == "Old laptop",
        _typed(name="Old laptop"),
        _of_dave,
    ),
    "mfa_remove_webauthn": Case("dave", no_more("Dave", "webauthn"), use=_of_dave),
    "mfa_generate_recovery_codes": Case("dave", codes_are_others),
}
