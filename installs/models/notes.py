"""What support writes down for itself: notes on an installation, an application or an account, and who has a case."""

import uuid
from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import models
from django.utils import timezone

from installs.models.installations import Installation
from linnapp.models import Account, Application, User
from linnapp.models.managers import manager_of
from linnapp.models.people import Reader
from linnapp.models.traces import OfPerson, Traces

MOST_CHARACTERS = 4_000
REMOVABLE_FOR = timedelta(hours=1)


class StaffNoteQuerySet(models.QuerySet["StaffNote"]):
    def for_support(self, user: Reader) -> Self:
        """All of them, for those the support console is open to: nobody else reads one."""
        return self if user.is_authenticated and user.is_support else self.none()

    def on(self, subject: Installation | Application | Account) -> Self:
        return self.filter(**{StaffNote.kind_of(subject): subject})

    def removable_by(self, user: Reader) -> Self:
        """Their own, for a while: a note that somebody else has gone by stays."""
        return self.filter(by_id=user.pk, at__gt=timezone.now() - REMOVABLE_FOR)

    def written_before(self, moment: datetime) -> Self:
        return self.filter(at__lt=moment)

    def newest_first(self) -> Self:
        return self.select_related("by").order_by("-at", "-pk")


class StaffNote(models.Model):
    """Of one installation, application or account, with which it goes. Read by support, never by an account's people
    or the developer, nor by any of their exports."""

    class Kind(models.TextChoices):
        """What it is on, as it stands in addresses: the name of the field."""

        INSTALLATION = "installation"
        APPLICATION = "application"
        ACCOUNT = "account"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    installation = models.ForeignKey(
        Installation, models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    application = models.ForeignKey(
        Application, models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    account = models.ForeignKey(Account, models.CASCADE, null=True, blank=True, related_name="+", db_index=False)
    text = models.TextField(max_length=MOST_CHARACTERS)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    traces: ClassVar[Traces] = Traces(
        texts=("text",), made="at", accounts=("account", "application__account", "installation__account")
    )
    of_person: ClassVar[OfPerson] = OfPerson("notes_of_staff", "by", {"at": "at", "text": "text"})
    objects: ClassVar[StaffNoteQuerySet] = manager_of(StaffNoteQuerySet)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=(
                    models.Q(installation__isnull=False, application=None, account=None)
                    | models.Q(installation=None, application__isnull=False, account=None)
                    | models.Q(installation=None, application=None, account__isnull=False)
                ),
                name="a_staff_note_is_on_one_thing",
            ),
        )
        indexes = (
            models.Index(fields=("at",), name="staff_notes_by_age"),
            *(
                models.Index(
                    fields=(name, "-at"),
                    condition=models.Q(**{f"{name}__isnull": False}),
                    name=f"staff_notes_of_{name}",
                )
                for name in ("installation", "application", "account")
            ),
        )

    def __str__(self) -> str:
        return f"Note on {self.subject}"

    @staticmethod
    def kind_of(subject: Installation | Application | Account) -> str:
        return type(subject)._meta.model_name or ""

    @property
    def subject(self) -> Installation | Application | Account | None:
        return self.installation or self.application or self.account

    @property
    def removable_until(self) -> datetime:
        return self.at + REMOVABLE_FOR

    @property
    def is_removable(self) -> bool:
        """By whoever wrote it."""
        return self.removable_until > timezone.now()


class CaseAssignmentQuerySet(models.QuerySet["CaseAssignment"]):
    def of_person(self, user: Reader) -> Self:
        return self.filter(assigned_to_id=user.pk)

    def assigned_before(self, moment: datetime) -> Self:
        return self.filter(at__lt=moment)

    def newest_first(self) -> Self:
        return self.order_by("-at", "-pk")


class CaseAssignment(models.Model):
    """Who of support has the case of an installation, since when; who gave it to them, with which words."""

    installation = models.OneToOneField(Installation, models.CASCADE, related_name="assignment")
    assigned_to = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    note = models.TextField(max_length=2_000, blank=True)
    at = models.DateTimeField(default=timezone.now)

    traces: ClassVar[Traces] = Traces(texts=("note",), made="at", accounts=("installation__account",))
    objects: ClassVar[CaseAssignmentQuerySet] = manager_of(CaseAssignmentQuerySet)

    class Meta:
        indexes = (
            models.Index(fields=("assigned_to", "-at"), name="cases_of_person"),
            models.Index(fields=("at",), name="cases_by_age"),
        )

    def __str__(self) -> str:
        return f"{self.installation}, assigned to {self.assigned_to}"
