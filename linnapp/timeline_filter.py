"""How a timeline is narrowed: by what it is about, by period, by words; and to one installation or one access."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django_filters import CharFilter, ChoiceFilter, DateFilter, FilterSet, UUIDFilter

from linnapp import credentials, kinds
from linnapp.models import Account, TimelineEntry, User
from linnapp.models.folded import is_among
from linnapp.models.timeline import FACTS, NAMES, TOLD, TimelineEntryQuerySet
from linnapp.models.wording import MayHold
from linnapp.timeline import Side

Choices = tuple[tuple[str, str], ...]
OF_APPLICATION: Choices = (
    ("details", "Application"),
    ("versions", "Manifest and versions"),
    ("installations", "Installations"),
    ("postbacks", "Postbacks"),
    ("credentials", "Credentials"),
    ("exchanges", "Exchanges"),
    ("staff", "Support"),
)
OF_INSTALLATION: Choices = tuple((about, label) for about, label in OF_APPLICATION if about != "details")
OF_ACCOUNT: Choices = (("staff", "This portal's staff"), ("team", "Team"), ("account", "Account"))
OF_RECORD: Choices = (
    ("sign-in", "Sign-ins"),
    ("factors", "Second factors"),
    ("password", "Password and e-mail"),
    ("team", "Team"),
    ("account", "Account"),
    ("rights", "Changed by staff"),
    ("access", "Staff inside"),
)
# One reader's words for what staff did are as good as another's where an address is read.
EVERYTHING = tuple({**dict(OF_RECORD), **dict(OF_APPLICATION), **dict(OF_ACCOUNT)}.items())


# An hour of exchanges is told once it is over, later where no worker was there to tell it.
TOLD_LATE = timedelta(days=3)
INSIDE = Q(facts__access__isnull=False)
# Days before and after them have no midnight in every zone.
FIRST_DAY, LAST_DAY = date(1970, 1, 2), date(2999, 12, 30)


class TimelineFilter(FilterSet):
    """`reader`: the side that reads, or None for the people of an account, who are told each on the side it was done
    on; `hours`: whether hours of installations are among what is told. Words look into nothing that this reader is not
    told, or a search would tell who works for the others."""

    q = CharFilter(method="by_words")
    about = ChoiceFilter(choices=EVERYTHING, method="by_subject")
    since = DateFilter(method="from_day")
    until = DateFilter(method="to_day")
    installation = UUIDFilter(field_name="subject_id")
    access = UUIDFilter(method="by_access")

    class Meta:
        model = TimelineEntry
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, reader: Side | None, hours: bool = True, **options: Any) -> None:
        self.reader, self.hours = reader, hours
        super().__init__(*args, **options)

    def by_subject(self, queryset: TimelineEntryQuerySet, name: str, value: str) -> TimelineEntryQuerySet:
        if value != "exchanges":
            queryset = queryset.without_hours()
        if value == "staff":
            return queryset.filter(Q(side=Side.STAFF) | Q(kind__in=kinds.about("access")))
        # One kind less: what is of a single one is read off its index in order.
        return queryset.of_any([kind for kind in kinds.about(value) if self.hours or kind != "EXCHANGES"])

    def by_access(self, queryset: TimelineEntryQuerySet, name: str, value: UUID) -> TimelineEntryQuerySet:
        return queryset.under_access(value)

    def from_day(self, queryset: TimelineEntryQuerySet, name: str, value: date) -> TimelineEntryQuerySet:
        begin = _midnight(_within(value))
        found = queryset.written_within(begin=begin)
        return found.filter(Q(at__gte=begin, facts__hour__isnull=True) | Q(facts__hour__gte=_written(begin)))

    def to_day(self, queryset: TimelineEntryQuerySet, name: str, value: date) -> TimelineEntryQuerySet:
        end = _midnight(_within(value) + timedelta(days=1))
        found = queryset.written_within(end=end + TOLD_LATE)
        return found.filter(Q(at__lt=end, facts__hour__isnull=True) | Q(facts__hour__lt=_written(end)))

    def by_words(self, queryset: TimelineEntryQuerySet, name: str, value: str) -> TimelineEntryQuerySet:
        text = value.strip()
        if identifier := credentials.canonical(text):
            return queryset.about(UUID(identifier))
        shown = Q(facts__account__icontains=text)
        # Of one application all lines name it.
        for fact in (*TOLD, "application") if self.reader is None else TOLD:
            shown |= Q(**{f"facts__{fact}__icontains": text})
        written = self._written(text)
        # An account's timeline is short, and names applications too.
        if self.reader is not None:
            # First: SQLite asks one after the other, and a fact means to read JSON.
            written, shown = Q(MayHold(NAMES, text)) & written, Q(MayHold(FACTS, text)) & shown
        # By the name it has now, in any spelling; those that name no account are not told by one.
        spelled = is_among("account_id", Account.objects.filter(name_folded__has=text))
        named = Q(facts__account__isnull=False) & spelled
        return queryset.without_hours().filter(written | shown | self._people(text) | named)

    def _written(self, text: str) -> Q:
        """By the name written down, or the reason."""
        named, reason, ours = Q(actor_name__icontains=text), Q(reason__icontains=text), self._ours()
        return named & ours | reason & (ours | ~INSIDE if ours else Q())

    def _people(self, text: str) -> Q:
        """By the name of today, in any spelling."""
        return self._ours() & is_among("actor_id", User.objects.filter(name_folded__has=text))

    def _ours(self) -> Q:
        """Names only where they are of the reader's side, or of staff inside of the reader's account."""
        if self.reader == Side.STAFF:
            return Q()
        if self.reader is None:
            return Q(side__in=(Side.DEVELOPER, Side.CUSTOMER)) | INSIDE
        return Q(side=self.reader) | Q(facts__on_side=self.reader) & INSIDE


def _within(day: date) -> date:
    return min(max(day, FIRST_DAY), LAST_DAY)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())


def _written(moment: datetime) -> str:
    """As the hours of exchanges are written down."""
    return moment.astimezone(UTC).isoformat()
