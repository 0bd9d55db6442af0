"""How a timeline is narrowed: by what it is about, by period, by words; and to one installation or one access."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django_filters import CharFilter, ChoiceFilter, DateFilter, FilterSet, UUIDFilter

from linnapp import credentials, kinds
from linnapp.models import Account, TimelineEntry, User
from linnapp.models.folded import among
from linnapp.models.timeline import TimelineEntryQuerySet
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
# One reader's words for what staff did are as good as another's where an address is read.
EVERYTHING = tuple({**dict(OF_APPLICATION), **dict(OF_ACCOUNT)}.items())
# Facts that sentences tell, beside names and reasons: what words may look for.
TOLD = ("version", "before", "host", "outcome", "cause", "email", "member", "page")


# Days before and after them have no midnight in every zone.
FIRST_DAY, LAST_DAY = date(1970, 1, 2), date(2999, 12, 30)


class TimelineFilter(FilterSet):
    """`reader`: the side that reads, or None for the people of an account, who are told each on the side it was done
    on. Words look into nothing that this reader is not told, or a search would tell who works for the others."""

    q = CharFilter(method="by_words")
    about = ChoiceFilter(choices=EVERYTHING, method="by_subject")
    since = DateFilter(method="from_day")
    until = DateFilter(method="to_day")
    installation = UUIDFilter(field_name="subject_id")
    access = UUIDFilter(method="by_access")

    class Meta:
        model = TimelineEntry
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, reader: Side | None, **options: Any) -> None:
        self.reader = reader
        super().__init__(*args, **options)

    def by_subject(self, queryset: TimelineEntryQuerySet, name: str, value: str) -> TimelineEntryQuerySet:
        if value != "exchanges":
            queryset = queryset.without_hours()
        if value == "staff":
            return queryset.filter(Q(side=Side.STAFF) | Q(kind__in=kinds.about("access")))
        return queryset.filter(kind__in=kinds.about(value))

    def by_access(self, queryset: TimelineEntryQuerySet, name: str, value: UUID) -> TimelineEntryQuerySet:
        return queryset.under_access(value)

    def from_day(self, queryset: TimelineEntryQuerySet, name: str, value: date) -> TimelineEntryQuerySet:
        begin = _midnight(_within(value))
        return queryset.filter(Q(at__gte=begin, facts__hour__isnull=True) | Q(facts__hour__gte=_written(begin)))

    def to_day(self, queryset: TimelineEntryQuerySet, name: str, value: date) -> TimelineEntryQuerySet:
        end = _midnight(_within(value) + timedelta(days=1))
        return queryset.filter(Q(at__lt=end, facts__hour__isnull=True) | Q(facts__hour__lt=_written(end)))

    def by_words(self, queryset: TimelineEntryQuerySet, name: str, value: str) -> TimelineEntryQuerySet:
        text = value.strip()
        if identifier := credentials.canonical(text):
            return queryset.about(UUID(identifier))
        shown = Q(facts__account__icontains=text)
        # Of one application all lines name it.
        for fact in (*TOLD, "application") if self.reader is None else TOLD:
            shown |= Q(**{f"facts__{fact}__icontains": text})
        # By the name it has now, in any spelling; those that name no account are not told by one.
        spelled = among(Account.objects.filter(name_folded__has=text))
        named = Q(account_id__in=spelled, facts__account__isnull=False)
        return queryset.without_hours().filter(self._people(text) | shown | named)

    def _people(self, text: str) -> Q:
        """By the name written down, and in any spelling by the one of today. Names only where they are of the reader's
        side, or of staff inside of the reader's account."""
        spelled = among(User.objects.filter(name_folded__has=text))
        person = Q(actor_name__icontains=text) | Q(actor_id__in=spelled)
        reason = Q(reason__icontains=text)
        if self.reader == Side.STAFF:
            return person | reason
        inside = Q(facts__access__isnull=False)
        if self.reader is None:
            ours = Q(side__in=(Side.DEVELOPER, Side.CUSTOMER)) | inside
        else:
            ours = Q(side=self.reader) | Q(facts__on_side=self.reader) & inside
        return person & ours | reason & (ours | ~inside)


def _within(day: date) -> date:
    return min(max(day, FIRST_DAY), LAST_DAY)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())


def _written(moment: datetime) -> str:
    """As the hours of exchanges are written down."""
    return moment.astimezone(UTC).isoformat()
