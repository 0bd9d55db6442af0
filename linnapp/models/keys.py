from django.db import models


class KeyCanary(models.Model):
    """A known word, encrypted with the keys the database began with: other keys are noticed before they do harm."""

    encrypted = models.TextField()

    class Meta:
        verbose_name = "key canary"
        verbose_name_plural = "key canary"

    def __str__(self) -> str:
        return "key canary"
