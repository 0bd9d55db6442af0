"""The search of the top bar: over what a person may see, and nothing else.

A pasted credential is recognised by its digest, only to say what it is of; the value goes nowhere from here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from installs.documentation.documents import Document, titled_like
from installs.exchange.explanations import Explanation, explain
from installs.models import Delivery, Installation, PermanentToken, Session
from installs.models.installations import InstallationQuerySet
from linnapp import credentials
from linnapp.models import Account, Application, Secret, User, Version
from linnapp.models.applications import ApplicationQuerySet
from linnapp.models.folded import among, is_common, leads_to

MOST_OF_A_KIND = 10
# Accounts and applications of one person that are looked through one by one.
MOST_APART = 50
NUMBERED = re.compile(r"(?P<name>.*?)\s*\bv?(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?", re.ASCII)


@dataclass(frozen=True)
class Recognised:
    """A credential that was pasted: what it is, and of which installation or application. Never the value."""

    what: str
    application: Application
    installation: Installation | None = None
    ended: bool = False

    @property
    def subject(self) -> Application | Installation:
        return self.installation or self.application


@dataclass(frozen=True)
class Found:
    """`exact` is the one thing whose id was asked for. `is_identifier`: what was typed may be a credential, and is
    shown on no page again."""

    is_identifier: bool = False
    exact: Application | Installation | Delivery | None = None
    recognised: Recognised | None = None
    refusal: Explanation | None = None
    applications: Sequence[Application] = field(default_factory=list)
    installations: Sequence[Installation] = field(default_factory=list)
    versions: Sequence[Version] = field(default_factory=list)
    accounts: Sequence[Account] = field(default_factory=list)
    documents: Sequence[Document] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        lists = (self.applications, self.installations, self.versions, self.accounts, self.documents)
        return not (self.exact or self.recognised or self.refusal or any(lists))


def search(query: str, user: User) -> Found:
    text = query.strip()
    if identifier := credentials.canonical(text):
        exact = _by_id(UUID(identifier), user)
        return Found(is_identifier=True, exact=exact, recognised=None if exact else _recognise(text, user))
    accounts = among(Account.objects.filter(name_folded__has=text))
    return Found(
        refusal=explain(text, user),
        applications=list(_applications(user).filter(name_folded__has=text)[:MOST_OF_A_KIND]),
        installations=_of_accounts(accounts, user),
        versions=_versions(text, user),
        accounts=list(Account.objects.visible_to(user).filter(name_folded__has=text)[:MOST_OF_A_KIND]),
        documents=titled_like(text),
    )


def _applications(user: User) -> ApplicationQuerySet:
    return Application.objects.visible_to(user).select_related("account").order_by("name", "pk")


def _installations(user: User) -> InstallationQuerySet:
    rows = Installation.objects.visible_to(user)
    return rows.select_related("application__account", "account", "version").order_by("-installed_at", "pk")


def _of_accounts(accounts: Any, user: User) -> Sequence[Installation]:
    """Keys first, of what the lists of this person's accounts and applications name: of a hundred thousand
    installations only those that are shown are read whole."""
    mine = list(Account.objects.visible_to(user).values_list("pk", flat=True))
    made = list(Application.objects.visible_to(user).values_list("pk", flat=True))
    rows = Installation.objects.filter(leads_to("account", accounts)).order_by("-installed_at", "pk")
    if isinstance(accounts, QuerySet) and is_common(accounts) and len(mine) + len(made) <= MOST_APART:
        # The first are soon met in the order of each of them; of all at once SQLite sorts every one.
        each = [rows.filter(account=key) for key in mine] + [rows.filter(application=key) for key in made]
        arms = [Installation.objects.filter(pk__in=arm.values("pk")[:MOST_OF_A_KIND]).order_by() for arm in each]
        found = [arm.values_list("pk", flat=True) for arm in arms]
        keys = list(found[0].union(*found[1:])) if found else []
    else:
        theirs = rows.filter(Q(account__in=mine) | Q(application__in=made))
        keys = list(theirs.values_list("pk", flat=True)[:MOST_OF_A_KIND])
    return list(_installations(user).filter(pk__in=keys)[:MOST_OF_A_KIND])


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
    versions = versions.filter(application__name_folded__has=found["name"])
    if patch is not None:
        versions = versions.filter(patch=patch)
    ordered = versions.select_related("application__account").order_by("application__name", "-patch")
    return list(ordered[:MOST_OF_A_KIND])


def _recognise(value: str, user: User) -> Recognised | None:
    """Where somebody else's value is pasted the answer is the same as for one that never was."""
    digest = credentials.digest(value)
    return _permanent_token(digest, user) or _secret(digest, user) or _session_token(digest, user)


def _theirs(rows: QuerySet[Any], user: User) -> QuerySet[Any]:
    """Those of installations that this person may see. Asked for both at once, SQLite begins with all of these."""
    there = list(rows.values_list("installation", flat=True))
    seen = Installation.objects.visible_to(user).filter(pk__in=there)
    return rows.filter(installation__in=list(seen.values_list("pk", flat=True)))


def _permanent_token(digest: str, user: User) -> Recognised | None:
    tokens = _theirs(PermanentToken.objects.filter(digest=digest), user)
    token = tokens.select_related("installation__application__account", "installation__account").first()
    if token is None:
        return None
    ended = not PermanentToken.objects.live().filter(pk=token.pk).exists()
    return Recognised("permanent token", token.installation.application, token.installation, ended)


def _secret(digest: str, user: User) -> Recognised | None:
    secret = Secret.objects.visible_to(user).filter(digest=digest).select_related("application__account").first()
    return Recognised("Application Secret", secret.application, ended=not secret.is_live) if secret else None


def _session_token(digest: str, user: User) -> Recognised | None:
    sessions = _theirs(Session.objects.filter(digest=digest), user)
    session = sessions.select_related("installation__application__account", "installation__account").first()
    if session is None:
        return None
    ended = not Session.objects.live().filter(pk=session.pk).exists()
    return Recognised("session token", session.installation.application, session.installation, ended)
