"""An event that the developer chose becomes a row, with its number and its body, in the transaction that makes it so.

Nothing here wakes the courier: what the courier itself leads to, an installation that failed, it finds in its next
round. Everybody else records through `installs.postbacks.events`.
"""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from installs.models import Delivery, EventCounter, EventSettings, EventType, Installation, PostbackHost
from installs.models.deliveries import host_of
from linnapp import credentials, timeline
from linnapp.models import Application, TimelineEntry, Version

Side = TimelineEntry.Side
# What happens by itself, an endpoint that answers or time that is up, is the portal's.
SIDES = {Side.DEVELOPER: "developer", Side.CUSTOMER: "customer", Side.STAFF: "staff", Side.CLIENT: "portal"}


def of_installation(
    installation: Installation, event: EventType, *, told: TimelineEntry, before: Version | None = None
) -> Delivery | None:
    """None where the developer wants no such event. `told` is the line of the timeline about the same: the event says
    no more than the developer reads there. The caller holds the application's lock; the row is as it stands now."""
    settings = _settings(installation.application, event)
    if settings is None:
        return None
    facts: dict[str, Any] = {
        "installation": {
            "id": str(installation.pk),
            "state": installation.shown_state,
            "version": installation.version.label,
            "previous_version": before.label if before else None,
        },
        "account": {"id": str(installation.account.pk), "name": installation.account.name},
    }
    reason = installation.why_failed if event == EventType.FAILED else _reason(told)
    return _write(settings, event, installation.application, installation, facts | _by(told, reason))


def of_application(application: Application, event: EventType, *, told: TimelineEntry) -> Delivery | None:
    """The same for an application as a whole."""
    settings = _settings(application, event)
    return _write(settings, event, application, None, _by(told, _reason(told))) if settings else None


def _settings(application: Application, event: EventType) -> EventSettings | None:
    row = EventSettings.objects.of_application(application).first()
    return row if row and row.url and event in row.chosen else None


def _by(told: TimelineEntry, reason: str) -> dict[str, Any]:
    return {"by": SIDES[Side(told.side)], "reason": reason or None}


def _reason(told: TimelineEntry) -> str:
    return timeline.line(told, Side.DEVELOPER).reason


def _write(
    settings: EventSettings,
    event: EventType,
    application: Application,
    installation: Installation | None,
    facts: dict[str, Any],
) -> Delivery:
    subject, now, host = installation.pk if installation else application.pk, timezone.now(), host_of(settings.url)
    number = _next_number(application, subject)
    holding = PostbackHost.objects.holding().filter(application=application, host=host, kind=Delivery.Kind.EVENT)
    return Delivery.objects.create(
        kind=Delivery.Kind.EVENT,
        application=application,
        installation=installation,
        event=event,
        subject=subject,
        number=number,
        payload=body(event, now, {"number": number, "application": _about(application)} | facts),
        state=Delivery.State.HELD if holding.exists() else Delivery.State.DUE,
        url=settings.url,
        host=host,
        nonce=credentials.new_link_key(),
        created_at=now,
        next_attempt_at=now,
    )


def test_body(application: Application) -> str:
    """Of a test event: as a real one, about nobody."""
    return body(Delivery.Event.TEST, timezone.now(), {"number": None, "application": _about(application)})


def body(event: str, at: datetime, data: dict[str, Any]) -> str:
    """As Standard Webhooks wants it: type, timestamp, data."""
    moment = f"{at:%Y-%m-%dT%H:%M:%S.%fZ}"
    return json.dumps({"type": event, "timestamp": moment, "data": data}, ensure_ascii=False, separators=(",", ":"))


def _about(application: Application) -> dict[str, str]:
    return {"id": str(application.pk), "name": application.name, "state": _state(application)}


def _state(application: Application) -> str:
    if application.retired_at:
        return "retired"
    return "suspended" if application.stopped_at else "active"


def _next_number(application: Application, subject: UUID) -> int:
    """One more than the last, without a gap: who counts after this waits until this is committed, or undone."""
    EventCounter.objects.get_or_create(subject=subject, defaults={"application": application})
    row = EventCounter.objects.filter(subject=subject)
    row.update(last=F("last") + 1)
    return row.values_list("last", flat=True).get()
