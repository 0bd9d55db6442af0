"""The search of the top bar: over what a person may see, and nothing else.

A pasted credential is recognised by its digest, only to say what it is of; the value goes nowhere from here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Q

from installs.exchange.refusals import Reason, sentence
from installs.models import Delivery, Installation, PermanentToken, RefusalSample, Session
from installs.models.installations import InstallationQuerySet
from linnapp import credentials
from linnapp.models import Account, Application, Secret, User, Version
from linnapp.models.applications import ApplicationQuerySet

MOST_OF_A_KIND = 10
NUMBERED = re.compile(r"(?P<name>.*?)\s*\bv?(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?", re.ASCII)
REFERENCE = re.compile(r"[0-9a-f]{16}", re.ASCII)


@dataclass(frozen=True)
class Recognised:
    """A credential that was pasted: what it is, and of which installation or application. Never the value."""

    what: str
    application: Application
    installation: Installation | None = None
    ended: bool = False


@dataclass(frozen=True)
class Refusal:
    """A refused exchange by its reference, with its cause in words."""

    sample: RefusalSample
    cause: str
    application: Application | None


@dataclass(frozen=True)
class Found:
    """`exact` is the one thing whose id was asked for. `is_identifier`: what was typed may be a credential, and is
    shown on no page again."""

    is_identifier: bool = False
    exact: Application | Installation | Delivery | None = None
    recognised: Recognised | None = None
    refusal: Refusal | None = None
    applications: Sequence[Application] = field(default_factory=list)
    installations: Sequence[Installation] = field(default_factory=list)
    versions: Sequence[Version] = field(default_factory=list)
    accounts: Sequence[Account] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        lists = (self.applications, self.installations, self.versions, self.accounts)
        return not (self.exact or self.recognised or self.refusal or any(lists))


def search(query: str, user: User) -> Found:
    text = query.strip()
    if identifier := credentials.canonical(text):
        exact = _by_id(UUID(identifier), user)
        return Found(is_identifier=True, exact=exact, recognised=None if exact else _recognise(text, user))
    return Found(
        refusal=_refusal(text.lower(), user) if REFERENCE.fullmatch(text.lower()) else None,
        applications=list(_applications(user).filter(name__icontains=text)[:MOST_OF_A_KIND]),
        installations=list(_installations(user).filter(account__name__icontains=text)[:MOST_OF_A_KIND]),
        versions=_versions(text, user),
        accounts=list(Account.objects.visible_to(user).filter(name__icontains=text)[:MOST_OF_A_KIND]),
    )


def _applications(user: User) -> ApplicationQuerySet:
    return Application.objects.visible_to(user).select_related("account").order_by("name", "pk")


def _installations(user: User) -> InstallationQuerySet:
    rows = Installation.objects.visible_to(user)
    return rows.select_related("application__account", "account", "version").order_by("-installed_at", "pk")


def _by_id(identifier: UUID, user: User) -> Application | Installation | Delivery | None:
    found = _applications(user).filter(pk=identifier).first() or _installations(user).filter(pk=identifier).first()
    return found or _postback(identifier, user)


def _postback(identifier: UUID, user: User) -> Delivery | None:
    """By its webhook-id."""
    rows = Delivery.objects.visible_to(user).select_related("application__account")
    return rows.filter(pk=identifier).first()


def _versions(text: str, user: User) -> Sequence[Version]:
    """By number, "1.2" or "1.2.0", with or without the name of the application before it."""
    found = NUMBERED.fullmatch(text)
    if not found:
        return []
    major, minor, patch = found.group(2, 3, 4)
    versions = Version.objects.visible_to(user).released().filter(major=major, minor=minor)
    versions = versions.filter(application__name__icontains=found["name"].strip())
    if patch is not None:
        versions = versions.filter(patch=patch)
    ordered = versions.select_related("application__account").order_by("application__name", "-patch")
    return list(ordered[:MOST_OF_A_KIND])


def _recognise(value: str, user: User) -> Recognised | None:
    """Where somebody else's value is pasted the answer is the same as for one that never was."""
    digest = credentials.digest(value)
    return _permanent_token(digest, user) or _secret(digest, user) or _session_token(digest, user)


def _permanent_token(digest: str, user: User) -> Recognised | None:
    tokens = PermanentToken.objects.filter(digest=digest, installation__in=Installation.objects.visible_to(user))
    token = tokens.select_related("installation__application__account", "installation__account").first()
    if token is None:
        return None
    ended = not PermanentToken.objects.live().filter(pk=token.pk).exists()
    return Recognised("permanent token", token.installation.application, token.installation, ended)


def _secret(digest: str, user: User) -> Recognised | None:
    secret = Secret.objects.visible_to(user).filter(digest=digest).select_related("application__account").first()
    return Recognised("Application Secret", secret.application, ended=not secret.is_live) if secret else None


def _session_token(digest: str, user: User) -> Recognised | None:
    sessions = Session.objects.filter(digest=digest, installation__in=Installation.objects.visible_to(user))
    session = sessions.select_related("installation__application__account", "installation__account").first()
    if session is None:
        return None
    ended = not Session.objects.live().filter(pk=session.pk).exists()
    return Recognised("session token", session.installation.application, session.installation, ended)


def _refusal(reference: str, user: User) -> Refusal | None:
    samples = RefusalSample.objects.filter(reference=reference).select_related("group")
    applications = Application.objects.visible_to(user)
    theirs = Q(group__application_id__in=applications.values("pk")) | Q(
        group__installation_id__in=Installation.objects.on_accounts_of(user).values("pk")
    )
    sample = samples.filter(theirs).first()
    if sample is None:
        return None
    reason = sample.group.reason
    cause = sentence(Reason(reason)) if reason in Reason.__members__ else ""
    of = sample.group.application_id
    return Refusal(sample, cause, _applications(user).filter(pk=of).first() if of else None)
