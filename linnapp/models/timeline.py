from typing import Any, ClassVar, Self
from uuid import UUID

from django.db import models
from django.utils import timezone

from linnapp import kinds
from linnapp.kinds import Kind
from linnapp.models.managers import manager_of
from linnapp.models.people import Reader


class TimelineEntryQuerySet(models.QuerySet["TimelineEntry"]):
    def about_application(self, application_id: UUID) -> Self:
        return self.filter(application_id=application_id)

    def about(self, subject_id: UUID) -> Self:
        return self.filter(subject_id=subject_id)

    def about_account(self, account_id: UUID, applications: "models.QuerySet[Any, Any]") -> Self:
        """What concerns an account itself, and whatever staff did inside of it, also to its applications, given as a
        query for their keys. What happens to these and to its installations has pages of its own."""
        here = models.Q(account_id=account_id) & (
            models.Q(application_id=None) | models.Q(facts__on_side=TimelineEntry.Side.CUSTOMER)
        )
        there = models.Q(application_id__in=applications, facts__on_side=TimelineEntry.Side.DEVELOPER)
        return self.filter(here | there)

    def under_access(self, access_id: UUID) -> Self:
        """By staff under one access, its begin and end too."""
        return self.filter(models.Q(subject_id=access_id) | models.Q(facts__access=str(access_id)))

    def of_application_as_a_whole(self) -> Self:
        """Without what is told of each installation and of the application too."""
        return self.exclude(kind__in=kinds.of_each(), subject_id__isnull=False)

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
    developer's); `subject_id` the installation, where it is about one, or the staff access.
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
        )

    def __str__(self) -> str:
        return f"{self.kind.replace('_', ' ').capitalize()}, {self.at:%d %b %Y %H:%M}"
