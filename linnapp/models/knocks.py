from datetime import datetime
from typing import ClassVar, Self

from django.db import models

from linnapp.models.managers import manager_of


class KnockCountQuerySet(models.QuerySet["KnockCount"]):
    def running(self, now: datetime) -> Self:
        return self.filter(ends_at__gt=now)

    def over(self, now: datetime) -> Self:
        return self.filter(ends_at__lte=now)


class KnockCount(models.Model):
    """How often somebody did what has a limit, since a window of time began: wrong passwords, resets, sign-ups.

    A row, and no cache entry: a cache of so many entries forgets one for each that a stranger adds.
    """

    # Digest of whom it is counted for: the table lists nobody's e-mail address.
    key = models.CharField(max_length=64, unique=True, editable=False)
    limit = models.CharField(max_length=40)
    count = models.PositiveIntegerField()
    # Rows that stay for a day have a room of their own: they must not fill that of those that stay for minutes.
    # The database's own default: during an upgrade the release before, which knows no such column, counts on.
    daily = models.BooleanField(default=False, db_default=False)
    ends_at = models.DateTimeField(db_index=True)

    objects: ClassVar[KnockCountQuerySet] = manager_of(KnockCountQuerySet)

    class Meta:
        verbose_name = "count of attempts"
        verbose_name_plural = "counts of attempts"

    def __str__(self) -> str:
        return f"{self.limit}: {self.count}"
