from django.db import models


class AttemptCount(models.Model):
    """How many attempts ended so, ever: the log is kept 90 days, and a counter must not go back."""

    outcome = models.CharField(max_length=40, unique=True)
    count = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.outcome}: {self.count}"
