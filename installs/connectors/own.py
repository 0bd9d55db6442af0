"""What the portal knows of connectors that hold credentials of its own, and may tell the account that keeps them."""

from django.conf import settings
from django.utils import timezone

from installs.connectors.reading import NotAuthorised
from installs.models import Connector, Installation
from linnapp import credentials
from linnapp.models import Secret


def with_token_of(installation: Installation) -> list[Connector]:
    """Those of its account that a permanent token of this installation is stored in."""
    digests = set(installation.permanent_tokens.values_list("digest", flat=True))
    rows = Connector.objects.on_account(installation.account.slug).order_by("name")
    return [row for row in rows if credentials.digest(row.token) in digests]


def with_secret(secret: Secret) -> list[Connector]:
    """Those of the application's account that this Application Secret is stored in."""
    rows = Connector.objects.on_account(secret.application.account.slug).order_by("name")
    return [row for row in rows if credentials.digest(row.application_secret) == secret.digest]


def retired_secret(connector: Connector) -> NotAuthorised | None:
    """That the account's own Application Secret was retired: the exchange tells nobody, because whoever sends a retired
    one has proved nothing."""
    if connector.base_url != settings.SITE_URL:
        return None
    digest = credentials.digest(connector.application_secret)
    secret = Secret.objects.filter(digest=digest, application__account=connector.account).first()
    if secret is None or secret.ends_at is None or secret.ends_at > timezone.now():
        return None
    return NotAuthorised(
        f"Application secret …{secret.tail} was retired: the portal knows it no more.",
        f"Reveal the one that lives on the General page of {secret.application}, and put it into Application secret.",
    )
