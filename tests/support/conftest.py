"""Sam's browser, credentials that are right, and no refusal noted before."""

import pytest
from django.test import Client

from installs.exchange import ledger
from installs.installations import lifecycle
from installs.models import Installation
from linnapp.models import User
from tests.kit.people import ClientOf


@pytest.fixture
def nothing_noted() -> None:
    """Refusals of earlier tests wait in the process: they are not of this one."""
    ledger.take()


@pytest.fixture
def console(sam: User, client_of: ClientOf) -> Client:
    return client_of(sam)


@pytest.fixture
def right(installation: Installation) -> dict[str, str]:
    """The credentials that Stock Bridge on Carol's Cakes is authorised with."""
    return {
        "ApplicationId": str(installation.application_id),
        "ApplicationSecret": installation.application.secrets.get().value(),
        "Token": lifecycle.current_token(installation).value(),
    }
