"""Files that a job makes of a list of the admin: encrypted, for whoever asked, and with an end."""

import uuid
from datetime import timedelta
from typing import ClassVar, Self

from django.db import models
from django.utils import timezone

from linnapp.models.managers import manager_of
from linnapp.models.people import User
from linnapp.models.traces import OfPerson, Traces

# A file can be fetched for so long once it is made, and one that never is made goes after the same time.
KEPT = timedelta(hours=24)
# A job that has not been heard of for so long is gone, and another one begins anew.
SILENT_FOR = timedelta(minutes=1)


class ExportFileQuerySet(models.QuerySet["ExportFile"]):
    def of(self, person: User) -> Self:
        return self.filter(person=person)

    def current(self) -> Self:
        return self.filter(ends_at__gt=timezone.now())

    def over(self) -> Self:
        return self.filter(ends_at__lte=timezone.now())

    def abandoned(self) -> Self:
        """Being made, and nobody works on them."""
        silent = timezone.now() - SILENT_FOR
        return self.current().filter(state=ExportFile.State.MAKING, beaten_at__lt=silent)

    def failed_with_parts(self) -> Self:
        """Nobody fetches them, and whoever gave the file up was stopped before it had dropped all."""
        parts = ExportPart.objects.filter(file=models.OuterRef("pk"))
        return self.filter(models.Exists(parts), state=ExportFile.State.FAILED)


class ExportFile(models.Model):
    """A list as one person asked for it. `table` is the model's label; `closed` names what only teams read, where that
    goes along, with the `reason`. `asked_encrypted` is what narrows the list, kept until the file is made: somebody may
    have searched by a token. `tries` counts the jobs that began it, and is the mark of the one that works on it."""

    class State(models.TextChoices):
        MAKING = "MAKING", "Being made"
        READY = "READY", "Ready"
        FAILED = "FAILED", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    table = models.CharField(max_length=100)
    title = models.CharField(max_length=200)
    closed = models.CharField(max_length=40, blank=True, editable=False)
    reason = models.TextField(blank=True)
    person = models.ForeignKey(User, models.CASCADE, related_name="+")
    asked_encrypted = models.TextField(blank=True, editable=False)
    state = models.CharField(max_length=20, choices=State, default=State.MAKING)
    said = models.TextField("note", blank=True)
    total = models.PositiveIntegerField("rows")
    written = models.PositiveIntegerField("rows written", default=0)
    size = models.PositiveBigIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0, editable=False)
    created_at = models.DateTimeField("asked for", default=timezone.now)
    beaten_at = models.DateTimeField(default=timezone.now, editable=False)
    ends_at = models.DateTimeField("deleted at")

    # Large: those of somebody who is gone end at once, and a job drops them.
    traces: ClassVar[Traces] = Traces(texts=("title", "reason"), made="created_at", outlives=True)
    of_person: ClassVar[OfPerson] = OfPerson(
        "export_files", "person", {"title": "title", "reason": "reason", "at": "created_at", "ends": "ends_at"}
    )
    objects: ClassVar[ExportFileQuerySet] = manager_of(ExportFileQuerySet)

    class Meta:
        verbose_name = "export file"
        ordering = ("-created_at", "-pk")
        indexes = (
            models.Index(fields=("state", "beaten_at"), name="export_files_by_state"),
            models.Index(fields=("ends_at",), name="export_files_by_end"),
        )

    def __str__(self) -> str:
        return self.title


class ExportPart(models.Model):
    """A piece of the content: no web process holds a whole file, and no row of the database is large."""

    file = models.ForeignKey(ExportFile, models.CASCADE, related_name="parts")
    position = models.PositiveIntegerField()
    content_encrypted = models.TextField(editable=False)

    class Meta:
        verbose_name = "part of an export file"
        verbose_name_plural = "parts of export files"
        ordering = ("file", "position")
        constraints = (models.UniqueConstraint(fields=("file", "position"), name="one_part_a_position"),)

    def __str__(self) -> str:
        return f"{self.file}, part {self.position}"
