"""Updates that wait, by mail: to Owners, once a week at most, and never again for whoever says so with one click."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from installs.installations import moving
from installs.models import Installation, UpdateMailing
from installs.models.installations import InstallationQuerySet
from linnapp import mail, mail_choices
from linnapp.manifest import ConsentLine, newly_reached
from linnapp.models import MailRefusal, Membership, User, Version
from linnapp.models.people import MembershipQuerySet
from linnapp.supervision import stop_asked
from linnapp.words import counted

log = logging.getLogger(__name__)
MOST_TOLD = 20
# Of what each newly reaches: the page of the update has all of it.
MOST_GAINS = 3
# Of one person, the last that were told: some are suspended and come back.
REMEMBERED = 1000
# People who are looked at together: for more, memory would grow with them.
TOGETHER = 200
SIGNER = signing.Signer(salt="mails about updates")


@dataclass(frozen=True)
class Waiting:
    """By keys alone: somebody may own an account with thousands of installations."""

    installation_id: UUID
    on: Version
    available: Version

    @property
    def leaves_withdrawn(self) -> bool:
        return self.on.withdrawn_at is not None

    @property
    def key(self) -> str:
        return _key(self.installation_id, self.on, self.available)


@dataclass(frozen=True)
class Named:
    """One that the mail names."""

    installation: Installation
    waiting: Waiting
    gains: list[ConsentLine]

    @property
    def first_gains(self) -> list[ConsentLine]:
        return self.gains[:MOST_GAINS]

    @property
    def more_gains(self) -> int:
        return len(self.gains[MOST_GAINS:])

    @property
    def page(self) -> str:
        row = self.installation
        return settings.SITE_URL + reverse("installation_update", args=[row.account.slug, row.pk])


def _key(installation_id: UUID, on: Version, available: Version) -> str:
    """With the version that a step down leaves: the way up to the same one may have been told before."""
    key = f"{installation_id}:{available.pk}"
    return f"{key}:{on.pk}" if available.numbers < on.numbers else key


def send_due() -> int:
    """How many mails were written. A fault with one person's keeps nobody else from theirs."""
    sent = 0
    for person in owners_due():
        try:
            sent += send_to(person)
        except Exception:
            log.exception("a mail about updates was not written: it is tried again tomorrow")
    return sent


def owners_due() -> Iterator[User]:
    """Owners of accounts with an update that waits and that no mail named to them, without those who had a mail this
    week or want none: some hundred people at a time, with as many statements for each."""
    after = 0
    while not stop_asked():
        owners = Membership.objects.filter(role=Membership.Role.OWNER, user=OuterRef("pk"))
        mailed = UpdateMailing.objects.not_due().filter(user=OuterRef("pk"))
        stopped = MailRefusal.objects.of_kind(mail.Kind.UPDATES).filter(user=OuterRef("pk"))
        people = User.objects.filter(Exists(owners), ~Exists(mailed), ~Exists(stopped), is_active=True, pk__gt=after)
        some = list(people.order_by("pk")[:TOGETHER])
        if not some:
            break
        after = some[-1].pk
        yield from _with_news(some)


def _with_news(people: Sequence[User]) -> Iterator[User]:
    """Those of them for whom something waits that no mail named."""
    keys = [person.pk for person in people]
    seats = list(_seats().filter(user__in=keys).values_list("user", "account").distinct())
    waiting = _waiting_on({account for _, account in seats})
    found: defaultdict[int, set[str]] = defaultdict(set)
    for person, account in seats:
        found[person] |= waiting[account]
    told = dict(UpdateMailing.objects.filter(user__in=found).values_list("user", "told"))
    return (person for person in people if found[person.pk].difference(told.get(person.pk, ())))


def _seats() -> MembershipQuerySet:
    return Membership.objects.filter(role=Membership.Role.OWNER).that_open()


def _waiting_on(accounts: Iterable[UUID]) -> defaultdict[UUID, set[str]]:
    """The keys of what waits on each of these accounts."""
    found: defaultdict[UUID, set[str]] = defaultdict(set)
    for account, waiting in _waiting_of(may_update().filter(account__in=accounts)):
        found[account].add(waiting.key)
    return found


def _waiting_of(rows: InstallationQuerySet) -> list[tuple[UUID, Waiting]]:
    """Those of these for which something waits, each with its account: a few columns of each."""
    facts = list(rows.values_list("pk", "account", "application", "version"))
    versions = Version.objects.defer("snapshot").in_bulk({version for *_, version in facts})
    latest = moving.latest_of({application for _, _, application, _ in facts})
    return [
        (account, Waiting(key, versions[version], latest[application]))
        for key, account, application, version in facts
        if application in latest and moving.is_better(latest[application], versions[version])
    ]


def may_update() -> InstallationQuerySet:
    """Nobody is invited to update what is suspended."""
    return Installation.objects.active().on_released_versions()


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
    """Accounts first, then what is on them: as one condition it is asked of every installation there is."""
    unwanted = mail_choices.unwanted_accounts(person, mail.Kind.UPDATES)
    owned = set(_seats().filter(user=person).values_list("account", flat=True)).difference(unwanted)
    on_them = may_update().filter(account__in=owned).order_by("account__name", "application__name", "pk")
    return [waiting for _, waiting in _waiting_of(on_them)]


def _text(waiting: list[Waiting], stop: str) -> str:
    told = waiting[:MOST_TOLD]
    whole = Installation.objects.with_its_facts().defer("version__snapshot")
    rows = whole.in_bulk([row.installation_id for row in told])
    gains = _gains_of(told)
    named = [Named(rows[row.installation_id], row, gains[row.key]) for row in told if row.installation_id in rows]
    context = {"named": named, "more": max(0, len(waiting) - MOST_TOLD), "stop": stop}
    return render_to_string("installs/installations/mail/updates_waiting.txt", context)


def _gains_of(told: list[Waiting]) -> dict[str, list[ConsentLine]]:
    """By the key of each: what its update lets the application do that it cannot do now."""
    both = {version.pk for row in told for version in (row.on, row.available)}
    manifests = {key: version.manifest() for key, version in Version.objects.in_bulk(both).items()}
    return {row.key: newly_reached(manifests[row.on.pk], manifests[row.available.pk]) for row in told}


def _subject(waiting: list[Waiting]) -> str:
    if all(row.leaves_withdrawn for row in waiting):
        runs = counted(len(waiting), "application runs", "applications run")
        return f"{runs} a withdrawn version"
    return f"{counted(len(waiting), 'application has', 'applications have')} an update"


def key_of(person: User) -> str:
    """What stands in the link of a mail. It stops these mails and starts them again, and does nothing else."""
    return SIGNER.sign(str(person.pk))


def person_of(key: str) -> User | None:
    try:
        return User.objects.filter(pk=SIGNER.unsign(key)).first()
    except signing.BadSignature:
        return None


def are_stopped(person: User) -> bool:
    return mail_choices.is_stopped(person, mail.Kind.UPDATES)


def stop(person: User) -> None:
    mail_choices.stop(person, mail.Kind.UPDATES)


def start_again(person: User) -> None:
    mail_choices.start_again(person, mail.Kind.UPDATES)
