from typing import ClassVar, Self
from uuid import UUID

from django.db import models

from linnapp.models import Account
from linnapp.models.managers import manager_of
from linnapp.models.wording import Wording

DEFAULT_LOCATION = UUID(int=0)
NAMES = Wording("installs_stocklocation", "stock_locations_by_name", ("name",))


class StockLocationQuerySet(models.QuerySet["StockLocation"]):
    def of_account(self, account_id: UUID) -> Self:
        return self.filter(account_id=account_id).order_by("id")


class StockLocation(models.Model):
    """Where an account keeps stock: the one kind of data served here, so that a first authorised call answers."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    location_id = models.UUIDField(default=DEFAULT_LOCATION)
    name = models.CharField(max_length=120, default="Default")
    is_fulfilment_center = models.BooleanField(default=False)

    wordings: ClassVar[tuple[Wording, ...]] = (NAMES,)
    objects: ClassVar[StockLocationQuerySet] = manager_of(StockLocationQuerySet)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("account", "location_id"), name="stock_location_once"),)

    def __str__(self) -> str:
        return self.name
