from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.utils import timezone

from linnapp.models.managers import manager_of
from linnapp.models.people import User
from linnapp.moments import shown


class DeletionQuerySet(models.QuerySet["Deletion"]):
    def due(self, now: datetime) -> Self:
        return self.filter(due_at__lte=now).order_by("due_at", "pk")


class Deletion(models.Model):
    """A person who was deleted, while their name and addresses may still stand in texts. `sought_encrypted` holds both:
    the row goes with the last of them. `due_at` is when a job looks next; whoever works puts it off first."""

    person = models.OneToOneField(User, models.CASCADE, related_name="+")
    sought_encrypted = models.TextField(editable=False)
    begun_at = models.DateTimeField("deleted", default=timezone.now)
    due_at = models.DateTimeField("looked for next", default=timezone.now)

    objects: ClassVar[DeletionQuerySet] = manager_of(DeletionQuerySet)

    class Meta:
        verbose_name = "deletion of a person"
        verbose_name_plural = "deletions of people"

    def __str__(self) -> str:
        return f"Person {self.person_id}, deleted {shown(self.begun_at, 'DATETIME_FORMAT')}"
