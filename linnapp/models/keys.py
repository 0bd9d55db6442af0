from django.core.management.base import CommandError
from django.db import models

from linnapp import credentials


class KeyCanary(models.Model):
    """A known word, encrypted with the keys the database began with: other keys are noticed before they do harm."""

    encrypted = models.TextField()

    class Meta:
        verbose_name = "key canary"
        verbose_name_plural = "key canary"

    def __str__(self) -> str:
        return "key canary"

    @classmethod
    def refuse_other_keys(cls) -> None:
        if not all(credentials.reads(canary.encrypted) for canary in cls.objects.all()):
            raise CommandError("These keys cannot read this database: restore the `.env` it was made with.")
