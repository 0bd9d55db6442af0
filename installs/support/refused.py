"""What was refused, for support: of everybody, or of one application, account or installation."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from installs.exchange import refused as lists
from installs.models import Installation, PermanentToken, RefusalGroup
from installs.models.refusals import RefusalGroupQuerySet, with_tokens
from installs.support.pasted import Pasted, read
from linnapp.addresses import prefix_of
from linnapp.models import Account, Application, Secret

# Of accounts, the newest of their installations and applications are looked through, each by an index.
MOST_INSTALLATIONS, MOST_APPLICATIONS = 500, 200
# Of an installation, and of all of an account: the newest.
MOST_TOKENS, MOST_TOKENS_OF_ACCOUNT = 50, 1000
# Of those that have a text in their name.
MOST_NAMED = 20
Subject = Installation | Application | Account


def of(subject: Subject) -> RefusalGroupQuerySet:
    """Of an account: of what it installed, and of what it makes. Of an installation also those that sent its permanent
    token and proved nothing."""
    if isinstance(subject, Installation):
        return RefusalGroup.objects.told_to_support(subject.pk, _tokens([subject.pk], MOST_TOKENS))
    if isinstance(subject, Application):
        return RefusalGroup.objects.told_to_team(subject.pk, subject.secrets.values_list("pk", flat=True))
    return RefusalGroup.objects.in_any(*_of_accounts([subject.pk]))


def left_out(account: Account) -> str:
    """In words, of an account that has more than is looked through; "" where that is all."""
    installed, made = Installation.objects.filter(account=account), Application.objects.filter(account=account)
    newest = [
        f"{most} {what}"
        for rows, most, what in (
            (installed, MOST_INSTALLATIONS, "installations"),
            (made, MOST_APPLICATIONS, "applications"),
        )
        if rows.order_by()[: most + 1].count() > most
    ]
    return f"Of the newest {' and '.join(newest)} only" if newest else ""


def narrowed_by(text: str) -> dict[str, str]:
    """What to ask the list for in the place of a text that may hold a credential."""
    if found := lists.narrowed_by(text, secrets=Secret.objects.all(), installations=Installation.objects.all()):
        return found
    ids = read(text).ids
    named: dict[str, QuerySet[Any]] = {"application": Application.objects.all(), "account": Account.objects.all()}
    for name, rows in named.items():
        if key := rows.filter(pk__in=ids).order_by().values_list("pk", flat=True).first():
            return {name: str(key)}
    return {}


def meant_by(pasted: Pasted, groups: RefusalGroupQuerySet) -> RefusalGroupQuerySet:
    """Those of what somebody typed: ids, addresses, or a part of a name."""
    if pasted.ids:
        return groups.in_any(*_of(pasted.ids, pasted.ids), *_of_accounts(pasted.ids))
    if pasted.addresses:
        return groups.filter(address__in={prefix_of(address) for address in pasted.addresses})
    if not pasted.words:
        return groups.none()
    named = Application.objects.filter(name_folded__has=pasted.words[0]).order_by()
    accounts = Account.objects.filter(name_folded__has=pasted.words[0]).order_by()
    applications = named.values_list("pk", flat=True)[:MOST_NAMED]
    return groups.in_any(*_of(applications, ()), *_of_accounts(accounts.values_list("pk", flat=True)[:MOST_NAMED]))


def _of_accounts(accounts: Iterable[UUID]) -> list[Q]:
    keys = list(accounts)
    installed = Installation.objects.filter(account__in=keys).order_by("-installed_at")
    made = Application.objects.filter(account__in=keys).order_by("-created_at")
    return _of(
        made.values_list("pk", flat=True)[:MOST_APPLICATIONS],
        installed.values_list("pk", flat=True)[:MOST_INSTALLATIONS],
    )


def _of(applications: Iterable[UUID], installations: Iterable[UUID]) -> list[Q]:
    """By keys, so that each is looked for by its index."""
    made, installed = list(applications), list(installations)
    return [
        Q(application_id__in=made),
        Q(named_application_id__in=made, application_id=None),
        Q(installation_id__in=installed),
        with_tokens(_tokens(installed, MOST_TOKENS_OF_ACCOUNT)),
    ]


def _tokens(installations: list[UUID], most: int) -> list[int]:
    rows = PermanentToken.objects.filter(installation__in=installations).order_by("-pk")
    return list(rows.values_list("pk", flat=True)[:most])
