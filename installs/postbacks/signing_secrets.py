"""The signing secret of an application: made when first needed, rotated with an overlap in which both sign."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from installs.models import SigningSecret
from installs.postbacks import kinds
from installs.postbacks.policy import RETIRED
from linnapp import credentials, timeline
from linnapp.actors import Actor, refuse_to_reveal_of, refuse_unless_fresh
from linnapp.errors import NotPossible
from linnapp.models import Application
from linnapp.services.locking import locked
from linnapp.words import moment_in_words


def ensure(application: Application) -> SigningSecret:
    """The one that stays. The caller holds the application's lock."""
    stays = SigningSecret.objects.of_application(application).filter(ends_at=None).first()
    return stays or _make(application)


@transaction.atomic
def reveal(application: Application, *, by: Actor) -> SigningSecret:
    """The signing secret, on record; made where there is none."""
    refuse_to_reveal_of(application, by)
    row = locked(application, retired=RETIRED)
    refuse_unless_fresh(by)
    secret = ensure(row)
    timeline.record(kinds.SIGNING_SECRET_REVEALED, by=by, application=row, tail=secret.tail)
    return secret


@transaction.atomic
def rotate(application: Application, *, after: timedelta, by: Actor) -> SigningSecret:
    """A new signing secret; the one before ends after so long, and until then every postback has both signatures.

    Raises NotPossible while an earlier overlap lasts: at most two sign.
    """
    row = locked(application, retired=RETIRED)
    live = list(SigningSecret.objects.of_application(row).live())
    if len(live) > 1:
        ends = min(secret.ends_at for secret in live if secret.ends_at)
        raise NotPossible(f"The previous signing secret works until {moment_in_words(ends)}. Rotate after that.")
    refuse_unless_fresh(by)
    ends = timezone.now() + after
    SigningSecret.objects.filter(pk__in=[secret.pk for secret in live]).update(ends_at=ends)
    made = _make(row)
    timeline.record(
        kinds.SIGNING_SECRET_ROTATED,
        by=by,
        application=row,
        tail=made.tail,
        ends=f"on {moment_in_words(ends)}" if after else "now",
    )
    return made


def replace_all(application: Application, *, at: datetime, by: Actor) -> SigningSecret | None:
    """A new one, and all that are there end at that moment, those that end earlier then: until then each of them signs.
    None where none was needed so far. The caller holds the application's lock."""
    now = timezone.now()
    ends = max(at, now)
    live = SigningSecret.objects.of_application(application).live()
    if not live.exists():
        return None
    live.filter(Q(ends_at=None) | Q(ends_at__gt=ends)).update(ends_at=ends)
    made = _make(application)
    timeline.record(
        kinds.SIGNING_SECRET_ROTATED,
        by=by,
        application=application,
        tail=made.tail,
        ends=f"on {moment_in_words(ends)}" if ends > now else "now",
    )
    return made


def _make(application: Application) -> SigningSecret:
    value = credentials.new_signing_secret()
    return SigningSecret.objects.create(
        application=application, encrypted=credentials.encrypt(value), tail=credentials.tail(value)
    )
