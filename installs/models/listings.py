"""What was asked of the store's reviewers, and what they said."""

from typing import ClassVar, Self

from django.db import models
from django.utils import timezone

from linnapp.models import Application, User
from linnapp.models.managers import manager_of
from linnapp.models.traces import Traces


class ReviewQuerySet(models.QuerySet["Review"]):
    def of_application(self, application: Application) -> Self:
        return self.filter(application=application)

    def newest_first(self) -> Self:
        return self.order_by("-requested_at", "-pk")

    def open(self) -> Self:
        return self.filter(decision="")

    def accepted(self) -> Self:
        return self.filter(decision=Review.Decision.LISTED)


class Review(models.Model):
    """One request for a listing and its decision. `name`, `description` and `logo_digest` are what was reviewed: a
    listed application that differs from its last review was changed since."""

    class Decision(models.TextChoices):
        LISTED = "LISTED", "Listed"
        RETURNED = "RETURNED", "Returned"
        TAKEN_BACK = "TAKEN_BACK", "Taken back"

    application = models.ForeignKey(Application, models.CASCADE, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now)
    requested_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    name = models.CharField(max_length=80)
    description = models.TextField(blank=True)
    logo_digest = models.CharField(max_length=64, blank=True)
    decision = models.CharField(max_length=20, choices=Decision, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    # Read by the developer.
    reasons = models.TextField(blank=True)

    traces: ClassVar[Traces] = Traces(texts=("reasons",), made="decided_at", accounts=("application__account",))
    objects: ClassVar[ReviewQuerySet] = manager_of(ReviewQuerySet)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("application",), condition=models.Q(decision=""), name="one_open_review_of_an_application"
            ),
        )
        indexes = (models.Index(fields=("application", "-requested_at"), name="reviews_by_application"),)

    def __str__(self) -> str:
        return f"{self.get_decision_display() or 'Open'} review of {self.name}"
