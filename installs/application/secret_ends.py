"""Ending Application Secrets, which ends the sessions that were made with them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Max
from django.utils import timezone

from installs.application import kinds
from installs.models import Session
from linnapp import timeline
from linnapp.actors import Actor
from linnapp.errors import NotPossible
from linnapp.models import Application, Secret
from linnapp.services.locking import locked
from linnapp.words import moment_in_words


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
def retire_secret(secret: Secret, *, after: timedelta, by: Actor) -> datetime:
    """Sets the moment a secret ends, and ends its sessions where that is now. Returns the moment.

    Raises NotPossible for the last secret that has no end: an application always keeps one.
    """
    application = locked(secret.application, ends_exchanges=True, retired="its secrets have ended")
    row = application.secrets.live().filter(pk=secret.pk).first()
    if row is None:
        raise NotPossible(f"The Application Secret ending …{secret.tail} has already ended.")
    if not another_stays(row):
        raise NotPossible(
            "This is the only Application Secret with no end date. Create a new one first, then retire this one."
        )
    row.ends_at = timezone.now() + after
    row.save(update_fields=["ends_at"])
    if not after:
        Session.objects.filter(secret=row).end(Session.End.SECRET_RETIRED)
    timeline.record(
        kinds.SECRET_RETIRED,
        by=by,
        application=application,
        tail=row.tail,
        ends="now" if not after else f"on {moment_in_words(row.ends_at)}",
    )
    return row.ends_at


def end_all_but(stays: Secret, *, at: datetime, by: Actor) -> list[Secret]:
    """All others of the application end at that moment, those that end earlier then; with what lives of their sessions
    where that is now. The caller holds the application's lock."""
    application, now = stays.application, timezone.now()
    others = list(application.secrets.live().exclude(pk=stays.pk))
    for row in others:
        row.ends_at = min(max(at, now), row.ends_at or max(at, now))
        row.save(update_fields=["ends_at"])
        ends = f"on {moment_in_words(row.ends_at)}" if row.ends_at > now else "now"
        timeline.record(kinds.SECRET_RETIRED, by=by, application=application, tail=row.tail, ends=ends)
    Session.objects.filter(secret__in=[row for row in others if row.ends_at == now]).end(Session.End.SECRET_RETIRED)
    return others
