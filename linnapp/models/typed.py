"""What somebody typed and sent when their sign-in was over or old: kept until they signed in again."""

from datetime import timedelta
from typing import ClassVar, Self

from django.db import models
from django.utils import timezone

from linnapp.models.managers import manager_of


class KeptPostQuerySet(models.QuerySet["KeptPost"]):
    def kept(self) -> Self:
        """Those that may still be sent."""
        return self.filter(made_at__gt=timezone.now() - KeptPost.LASTS)

    def over(self) -> Self:
        return self.filter(made_at__lte=timezone.now() - KeptPost.LASTS).order_by("made_at")

    def of_person(self, person: models.Model) -> Self:
        return self.filter(person_id=person.pk)

    def newest_first(self) -> Self:
        return self.order_by("-made_at", "-pk")


class KeptPost(models.Model):
    """A form on its way, of one person and one browser. `key_digest` is that of the key in the link and the key in
    that browser's cookie together, `browser_digest` of the latter, and `session_digest` of the sign-in that the form
    was drawn in; address and fields are encrypted. Whoever sends it deletes it."""

    LASTS: ClassVar[timedelta] = timedelta(minutes=15)

    person = models.ForeignKey("linnapp.User", models.CASCADE, related_name="+", editable=False)
    key_digest = models.CharField(max_length=64, unique=True, editable=False)
    browser_digest = models.CharField(max_length=64, default="", editable=False)
    session_digest = models.CharField(max_length=64, default="", db_index=True, editable=False)
    content_encrypted = models.TextField(editable=False)
    made_at = models.DateTimeField(default=timezone.now, db_index=True, editable=False)

    objects: ClassVar[KeptPostQuerySet] = manager_of(KeptPostQuerySet)

    class Meta:
        verbose_name = "kept form"

    def __str__(self) -> str:
        return f"a form of {self.person}"
