"""Credentials that are right, and no refusal noted before."""

import pytest

from installs.exchange import ledger
from installs.installations import lifecycle
from installs.models import Installation


@pytest.fixture
def nothing_noted() -> None:
    """Refusals of earlier tests wait in the process: they are not of this one."""
    ledger.take()


@pytest.fixture
def right(installation: Installation) -> dict[str, str]:
    """The credentials that Stock Bridge on Carol's Cakes is authorised with."""
    return {
        "ApplicationId": str(installation.application_id),
        "ApplicationSecret": installation.application.secrets.get().value(),
        "Token": lifecycle.current_token(installation).value(),
    }
