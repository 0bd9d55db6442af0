"""Get to a first call: what a new application still needs, ticked by what is there and by nobody's hand."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min

from installs.application.at_once import AtOnce, Versions
from installs.models import Delivery, Session
from linnapp.models import Application
from linnapp.names import isolated
from linnapp.words import measured_in_words


@dataclass(frozen=True)
class Item:
    """`name` says which help the page unfolds while the line is open."""

    name: str
    label: str
    done: bool


@dataclass(frozen=True)
class Checklist:
    lines: list[Item]
    first_call_after: timedelta | None

    @property
    def open_line(self) -> str | None:
        """The name of the first line that is not done, None when all are."""
        return next((line.name for line in self.lines if not line.done), None)

    @property
    def took(self) -> str:
        return measured_in_words(self.first_call_after) if self.first_call_after is not None else ""


def checklist(application: Application, known: AtOnce | None = None) -> Checklist:
    known = known or AtOnce.of(application)
    released, account = known.versions.lowest, known.numbers.first_account
    exchanged_at = _first_exchange(application, known) if account else None
    lines = [
        Item("created", "Application created", True),
        Item("manifest", "Manifest saved", application.manifest_revision > 1 or released is not None),
        Item("version", f"Version {released} created" if released else "Create a version", released is not None),
        Item(
            "installed",
            f"Installed on {isolated(account)}" if account else "Install it on an account",
            bool(account),
        ),
        *_postback(application, known.versions),
        Item(
            "exchange",
            "First exchange" if exchanged_at else "First exchange: the permanent token for a session token",
            exchanged_at is not None,
        ),
    ]
    return Checklist(lines, exchanged_at - application.created_at if exchanged_at else None)


def _postback(application: Application, versions: Versions) -> list[Item]:
    """One line where the newest version has a PostbackUrl; before a release, where the saved manifest has one."""
    newest = versions.latest if versions.released else application.versions.development()
    if newest is None or not newest.postback_url:
        return []
    arrived = Delivery.objects.of_application(application).owed().delivered().order_by("created_at")
    host = arrived.values_list("host", flat=True).first()
    label = f"Postback answered by {host}" if host else "Postback answered: your endpoint gets the permanent token"
    return [Item("postback", label, host is not None)]


def _first_exchange(application: Application, known: AtOnce) -> datetime | None:
    """From the installations; before the job of each minute has been there, from the sessions themselves."""
    if known.numbers.first_exchange_at:
        return known.numbers.first_exchange_at
    sessions = Session.objects.filter(installation__application=application)
    first: datetime | None = sessions.aggregate(first=Min("created_at"))["first"]
    return first
