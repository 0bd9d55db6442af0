from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.mail.sink import Sink, mail_sink


@pytest.fixture
def sink(settings: Settings) -> Iterator[Sink]:
    """A mail server to which this portal sends, and mail that is written down first."""
    with mail_sink() as made:
        settings.EMAIL_BACKEND = "linnapp.mail.Outbox"
        settings.DELIVERY_EMAIL = {
            "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": made.port,
        }
        yield made
