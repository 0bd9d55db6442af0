"""What a person was told by mail of updates that wait."""

from datetime import timedelta
from typing import ClassVar, Self

from django.db import models
from django.utils import timezone

from linnapp.models import User
from linnapp.models.managers import manager_of

EVERY = timedelta(days=7)


class UpdateMailingQuerySet(models.QuerySet["UpdateMailing"]):
    def due(self) -> Self:
        """A week after the last one."""
        return self.filter(models.Q(sent_at=None) | models.Q(sent_at__lte=timezone.now() - EVERY))

    def not_due(self) -> Self:
        return self.exclude(pk__in=self.due().values("pk"))


class UpdateMailing(models.Model):
    user = models.OneToOneField(User, models.CASCADE, related_name="+")
    sent_at = models.DateTimeField(null=True, blank=True)
    # Of the updates that wait, those that a mail named: "installation:version" each.
    told = models.JSONField(default=list, blank=True, editable=False)

    objects: ClassVar[UpdateMailingQuerySet] = manager_of(UpdateMailingQuerySet)

    class Meta:
        indexes = (models.Index(fields=("-sent_at", "-id"), name="update_mails_newest"),)

    def __str__(self) -> str:
        return f"mails about updates to {self.user}"
