import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from installs.models.installations import Installation, PermanentToken
from linnapp.models import Account, Application, Secret
from linnapp.models.managers import manager_of

# So many of all sessions are looked through for an address.
LATEST = 10_000


def idle_since(now: datetime) -> datetime:
    """A session last used before this moment has ended by itself."""
    return now - timedelta(seconds=settings.SESSION_IDLE_SECONDS)


class SessionQuerySet(models.QuerySet["Session"]):
    def live(self) -> Self:
        now = timezone.now()
        return self.filter(ended_at=None, expires_at__gt=now, last_used_at__gt=idle_since(now))

    def of_application(self, application: Application) -> Self:
        return self.filter(installation__application=application)

    def of_either_side(self, account: Account) -> Self:
        """Of installations on the account, and of its applications."""
        return self.filter(installation__in=Installation.objects.of_either_side(account).values("pk"))

    def latest_from(self, addresses: Iterable[str]) -> Self:
        """From these addresses, among the latest of all: an index by address would cost every exchange."""
        older = list(self.order_by("-created_at").values_list("created_at", flat=True)[LATEST : LATEST + 1])
        rows = self.filter(created_at__gt=older[0]) if older else self
        return rows.filter(address__in=list(addresses)).order_by("-created_at")

    def counted_by_installation(self, installations: Iterable[Installation]) -> dict[uuid.UUID, int]:
        rows = self.order_by().filter(installation__in=list(installations)).values_list("installation_id")
        return dict(rows.annotate(count=models.Count("pk")))

    def end(self, cause: "Session.End") -> int:
        """Ends what has not ended yet; the number of rows."""
        return self.filter(ended_at=None).update(ended_at=timezone.now(), end=cause)


class Session(models.Model):
    """What a session token stands for. The value itself is kept nowhere: the keyed digest finds the row.

    Rows are written by plain SQL, `installs.exchange.statements`: a column added here is added there.
    """

    class End(models.TextChoices):
        EXPIRED = "EXPIRED", "Not used for too long"
        REPLACED = "REPLACED", "Too many sessions: the least recently used ended"
        SUSPENDED = "SUSPENDED", "Suspended"
        UNINSTALLED = "UNINSTALLED", "Uninstalled"
        FAILED = "FAILED", "The installation failed"
        SECRET_RETIRED = "SECRET_RETIRED", "The Application Secret was retired"
        TOKEN_ENDED = "TOKEN_ENDED", "The permanent token was replaced"
        BY_HAND = "BY_HAND", "Ended by hand"
        APPLICATION_RETIRED = "APPLICATION_RETIRED", "The application was retired"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    # The statement that writes a row reads and holds these three: a constraint would only ask for them once more.
    installation = models.ForeignKey(
        Installation, models.CASCADE, related_name="sessions", db_index=False, db_constraint=False
    )
    permanent_token = models.ForeignKey(
        PermanentToken, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    secret = models.ForeignKey(Secret, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    scope = models.TextField(blank=True)
    address = models.CharField(max_length=45, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    end = models.CharField(max_length=20, choices=End, blank=True)

    objects: ClassVar[SessionQuerySet] = manager_of(SessionQuerySet)

    class Meta:
        # Not `unique=True` on the field: on PostgreSQL that makes a second index, for LIKE, which nobody asks.
        constraints = (models.UniqueConstraint(fields=("digest",), name="session_digest_once"),)
        indexes = (
            models.Index(fields=("installation", "created_at"), name="sessions_of_installation"),
            models.Index(
                fields=("installation", "last_used_at"),
                condition=models.Q(ended_at=None),
                name="sessions_not_ended",
            ),
            models.Index(fields=("created_at",), name="sessions_by_age"),
            # By what ended them: nothing is written here for one that goes on.
            models.Index(
                fields=("end", "-created_at", "-id"),
                condition=models.Q(ended_at__isnull=False),
                name="sessions_by_end",
            ),
            # Retiring or deleting a secret would read every session there is.
            models.Index(fields=("secret",), name="sessions_of_secret"),
        )

    def __str__(self) -> str:
        return f"session of {self.created_at:%Y-%m-%d %H:%M}"


class ExchangeHourQuerySet(models.QuerySet["ExchangeHour"]):
    def of_application(self, application: Application) -> Self:
        return self.filter(application=application)

    def of_installation(self, installation: Installation) -> Self:
        return self.filter(installation=installation)

    def since(self, moment: datetime) -> Self:
        return self.filter(hour__gte=moment)

    def exchanges(self) -> int:
        return self.aggregate(total=models.Sum("exchanges"))["total"] or 0


class ExchangeHour(models.Model):
    """Exchanges of one installation in one hour, folded from session rows and refusal groups."""

    installation = models.ForeignKey(Installation, models.CASCADE, related_name="exchange_hours")
    # That of the installation, by which hours are added up. None only where a worker of an earlier release wrote it.
    application = models.ForeignKey(Application, models.CASCADE, related_name="+", null=True, db_index=False)
    hour = models.DateTimeField()
    exchanges = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    addresses = models.PositiveIntegerField(default=0)
    # Whether the timeline has its line for this hour.
    told = models.BooleanField(default=False)

    objects: ClassVar[ExchangeHourQuerySet] = manager_of(ExchangeHourQuerySet)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("installation", "hour"), name="one_row_for_an_hour"),)
        indexes = (
            models.Index(fields=("hour",), name="exchange_hours_by_hour"),
            # In place of the rows themselves, where an application's are added up.
            models.Index(fields=("application", "hour", "exchanges"), name="exchange_hours_added_up"),
            # In the order in which hours are told: those of each application together.
            models.Index(
                fields=("hour", "application", "id"), condition=models.Q(told=False), name="exchange_hours_to_tell"
            ),
        )

    def __str__(self) -> str:
        return f"{self.exchanges} exchanges, {self.refused} refused, {self.hour:%Y-%m-%d %H}:00"
