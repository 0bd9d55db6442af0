"""Ending Application Secrets, and ending applications: both end sessions, so both are here."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Max
from django.utils import timezone

from installs import listings
from installs.models import Installation, PermanentToken, Session
from linnapp import timeline
from linnapp.errors import NotPossible
from linnapp.models import Application, Secret, User, Version
from linnapp.words import counted, moment_in_words

# When a secret ends, counted from the choice.
ENDS = {"now": timedelta(0), "24h": timedelta(hours=24), "7d": timedelta(days=7)}


@dataclass(frozen=True)
class Use:
    """How much a secret is used at this moment."""

    sessions: int
    latest_exchange_at: datetime


def uses_of_secrets(application: Application) -> dict[int, Use]:
    """By the secret's key, for those that live sessions were made with: one query, over live sessions only."""
    rows = Session.objects.live().of_application(application).order_by().values_list("secret")
    return {key: Use(number, latest) for key, number, latest in rows.annotate(Count("pk"), Max("created_at"))}


def another_stays(secret: Secret) -> bool:
    """Whether the application keeps a secret without an end when this one is gone."""
    return Secret.objects.filter(application_id=secret.application_id, ends_at=None).exclude(pk=secret.pk).exists()


@transaction.atomic
def retire_secret(secret: Secret, *, after: timedelta, by: User) -> datetime:
    """Sets the moment a secret ends, and ends its sessions where that is now. Returns the moment.

    Raises NotPossible for the last secret that has no end: an application always keeps one.
    """
    application = Application.objects.select_for_update().get(pk=secret.application_id)
    row = application.secrets.live().filter(pk=secret.pk).first()
    if row is None:
        raise NotPossible(f"The Application Secret ending …{secret.tail} has ended already.")
    if not another_stays(row):
        raise NotPossible("This is the only Application Secret that stays. Make the next one first, then retire this.")
    row.ends_at = timezone.now() + after
    row.save(update_fields=["ends_at"])
    if not after:
        Session.objects.filter(secret=row).end(Session.End.SECRET_RETIRED)
    timeline.record(
        timeline.Kind.SECRET_RETIRED,
        by=by,
        side=timeline.Side.DEVELOPER,
        application=application,
        account=application.account,
        tail=row.tail,
        ends="now" if not after else f"on {moment_in_words(row.ends_at)}",
    )
    return row.ends_at


def was_ever_installed(application: Application) -> bool:
    return Installation.objects.filter(application=application).exists()


@transaction.atomic
def remove_application(application: Application, *, by: User) -> bool:
    """Deletes an application that was never installed, retires one that was; whether it was deleted.

    Raises NotPossible while a live installation exists: uninstalling is the accounts' own act.
    """
    row = Application.objects.select_for_update().get(pk=application.pk)
    if row.retired_at:
        raise NotPossible(f"{row} is retired already.")
    live = Installation.objects.live().filter(application=row).count()
    if live:
        accounts = counted(live, "account has", "accounts have")
        raise NotPossible(f"{accounts} {row} installed. It can be removed once they have uninstalled it.")
    return _retire(row, by) if was_ever_installed(row) else _delete(row, by)


def _retire(application: Application, by: User) -> bool:
    now = timezone.now()
    application.retired_at = now
    application.listing = Application.Listing.UNLISTED
    application.save(update_fields=["retired_at", "listing"])
    listings.close_request(application, by=by)
    application.secrets.live().update(ends_at=now)
    PermanentToken.objects.live().filter(installation__application=application).update(ends_at=now)
    Session.objects.filter(installation__application=application).end(Session.End.APPLICATION_RETIRED)
    _record(timeline.Kind.APPLICATION_RETIRED, application, by)
    return False


def _delete(application: Application, by: User) -> bool:
    _record(timeline.Kind.APPLICATION_DELETED, application, by)
    Version.objects.filter(application=application).delete()
    application.delete()
    return True


def _record(kind: timeline.Kind, application: Application, by: User) -> None:
    timeline.record(kind, by=by, side=timeline.Side.DEVELOPER, application=application, account=application.account)
