"""What happens to an installation is told twice, in the transaction of the act: by a line of the timeline, and by an
event to the developer's endpoint where it is one of those chosen."""

from typing import Any

from installs.installations import kinds
from installs.models import EventType, Installation
from installs.postbacks import events
from linnapp import timeline
from linnapp.actors import Actor
from linnapp.kinds import Kind
from linnapp.models import Version


def tell(installation: Installation, kind: Kind, event: EventType, *, by: Actor, **facts: Any) -> None:
    """Of the row as the act left it."""
    told = timeline.record_about(installation, kind, by=by, **facts)
    events.record(installation, event, told=told)


def tell_moved(installation: Installation, kind: Kind, *, before: Version, by: Actor) -> None:
    """That it came from this version to the one it has."""
    told = timeline.record_about(installation, kind, by=by, before=before.label, version=installation.version.label)
    event = EventType.WENT_BACK if kind == kinds.WENT_BACK else EventType.UPDATED
    events.record(installation, event, told=told, before=before)
