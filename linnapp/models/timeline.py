from typing import Any, ClassVar, Self
from uuid import UUID

from django.db import models
from django.utils import timezone

from linnapp.models.managers import manager_of
from linnapp.models.people import User


class TimelineEntryQuerySet(models.QuerySet["TimelineEntry"]):
    def about_application(self, application_id: UUID) -> Self:
        return self.filter(application_id=application_id)

    def about(self, subject_id: UUID) -> Self:
        return self.filter(subject_id=subject_id)

    def of_application_as_a_whole(self) -> Self:
        """Without what is told of each installation and of the application too: the hours of exchanges, and that the
        application was suspended or resumed everywhere."""
        kinds = TimelineEntry.Kind
        everywhere = models.Q(kind__in=(kinds.APPLICATION_SUSPENDED, kinds.APPLICATION_RESUMED))
        return self.exclude(kind=kinds.EXCHANGES).exclude(everywhere, subject_id__isnull=False)

    def without_exchanges(self) -> Self:
        return self.exclude(kind__in=(TimelineEntry.Kind.EXCHANGES, TimelineEntry.Kind.APPLICATION_EXCHANGES))

    def moves(self) -> Self:
        """That an installation came to another version."""
        kinds = TimelineEntry.Kind
        return self.filter(kind__in=(kinds.UPDATED, kinds.WENT_BACK, kinds.VERSION_MOVED))

    def about_any(self, subjects: "models.QuerySet[Any, Any]") -> Self:
        """About one of these, given as a query for their keys."""
        return self.filter(subject_id__in=subjects)

    def views_by(self, person: User) -> Self:
        """That somebody of support looked at an installation."""
        return self.filter(kind=TimelineEntry.Kind.SUPPORT_VIEWED, actor_id=person.pk)

    def before(self, entry_id: int) -> Self:
        return self.filter(pk__lt=entry_id)

    def newest_first(self) -> Self:
        return self.order_by("-id")


class TimelineEntry(models.Model):
    """One line of what happened. Append-only, and without foreign keys: it outlives what it tells of.

    `account_id` is the account it happened on (the installing one for what concerns an installation, else the
    developer's); `subject_id` the installation, where it is about one.
    """

    class Kind(models.TextChoices):
        APPLICATION_CREATED = "APPLICATION_CREATED"
        APPLICATION_EDITED = "APPLICATION_EDITED"
        APPLICATION_LOGO = "APPLICATION_LOGO"
        APPLICATION_SUSPENDED = "APPLICATION_SUSPENDED"
        APPLICATION_RESUMED = "APPLICATION_RESUMED"
        APPLICATION_LISTED = "APPLICATION_LISTED"
        APPLICATION_UNLISTED = "APPLICATION_UNLISTED"
        LISTING_REQUESTED = "LISTING_REQUESTED"
        LISTING_RETURNED = "LISTING_RETURNED"
        LISTING_TAKEN_BACK = "LISTING_TAKEN_BACK"
        APPLICATION_RETIRED = "APPLICATION_RETIRED"
        APPLICATION_DELETED = "APPLICATION_DELETED"
        SECRET_CREATED = "SECRET_CREATED"
        SECRET_REVEALED = "SECRET_REVEALED"
        SECRET_RETIRED = "SECRET_RETIRED"
        MANIFEST_SAVED = "MANIFEST_SAVED"
        VERSION_CREATED = "VERSION_CREATED"
        INSTALLED = "INSTALLED"
        AUTHORISED_AGAIN = "AUTHORISED_AGAIN"
        VERSION_MOVED = "VERSION_MOVED"
        UPDATED = "UPDATED"
        WENT_BACK = "WENT_BACK"
        TOKEN_REVEALED = "TOKEN_REVEALED"
        UNINSTALLED = "UNINSTALLED"
        INSTALLATION_COMPLETED = "INSTALLATION_COMPLETED"
        INSTALLATION_FAILED = "INSTALLATION_FAILED"
        POSTBACK = "POSTBACK"
        POSTBACK_ENDED = "POSTBACK_ENDED"
        POSTBACK_AGAIN = "POSTBACK_AGAIN"
        POSTBACKS_REPLAYED = "POSTBACKS_REPLAYED"
        POSTBACK_TESTED = "POSTBACK_TESTED"
        POSTBACKS_PARKED = "POSTBACKS_PARKED"
        POSTBACKS_RELEASED = "POSTBACKS_RELEASED"
        POSTBACK_MODE = "POSTBACK_MODE"
        SIGNING_SECRET_REVEALED = "SIGNING_SECRET_REVEALED"
        SIGNING_SECRET_ROTATED = "SIGNING_SECRET_ROTATED"
        INSTALLATION_SUSPENDED = "INSTALLATION_SUSPENDED"
        INSTALLATION_RESUMED = "INSTALLATION_RESUMED"
        CONNECTOR_MADE = "CONNECTOR_MADE"
        CONNECTOR_EDITED = "CONNECTOR_EDITED"
        CONNECTOR_TESTED = "CONNECTOR_TESTED"
        CONNECTOR_DELETED = "CONNECTOR_DELETED"
        EXCHANGES = "EXCHANGES"
        APPLICATION_EXCHANGES = "APPLICATION_EXCHANGES"
        SUPPORT_VIEWED = "SUPPORT_VIEWED"
        MEMBER_INVITED = "MEMBER_INVITED"
        INVITATION_REVOKED = "INVITATION_REVOKED"
        MEMBER_JOINED = "MEMBER_JOINED"
        MEMBER_ROLE = "MEMBER_ROLE"
        MEMBER_REMOVED = "MEMBER_REMOVED"
        ACCOUNT_CREATED = "ACCOUNT_CREATED"
        ACCOUNT_EDITED = "ACCOUNT_EDITED"

    class Side(models.TextChoices):
        """Who acted, as seen by a reader of another side, who is not told the person's name."""

        DEVELOPER = "DEVELOPER"
        CUSTOMER = "CUSTOMER"
        STAFF = "STAFF"
        CLIENT = "CLIENT"

    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=40, choices=Kind)
    application_id = models.UUIDField(null=True)
    account_id = models.UUIDField(null=True)
    subject_id = models.UUIDField(null=True)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=200, blank=True)
    side = models.CharField(max_length=20, choices=Side)
    reason = models.TextField(blank=True)
    facts = models.JSONField(default=dict)

    objects: ClassVar[TimelineEntryQuerySet] = manager_of(TimelineEntryQuerySet)

    class Meta:
        verbose_name = "timeline entry"
        verbose_name_plural = "timeline"
        indexes = (
            models.Index(fields=("application_id", "-id"), name="timeline_by_application"),
            models.Index(fields=("account_id", "-id"), name="timeline_by_account"),
            models.Index(fields=("subject_id", "-id"), name="timeline_by_subject"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"
