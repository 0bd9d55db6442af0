"""What a developer chose about the postbacks of an application."""

from django.db import models

from linnapp.models import Application


class PostbackPolicy(models.Model):
    """When an installation with a PostbackUrl is complete, as the developer chose. No row is the default."""

    class Mode(models.TextChoices):
        COMPLETE_AND_RETRY = "COMPLETE_AND_RETRY", "Complete and retry"
        WAIT_FOR_200 = "WAIT_FOR_200", "Only install when my endpoint answers 200"

    application = models.OneToOneField(Application, models.CASCADE, related_name="+")
    mode = models.CharField(max_length=20, choices=Mode, default=Mode.COMPLETE_AND_RETRY)

    class Meta:
        verbose_name_plural = "postback policies"

    def __str__(self) -> str:
        return self.get_mode_display()
