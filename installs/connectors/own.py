"""What the portal knows of connectors that hold credentials of its own, and may tell the account that keeps them."""

from django.conf import settings
from django.utils import timezone

from installs.connectors.faults import NotAuthorised, Why
from installs.models import Connector, Installation
from installs.models.connectors import ConnectorQuerySet
from linnapp import credentials
from linnapp.models import Account, Secret, User


def with_token_of(installation: Installation, reader: User) -> list[Connector]:
    """Those of its account that a permanent token of this installation works in, as far as this person sees them."""
    digests = set(installation.permanent_tokens.live().values_list("digest", flat=True))
    rows = _enabled(installation.account, reader)
    return [row for row in rows if _digest(row.token_encrypted) in digests]


def with_secret(secret: Secret, reader: User) -> list[Connector]:
    """Those of the application's account that this Application Secret works in, as far as this person sees them."""
    rows = _enabled(secret.application.account, reader)
    return [row for row in rows if _digest(row.application_secret_encrypted) == secret.digest]


def _enabled(account: Account, reader: User) -> ConnectorQuerySet:
    return Connector.objects.manageable_by(reader).on_account(account.slug).filter(enabled=True).order_by("name")


def _digest(encrypted: str) -> str:
    """ "" for what these keys cannot read: that works nowhere."""
    try:
        return credentials.digest(credentials.decrypt(encrypted))
    except credentials.WrongKey:
        return ""


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
        Why.SECRET_RETIRED,
        f"Application secret …{secret.tail} was retired: the portal no longer has it.",
        f"Reveal the live one on the General page of {secret.application}, and put it into Application secret.",
    )
