"""Many rows changed at once: what was asked for, and what became of each row."""

import json
import uuid
from datetime import timedelta
from typing import Any, ClassVar, Self

from django.db import models
from django.utils import timezone

from linnapp import credentials
from linnapp.models.managers import manager_of
from linnapp.models.people import User

# Old values are kept for so long, and the change with them.
KEPT = timedelta(days=30)
# A job that has not been heard of for so long is gone, and another one goes on.
SILENT_FOR = timedelta(minutes=1)


class BulkChangeQuerySet(models.QuerySet["BulkChange"]):
    def abandoned(self) -> Self:
        """Under way, and nobody works on them."""
        return self.filter(state=BulkChange.State.WORKING, beaten_at__lt=timezone.now() - SILENT_FOR)

    def unread(self) -> Self:
        return self.filter(state=BulkChange.State.READING, beaten_at__lt=timezone.now() - SILENT_FOR)

    def over(self) -> Self:
        return self.filter(created_at__lt=timezone.now() - KEPT).exclude(state=BulkChange.State.WORKING)


class BulkChange(models.Model):
    """One act of staff on many rows of one table. `table` is the model's label, `act` the name of a staff action of its
    admin page, `wanted` what is set in all rows. `undoes` is the change that this one takes back. An import is read
    first, into rows that somebody looks at before they are applied; its file is kept until then."""

    class State(models.TextChoices):
        READING = "READING", "Reading"
        READY = "READY", "Ready"
        WORKING = "WORKING", "Working"
        STOPPED = "STOPPED", "Stopped"
        DONE = "DONE", "Done"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    table = models.CharField(max_length=100)
    act = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    wanted = models.JSONField(default=dict)
    reason = models.TextField()
    person = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    person_name = models.CharField("by", max_length=200)
    created_at = models.DateTimeField(default=timezone.now)
    beaten_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=20, choices=State, default=State.WORKING)
    said = models.TextField("note", blank=True)
    total = models.PositiveIntegerField("rows")
    file_encrypted = models.TextField(blank=True, editable=False)
    file_name = models.CharField("file", max_length=200, blank=True)
    undoes = models.OneToOneField("self", models.SET_NULL, null=True, related_name="undone_by")

    objects: ClassVar[BulkChangeQuerySet] = manager_of(BulkChangeQuerySet)

    class Meta:
        ordering = ("-created_at", "-pk")
        indexes = (models.Index(fields=("state", "beaten_at"), name="bulk_changes_by_state"),)

    def __str__(self) -> str:
        return self.title

    def counts(self) -> dict[str, int]:
        """How many rows stand in which state: all states, by one query."""
        found = dict(self.rows.order_by().values_list("state").annotate(models.Count("pk")))
        return {state.value: found.get(state.value, 0) for state in BulkRow.State}


class BulkRowQuerySet(models.QuerySet["BulkRow"]):
    def waiting(self) -> Self:
        return self.filter(state=BulkRow.State.WAITING).order_by("position")

    def done(self) -> Self:
        return self.filter(state=BulkRow.State.DONE).order_by("position")


class BulkRow(models.Model):
    """What becomes of one row. `before` is what an edit found there, encrypted; `mark` tells whether it stands as the
    change left it; `entry_id` is the first line of the timeline about it."""

    class State(models.TextChoices):
        WRONG = "WRONG", "Wrong"
        WAITING = "WAITING", "Waiting"
        DONE = "DONE", "Done"
        SAME = "SAME", "Unchanged"
        LEFT = "LEFT", "Left alone"

    change = models.ForeignKey(BulkChange, models.CASCADE, related_name="rows")
    position = models.PositiveIntegerField()
    target = models.CharField(max_length=64)
    name = models.CharField(max_length=300)
    state = models.CharField(max_length=20, choices=State, default=State.WAITING)
    said = models.TextField("why it was left alone", blank=True)
    wanted_encrypted = models.TextField(blank=True, editable=False)
    before_encrypted = models.TextField(blank=True, editable=False)
    mark = models.CharField(max_length=200, blank=True, editable=False)
    entry_id = models.BigIntegerField(null=True)

    objects: ClassVar[BulkRowQuerySet] = manager_of(BulkRowQuerySet)

    class Meta:
        verbose_name = "row of a bulk change"
        verbose_name_plural = "rows of bulk changes"
        ordering = ("change", "position")
        constraints = (models.UniqueConstraint(fields=("change", "position"), name="one_row_a_position"),)
        indexes = (models.Index(fields=("change", "state", "position"), name="rows_of_change_by_state"),)

    def __str__(self) -> str:
        return self.name


def sealed(values: dict[str, Any]) -> str:
    """Old and new values of a row, for the database."""
    return credentials.encrypt(json.dumps(values)) if values else ""


def opened(text: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(credentials.decrypt(text)) if text else {}
    return values
