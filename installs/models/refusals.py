from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from django.db import models
from django.db.models.expressions import RawSQL

from linnapp.models.managers import manager_of
from linnapp.models.wording import Wording

ADDRESSES = Wording("installs_refusalgroup", "refusals_by_part_of_address", ("address",))
REFERENCES = Wording("installs_refusalsample", "samples_by_part_of_reference", ("reference",))


class RefusalGroupQuerySet(models.QuerySet["RefusalGroup"]):
    def of_application(self, application_id: UUID) -> Self:
        return self.filter(application_id=application_id)

    def only_named(self, application_id: UUID) -> Self:
        """By somebody who proved nothing: anybody may name it."""
        return self.filter(named_application_id=application_id, application_id=None)

    def told_to_team(self, application_id: UUID, secrets: Iterable[int] = ()) -> Self:
        """Proven ones, and those that named it; with keys of `secrets` of it also those that sent one of these with
        the Application ID of another application."""
        mine = models.Q(application_id=application_id)
        named = models.Q(named_application_id=application_id, application_id=None)
        sent = models.Q(secret_id__in=list(secrets), secret_sent="ANOTHER")
        return self.filter(mine | named | sent)

    def exchanges(self) -> Self:
        """Without calls: that a session ends, and a client authorises again, is no fault."""
        return self.filter(asked=RefusalGroup.Asked.EXCHANGE)

    def since(self, moment: datetime) -> Self:
        return self.filter(hour__gte=moment)

    def by_reason(self) -> dict[str, int]:
        """The most frequent first."""
        reasons = self.order_by().values("reason").annotate(total=models.Sum("count"))
        return {row["reason"]: row["total"] for row in reasons.order_by("-total", "reason")}

    def total(self) -> int:
        return self.aggregate(total=models.Sum("count"))["total"] or 0

    def from_addresses(self, addresses: Iterable[str]) -> Self:
        """The latest first."""
        return self.filter(address__in=list(addresses)).order_by("-hour", "-pk")

    def of_installation(self, installation_id: UUID) -> Self:
        return self.filter(installation_id=installation_id)

    def told_to_support(self, installation_id: UUID, tokens: Iterable[int]) -> Self:
        """Proven ones, and those that sent one of these permanent tokens of it and proved nothing."""
        return self.in_any(models.Q(installation_id=installation_id), with_tokens(tokens))

    def in_any(self, *conditions: models.Q) -> Self:
        """Those that meet one of these, each looked for by its own index: by one condition of all of them SQLite would
        read every refusal."""
        arms = [RefusalGroup.objects.filter(one).order_by().values("pk") for one in conditions]
        return self.filter(pk__in=arms[0].union(*arms[1:], all=True))


def with_tokens(tokens: Iterable[int]) -> models.Q:
    """Those that sent one of these permanent tokens and proved no installation: anybody may have sent it."""
    return models.Q(permanent_token_id__in=list(tokens), installation_id=None)


class RefusalGroup(models.Model):
    """Refusals of one hour that are alike: same cause, same address prefix, same application, installation and
    credentials. `application_id` and `installation_id` are those that the caller proved, so that nobody's figures fill
    with others' noise; an application that was only named is `named_application_id`.

    Rows that are sent are known by their keys, without a constraint: sessions go, and what was said of one stays in
    `facts`. A group that `is_rest` counts those of its hour and cause for which there was no room.
    """

    class Asked(models.TextChoices):
        EXCHANGE = "EXCHANGE", "exchange"
        CALL = "CALL", "call"

    # As the index says it, without a parameter, by which SQLite finds no index of some rows.
    IS_CALL: ClassVar[models.Q] = models.Q(asked=RawSQL("'CALL'", ()))

    key = models.CharField(max_length=64, unique=True, editable=False)
    hour = models.DateTimeField()
    asked = models.CharField(max_length=20, choices=Asked, default=Asked.EXCHANGE)
    reason = models.CharField(max_length=40)
    application_id = models.UUIDField(null=True)
    installation_id = models.UUIDField(null=True)
    named_application_id = models.UUIDField(null=True)
    secret_sent = models.CharField(max_length=20, blank=True)
    secret_id = models.BigIntegerField(null=True)
    token_sent = models.CharField(max_length=20, blank=True)
    permanent_token_id = models.BigIntegerField(null=True)
    session_id = models.UUIDField(null=True)
    address = models.CharField(max_length=45, blank=True)
    is_rest = models.BooleanField(default=False)
    count = models.PositiveIntegerField(default=0)
    sampled = models.PositiveSmallIntegerField(default=0)
    last_at = models.DateTimeField()
    facts = models.JSONField(default=dict, blank=True)

    wordings: ClassVar[tuple[Wording, ...]] = (ADDRESSES,)
    objects: ClassVar[RefusalGroupQuerySet] = manager_of(RefusalGroupQuerySet)

    class Meta:
        indexes = (
            models.Index(fields=("application_id", "-hour"), name="refusals_by_application"),
            models.Index(fields=("named_application_id", "-hour"), name="refusals_by_named"),
            models.Index(fields=("installation_id", "-hour"), name="refusals_by_installation"),
            models.Index(fields=("hour", "reason"), name="refusals_by_hour"),
            models.Index(fields=("reason", "-hour", "-id"), name="refusals_by_reason"),
            # Few of many.
            models.Index(fields=("-hour",), condition=models.Q(asked="CALL"), name="refusals_of_calls"),
            models.Index(fields=("address", "-hour"), name="refusals_by_address"),
            models.Index(
                fields=("secret_id", "-hour"), condition=models.Q(secret_id__isnull=False), name="refusals_by_secret"
            ),
            # Few: what is proven is found by its installation.
            models.Index(
                fields=("permanent_token_id", "-hour"),
                condition=models.Q(permanent_token_id__isnull=False, installation_id__isnull=True),
                name="refusals_by_token",
            ),
        )

    def __str__(self) -> str:
        return f"{self.reason.replace('_', ' ').lower()} × {self.count}"


class RefusalSampleQuerySet(models.QuerySet["RefusalSample"]):
    def newest_of(self, groups: Iterable[int]) -> dict[int, str]:
        """The newest reference of each of these groups, which have few samples each."""
        rows = self.filter(group__in=list(groups)).order_by("pk")
        return dict(rows.values_list("group_id", "reference"))


class RefusalSample(models.Model):
    """One refusal, found by the reference that its answer carried."""

    group = models.ForeignKey(RefusalGroup, models.CASCADE, related_name="samples")
    reference = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField()
    address = models.CharField(max_length=45, blank=True)
    # Field names and masked values: enough to see which credential it was.
    facts = models.JSONField(default=dict)

    wordings: ClassVar[tuple[Wording, ...]] = (REFERENCES,)
    objects: ClassVar[RefusalSampleQuerySet] = manager_of(RefusalSampleQuerySet)

    def __str__(self) -> str:
        return self.reference


class FailureWindow(models.Model):
    """Refused exchanges since the window began, from one address as it is counted: IPv6 by /64."""

    address = models.CharField(max_length=45, unique=True)
    began_at = models.DateTimeField()
    last_at = models.DateTimeField()
    failures = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.address}: {self.failures}"
