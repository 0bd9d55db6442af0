"""A permanent token that takes the place of another is handed over: by a postback that arrived, or by being shown. From
that moment on the one before it has its end, which the first exchange with the new one brings about sooner.

Until then both work without an end: nobody is locked out by an endpoint that does not answer.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from installs.models import Delivery, Installation, PermanentToken
from installs.models.deliveries import DeliveryQuerySet
from linnapp.models import Application

# How long the one before goes on working.
OVERLAP = timedelta(hours=24)


@transaction.atomic
def was_delivered(key: int) -> None:
    """An endpoint has answered 2xx to a postback with this permanent token. Locks application and installation."""
    token = PermanentToken.objects.select_related("installation").get(pk=key)
    Application.objects.select_for_update(no_key=True).get(pk=token.installation.application_id)
    Installation.objects.select_for_update(no_key=True).get(pk=token.installation_id)
    begin_end(PermanentToken.objects.get(pk=key))


def was_shown(token: PermanentToken) -> None:
    """To somebody of either side, in the caller's transaction, which holds application and installation. Where a
    postback carries it, the endpoint's answer counts, and no look at it: the program that needs it may be without."""
    if token.replaces_id and not owed_of(token).exists():
        begin_end(token)


def owed_of(token: PermanentToken) -> DeliveryQuerySet:
    """The postbacks that were owed since it was made: they carry it, and so does whatever waits from before."""
    return Delivery.objects.filter(installation=token.installation_id).owed().created_since(token.created_at)


def begin_end(token: PermanentToken) -> None:
    """Of the one that it replaces, unless that has one already."""
    if token.replaces_id:
        PermanentToken.objects.filter(pk=token.replaces_id, ends_at=None).update(ends_at=timezone.now() + OVERLAP)
