"""Connectors of the account, beside a case: a client that the portal runs itself."""

from dataclasses import dataclass

from installs.models import Connector, Installation
from linnapp import credentials

SHOWN, LOOKED_THROUGH = 5, 50


@dataclass(frozen=True)
class Beside:
    """`is_its_client` where it sends the Application ID of the installation's application."""

    connector: Connector
    is_its_client: bool


def beside(installation: Installation) -> list[Beside]:
    """The newest, those first that send its Application ID."""
    rows = Connector.objects.filter(account=installation.account_id).order_by("-created_at", "-pk")
    found = [Beside(row, _is_its_client(row, installation)) for row in rows[:LOOKED_THROUGH]]
    return sorted(found, key=lambda each: not each.is_its_client)[:SHOWN]


def _is_its_client(connector: Connector, installation: Installation) -> bool:
    return credentials.canonical(connector.application_id) == installation.application_id.hex
