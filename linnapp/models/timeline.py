from collections.abc import Collection
from typing import Any, ClassVar, Self
from uuid import UUID

from django.db import models
from django.db.models.expressions import RawSQL
from django.utils import timezone

from linnapp import kinds
from linnapp.kinds import Kind
from linnapp.models.managers import manager_of
from linnapp.models.people import Reader

# As the conditions of indexes say them: a database finds an index by them that it would not by a parameter.
NO_HOUR = ~models.Q(kind="EXCHANGES")
HOURLY, STAFF = RawSQL("'EXCHANGES'", ()), RawSQL("'STAFF'", ())


class TimelineEntryQuerySet(models.QuerySet["TimelineEntry"]):
    def about_application(self, application_id: UUID) -> Self:
        return self.filter(application_id=application_id)

    def about(self, subject_id: UUID) -> Self:
        return self.filter(subject_id=subject_id)

    def about_account(self, account_id: UUID, applications: Collection[UUID]) -> Self:
        """What concerns an account itself, and whatever staff did inside of it, also to its applications, given by
        their keys. What happens to these and to its installations has pages of its own."""
        side = TimelineEntry.Side
        itself = models.Q(account_id=account_id, application_id=None)
        here = models.Q(account_id=account_id, side=STAFF, facts__on_side=side.CUSTOMER)
        there = models.Q(application_id__in=applications, side=STAFF, facts__on_side=side.DEVELOPER)
        return self.filter(itself | here | there)

    def under_access(self, access_id: UUID) -> Self:
        """By staff under one access, its begin and end too."""
        return self.filter(models.Q(subject_id=access_id) | models.Q(facts__access=str(access_id)))

    def of_application_as_a_whole(self) -> Self:
        """Without what is told of each installation and of the application too."""
        return self.exclude(kind__in=kinds.of_each(), subject_id__isnull=False).without_hours()

    def without_hours(self) -> Self:
        """Of installations: there are as many as installations times hours, and indexes leave them out."""
        return self.exclude(kind=HOURLY)

    def told_to(self, side: str) -> Self:
        """What a reader of this side is told of; staff are told of everything. Kinds that nothing registers any more
        are left to `timeline.lines`."""
        if side == TimelineEntry.Side.STAFF:
            return self
        mine = models.Q(side=side) | models.Q(facts__on_side=side)
        return self.filter(~models.Q(kind__in=kinds.own_side_only()) | mine)

    def of_kinds(self, *wanted: Kind) -> Self:
        return self.filter(kind__in=wanted)

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


class TimelineEntry(models.Model):
    """One line of what happened. Append-only, and without foreign keys: it outlives what it tells of.

    `account_id` is the account it happened on (the installing one for what concerns an installation, else the
    developer's); `subject_id` the installation, where it is about one, the staff access, or what
    support looked at.
    """

    class Side(models.TextChoices):
        """Who acted, as seen by a reader of another side, who is not told the person's name."""

        DEVELOPER = "DEVELOPER"
        CUSTOMER = "CUSTOMER"
        STAFF = "STAFF"
        CLIENT = "CLIENT"

    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=40)
    application_id = models.UUIDField(null=True)
    account_id = models.UUIDField(null=True)
    subject_id = models.UUIDField(null=True)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=200, blank=True)
    side = models.CharField(max_length=20, choices=Side)
    reason = models.TextField(blank=True)
    facts = models.JSONField(default=dict)

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
        )

    def __str__(self) -> str:
        return f"{self.kind.replace('_', ' ').capitalize()}, {self.at:%d %b %Y %H:%M}"
