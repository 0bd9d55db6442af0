"""An application on its way into the store."""

import pytest

from installs.store import listings
from linnapp.models import Application, User, Version
from linnapp.services import applications
from tests.kit.listings import WORDS
from tests.kit.people import acting


@pytest.fixture
def ready(application: Application, version: Version, alice: User) -> Application:
    """Stock Bridge 1.0.0, with all that a listing needs."""
    Application.objects.filter(pk=application.pk).update(logo_digest="a" * 64)
    applications.edit_application(
        application, by=acting(alice), description=WORDS, support_contact="help@northwind.example"
    )
    return Application.objects.get(pk=application.pk)


@pytest.fixture
def requested(ready: Application, alice: User) -> Application:
    listings.request_listing(ready, by=acting(alice))
    return Application.objects.get(pk=ready.pk)


@pytest.fixture
def listed(requested: Application, paula: User) -> Application:
    listings.accept(requested, by=acting(paula, reason="Everything is there."))
    return Application.objects.get(pk=requested.pk)
