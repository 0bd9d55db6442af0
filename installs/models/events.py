"""Events: what happens after an installation, told to a developer's endpoint that asked for it."""

from typing import ClassVar, Self

from django.db import models

from linnapp.models import Application
from linnapp.models.managers import manager_of


class EventType(models.TextChoices):
    """As they are sent. Those of installations are numbered for each installation, those of applications for each
    application."""

    INSTALLED = "installation.installed", "Installed"
    AUTHORISED = "installation.authorised", "Authorised again"
    UPDATED = "installation.updated", "Updated"
    WENT_BACK = "installation.went_back", "Went back"
    SUSPENDED = "installation.suspended", "Suspended"
    RESUMED = "installation.resumed", "Resumed"
    UNINSTALLED = "installation.uninstalled", "Uninstalled"
    FAILED = "installation.failed", "Failed"
    TOKEN_ROTATED = "installation.token_rotated", "Permanent token rotated"
    APPLICATION_SUSPENDED = "application.suspended", "Application suspended"
    APPLICATION_RESUMED = "application.resumed", "Application resumed"
    APPLICATION_RETIRED = "application.retired", "Application retired"


class EventSettingsQuerySet(models.QuerySet["EventSettings"]):
    def of_application(self, application: Application) -> Self:
        return self.filter(application=application)

    def with_url(self) -> Self:
        return self.exclude(url="")


class EventSettings(models.Model):
    """Where an application's events go, and which of them, as the developer chose. Without a URL none is recorded."""

    application = models.OneToOneField(Application, models.CASCADE, related_name="+")
    url = models.TextField(blank=True)
    # Values of EventType, in its order.
    chosen = models.JSONField(default=list, blank=True)

    objects: ClassVar[EventSettingsQuerySet] = manager_of(EventSettingsQuerySet)

    class Meta:
        verbose_name = "Events URL"

    def __str__(self) -> str:
        return f"events of {self.application}"


class EventCounter(models.Model):
    """The number of the last event recorded of one installation, or of one application as a whole. A row of its own,
    so that counting waits for no exchange, which holds the installation."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="+")
    # The key of the installation, or of the application.
    subject = models.UUIDField(unique=True, editable=False)
    last = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.last} events of {self.subject}"
