"""The one order in which many deliveries are locked by whoever changes them at once."""

from django.db import connections
from django.db.models import F

from installs.models.deliveries import DeliveryQuerySet


def hold(rows: DeliveryQuerySet) -> None:
    """Locks these rows until the transaction ends; before an UPDATE of many, which locks them in any order, so that no
    two wait for each other in a circle. First those that nobody claimed: a worker that writes what its own came to has
    held or released those before. SQLite has one writer, and nothing to hold."""
    if connections[rows.db].features.has_select_for_update:
        ordered = rows.order_by(F("claimed_until").asc(nulls_first=True), "pk")
        # Attempts that point to a row wait for nobody (NO KEY).
        list(ordered.select_for_update(no_key=True).values_list("pk"))
