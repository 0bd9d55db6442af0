from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self, TypeAlias, TypeVar
from uuid import UUID

from django.db import connections, models
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce
from django.utils import timezone

from linnapp import kinds
from linnapp.kinds import Kind
from linnapp.models.managers import manager_of
from linnapp.models.people import Reader
from linnapp.models.traces import OfPerson, Traces
from linnapp.models.wording import MayHold, Wording
from linnapp.moments import shown

# As the conditions of indexes say them: a database finds an index by them that it would not by a parameter.
NO_HOUR = ~models.Q(kind="EXCHANGES")
HOURLY, STAFF, CLIENT = (RawSQL(f"'{word}'", ()) for word in ("EXCHANGES", "STAFF", "CLIENT"))
# Facts that sentences tell, beside names and reasons: what words may look for.
TOLD = ("version", "before", "host", "outcome", "cause", "email", "member", "page")
NOT_HOURLY = "NOT (\"kind\" = 'EXCHANGES')"
# Two: an account's name stands in nearly all lines, and whoever searches for people means none of these.
NAMES = Wording("linnapp_timelineentry", "timeline_names", ("actor_name", "reason"), condition=NOT_HOURLY)
FACTS = Wording("linnapp_timelineentry", "timeline_facts", facts=("account", *TOLD), condition=NOT_HOURLY)


class Sides(models.TextChoices):
    """Who acted, as seen by a reader of another side, who is not told the person's name."""

    DEVELOPER = "DEVELOPER"
    CUSTOMER = "CUSTOMER"
    STAFF = "STAFF"
    CLIENT = "CLIENT"


AnyTold = TypeVar("AnyTold", bound="Told")


# Lines are written in the order of their moments, but for what two transactions write at once.
AT_ONCE = timedelta(hours=1)
LAST_KEY = models.Value(2**63 - 1, output_field=models.BigIntegerField())


class ToldQuerySet(models.QuerySet[AnyTold]):
    def written_within(self, begin: datetime | None = None, end: datetime | None = None) -> Self:
        """Bounds by keys, of which each index has the order: all that was written from `begin` on and before `end`,
        and some lines around. Of days long past nothing else is read then."""
        found = self
        if begin is not None:
            found = found.filter(pk__gte=self._key_at(begin - AT_ONCE))
        if end is not None:
            found = found.filter(pk__lte=Coalesce(self._key_at(end + AT_ONCE), LAST_KEY))
        return found

    def _key_at(self, moment: datetime) -> models.Subquery:
        return models.Subquery(self.model._default_manager.filter(at__gte=moment).order_by("at").values("pk")[:1])

    def about(self, subject_id: UUID) -> Self:
        return self.filter(subject_id=subject_id)

    def under_access(self, access_id: UUID) -> Self:
        """By staff under one access, its begin and end too."""
        return self.filter(models.Q(subject_id=access_id) | models.Q(facts__access=str(access_id)))

    def without_hours(self) -> Self:
        """Of installations: there are as many as installations times hours, and indexes leave them out."""
        return self.exclude(kind=HOURLY)

    def told_to(self, side: str) -> Self:
        """What a reader of this side is told of; staff are told of everything. Kinds that nothing registers any more
        are left to `timeline.lines`."""
        if side == Sides.STAFF:
            return self
        mine = models.Q(side=side) | models.Q(facts__on_side=side)
        return self.filter(~models.Q(kind__in=kinds.own_side_only()) | mine)

    def of_kinds(self, *wanted: Kind) -> Self:
        return self.filter(kind__in=wanted)

    def of_any(self, wanted: Collection[str]) -> Self:
        """As `of_kinds`, of kinds that may be few among all that is told."""
        found = self.filter(kind__in=wanted)
        if connections[self.db].vendor != "sqlite":
            return found
        # By their keys, which SQLite takes of the index of kinds: else it reads each row to see its kind.
        return self.filter(pk__in=found.order_by().values("pk"))

    def without_kinds(self, *unwanted: Kind) -> Self:
        return self.exclude(kind__in=unwanted)

    def about_any(self, subjects: "models.QuerySet[Any, Any]") -> Self:
        """About one of these, given as a query for their keys."""
        return self.filter(subject_id__in=subjects)

    def by_person(self, person: Reader) -> Self:
        return self.filter(actor_id=person.pk)

    def before(self, entry_id: int) -> Self:
        return self.filter(pk__lt=entry_id)

    def newest_first(self) -> Self:
        return self.order_by("-id")


