from datetime import date, datetime
from typing import ClassVar, Self
from uuid import UUID

from django.db import models
from django.db.models.functions import TruncDate

from linnapp.models.managers import manager_of


class RefusalGroupQuerySet(models.QuerySet["RefusalGroup"]):
    def of_application(self, application_id: UUID) -> Self:
        return self.filter(application_id=application_id)

    def since(self, moment: datetime) -> Self:
        return self.filter(hour__gte=moment)

    def by_day(self) -> dict[date, int]:
        """By the days of the reader's time zone."""
        days = self.order_by().annotate(day=TruncDate("hour")).values("day")
        return {row["day"]: row["total"] for row in days.annotate(total=models.Sum("count"))}

    def by_reason(self) -> dict[str, int]:
        """The most frequent first."""
        reasons = self.order_by().values("reason").annotate(total=models.Sum("count"))
        return {row["reason"]: row["total"] for row in reasons.order_by("-total", "reason")}

    def of_installation(self, installation_id: UUID) -> Self:
        return self.filter(installation_id=installation_id)


class RefusalGroup(models.Model):
    """Refused exchanges of one hour that are alike: same cause, same address, same application and installation.

    The application is named only where the caller proved it, so that nobody's page fills with others' noise.
    """

    key = models.CharField(max_length=64, unique=True, editable=False)
    hour = models.DateTimeField()
    reason = models.CharField(max_length=40)
    application_id = models.UUIDField(null=True)
    installation_id = models.UUIDField(null=True)
    address = models.CharField(max_length=45, blank=True)
    count = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField()

    objects: ClassVar[RefusalGroupQuerySet] = manager_of(RefusalGroupQuerySet)

    class Meta:
        indexes = (
            models.Index(fields=("application_id", "-hour"), name="refusals_by_application"),
            models.Index(fields=("installation_id", "-hour"), name="refusals_by_installation"),
        )

    def __str__(self) -> str:
        return f"{self.reason.replace('_', ' ').lower()} × {self.count}"


class RefusalSample(models.Model):
    """One refused exchange, found by the reference that its answer carried."""

    group = models.ForeignKey(RefusalGroup, models.CASCADE, related_name="samples")
    reference = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField()
    # Field names and masked values: enough to see which credential it was.
    facts = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.reference


class FailureWindow(models.Model):
    """Refused exchanges since the window began, from one address as it is counted: IPv6 by /64."""

    address = models.CharField(max_length=45, unique=True)
    began_at = models.DateTimeField()
    last_at = models.DateTimeField()
    failures = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.address}: {self.failures}"
