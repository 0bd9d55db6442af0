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
from linnapp.models.traces import OfPerson, Traces
from linnapp.models.wording import Wording

# Old values are kept for so long, and the change with them.
KEPT = timedelta(days=30)
# A job that has not been heard of for so long is gone, and another one goes on.
SILENT_FOR = timedelta(minutes=1)
NAMES_OF_ROWS = Wording("linnapp_bulkrow", "bulk_rows_by_name", ("name",))


class BulkChangeQuerySet(models.QuerySet["BulkChange"]):
    def abandoned(self) -> Self:
        """Under way, and nobody works on them."""
        return self.filter(state=BulkChange.State.WORKING, beaten_at__lt=timezone.now() - SILENT_FOR)

    def with_mail_left(self) -> Self:
        """Over for a while, and not all who are told of it were."""
        over = self.exclude(state=BulkChange.State.WORKING).filter(beaten_at__lt=timezone.now() - SILENT_FOR)
        return over.filter(models.Exists(BulkNotice.objects.filter(change=models.OuterRef("pk"))))

    def unread(self) -> Self:
        """No job has begun to read them, or has not been heard of."""
        return self.filter(state=BulkChange.State.READING, beaten_at__lt=timezone.now() - SILENT_FOR)

    def unapplied_of(self, person: User) -> Self:
        """Files that somebody sent and neither applied nor discarded."""
        return self.filter(person=person, reason="").exclude(file_name="")

    def over(self) -> Self:
        return self.filter(began_at__lt=timezone.now() - KEPT).exclude(state=BulkChange.State.WORKING)


class BulkChange(models.Model):
    """One act of staff on many rows of one table. `table` is the model's label, `act` the name of a staff action of its
    admin page, `wanted` what is set in all rows. `undoes` is the change that this one takes back. An import is read
    first, into rows that somebody looks at before they are applied; its file is kept until then. It was asked for at
    `created_at`, and began at `began_at`, which is later for a file that was applied."""

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
    began_at = models.DateTimeField("began", default=timezone.now)
    beaten_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=20, choices=State, default=State.WORKING)
    said = models.TextField("note", blank=True)
    total = models.PositiveIntegerField("rows")
    # How often a job began to read the file.
    tries = models.PositiveSmallIntegerField(default=0, editable=False)
    file_encrypted = models.TextField(blank=True, editable=False)
    file_name = models.CharField("file", max_length=200, blank=True)
    undoes = models.OneToOneField("self", models.SET_NULL, null=True, related_name="undone_by")

    traces: ClassVar[Traces] = Traces(
        texts=("title", "reason", "wanted", "person_name", "said", "file_name"), made="created_at"
    )
    of_person: ClassVar[OfPerson] = OfPerson(
        "bulk_changes", "person", {"title": "title", "reason": "reason", "at": "created_at", "state": "state"}
    )
    objects: ClassVar[BulkChangeQuerySet] = manager_of(BulkChangeQuerySet)

    class Meta:
        ordering = ("-created_at", "-pk")
        indexes = (models.Index(fields=("state", "beaten_at"), name="bulk_changes_by_state"),)

    def __str__(self) -> str:
        return self.title

    @property
    def may_be_discarded(self) -> bool:
        """A file that was read, and that nobody applied: without a reason nothing is."""
        return bool(self.file_name) and not self.reason and self.state in (self.State.READY, self.State.STOPPED)

    @property
    def is_over(self) -> bool:
        """Its time is: a job drops its rows, so that nothing is done with it any more."""
        return self.began_at < timezone.now() - KEPT and self.state != self.State.WORKING

    def counts(self) -> dict[str, int]:
        """How many rows stand in which state: all states, by one query."""
        found = dict(self.rows.order_by().values_list("state").annotate(models.Count("pk")))
        return {state.value: found.get(state.value, 0) for state in BulkRow.State}


class BulkRowQuerySet(models.QuerySet["BulkRow"]):
    def waiting(self) -> Self:
        return self.filter(state=BulkRow.State.WAITING).order_by("position")

    def asked_anew(self) -> Self:
        """Those that make a row, or take one back that was made: they set nothing over what stood there."""
        return self.filter(before_encrypted="")

    def would_be_made(self) -> Self:
        return self.waiting().filter(target="")

    def done(self) -> Self:
        return self.filter(state=BulkRow.State.DONE).order_by("position")


class BulkRow(models.Model):
    """What becomes of one row. `before` is what an edit found there, encrypted; `mark` tells whether it stands as the
    change left it; `entry_id` is the first line of the timeline about it. `target` is empty while a file asks for a row
    that is not there; what is made of another table than the change's has that before it: `linnapp.Invitation:7`."""

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

    traces: ClassVar[Traces] = Traces(
        texts=("name", "said", "mark"), made="change__created_at", people=("change__person",)
    )
    wordings: ClassVar[tuple[Wording, ...]] = (NAMES_OF_ROWS,)
    objects: ClassVar[BulkRowQuerySet] = manager_of(BulkRowQuerySet)

    class Meta:
        verbose_name = "row of a bulk change"
        verbose_name_plural = "rows of bulk changes"
        ordering = ("change", "position")
        constraints = (models.UniqueConstraint(fields=("change", "position"), name="one_row_a_position"),)
        indexes = (models.Index(fields=("change", "state", "position"), name="rows_of_change_by_state"),)

    def __str__(self) -> str:
        return self.name

    @property
    def is_new(self) -> bool:
        """Whether it asks for a row that was not there: what is set is kept, and stood over nothing."""
        return bool(self.wanted_encrypted) and not self.before_encrypted

    def points_to(self) -> tuple[str, str]:
        """The table and the key of its row, which is empty where there is none."""
        table, _, key = self.target.rpartition(":")
        return table or self.change.table, key


class BulkNotice(models.Model):
    """What somebody is told of one row, by mail, once the change is over; gone when that is sent."""

    change = models.ForeignKey(BulkChange, models.CASCADE, related_name="notices")
    address = models.EmailField()
    told_encrypted = models.TextField(editable=False)

    class Meta:
        verbose_name = "mail of a bulk change"
        verbose_name_plural = "mails of bulk changes"
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.address


def sealed(values: dict[str, Any]) -> str:
    """Old and new values of a row, for the database."""
    return credentials.encrypt(json.dumps(values)) if values else ""


def opened(text: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(credentials.decrypt(text)) if text else {}
    return values
