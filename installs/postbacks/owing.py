"""What is owed to a developer's endpoint: a row in the transaction that makes it so, and a wake-up after it."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from installs.models import Delivery, Installation, PostbackHost
from installs.models.deliveries import host_of
from installs.postbacks import courier, signing_secrets
from linnapp import credentials

# An installation that waits for its postback fails unless a worker has taken it within this time.
TAKEN_WITHIN = timedelta(seconds=60)


def nonce_of(installation: Installation, consent: str) -> str:
    """Of an installation's own, because a form comes back with whatever its sender wrote into it."""
    return f"{installation.pk.hex}{consent}"[:64]


def owed_by(installation: Installation, consent: str) -> Delivery | None:
    """The postback that this very form led to."""
    return Delivery.objects.filter(nonce=nonce_of(installation, consent)).first()


def owed_by_last_consent(installation: Installation) -> Delivery | None:
    """None where the last consent was to a version without a PostbackUrl, or where it left the log of postbacks."""
    if owed := owed_by(installation, installation.consent):
        return owed
    if not installation.version.postback_url:
        return None
    return Delivery.objects.of_installation(installation).of_consents().newest_first().first()


def leads_elsewhere(installation: Installation, url: str) -> bool:
    """Whether a postback to this address would take the permanent token to another one than the last it was owed to:
    that of the version it is on, where none is left in the log. To no address nothing is led."""
    last = Delivery.objects.of_installation(installation).owed().newest_first().first()
    return bool(url) and url != (last.url if last else installation.version.postback_url)


def owe(
    installation: Installation, event: Delivery.Event, *, consent: str = "", tracking: str = "", decides: bool = False
) -> Delivery | None:
    """Owes a postback to the address of the installation's version, in the caller's transaction; None where it has
    none. `consent` names the form: sent twice, it owes one. The caller holds the application's lock; the courier is
    woken once the transaction has committed.
    """
    url = installation.version.postback_url
    if not url:
        return None
    if consent and (owed := owed_by(installation, consent)):
        return owed
    signing_secrets.ensure(installation.application)
    is_held = (
        not decides
        and PostbackHost.objects.holding()
        .filter(application=installation.application, host=host_of(url), kind=Delivery.Kind.POSTBACK)
        .exists()
    )
    delivery = Delivery.objects.create(
        application=installation.application,
        installation=installation,
        event=event,
        state=Delivery.State.HELD if is_held else Delivery.State.DUE,
        url=url,
        host=host_of(url),
        tracking=tracking,
        decides=decides,
        nonce=nonce_of(installation, consent or credentials.new_reference()),
        next_attempt_at=timezone.now(),
    )
    transaction.on_commit(courier.wake)
    return delivery
