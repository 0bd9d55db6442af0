"""Postbacks: what is owed to a developer's endpoint. The tables stand; sending comes with its own part."""

import uuid

from django.db import models
from django.utils import timezone

from installs.models.installations import Installation
from linnapp.models import Application


class PostbackPolicy(models.Model):
    """When an installation with a PostbackUrl is complete, as the developer chose."""

    class Mode(models.TextChoices):
        COMPLETE_AND_RETRY = "COMPLETE_AND_RETRY", "Complete and retry"
        WAIT_FOR_200 = "WAIT_FOR_200", "Only install when my endpoint answers 200"

    application = models.OneToOneField(Application, models.CASCADE, related_name="+")
    mode = models.CharField(max_length=20, choices=Mode, default=Mode.COMPLETE_AND_RETRY)

    class Meta:
        verbose_name_plural = "postback policies"

    def __str__(self) -> str:
        return self.get_mode_display()


class SigningSecret(models.Model):
    application = models.ForeignKey(Application, models.CASCADE, related_name="+")
    encrypted = models.TextField(editable=False)
    tail = models.CharField(max_length=4, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"signing secret ending …{self.tail}"


class Delivery(models.Model):
    """One postback owed. The body is rendered at sending: no permanent token lies in the row."""

    class Event(models.TextChoices):
        INSTALLED = "installed", "Installed"
        AUTHORISED = "authorised", "Authorised again"
        TOKEN_ROTATED = "token_rotated", "Permanent token rotated"
        TEST = "test", "Test"

    class State(models.TextChoices):
        DUE = "DUE", "Waiting"
        HELD = "HELD", "Held"
        DELIVERED = "DELIVERED", "Delivered"
        STOPPED = "STOPPED", "Stopped"
        EXHAUSTED = "EXHAUSTED", "Exhausted"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    application = models.ForeignKey(Application, models.CASCADE, related_name="+")
    installation = models.ForeignKey(Installation, models.CASCADE, null=True, related_name="deliveries")
    event = models.CharField(max_length=20, choices=Event)
    state = models.CharField(max_length=20, choices=State, default=State.DUE)
    url = models.TextField()
    tracking = models.TextField(blank=True)
    # Of the consent form: sending the form twice owes one postback.
    nonce = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    next_attempt_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = (models.Index(fields=("state", "next_attempt_at"), name="deliveries_due"),)

    def __str__(self) -> str:
        return f"{self.event} to {self.url}"


class Attempt(models.Model):
    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="attempts")
    at = models.DateTimeField(default=timezone.now)
    milliseconds = models.PositiveIntegerField(null=True)
    status = models.PositiveIntegerField(null=True)
    cause = models.TextField(blank=True)
    request = models.TextField(blank=True)
    answer = models.TextField(blank=True)

    class Meta:
        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.status or self.cause}"
