"""Mail about an application's postbacks: which of it its team wants, and when the last was sent."""

from django.db import models

from installs.models.postback_hosts import PostbackHost
from linnapp.models import Application


class PostbackAlerts(models.Model):
    """Which mails the Owners get. No row is all of them."""

    application = models.OneToOneField(Application, models.CASCADE, related_name="+")
    exhausted = models.BooleanField(default=True)
    parked = models.BooleanField(default=True)
    recovered = models.BooleanField(default=True)

    class Meta:
        verbose_name = "alert setting"

    def __str__(self) -> str:
        wanted = [str(field.verbose_name) for field in self._meta.concrete_fields if getattr(self, field.name) is True]
        return ", ".join(wanted) or "none"


class AlertSent(models.Model):
    """The last mail about one matter of one host: what keeps a host that comes and goes from filling a mailbox."""

    class Matter(models.TextChoices):
        EXHAUSTED = "exhausted", "Exhausted"
        PARKED = "parked", "Held"
        RECOVERED = "recovered", "Answers again"

    host = models.ForeignKey(PostbackHost, models.CASCADE, related_name="alerts")
    matter = models.CharField(max_length=20, choices=Matter)
    sent_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "alerts sent"
        constraints = (models.UniqueConstraint(fields=("host", "matter"), name="one_last_alert_of_a_matter"),)

    def __str__(self) -> str:
        return f"{self.get_matter_display()}: {self.host.host}"
