"""How the hosts do that postbacks and events go to."""

from datetime import timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models.functions import Coalesce

from installs.models.deliveries import Delivery
from linnapp.models import Application
from linnapp.models.managers import manager_of


class PostbackHostQuerySet(models.QuerySet["PostbackHost"]):
    def parked(self) -> Self:
        return self.filter(parked_at__isnull=False, failing_since__isnull=False)

    def answering_again(self) -> Self:
        """Not parked any more, while what was held for them is released."""
        return self.filter(parked_at__isnull=False, failing_since=None)

    def holding(self) -> Self:
        """What is new to them is held: they are parked, or others before it are still to be released."""
        return self.filter(parked_at__isnull=False)

    def before_their_first_trial(self) -> Self:
        return self.filter(next_trial_at=models.F("parked_at") + PostbackHost.TRIAL_EVERY)

    def of_application(self, application: Application) -> Self:
        return self.filter(application=application)

    def of_delivery(self, delivery: Delivery) -> Self:
        return self.filter(host=delivery.host, kind=delivery.kind)

    def with_what_is_held(self) -> Self:
        """With `held`, how many deliveries wait for the host, and `oldest_held`, the key of the first of them."""
        rows = Delivery.objects.waiting_for_hosts()
        rows = rows.filter(
            application=models.OuterRef("application"), host=models.OuterRef("host"), kind=models.OuterRef("kind")
        )
        count = rows.order_by().values("host").annotate(count=models.Count("pk")).values("count")
        oldest = rows.order_by("created_at", "pk").values("pk")[:1]
        return self.annotate(held=Coalesce(models.Subquery(count), 0), oldest_held=models.Subquery(oldest))


class PostbackHost(models.Model):
    """How one host does for one application's postbacks, or for its events: a failing Events URL holds no postback.
    Parked, its deliveries are held, and the oldest is tried each hour. Once it answers `failing_since` is empty, and
    `parked_at` as soon as all that was held is released."""

    TRIAL_EVERY: ClassVar[timedelta] = timedelta(hours=1)

    application = models.ForeignKey(Application, models.CASCADE, related_name="+")
    host = models.CharField(max_length=260)
    kind = models.CharField(max_length=10, choices=Delivery.Kind, default=Delivery.Kind.POSTBACK)
    # Since the first failure after the last success.
    failing_since = models.DateTimeField(null=True, blank=True)
    parked_at = models.DateTimeField(null=True, blank=True)
    next_trial_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[PostbackHostQuerySet] = manager_of(PostbackHostQuerySet)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("application", "host", "kind"), name="a_host_once_for_an_application_and_kind"
            ),
        )

    def __str__(self) -> str:
        return f"{self.host} for {self.application}"

    @property
    def is_parked(self) -> bool:
        return self.parked_at is not None and self.failing_since is not None
