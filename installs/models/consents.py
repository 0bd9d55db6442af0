"""Installations that were refused before they began."""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.utils import timezone

from linnapp.models import User
from linnapp.models.managers import manager_of
from linnapp.models.traces import OfPerson


class RefusedConsentQuerySet(models.QuerySet["RefusedConsent"]):
    def of_person(self, person: User) -> Self:
        return self.filter(person=person)

    def since(self, moment: datetime) -> Self:
        return self.filter(at__gt=moment)

    def before(self, moment: datetime) -> Self:
        return self.filter(at__lte=moment)

    def alike(self, other: "RefusedConsent") -> Self:
        """Those by which somebody was told the same of the same application and account."""
        told = {"application_id": other.application_id, "account_id": other.account_id}
        return self.filter(heading=other.heading, told=other.told, **told)

    def with_any(self, references: Iterable[str]) -> Self:
        return self.filter(reference__in=list(references))

    def led_to_by(self, references: Iterable[str]) -> "RefusedConsent | None":
        """The newest that one of these is of."""
        return self.with_any(references).select_related("person").order_by("-at").first()


class RefusedConsent(models.Model):
    """That somebody followed an Installation URL, or sent its form, and what they were told: found by the reference
    that stood on their page. Keys and no foreign keys for what was named: no such application may be there."""

    reference = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField(default=timezone.now)
    person = models.ForeignKey(User, models.CASCADE, related_name="+")
    application_id = models.UUIDField(null=True)
    account_id = models.UUIDField(null=True)
    heading = models.CharField(max_length=200)
    told = models.TextField(blank=True)

    of_person: ClassVar[OfPerson] = OfPerson(
        "refused_installations", "person", {"reference": "reference", "at": "at", "told": "heading"}
    )
    objects: ClassVar[RefusedConsentQuerySet] = manager_of(RefusedConsentQuerySet)

    class Meta:
        indexes = (
            models.Index(fields=("at",), name="refused_consents_by_time"),
            models.Index(fields=("person", "-at"), name="refused_consents_of_person"),
        )

    def __str__(self) -> str:
        return f"{self.reference}: {self.heading}"
