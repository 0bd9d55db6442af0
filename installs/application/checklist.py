"""Get to a first call: what a new application still needs, ticked by what is there and by nobody's hand. The shortest
way comes first: the Development Version on the developer's own account, with no version and no PostbackUrl. What lets
others install it follows."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from django.db.models import Exists, Min, QuerySet, Subquery

from installs.application.at_once import AtOnce, Versions
from installs.installations.progress import is_new
from installs.models import Delivery, Installation, Session
from linnapp.models import Application
from linnapp.names import isolated
from linnapp.words import measured_in_words


@dataclass(frozen=True)
class Item:
    """`name` says which help the page unfolds while the line is open."""

    name: str
    label: str
    done: bool
    for_others: bool = False


@dataclass(frozen=True)
class Way:
    """How far an application has come. `account` is the first that it was installed on and `version` the label of its
    first version, "" for none; `host` is the first that answered a postback."""

    is_saved: bool
    account: str
    exchanged_at: datetime | None
    version: str
    has_postback: bool
    host: str

    @classmethod
    def known(cls, application: Application, at_once: AtOnce) -> Self:
        """From what Overview asked for anyway."""
        first, account = at_once.versions.lowest, at_once.numbers.first_account
        exchanged_at = at_once.numbers.first_exchange_at or (_first_session(application) if account else None)
        has_postback = _has_postback(application, at_once.versions)
        host = _answered(application).first() if has_postback else None
        is_saved = application.manifest_saved_at is not None or first is not None
        return cls(is_saved, account, exchanged_at, first.label if first else "", has_postback, host or "")

    @classmethod
    def asked(cls, application: Application) -> Self:
        """The same in one statement, and a few more for an application that is new. Whether the first postback was
        answered is asked only before a release: to read it takes a snapshot, and from then on Overview tells it."""
        mine, versions = Installation.objects.of_application(application), application.versions.order_by()
        asked = {
            "account": Subquery(mine.completed().order_by("installed_at").values("account__name")[:1]),
            "exchanged_at": Subquery(mine.first_exchanged()),
            "released": Exists(versions.released()),
        }
        named = {f"asked_{name}": expression for name, expression in asked.items()}
        (found,) = Application.objects.filter(pk=application.pk).order_by().annotate(**named).values(*named)
        account, released = found["asked_account"] or "", found["asked_released"]
        exchanged_at = found["asked_exchanged_at"] or (_first_session(application) if account else None)
        is_told = not released and exchanged_at is not None
        has_postback = is_told and bool(application.versions.development().postback_url)
        host = _answered(application).first() if has_postback else None
        is_saved = application.manifest_saved_at is not None or released
        return cls(is_saved, account, exchanged_at, "1.0.0" if released else "", has_postback, host or "")


@dataclass(frozen=True)
class Checklist:
    """`asks_again` is whether the page looks for the first call by itself."""

    lines: list[Item]
    first_call_after: timedelta | None
    asks_again: bool = False

    @property
    def own(self) -> list[Item]:
        """The lines of the first call."""
        return [line for line in self.lines if not line.for_others]

    @property
    def others(self) -> list[Item]:
        return [line for line in self.lines if line.for_others]

    @property
    def open_line(self) -> str | None:
        """The name of the first line that is not done, None when all are."""
        return next((line.name for line in self.lines if not line.done), None)

    @property
    def took(self) -> str:
        return measured_in_words(self.first_call_after) if self.first_call_after is not None else ""


def checklist(application: Application, known: AtOnce | None = None) -> Checklist:
    known = known or AtOnce.of(application)
    way, installed_at = Way.known(application, known), known.numbers.first_installed_at
    took = way.exchanged_at - application.created_at if way.exchanged_at else None
    asks_again = took is None and installed_at is not None and is_new(installed_at)
    return Checklist(_lines(way), took, asks_again)


def next_line(application: Application) -> str | None:
    """The name of the first line that is not done, for a page that shows nothing else of the checklist. None too where
    nothing can be done about it: once the application is retired, and while it is suspended."""
    if application.retired_at or application.stopped_at:
        return None
    return Checklist(_lines(Way.asked(application)), None).open_line


def _lines(way: Way) -> list[Item]:
    exchanged = way.exchanged_at is not None
    return [
        Item("created", "Application created", True),
        Item("manifest", "Manifest saved", way.is_saved),
        Item("installed", f"Installed on {isolated(way.account)}" if way.account else "Install it", bool(way.account)),
        Item(
            "exchange",
            "First exchange" if exchanged else "First exchange: the permanent token for a session token",
            exchanged,
        ),
        *_postback(way),
        _version(way),
    ]


def _version(way: Way) -> Item:
    label = f"Version {way.version} created" if way.version else "Create a version"
    return Item("version", label, bool(way.version), for_others=True)


def _postback(way: Way) -> list[Item]:
    if not way.has_postback:
        return []
    label = f"Postback answered by {way.host}" if way.host else "Postback answered by your endpoint"
    return [Item("postback", label, bool(way.host), for_others=True)]


def _has_postback(application: Application, versions: Versions) -> bool:
    """Where the newest version has a PostbackUrl; before a release, where the saved manifest has one."""
    newest = versions.latest if versions.released else application.versions.development()
    return newest is not None and bool(newest.postback_url)


def _answered(application: Application) -> QuerySet[Delivery, str]:
    """The hosts that answered, the first one first."""
    answered = Delivery.objects.of_application(application).owed().delivered().order_by("created_at")
    return answered.values_list("host", flat=True)


def _first_session(application: Application) -> datetime | None:
    """Until the job of each minute has been there, from the sessions themselves."""
    sessions = Session.objects.filter(installation__application=application)
    first: datetime | None = sessions.aggregate(first=Min("created_at"))["first"]
    return first
