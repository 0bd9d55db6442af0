"""What postbacks and events are signed with."""

from typing import ClassVar, Self

from django.db import models
from django.utils import timezone

from linnapp import credentials
from linnapp.models import Application
from linnapp.models.managers import manager_of


class SigningSecretQuerySet(models.QuerySet["SigningSecret"]):
    def live(self) -> Self:
        return self.filter(models.Q(ends_at=None) | models.Q(ends_at__gt=timezone.now()))

    def of_application(self, application: Application) -> Self:
        return self.filter(application=application)


class SigningSecret(models.Model):
    """What postbacks and events are signed with. Two are live while one replaces the other; the newest comes first."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="+")
    encrypted = models.TextField(editable=False)
    tail = models.CharField(max_length=4, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[SigningSecretQuerySet] = manager_of(SigningSecretQuerySet)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("application",), condition=models.Q(ends_at=None), name="one_signing_secret_stays"
            ),
        )

    def __str__(self) -> str:
        return f"signing secret ending …{self.tail}"

    def value(self) -> str:
        return credentials.decrypt(self.encrypted)
