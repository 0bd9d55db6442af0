"""Versions to update to, and who may not."""

import pytest

from installs.models import Installation
from linnapp.models import Account, Membership, User, Version
from tests.kit.consenting import external, release
from tests.kit.updates import endpoint


@pytest.fixture
def skipped(installation: Installation, alice: User) -> Version:
    return release(installation.application, (1, 1, 0), external(moduleName="Sooner"), alice)


@pytest.fixture
def latest(installation: Installation, skipped: Version, alice: User) -> Version:
    manifest = endpoint("https://panel.example.com/?key=of-the-developer")
    return release(installation.application, (1, 2, 0), manifest, alice)


@pytest.fixture
def eve(cakes: Account, dave: User) -> User:
    """Dave as a Developer of the customer's account."""
    Membership.objects.create(account=cakes, user=dave, role=Membership.Role.DEVELOPER)
    return dave
