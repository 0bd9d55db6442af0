"""What an hour of exchanges opens to, for as long as it is kept: by secret, and by where they came from."""

from datetime import date, datetime
from typing import ClassVar, Self
from uuid import UUID

from django.db import models

from installs.models.installations import Installation
from linnapp.models.managers import manager_of


class SecretHourQuerySet(models.QuerySet["SecretHour"]):
    def of_hours(self, installations: set[UUID], hours: set[datetime]) -> Self:
        return self.filter(installation__in=installations, hour__in=hours)

    def by_secret(self, hour: datetime, secrets: list[int]) -> dict[int, int]:
        """Exchanges with each of these secrets, of all installations."""
        rows = self.filter(hour=hour, secret_id__in=secrets).order_by().values_list("secret_id")
        return dict(rows.annotate(total=models.Sum("exchanges")))


class SecretHour(models.Model):
    """Exchanges of one installation in one hour with one Application Secret. The secret is known by its key, without a
    constraint: nothing of it is asked when an hour is written."""

    installation = models.ForeignKey(Installation, models.CASCADE, related_name="+", db_index=False)
    hour = models.DateTimeField()
    secret_id = models.BigIntegerField()
    exchanges = models.PositiveIntegerField()

    objects: ClassVar[SecretHourQuerySet] = manager_of(SecretHourQuerySet)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("installation", "hour", "secret_id"), name="secret_once_in_an_hour"),
        )
        indexes = (models.Index(fields=("hour", "secret_id"), name="secret_hours_by_hour"),)

    def __str__(self) -> str:
        return f"{self.exchanges} exchanges with one secret, {self.hour:%Y-%m-%d %H}:00"


class AddressDayQuerySet(models.QuerySet["AddressDay"]):
    def of_days(self, installations: set[UUID], days: set[date]) -> Self:
        return self.filter(installation__in=installations, day__in=days)


class AddressDay(models.Model):
    """Where the exchanges of one installation came from on one day, in UTC: for each hour that had some, exchanges by
    address prefix (/24, /64). An hour is written over whole, so that counting it again counts nothing twice. The prefix
    "" are all that had no room."""

    installation = models.ForeignKey(Installation, models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    hours = models.JSONField(default=dict)

    objects: ClassVar[AddressDayQuerySet] = manager_of(AddressDayQuerySet)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("installation", "day"), name="addresses_once_a_day"),)
        indexes = (models.Index(fields=("day",), name="address_days_by_day"),)

    def __str__(self) -> str:
        return f"addresses of {self.day}"
