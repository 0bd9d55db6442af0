"""What a case shows for acting on it: acts and messages, an undo, who has it, notes."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from installs.models import Installation
from installs.support import doing, handing_over, undoing
from installs.support.acts import permission_of
from installs.support.views.notes import notes_on
from linnapp.models import User


def context(installation: Installation, reader: User) -> dict[str, Any]:
    undoable = undoing.undoable(installation, reader)
    undone_act = undoing.LEFT_BY[undoable.kind] if undoable else None
    if undone_act and not reader.has_perm(permission_of(undone_act)):
        undoable = None
    return {
        "allowed": doing.allowed(reader),
        "acts": doing.offered(installation, reader),
        "letters": doing.messages_offered(installation, reader),
        "undoable": undoable,
        "undone_act": undone_act,
        "assignment": handing_over.assignment_of(installation),
        "case_link": settings.SITE_URL + reverse("support_installation", args=[installation.pk]),
        "notes": notes_on(installation, reader),
    }
