"""Who got in, who tried to, and who may do what: one row each, with an end."""

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.utils import timezone

from linnapp import kinds
from linnapp.models.managers import manager_of
from linnapp.models.people import Account, Membership, Reader
from linnapp.models.timeline import Told, ToldQuerySet
from linnapp.models.traces import OfPerson, Traces
from linnapp.models.wording import MayHold, Wording
from linnapp.moments import shown

WORDS = Wording("linnapp_auditentry", "audit_words", ("person_name", "actor_name", "network"))


class AuditQuerySet(ToldQuerySet["AuditEntry"]):
    def concerning(self, person: Reader) -> Self:
        """A person's own record."""
        return self.filter(person_id=person.pk)

    def of_team(self, account: Account) -> Self:
        """What concerns an account; and of its people how they get in, as long as they have been there. What they do
        elsewhere is not the account's to read."""
        seats = Membership.objects.filter(account=account)
        # By their keys, which an index finds; then each since its day.
        theirs = models.Q(person_id__in=list(seats.values_list("user_id", flat=True)), account_id=None)
        there = models.Exists(seats.filter(user_id=models.OuterRef("person_id"), created_at__lte=models.OuterRef("at")))
        getting_in = models.Q(kind__in=kinds.about_a_person())
        return self.filter(models.Q(account_id=account.pk) | theirs & getting_in & models.Q(there))

    def with_words(self, text: str) -> Self:
        return self.filter(MayHold(WORDS, text))

    def older_than(self, moment: datetime) -> Self:
        return self.filter(at__lt=moment).order_by("at")


class AuditEntry(Told):
    """A line of the record of who got in and who may do what.

    `person_id` is whom it concerns, `person_name` as they were called then; the `actor` is who did it. Wrong sign-ins
    that are alike share the row that `key` finds: `count` of them, from `at` to `last_at`. Without foreign keys, as the
    timeline is.
    """

    key = models.CharField(max_length=64, null=True, unique=True, editable=False)
    person_id = models.BigIntegerField(null=True)
    person_name = models.CharField(max_length=200, blank=True)
    network = models.CharField("network address", max_length=50, blank=True)
    device = models.CharField(max_length=60, blank=True)
    count = models.PositiveIntegerField(default=1)
    last_at = models.DateTimeField(default=timezone.now)

    traces: ClassVar[Traces] = Traces(texts=("person_name", "actor_name", "reason", "facts"), made="at")
    of_person: ClassVar[OfPerson] = OfPerson(
        "record",
        "person_id",
        {
            "at": "at",
            "kind": "kind",
            "count": "count",
            "last_at": "last_at",
            "network_address": "network",
            "device": "device",
            "facts": "facts",
        },
    )

    wordings: ClassVar[tuple[Wording, ...]] = (WORDS,)
    objects: ClassVar[AuditQuerySet] = manager_of(AuditQuerySet)

    class Meta:
        verbose_name = "audit entry"
        verbose_name_plural = "audit record"
        indexes = (
            models.Index(fields=("person_id", "-id"), name="audit_by_person"),
            models.Index(
                fields=("account_id", "-id"), name="audit_by_account", condition=models.Q(account_id__isnull=False)
            ),
            models.Index(fields=("at",), name="audit_by_time"),
            models.Index(fields=("kind", "-id"), name="audit_by_kind"),
            # What is counted, of the hour that runs.
            models.Index(fields=("at",), name="audit_counted", condition=models.Q(key__isnull=False)),
        )

    def __str__(self) -> str:
        return f"{self.kind.replace('_', ' ').capitalize()}, {shown(self.at, 'DATETIME_FORMAT')}"
