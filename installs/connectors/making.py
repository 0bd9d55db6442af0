"""Connector instances of an account: made, changed, deleted. Values go in and are never shown again."""

from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from installs.connectors import kinds
from installs.installations import lifecycle
from installs.models import Connector, Installation
from linnapp import credentials, timeline
from linnapp.actors import Actor, refuse_unless_fresh
from linnapp.errors import NotPossible, OverQuota
from linnapp.kinds import Kind
from linnapp.models import Account
from linnapp.services.quotas import RAISED
from linnapp.words import counted

GRANT_TYPE = "client_credentials"
TOKEN_KEY = "token"


@dataclass(frozen=True)
class Values:
    """What an instance is made of. An empty credential leaves the one that is stored as it is."""

    name: str
    base_url: str
    scope: str
    token: str = field(repr=False)
    application_id: str
    application_secret: str = field(repr=False)
    grant_type: str
    token_key: str


# Stored encrypted, under this name with `_encrypted` behind it.
ENCRYPTED = ("scope", "token", "application_id", "application_secret")
LABELS = {
    "name": "Name",
    "base_url": "Base URL",
    "scope": "Scope",
    "token": "Token",
    "application_id": "Application id",
    "application_secret": "Application secret",
    "grant_type": "Grant type",
    "token_key": "Response authentication token key",
}


@transaction.atomic
def make(account: Account, values: Values, *, by: Actor) -> Connector:
    """Raises NotPossible past CONNECTORS_PER_ACCOUNT, and for a name that another has: programs call it by its name."""
    row = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    refuse_one_more(row)
    _refuse_taken(values.name, row)
    connector = Connector(account=row, created_by=by.person)
    _put(connector, values)
    connector.save(force_insert=True)
    record(kinds.CONNECTOR_MADE, connector, by)
    return connector


def refuse_one_more(account: Account) -> None:
    """Raises OverQuota where the account has as many as it may."""
    most = settings.CONNECTORS_PER_ACCOUNT
    if Connector.objects.on_account(account.slug).count() >= most:
        has = f"{account} may have {counted(most, 'connector')}."
        raise OverQuota(f"{has} Delete one that you do not use. {RAISED}")


@transaction.atomic
def edit(connector: Connector, values: Values, *, by: Actor) -> list[str]:
    """Labels of what changed. The session ends with the credentials it was made with, and so does what is known of
    their working. Raises NotPossible for a name that another has."""
    Account.objects.select_for_update(no_key=True).get(pk=connector.account_id)
    row = _locked(connector)
    _refuse_taken(values.name, row.account, besides=row)
    if is_elsewhere(values.base_url, row) and not (values.token and values.application_secret):
        raise NotPossible(f"Token and Application secret were stored for {row.host}: paste both for another server.")
    if values.base_url != row.base_url:
        refuse_unless_fresh(by)
    changed = _put(row, values)
    if not changed:
        return []
    if changed != [LABELS["name"]]:
        _forget_session(row)
        row.state, row.last_error, row.last_error_at = Connector.State.UNTESTED, "", None
    if LABELS["base_url"] in changed:
        row.last_success_at = None
    row.save()
    record(kinds.CONNECTOR_EDITED, row, by, fields=", ".join(changed))
    return changed


def _forget_session(row: Connector) -> None:
    """A renewal under way is of what was before: nobody waits for it, and its session is not kept."""
    row.session_encrypted, row.session_server, row.session_ends_at = "", "", None
    row.generation, row.renewing_until, row.revision = row.generation + 1, None, row.revision + 1


@transaction.atomic
def set_enabled(connector: Connector, *, enabled: bool, by: Actor) -> None:
    """Disabled, it keeps no session: nothing is sent with it from this moment."""
    row = _locked(connector)
    if row.enabled == enabled:
        return
    row.enabled = enabled
    _forget_session(row)
    row.save()
    record(kinds.CONNECTOR_EDITED, row, by, fields="enabled" if enabled else "disabled")


@transaction.atomic
def delete(connector: Connector, *, by: Actor) -> None:
    row = _locked(connector)
    record(kinds.CONNECTOR_DELETED, row, by)
    row.delete()


def from_installation(installation: Installation, *, by: Actor) -> Connector:
    """A working instance of one's own installation, against this portal. Raises NotPossible for an installation of
    somebody else's application, whose secret is its developer's."""
    application = installation.application
    if not installation.is_on_own_account:
        raise NotPossible(f"The Application Secret of {application} belongs to {application.account}.")
    if not installation.is_live:
        raise NotPossible(f"{application} is no longer installed on {installation.account}.")
    if installation.is_suspended:
        raise NotPossible(f"{installation} is suspended {installation.suspended_by}: a connector cannot authorise.")
    secret = application.secrets.live().order_by("created_at").last()
    if secret is None:
        raise NotPossible(f"{application} has no live Application Secret. Create one on its General page first.")
    values = Values(
        name=free_name(application.name, installation.account),
        base_url=settings.SITE_URL,
        scope=asked_for(installation),
        token=lifecycle.current_token(installation).value(),
        application_id=str(application.pk),
        application_secret=secret.value(),
        grant_type=GRANT_TYPE,
        token_key=TOKEN_KEY,
    )
    return make(installation.account, values, by=by)


def is_elsewhere(base_url: str, stored: Connector) -> bool:
    """Whether this is another server, to which nothing that is stored goes by itself: scheme, name and port tell."""
    one, other = urlsplit(base_url.lower()), urlsplit(stored.base_url.lower())
    return (one.scheme, one.netloc) != (other.scheme, other.netloc)


def free_name(wanted: str, account: Account) -> str:
    """The name, with a number behind it where there are such connectors already."""
    taken = {name.lower() for name in Connector.objects.on_account(account.slug).values_list("name", flat=True)}
    longest = Connector.NAME_LENGTH - len(f" {len(taken) + 2}")
    numbered = (f"{wanted[:longest]} {number}" for number in range(2, len(taken) + 3))
    return next(name for name in (wanted[: Connector.NAME_LENGTH], *numbered) if name.lower() not in taken)


def _refuse_taken(name: str, account: Account, besides: Connector | None = None) -> None:
    others = Connector.objects.on_account(account.slug).named(name)
    if any(other != besides for other in others):
        raise NotPossible(f"There is already a connector named {name}. Give this one another name.")


def asked_for(installation: Installation) -> str:
    """The permissions of the installation's version, as a scope; a word for an application that names none."""
    return " ".join(installation.version.manifest().permissions) or "all"


def _put(connector: Connector, values: Values) -> list[str]:
    """Sets what differs; the labels of it. An empty credential is one that stays."""
    changed = []
    for name in (each.name for each in fields(Values)):
        value = getattr(values, name)
        if name in ENCRYPTED:
            stored = getattr(connector, f"{name}_encrypted")
            if not value or (stored and credentials.same(credentials.decrypt(stored), value)):
                continue
            setattr(connector, f"{name}_encrypted", credentials.encrypt(value))
        elif getattr(connector, name) == value:
            continue
        else:
            setattr(connector, name, value)
        changed.append(LABELS[name])
    return changed


def _locked(connector: Connector) -> Connector:
    rows = Connector.objects.select_for_update(of=("self",)).select_related("account")
    row = rows.filter(pk=connector.pk).first()
    if row is None:
        raise NotPossible(f"{connector} has been deleted.")
    return row


def record(kind: Kind, connector: Connector, by: Actor, **facts: Any) -> None:
    timeline.record(kind, by=by, account=connector.account, subject_id=connector.pk, connector=connector.name, **facts)
