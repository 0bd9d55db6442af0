"""An installation that waits for its postback's 200: it becomes active, or fails with a dead permanent token.

While it waits its permanent token has an end, the moment until which it waits: exchanges stop by themselves then, with
a worker or without one. Locks: application, installation, permanent token, as everywhere.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from installs.models import EventType, Installation, PermanentToken, Session
from installs.models.installations import PermanentTokenQuerySet
from installs.postbacks import kinds, recording
from linnapp import batches, timeline
from linnapp.actors import NOBODY
from linnapp.models import Application

# From the moment a worker has taken it: it may wait for a thread, an attempt takes ten seconds, and what it led to is
# written after it. Shorter than a courier's lease, so that no second worker makes a second attempt.
DECIDES_WITHIN = timedelta(seconds=25)
TOO_LATE = "The answer came too late."


@transaction.atomic
def take(installation_id: UUID) -> bool:
    """Begins the one attempt: the installation waits for what comes of it. False for one that waits no longer."""
    row = _locked(installation_id)
    if not row.is_pending:
        _fail_if_lapsed(row)
        return False
    row.waits_until = timezone.now() + DECIDES_WITHIN
    row.save(update_fields=["waits_until"])
    _tokens(row).update(ends_at=row.waits_until)
    return True


def decide(installation_id: UUID, *, passed: bool, host: str, cause: str) -> None:
    """Completes or fails what still waits, in the caller's transaction; whatever else happened meanwhile stands."""
    row = _locked(installation_id)
    if row.state != Installation.State.PENDING:
        return
    if not (passed and row.is_pending):
        fail(row, cause if not passed else TOO_LATE)
        return
    row.state, row.waits_until = Installation.State.ACTIVE, None
    row.save(update_fields=["state", "waits_until"])
    _tokens(row).update(ends_at=None)
    told = timeline.record_about(row, kinds.INSTALLATION_COMPLETED, by=NOBODY, host=host)
    recording.of_installation(row, EventType.INSTALLED, told=told)


def fail(row: Installation, cause: str) -> None:
    """Of a locked row, in the caller's transaction: its permanent token is dead and its sessions end."""
    now = timezone.now()
    row.state, row.failed_at, row.failure = Installation.State.FAILED, now, cause
    row.save(update_fields=["state", "failed_at", "failure"])
    _tokens(row).update(ends_at=now)
    row.sessions.end(Session.End.FAILED)
    told = timeline.record_about(row, kinds.INSTALLATION_FAILED, by=NOBODY, cause=cause.rstrip("."))
    recording.of_installation(row, EventType.FAILED, told=told)


def fail_lapsed(rows: Iterable[Installation]) -> None:
    """Writes down what reads as failed already."""
    for row in rows:
        with transaction.atomic():
            _fail_if_lapsed(_locked(row.pk))


def sweep_lapsed() -> None:
    """All of them, each in a transaction of its own, until none is left or this process is asked to stop."""

    def fail_some(keys: Sequence[UUID]) -> None:
        fail_lapsed(Installation.objects.filter(pk__in=keys).order_by("waits_until", "pk"))

    batches.work_through_pages(Installation.objects.lapsed().order_by("waits_until", "pk"), fail_some)


def _fail_if_lapsed(row: Installation) -> None:
    if row.state == Installation.State.PENDING and not row.is_pending:
        fail(row, row.why_failed)


def _locked(installation_id: UUID) -> Installation:
    row = Installation.objects.get(pk=installation_id)
    Application.objects.select_for_update(no_key=True).get(pk=row.application_id)
    return Installation.objects.select_for_update(of=("self",), no_key=True).with_its_facts().get(pk=installation_id)


def _tokens(row: Installation) -> PermanentTokenQuerySet:
    return PermanentToken.objects.filter(installation=row)
