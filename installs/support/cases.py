"""The look-up behind the support console: from whatever a customer sends to what it is about."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Q, Sum
from django.utils import timezone

from installs.exchange.refusals import Reason
from installs.models import Delivery, Installation, PermanentToken, RefusalGroup, RefusalSample, Session
from installs.support import kinds
from linnapp import credentials, timeline
from linnapp.actors import Actor
from linnapp.models import Account, Application, Membership, Secret, TimelineEntry, User
from linnapp.models.people import Reader
from linnapp.models.timeline import TimelineEntryQuerySet

MOST_FOUND = 20
# One view is on record for so long: reading a case means opening its page many times.
VIEW_STANDS_FOR = timedelta(hours=1)
REFUSALS_SHOWN = timedelta(days=30)
POSTBACKS_READ = 20
REFERENCES = re.compile(r"(?<![0-9a-f])[0-9a-f]{16}(?![0-9a-f])", re.IGNORECASE)

CAUSES = {
    Reason.UNREADABLE: "The request could not be read",
    Reason.UNPROVEN: "Application ID, Application Secret or token is wrong",
    Reason.UNKNOWN_TOKEN: "No permanent token of this portal was sent",
    Reason.SESSION_TOKEN_SENT: "A session token was sent in place of the permanent token",
    Reason.OTHER_CREDENTIAL_SENT: "The Application ID or Secret was sent in place of the permanent token",
    Reason.OTHER_APPLICATION: "The permanent token is of another application's installation",
    Reason.UNINSTALLED: "The installation is over",
    Reason.INSTALLATION_FAILED: "The installation failed: its postback did not come to a 200",
    Reason.TOKEN_ENDED: "The permanent token was replaced by a newer one",
    Reason.SUSPENDED_BY_STAFF: "The installation is suspended by staff",
    Reason.SUSPENDED_BY_ACCOUNT: "The installation is suspended by the account",
    Reason.APPLICATION_SUSPENDED: "The application is suspended",
    Reason.ACCOUNT_SUSPENDED: "The account is suspended by staff",
    Reason.PUBLISHER_SUSPENDED: "The account of the application's developer is suspended by staff",
    Reason.APPLICATION_RETIRED: "The application is retired",
    Reason.OVER_QUOTA: "More exchanges in a minute than allowed",
}


@dataclass(frozen=True)
class Found:
    """`exact` is the one installation that was meant, where there is no doubt."""

    exact: Installation | None = None
    installations: list[Installation] = field(default_factory=list)
    applications: list[Application] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    refusal: RefusalSample | None = None

    @property
    def anything(self) -> bool:
        return bool(self.exact or self.installations or self.applications or self.accounts or self.refusal)


@dataclass(frozen=True)
class Cause:
    """Refused exchanges of one installation for one reason."""

    words: str
    count: int
    last_at: datetime


def may_hold_credential(text: str) -> bool:
    """Whether showing the text again could show a token: every one is written as a UUID."""
    return credentials.UUID_SHAPE.search(text) is not None


def find(text: str) -> Found:
    """Ids and tokens in any spelling, a webhook-id, a reference, an e-mail address, the name of a company or
    application. Text around an id or a reference does not matter, so that a whole error message can be pasted."""
    text = text.strip()
    if ids := [UUID(match) for match in credentials.UUID_SHAPE.findall(text)[:MOST_FOUND]]:
        return _by_id(ids)
    if references := REFERENCES.findall(text):
        return _by_reference(references[0].lower())
    return _by_words(text)


def _by_id(ids: list[UUID]) -> Found:
    digests = [credentials.digest(str(value)) for value in ids]
    tokens = PermanentToken.objects.filter(digest__in=digests).values("installation")
    sessions = Session.objects.filter(digest__in=digests).values("installation")
    postbacks = Delivery.objects.filter(pk__in=ids)
    owed = postbacks.exclude(installation=None).values("installation")
    meant = Q(pk__in=ids) | Q(pk__in=tokens) | Q(pk__in=sessions) | Q(pk__in=owed)
    if exact := Installation.objects.with_its_facts().filter(meant).first():
        return Found(exact=exact)
    secrets = Secret.objects.filter(digest__in=digests).values("application")
    tested = postbacks.tests().values("application")
    about = Q(pk__in=ids) | Q(pk__in=secrets) | Q(pk__in=tested)
    return _with_installations(
        list(Application.objects.select_related("account").filter(about)), list(Account.objects.filter(pk__in=ids))
    )


def _by_reference(reference: str) -> Found:
    sample = RefusalSample.objects.select_related("group").filter(reference=reference).first()
    if sample is None:
        return Found()
    meant = Installation.objects.with_its_facts().filter(pk__in=_known(sample.group.installation_id)).first()
    if meant:
        return Found(exact=meant, refusal=sample)
    applications = Application.objects.select_related("account").filter(pk__in=_known(sample.group.application_id))
    return Found(applications=list(applications), refusal=sample)


def _known(key: UUID | None) -> list[UUID]:
    return [key] if key else []


def _by_words(text: str) -> Found:
    if "@" in text:
        seats = Membership.objects.filter(user__email__icontains=text).values("account")
        accounts = Account.objects.filter(Q(contact_email__icontains=text) | Q(pk__in=seats))
        return _with_installations([], list(accounts[:MOST_FOUND]))
    accounts = Account.objects.filter(Q(name__icontains=text) | Q(slug__icontains=text))
    applications = Application.objects.select_related("account").filter(name__icontains=text)
    return _with_installations(list(applications[:MOST_FOUND]), list(accounts[:MOST_FOUND]))


def _with_installations(applications: list[Application], accounts: list[Account]) -> Found:
    """What the applications and accounts have to do with, live ones first."""
    about = Q(application__in=applications) | Q(account__in=accounts) | Q(application__account__in=accounts)
    rows = Installation.objects.with_its_facts().filter(about).order_by("state", "-installed_at")
    return Found(installations=list(rows[:MOST_FOUND]), applications=applications, accounts=accounts)


def note_view(installation: Installation, *, by: Actor) -> None:
    """Puts it on record that this person read the case, once an hour: customer and developer read that too."""
    if _viewed_lately(installation, by.reader):
        return
    with transaction.atomic():
        row = Installation.objects.select_for_update(of=("self",)).with_its_facts().get(pk=installation.pk)
        if _viewed_lately(row, by.reader):
            return
        timeline.record_about(row, kinds.SUPPORT_VIEWED, by=by)


def _viewed_lately(installation: Installation, person: Reader) -> bool:
    views = _views_of(person).about(installation.pk)
    return views.filter(at__gt=timezone.now() - VIEW_STANDS_FOR).exists()


def _views_of(person: Reader) -> TimelineEntryQuerySet:
    return TimelineEntry.objects.of_kinds(kinds.SUPPORT_VIEWED).by_person(person)


def viewed_lately(person: User) -> list[Installation]:
    """The installations this person looked at last, the latest first."""
    newest = _views_of(person).newest_first().values_list("subject_id", flat=True)[:50]
    ids = list(dict.fromkeys(newest))[:8]
    rows = Installation.objects.with_its_facts().in_bulk(ids)
    return [rows[key] for key in ids if key in rows]


def causes(installation: Installation) -> list[Cause]:
    """Why exchanges of this installation were refused lately, the latest cause first."""
    groups = RefusalGroup.objects.of_installation(installation.pk).filter(hour__gt=timezone.now() - REFUSALS_SHOWN)
    rows = groups.order_by().values("reason").annotate(total=Sum("count"), last=Max("last_at")).order_by("-last")
    return [Cause(in_words(row["reason"]), row["total"], row["last"]) for row in rows]


def missing_postback(installation: Installation) -> Delivery | None:
    """The newest postback of this installation where none has arrived: its permanent token may be with nobody."""
    newest = list(Delivery.objects.of_installation(installation).owed().newest_first()[:POSTBACKS_READ])
    arrived = any(row.state == Delivery.State.DELIVERED for row in newest)
    return newest[0] if newest and not arrived else None


def in_words(reason: str) -> str:
    """A reason of an earlier release may be unknown to this one."""
    return CAUSES[Reason(reason)] if reason in set(Reason) else reason.replace("_", " ").capitalize()
