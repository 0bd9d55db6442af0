"""Updates that wait, by mail: to Owners, once a week at most, and never again for whoever says so with one click."""

import logging
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from installs.installations import moving
from installs.models import Installation, UpdateMailing
from installs.models.installations import InstallationQuerySet
from linnapp import mail
from linnapp.models import Account, Membership, User, Version
from linnapp.words import counted

log = logging.getLogger(__name__)
MOST_TOLD = 20
# Of one person, the last that were told: some are suspended and come back.
REMEMBERED = 1000
SIGNER = signing.Signer(salt="mails about updates")


@dataclass(frozen=True)
class Waiting:
    installation: Installation
    available: Version

    @property
    def leaves_withdrawn(self) -> bool:
        return self.installation.version.withdrawn_at is not None

    @property
    def key(self) -> str:
        """With the version that a step down leaves: the way up to the same one may have been told before."""
        key = f"{self.installation.pk}:{self.available.pk}"
        return f"{key}:{self.installation.version_id}" if moving.leads_down(self.installation, self.available) else key

    @property
    def page(self) -> str:
        row = self.installation
        return settings.SITE_URL + reverse("installation_update", args=[row.account.slug, row.pk])


def send_due() -> int:
    """How many mails were written. A fault with one person's keeps nobody else from theirs."""
    sent = 0
    for person in list(owners_due()):
        try:
            sent += send_to(person)
        except Exception:
            log.exception("a mail about updates was not written: it is tried again tomorrow")
    return sent


def owners_due() -> QuerySet[User]:
    """Owners of accounts with an update that waits, without those who had a mail this week or want none."""
    seats = Membership.objects.filter(role=Membership.Role.OWNER, account__in=with_update().values("account"))
    mailed = UpdateMailing.objects.not_due().values("user")
    return User.objects.filter(is_active=True, pk__in=seats.values("user")).exclude(pk__in=mailed).order_by("pk")


def with_update() -> InstallationQuerySet:
    """Nobody is invited to update what is suspended."""
    return Installation.objects.with_update_available().active()


def send_to(person: User) -> bool:
    """Only where something waits that no mail named: nobody is told of the same update again. The mail is claimed by a
    conditional UPDATE, so that two workers send one, in the transaction that writes it."""
    mailing, _ = UpdateMailing.objects.get_or_create(user=person)
    waiting = sorted(waiting_for(person), key=lambda row: row.key in mailing.told)
    if all(row.key in mailing.told for row in waiting):
        return False
    told = [*mailing.told, *(row.key for row in waiting[:MOST_TOLD] if row.key not in mailing.told)][-REMEMBERED:]
    now, stop = timezone.now(), settings.SITE_URL + reverse("update_mails_stop", args=[key_of(person)])
    # Before the transaction, which is short then.
    text = _text(waiting, stop)
    # RFC 8058: the reader's mail program posts to the address, with neither sign-in nor cookie.
    headers = {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    with transaction.atomic():
        if not UpdateMailing.objects.due().filter(pk=mailing.pk).update(sent_at=now, told=told):
            return False
        mail.send(mail.Kind.UPDATES, _subject(waiting), text, person.email, headers=headers)
    return True


def waiting_for(person: User) -> list[Waiting]:
    owned = with_update().filter(account__in=Account.objects.owned_by(person))
    rows = list(owned.with_its_facts().order_by("account__name", "application__name", "pk"))
    available = moving.available_updates(rows)
    return [Waiting(row, available[row.pk]) for row in rows if row.pk in available]


def _text(waiting: list[Waiting], stop: str) -> str:
    context = {"waiting": waiting[:MOST_TOLD], "more": max(0, len(waiting) - MOST_TOLD), "stop": stop}
    return render_to_string("installs/installations/mail/updates_waiting.txt", context)


def _subject(waiting: list[Waiting]) -> str:
    if all(row.leaves_withdrawn for row in waiting):
        runs = counted(len(waiting), "application runs", "applications run")
        return f"{runs} a version that was withdrawn"
    return f"{counted(len(waiting), 'application has', 'applications have')} an update waiting"


def key_of(person: User) -> str:
    """What stands in the link of a mail. It stops these mails and starts them again, and does nothing else."""
    return SIGNER.sign(str(person.pk))


def person_of(key: str) -> User | None:
    try:
        return User.objects.filter(pk=SIGNER.unsign(key)).first()
    except signing.BadSignature:
        return None


def are_stopped(person: User) -> bool:
    return UpdateMailing.objects.filter(user=person, stopped_at__isnull=False).exists()


def stop(person: User) -> None:
    UpdateMailing.objects.update_or_create(user=person, defaults={"stopped_at": timezone.now()})


def start_again(person: User) -> None:
    UpdateMailing.objects.filter(user=person).update(stopped_at=None)
