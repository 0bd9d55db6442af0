"""People are told by mail what staff did: at once where it was done alone, and of a bulk change in one mail to each
when it is over. Invitations and links for a new password are no such mails: sending them is the act itself."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string

from linnapp import mail, mail_choices
from linnapp.actors import Actor
from linnapp.models import Account, BulkChange, BulkNotice, User
from linnapp.models.bulk_changes import opened, sealed
from linnapp.names import in_header

# So many are told in one mail, the others counted.
TOLD_AT_MOST = 50


def tell(
    people: Iterable[User],
    subject: str,
    template: str,
    facts: Mapping[str, Any],
    *,
    by: Actor,
    kind: str = mail.Kind.NOTICE,
    account: Account | None = None,
) -> None:
    """One mail to each address of those who can sign in. `template` makes the text; it knows `reason`, and leaves it
    out where it is told `among` others, since a mail about many gives it once. Of a `kind` that may be switched off,
    to those who want it about this account."""
    addresses = dict.fromkeys(person.email for person in people if person.is_active)
    if not addresses:
        return
    line = in_header(subject)
    alone = _text(template, facts, by, among=False)
    if by.change is None:
        for address in addresses:
            mail.send(kind, line, alone, address, account=account)
        return
    told = sealed({"subject": line, "alone": alone, "among": _text(template, facts, by, among=True).strip()})
    BulkNotice.objects.bulk_create(
        BulkNotice(change_id=by.change, address=address, told_encrypted=told)
        for address in mail_choices.wanting(kind, addresses, account)
    )


def _text(template: str, facts: Mapping[str, Any], by: Actor, *, among: bool) -> str:
    return render_to_string(template, {**facts, "reason": by.reason, "among": among})


def send_all(change: BulkChange) -> None:
    """What waits of a change that is over."""
    for address in list(change.notices.order_by("address").values_list("address", flat=True).distinct()):
        _send(change, address)


@transaction.atomic
def _send(change: BulkChange, address: str) -> None:
    """They are gone with the transaction that has them sent: whoever comes later, or after a crash, finds none."""
    keys = list(change.notices.select_for_update().filter(address=address).order_by("pk").values_list("pk", flat=True))
    if not keys:
        return
    rows = BulkNotice.objects.filter(pk__in=keys[:TOLD_AT_MOST]).order_by("pk")
    told = [opened(text) for text in rows.values_list("told_encrypted", flat=True)]
    subject, text = _one_of_many(change, told, len(keys)) if len(keys) > 1 else (told[0]["subject"], told[0]["alone"])
    change.notices.filter(address=address, pk__lte=keys[-1]).delete()
    mail.send(mail.Kind.NOTICE, subject, text, address)


def _one_of_many(change: BulkChange, told: list[dict[str, Any]], number: int) -> tuple[str, str]:
    facts = {"change": change, "told": told, "more": number - len(told), "portal": settings.SITE_URL}
    text = render_to_string("linnapp/access/mail/bulk_change.txt", facts)
    return "This portal's staff made changes to your accounts", text
