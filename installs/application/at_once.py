"""What Overview tells of an application, in three statements: one for all that is a number or a moment, one for what is
added up of some days, one for its versions. Asked apart they were twenty, and to make a statement costs as much as to
answer it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cached_property
from typing import Any, Self

from django.db.models import CharField, Count, Exists, F, Func, IntegerField, Q, QuerySet, Subquery, Sum, Value
from django.utils import timezone

from installs.exchange.sent import SecretSent
from installs.installations.numbers import active_of, suspended_of
from installs.models import Delivery, ExchangeHour, Installation, PermanentToken, PostbackHost, RefusalGroup
from installs.postbacks import health
from linnapp.models import Application, Version
from linnapp.models.capped import CountUpTo

DAYS, REFUSALS_OF = 7, timedelta(hours=24)
NOTHING, NO_TEXT = Value(0), Value("", CharField())
INSTALLATIONS_FAILED_WITHIN = timedelta(days=7)
SECRET_ENDS_WITHIN = timedelta(days=7)


@dataclass(frozen=True)
class Numbers:
    """`live` is counted up to MOST_COUNTED, `active` without what is suspended by anybody. `failed` are those of the
    last days; `first_account` is the name of the first on which an installation succeeded, "" for none. `ends_secret`
    and `parks_hosts` say whether there is any."""

    live: int
    active: int
    suspended: int
    silent: int
    failed: int
    not_handed_over: int
    events_given_up: int
    ends_secret: bool
    parks_hosts: bool
    first_account: str
    first_installed_at: datetime | None
    first_exchange_at: datetime | None

    @classmethod
    def of(cls, application: Application) -> Self:
        now, mine = timezone.now(), Installation.objects.of_application(application)
        suspended = suspended_of(application)
        failed = mine.failed().filter(installed_at__gte=now - INSTALLATIONS_FAILED_WITHIN)
        asked = {
            "live": CountUpTo(mine.live()),
            "active": active_of(application, suspended),
            "suspended": Value(0) if application.stopped_at else CountUpTo(suspended, None),
            "silent": CountUpTo(mine.silent(), None),
            "failed": CountUpTo(failed, None),
            "not_handed_over": CountUpTo(PermanentToken.objects.not_handed_over().of_application(application), None),
            "events_given_up": CountUpTo(health.events_given_up(application), None),
            "ends_secret": Exists(application.secrets.live().filter(ends_at__lt=now + SECRET_ENDS_WITHIN)),
            "parks_hosts": Exists(PostbackHost.objects.parked().of_application(application)),
            "first_account": Subquery(mine.completed().order_by("installed_at").values("account__name")[:1]),
            "first_installed_at": Subquery(mine.order_by("installed_at").values("installed_at")[:1]),
            "first_exchange_at": Subquery(mine.first_exchanged()),
        }
        named = {f"asked_{name}": expression for name, expression in asked.items()}
        (found,) = Application.objects.filter(pk=application.pk).order_by().annotate(**named).values(*named)
        values = {name: found[f"asked_{name}"] for name in asked}
        return cls(**values | {"first_account": values["first_account"] or ""})


@dataclass(frozen=True)
class Versions:
    """The released ones, without their snapshots, the lowest first."""

    released: Sequence[Version]

    @classmethod
    def of(cls, application: Application) -> Self:
        rows = Version.objects.of_application(application).released().defer("snapshot", "notes", "notes_folded")
        return cls(list(rows.order_by("major", "minor", "patch")))

    @property
    def lowest(self) -> Version | None:
        return next(iter(self.released), None)

    @cached_property
    def latest(self) -> Version | None:
        return next((row for row in reversed(self.released) if row.withdrawn_at is None), None)

    @property
    def latest_or_withdrawn(self) -> Version | None:
        return self.latest or next(reversed(self.released), None)


@dataclass(frozen=True)
class Added:
    """One number of one day. `what` it counts, `place` the day's, `text` what it is told apart by on that day; `part`
    is how many of them are of another kind that `Days` names."""

    what: str
    place: int
    text: str
    number: int
    part: int


class Place(Func):
    """Which of the days that begin at these moments a moment is of, from 0 on. Written in one piece: as Case and
    When, seven of them take longer to put together than the rest of the statement."""

    output_field = IntegerField()

    def __init__(self, field: str, *, begins: Sequence[datetime]) -> None:
        super().__init__(field)
        self.begins = begins

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> Any:  # type: ignore[override]
        column, params = compiler.compile(self.source_expressions[0])
        whens = " ".join(f"WHEN {column} < %s THEN {place}" for place in range(len(self.begins) - 1))
        moments = [connection.ops.adapt_datetimefield_value(begin) for begin in self.begins[1:]]
        return f"CASE {whens} ELSE {len(moments)} END", [one for moment in moments for one in (*params, moment)]


class Days:
    """What is added up of the last days in the reader's time zone, today included, and of what was refused in the last
    24 hours."""

    def __init__(self, application: Application) -> None:
        today = timezone.localdate()
        self.dates = [today - timedelta(days=ago) for ago in reversed(range(DAYS))]
        self.begins = [datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone()) for day in self.dates]
        arms = list(self._arms(application, timezone.now() - REFUSALS_OF))
        self.added = [Added(*row) for row in arms[0].union(*arms[1:], all=True)]

    def _arms(self, application: Application, lately: datetime) -> Iterator[QuerySet[Any, Any]]:
        mine = Installation.objects.of_application(application)
        owed = Delivery.objects.of_application(application).owed()
        hours = ExchangeHour.objects.of_application(application)
        exchanges = RefusalGroup.objects.exchanges()
        named = exchanges.since(lately).only_named(application.pk)
        retired = Q(secret_sent=SecretSent.RETIRED)
        arrived = Count("state", Q(state=Delivery.State.DELIVERED))
        yield self._arm("installed", mine, "installed_at", Count("*"))
        yield self._arm("uninstalled", mine, "uninstalled_at", Count("*"))
        yield self._arm("exchanges", hours, "hour", Sum("exchanges"))
        yield self._arm("owed", owed, "created_at", Count("*"), part=arrived)
        of_day = Sum("count", filter=Q(hour__gte=lately), default=0)
        yield self._arm(
            "refused", exchanges.of_application(application.pk), "hour", Sum("count"), part=of_day, text=F("reason")
        )
        yield self._arm("retired", named.filter(retired), "hour", Sum("count"))
        strangers = named.exclude(retired).exclude(address="")
        yield self._arm("named", strangers, "hour", Sum("count"), text=F("address"))

    def _arm(
        self, what: str, rows: QuerySet[Any], field: str, number: Any, *, part: Any = NOTHING, text: Any = NO_TEXT
    ) -> QuerySet[Any, Any]:
        facts = {"what": Value(what, CharField()), "place": Place(field, begins=self.begins), "text": text}
        rows = rows.order_by().filter(**{f"{field}__gte": self.begins[0]}).annotate(**facts).values(*facts)
        added: QuerySet[Any, Any] = rows.annotate(number=number, part=part).values_list(*facts, "number", "part")
        return added

    def by_day(self, what: str) -> list[int]:
        found = Counter[int]()
        for row in self.added:
            if row.what == what:
                found[row.place] += row.number
        return [found[place] for place in range(len(self.begins))]

    def by_text(self, what: str) -> dict[str, int]:
        found = Counter[str]()
        for row in self.added:
            if row.what == what:
                found[row.text] += row.number
        return dict(found)

    @property
    def delivered(self) -> list[int]:
        """Postbacks owed on each of these days that arrived since."""
        found = Counter[int]()
        for row in self.added:
            if row.what == "owed":
                found[row.place] += row.part
        return [found[place] for place in range(len(self.begins))]

    @property
    def refused_lately(self) -> dict[str, int]:
        """By reason, the most frequent first."""
        found = Counter[str]()
        for row in self.added:
            if row.what == "refused" and row.part:
                found[row.text] += row.part
        return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


@dataclass(frozen=True)
class AtOnce:
    numbers: Numbers
    versions: Versions
    days: Days

    @classmethod
    def of(cls, application: Application) -> Self:
        return cls(Numbers.of(application), Versions.of(application), Days(application))
