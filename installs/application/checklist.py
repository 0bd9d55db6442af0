"""Get to a first call: what a new application still needs, ticked by what is there and by nobody's hand."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min

from installs.models import Delivery, Installation, Session
from installs.postbacks.owing import postback_url
from linnapp.models import Application, Version


@dataclass(frozen=True)
class Line:
    """`name` says which help the page unfolds while the line is open."""

    name: str
    label: str
    done: bool


@dataclass(frozen=True)
class Checklist:
    lines: list[Line]
    first_call_after: timedelta | None

    @property
    def open_line(self) -> str | None:
        """The name of the first line that is not done, None when all are."""
        return next((line.name for line in self.lines if not line.done), None)

    @property
    def took(self) -> str:
        return in_words(self.first_call_after) if self.first_call_after is not None else ""


def checklist(application: Application) -> Checklist:
    released = application.versions.released().order_by("major", "minor", "patch").first()
    installations = Installation.objects.of_application(application)
    installation = installations.select_related("account").order_by("installed_at").first()
    exchanged_at = _first_exchange(application) if installation else None
    lines = [
        Line("created", "Application created", True),
        Line("manifest", "Manifest saved", application.manifest_revision > 1 or released is not None),
        Line("version", f"Version {released} created" if released else "Create a version", released is not None),
        Line(
            "installed",
            f"Installed on {installation.account}" if installation else "Install it on an account",
            installation is not None,
        ),
        *_postback(application, released),
        Line(
            "exchange",
            "First exchange" if exchanged_at else "First exchange: the permanent token for a session token",
            exchanged_at is not None,
        ),
    ]
    return Checklist(lines, exchanged_at - application.created_at if exchanged_at else None)


def _postback(application: Application, released: Version | None) -> list[Line]:
    """One line where the newest version has a PostbackUrl; before a release, where the saved manifest has one."""
    newest = application.versions.latest() if released else application.versions.development()
    if newest is None or not postback_url(newest):
        return []
    arrived = Delivery.objects.of_application(application).owed().delivered().order_by("created_at")
    host = arrived.values_list("host", flat=True).first()
    label = f"Postback answered by {host}" if host else "Postback answered: your endpoint gets the permanent token"
    return [Line("postback", label, host is not None)]


def _first_exchange(application: Application) -> datetime | None:
    """From the installations; before the job of each minute has been there, from the sessions themselves."""
    folded = Installation.objects.of_application(application).first_exchange()
    if folded:
        return folded
    sessions = Session.objects.filter(installation__application=application)
    return sessions.aggregate(first=Min("created_at"))["first"]


def in_words(span: timedelta) -> str:
    """The two largest units: "4 min 12 s", "3 d 2 h"."""
    seconds = max(int(span.total_seconds()), 0)
    sizes = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    parts = []
    for unit, size in sizes:
        count, seconds = divmod(seconds, size)
        parts.append((count, unit))
    first = next((place for place, (count, _) in enumerate(parts) if count), len(parts) - 1)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2])