class Told(models.Model):
    """What `linnapp.timeline` makes a line of."""

    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=40)
    application_id = models.UUIDField(null=True)
    account_id = models.UUIDField(null=True)
    subject_id = models.UUIDField(null=True)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=200, blank=True)
    side = models.CharField(max_length=20, choices=Sides)
    reason = models.TextField(blank=True)
    facts = models.JSONField(default=dict)

    class Meta:
        abstract = True


class TimelineEntryQuerySet(ToldQuerySet["TimelineEntry"]):
    def about_application(self, application_id: UUID) -> Self:
        return self.filter(application_id=application_id)

    def about_account(self, account_id: UUID, applications: Collection[UUID]) -> Self:
        """What concerns an account itself, and whatever staff did inside of it, also to its applications, given by
        their keys. What happens to these and to its installations has pages of its own."""
        itself = models.Q(account_id=account_id, application_id=None)
        here = models.Q(account_id=account_id, side=STAFF, facts__on_side=Sides.CUSTOMER)
        there = models.Q(application_id__in=applications, side=STAFF, facts__on_side=Sides.DEVELOPER)
        return self.filter(itself | here | there)

    def with_words(self, text: str) -> Self:
        """Those that may have the text in a name written down or a reason: hours of installations have neither."""
        return self.without_hours().filter(MayHold(NAMES, text))

    def by_side(self, side: str) -> Self:
        """By people of one side, or by client programs, as nearly all is."""
        return self.filter(side=side) if side == Sides.CLIENT else self.exclude(side=CLIENT).filter(side=side)

    def of_application_as_a_whole(self) -> Self:
        """Without what is told of each installation and of the application too."""
        return self.exclude(kind__in=kinds.of_each(), subject_id__isnull=False).without_hours()


class TimelineEntry(Told):
    """One line of what happened. Append-only, and without foreign keys: it outlives what it tells of.

    `account_id` is the account it happened on (the installing one for what concerns an installation, else the
    developer's); `subject_id` the installation, where it is about one, the staff access, or what
    support looked at.
    """

    Side: TypeAlias = Sides
    wordings: ClassVar[tuple[Wording, ...]] = (NAMES, FACTS)
    traces: ClassVar[Traces] = Traces(texts=("actor_name", "reason", "facts"), made="at")
    of_person: ClassVar[OfPerson] = OfPerson(
        "what_you_did",
        "actor_id",
        {"at": "at", "kind": "kind", "side": "side", "reason": "reason", "facts": "facts"},
    )

    objects: ClassVar[TimelineEntryQuerySet] = manager_of(TimelineEntryQuerySet)

    class Meta:
        verbose_name = "timeline entry"
        verbose_name_plural = "timeline"
        indexes = (
            models.Index(fields=("application_id", "-id"), name="timeline_by_application"),
            models.Index(fields=("account_id", "-id"), name="timeline_by_account"),
            models.Index(fields=("subject_id", "-id"), name="timeline_by_subject"),
            # Of what hardly anything is, beside hours of exchanges; of an account itself; of what staff did.
            models.Index(
                fields=("application_id", "-id"),
                name="timeline_application_acts",
                condition=~models.Q(kind="EXCHANGES"),
            ),
            # Of each kind, where most of what an application has is of others.
            models.Index(
                fields=("application_id", "kind", "-id"),
                name="timeline_application_kinds",
                condition=~models.Q(kind="EXCHANGES"),
            ),
            models.Index(fields=("kind", "-id"), name="timeline_kinds", condition=~models.Q(kind="EXCHANGES")),
            models.Index(
                fields=("subject_id", "-id"), name="timeline_subject_acts", condition=~models.Q(kind="EXCHANGES")
            ),
            models.Index(
                fields=("account_id", "-id"), name="timeline_of_accounts", condition=models.Q(application_id=None)
            ),
            models.Index(fields=("account_id", "-id"), name="timeline_staff_account", condition=models.Q(side="STAFF")),
            models.Index(
                fields=("application_id", "-id"), name="timeline_staff_application", condition=models.Q(side="STAFF")
            ),
            models.Index(fields=("actor_id", "-id"), name="timeline_staff_person", condition=models.Q(side="STAFF")),
            models.Index(fields=("side", "-id"), name="timeline_sides", condition=~models.Q(side="CLIENT")),
            # For the first key of a day.
            models.Index(fields=("at",), name="timeline_moments"),
            # Of what happens by itself, which is nearly all, there is nobody.
            models.Index(
                fields=("actor_id", "id"), name="timeline_by_person", condition=models.Q(actor_id__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind.replace('_', ' ').capitalize()}, {shown(self.at, 'DATETIME_FORMAT')}"
