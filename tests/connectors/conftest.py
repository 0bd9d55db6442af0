"""Whose connectors they are."""

import pytest
from django.test import Client

from linnapp.models import Account, User
from tests.kit.people import ClientOf


@pytest.fixture
def carols(carol: User, cakes: Account, client_of: ClientOf) -> Client:
    return client_of(carol)
