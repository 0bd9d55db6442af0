"""Ending the sessions of an installation, and nothing else: its client programs authorise again."""

from django.db import transaction

from installs.installations import acts, kinds
from installs.installations.acts import Act
from installs.installations.lifecycle import locked_for
from installs.models import Installation, Session
from linnapp import timeline
from linnapp.actors import Actor
from linnapp.words import counted


@transaction.atomic
def end_sessions(installation: Installation, *, by: Actor) -> int:
    """Ends those that live at this moment; how many they were. The permanent token stays: whoever has it begins the
    next one. Raises NotPossible for whoever may not, and for what is over."""
    row = locked_for(Act.END_SESSIONS, installation, by)
    acts.refuse_without_reason(by)
    number = row.sessions.live().end(Session.End.BY_HAND)
    if number:
        timeline.record_about(row, kinds.SESSIONS_ENDED, by=by, sessions=counted(number, "session"))
    return number
