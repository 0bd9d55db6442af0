"""Deliveries of the portal that is measured; inside its `manage.py shell`."""

import time
from itertools import cycle, islice

from django.db.models import Count
from django.utils import timezone

from installs.models import Delivery, Installation
from installs.models.deliveries import host_of
from installs.postbacks import courier, signing_secrets
from linnapp import credentials

LOGGED_WITHIN_SECONDS = 30


def forget_the_demos() -> None:
    """Those of the demo data, whose hosts do not exist: looking them up takes threads and seconds."""
    Delivery.objects.all().delete()


def put(count: int, url: str) -> None:
    """So many deliveries that are due, in turn for each active installation, and the job that wakes the worker."""
    installations = list(Installation.objects.active().select_related("application"))
    for application in {installation.application for installation in installations}:
        signing_secrets.ensure(application)
    Delivery.objects.bulk_create(owed(installation, url) for installation in islice(cycle(installations), count))
    courier.wake()


def owed(installation: Installation, url: str) -> Delivery:
    return Delivery(
        application=installation.application,
        installation=installation,
        event=Delivery.Event.INSTALLED,
        url=url,
        host=host_of(url),
        nonce=credentials.new_link_key(),
        next_attempt_at=timezone.now(),
    )


def wait_until_logged(url: str) -> None:
    """Until every delivery to this URL is written down as delivered. Raises unless each has one attempt in the log."""
    deadline = time.monotonic() + LOGGED_WITHIN_SECONDS
    deliveries = Delivery.objects.filter(url=url)
    while unwritten := deliveries.exclude(state=Delivery.State.DELIVERED).count():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{unwritten} deliveries arrived and are not written down")
        time.sleep(0.1)
    odd = deliveries.annotate(made=Count("attempts")).exclude(made=1).count()
    if odd:
        raise RuntimeError(f"{odd} deliveries have not one attempt in the log")
