"""Moving many applications to one account by one act: what becomes of each is told before, and why one stays."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from installs.admin.moving import VERB, MoveForm, into_review
from installs.application import moving
from installs.application.kinds import APPLICATION_MOVED
from installs.models import EventSettings, Installation
from installs.models.deliveries import host_of
from linnapp.actors import Actor
from linnapp.admin_pages import some_of
from linnapp.errors import NotPossible
from linnapp.form_fields import AskedField
from linnapp.models import Account, Application, Version
from linnapp.staff_actions import Edit, Effect, StaffAction, Values
from linnapp.timeline import last_of
from linnapp.words import counted, moment_in_words

WALKED_AT_ONCE = 200


def typed_fields() -> dict[str, forms.Field]:
    form = MoveForm()
    form.fields["ends"].help_text = "The secrets the old teams know. Programs that use them need the new ones by then."
    return {**form.fields, "asked": AskedField()}


def wanted_of(typed: Values) -> Values:
    to, ends = typed["account"], (typed["asked"] + typed["ends"]).replace(second=0, microsecond=0)
    return {"account": str(to.pk), "name": to.name, "ends_at": ends.isoformat()}


@dataclass(frozen=True)
class Wanted:
    """Where to, and when the old secrets end."""

    to: Account
    ends_at: datetime

    @property
    def ends(self) -> str:
        return f"on {moment_in_words(self.ends_at)}" if self.ends_at > timezone.now() else "now"


def _read(wanted: Values) -> Wanted:
    """Raises NotPossible where the account is gone."""
    to, ends_at = Account.objects.filter(pk=wanted["account"]).first(), parse_datetime(wanted["ends_at"])
    if to is None or ends_at is None:
        raise NotPossible(f"{wanted['name']} does not exist any more: nothing is moved to it.")
    return Wanted(to, ends_at)


@dataclass(frozen=True)
class Move(StaffAction):
    """Each by the service that moves one. Taken back, it moves to where it came from, by the same rules."""

    def told(self, rows: list[Any], wanted: Values) -> list[Effect]:
        if not wanted:
            return [Effect(row, f"It belongs to {row.account}.") for row in rows]
        to = _read(wanted).to
        refused, told = moving.refusals(rows, to), _Told(rows, to)
        words = {row.pk: refused[row.pk].sentence if row.pk in refused else told.of(row) for row in rows}
        return [Effect(row, words[row.pk], words[row.pk]) for row in rows]

    def in_numbers(self, rows: QuerySet[Any], number: int, wanted: Values) -> list[str]:
        if not wanted:
            return []
        meant, going = _read(wanted), dict[str, str]()
        stay, along = Counter[str](), 0
        for some in _walked(rows):
            refused = moving.refusals(some, meant.to, going)
            stay.update(refusal.kind for refusal in refused.values())
            moved = [row.pk for row in some if row.pk not in refused]
            along += Installation.objects.live().filter(application__in=moved).count()
        numbers = [self.so_many(number - stay.total(), number), *_staying(stay)]
        return [*numbers, f"{counted(along, 'installation goes', 'installations go')} along.", _secrets(meant)]

    def do(self, row: Any, by: Actor, wanted: Values, seen: Values | None) -> bool:
        meant = _read(wanted)
        moving.move_application(row, to=meant.to, secrets_end=meant.ends_at, by=by)
        return True

    def before(self, row: Any) -> dict[str, Any]:
        return {"account": str(row.account_id), "name": row.account.name}

    def wanted_back(self, wanted: Values) -> Values:
        """No secret works longer than was said when they moved."""
        return {"ends_at": wanted["ends_at"]}


def _walked(rows: QuerySet[Application]) -> Iterator[list[Application]]:
    """In the order in which they are moved."""
    every = rows.select_related("account").iterator(chunk_size=WALKED_AT_ONCE)
    while some := list(islice(every, WALKED_AT_ONCE)):
        yield some


def _staying(stay: Counter[str]) -> list[str]:
    why = ", ".join(f"{number:,} {kind}" for kind, number in stay.most_common())
    return [f"{counted(stay.total(), 'stays where it is', 'stay where they are')}: {why}."] if stay else []


def _secrets(meant: Wanted) -> str:
    return (
        f"The old secrets end {meant.ends}, with the sessions made with them: the Owners of {meant.to} reveal the new "
        "ones. The old teams do not find what is moved any more."
    )


class _Told:
    """What a move does to each of some rows, read for all of them at once."""

    def __init__(self, rows: Sequence[Application], to: Account) -> None:
        self.to = to
        self.installed: dict[UUID, list[str]] = defaultdict(list)
        self.leaving: set[UUID] = set()
        live = Installation.objects.live().filter(application__in=rows).order_by("account__name")
        others = live.exclude(account=F("application__account")).exclude(account=to)
        for key, name in others.values_list("application_id", "account__name"):
            self.installed[key].append(name)
        own = live.filter(account=F("application__account"), version__kind=Version.Kind.DEVELOPMENT)
        self.leaving.update(own.values_list("application_id", flat=True))
        versions = Version.objects.filter(application__in=rows)
        self.newest = {row.application_id: row for row in versions.latest_of_each().defer("snapshot")}
        self.hosts = _hosts(versions, [row.pk for row in self.newest.values()])
        settings = EventSettings.objects.with_url().filter(application__in=rows)
        self.events_urls = dict(settings.values_list("application_id", "url"))

    def of(self, row: Application) -> str:
        names, hosts = self.installed[row.pk], sorted(self.hosts[row.pk])
        keep = f"{counted(len(names), 'account keeps it', 'accounts keep it')}: {some_of(names)}."
        own = f"{row.account}'s own installation moves from the Development Version to"
        found = [
            f"From {row.account}.",
            keep if names else "",
            f"{own} {self.newest[row.pk].label}." if row.pk in self.leaving and row.pk in self.newest else "",
            f"Postbacks go to {', '.join(hosts)} as before." if hosts else "",
            f"Its Events URL at {host_of(self.events_urls[row.pk])} is removed." if row.pk in self.events_urls else "",
            into_review(row),
        ]
        return " ".join(filter(None, found))


def _hosts(versions: QuerySet[Version], newest: Sequence[int]) -> dict[UUID, set[str]]:
    """Where postbacks of each go, as of the plan of one."""
    in_use = Exists(Installation.objects.live().filter(version=OuterRef("pk")))
    found: dict[UUID, set[str]] = defaultdict(set)
    for row in versions.filter(Q(in_use) | Q(pk__in=newest) | Q(kind=Version.Kind.DEVELOPMENT)):
        if host := host_of(row.postback_url):
            found[row.application_id].add(host)
    return found


def shown(before: Values, after: Values) -> list[Edit]:
    return [("account", before["name"], after.get("name", ""))] if before else []


MOVE = Move(
    "move_to_account",
    "Move",
    "moved",
    "Both teams and everybody who installed it read this.",
    lambda rows: [],
    lambda row, by: False,
    after=" to another account",
    label=VERB,
    fits=lambda row: False,
    undone_by="move_to_account",
    fresh=True,
    undone_within=timedelta(hours=24),
    undo_means=(
        "what still belongs to the account that it was moved to moves back where it came from, by the rules of a move, "
        "with new secrets once more; those that either team knows then end at the moment that this move names, or at "
        "once where that is past"
    ),
    mark=lambda row: f"{row.account_id} {last_of(row, APPLICATION_MOVED)}",
    fields=typed_fields,
    wanted_of=wanted_of,
    shown=shown,
)
