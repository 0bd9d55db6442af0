"""Recording events where they happen: beside the line of the timeline, in the same transaction. The courier is woken
once that has committed."""

from django.db import transaction

from installs.models import EventType, Installation
from installs.postbacks import courier, recording
from linnapp.models import Application, TimelineEntry, Version


def record(installation: Installation, event: EventType, *, told: TimelineEntry, before: Version | None = None) -> None:
    """Of an installation, as `recording.of_installation` does it; `before` is the version that it had."""
    if recording.of_installation(installation, event, told=told, before=before):
        transaction.on_commit(courier.wake)


def record_of_application(application: Application, event: EventType, *, told: TimelineEntry) -> None:
    if recording.of_application(application, event, told=told):
        transaction.on_commit(courier.wake)
