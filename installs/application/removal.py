"""The end of an application: deleted where it was never installed, else retired, which ends secrets and sessions."""

from django.db import transaction
from django.utils import timezone

from installs.application import kinds
from installs.models import EventType, Installation, PermanentToken, Session
from installs.postbacks import events
from installs.store import listings
from linnapp import timeline
from linnapp.actors import Actor
from linnapp.errors import NotPossible
from linnapp.models import Application, Version
from linnapp.services.locking import locked
from linnapp.words import counted


@transaction.atomic
def remove_application(application: Application, *, by: Actor) -> bool:
    """Deletes an application that was never installed, retires one that was; whether it was deleted.

    Raises NotPossible while a live installation exists: uninstalling is the accounts' own act.
    """
    row = locked(application, ends_exchanges=True, retired="there is nothing left to remove")
    live = Installation.objects.live().filter(application=row).count()
    if live:
        accounts = counted(live, "account has", "accounts have")
        raise NotPossible(f"{accounts} {row} installed. You can remove it once they have uninstalled it.")
    return _retire(row, by) if Installation.objects.of_application(row).exists() else delete_never_installed(row, by=by)


def _retire(application: Application, by: Actor) -> bool:
    now = timezone.now()
    application.retired_at = now
    application.listing = Application.Listing.UNLISTED
    application.save(update_fields=["retired_at", "listing"])
    listings.close_request(application, by=by)
    application.secrets.live().update(ends_at=now)
    PermanentToken.objects.of_application(application).end()
    Session.objects.filter(installation__application=application).end(Session.End.APPLICATION_RETIRED)
    told = timeline.record(kinds.APPLICATION_RETIRED, by=by, application=application)
    events.record_of_application(application, EventType.APPLICATION_RETIRED, told=told)
    return False


def delete_never_installed(application: Application, *, by: Actor) -> bool:
    """With its versions, secrets and all else that hangs on it. For who holds the application's lock, and knows that
    nothing was ever installed of it."""
    timeline.record(kinds.APPLICATION_DELETED, by=by, application=application)
    Version.objects.filter(application=application).delete()
    application.delete()
    return True
