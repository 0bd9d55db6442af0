"""What the hours of the demo's timeline open to: one client with one secret, some of it from a second address."""

from itertools import groupby
from uuid import UUID

from installs.exchange import hour_lines
from installs.exchange.hour_lines import Counted
from installs.models import ExchangeHour
from linnapp.models import Secret

HOME, ELSEWHERE = "203.0.113.8", "198.51.100.20"


def write(told: list[ExchangeHour]) -> None:
    """Of rows in the order of their hours."""
    secrets = {row.application_id: row.pk for row in Secret.objects.order_by("-pk")}
    for hour, rows in groupby(told, key=lambda row: row.hour):
        hour_lines.write(hour, [_counted(row, secrets) for row in rows])


def _counted(row: ExchangeHour, secrets: dict[UUID, int]) -> Counted:
    counted = Counted(row.installation_id)
    elsewhere = row.exchanges // 4 if row.addresses > 1 else 0
    for address, number in ((HOME, row.exchanges - elsewhere), (ELSEWHERE, elsewhere)):
        if number:
            counted.add(secrets[row.installation.application_id], address, number, row.hour, row.hour)
    return counted
