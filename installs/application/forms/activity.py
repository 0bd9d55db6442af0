"""How the Activity tab is narrowed: by what it is about, by words, by installation."""

from uuid import UUID

from django.db.models import Q
from django_filters import CharFilter, ChoiceFilter, FilterSet, UUIDFilter

from linnapp import credentials, kinds
from linnapp.models import TimelineEntry
from linnapp.models.timeline import TimelineEntryQuerySet
from linnapp.timeline import Side

CHOICES = (
    ("details", "Application"),
    ("versions", "Manifest and versions"),
    ("installations", "Installations"),
    ("postbacks", "Postbacks"),
    ("credentials", "Credentials"),
    ("exchanges", "Exchanges"),
    ("staff", "Support"),
)


class ActivityFilter(FilterSet):
    q = CharFilter(method="search")
    about = ChoiceFilter(choices=CHOICES, method="by_subject")
    installation = UUIDFilter(field_name="subject_id")

    class Meta:
        model = TimelineEntry
        fields: tuple[str, ...] = ()

    def search(self, queryset: TimelineEntryQuerySet, name: str, value: str) -> TimelineEntryQuerySet:
        """In what the developer's team is shown: names of people only where they are of the team, or a search would
        tell who works for a customer."""
        text = value.strip()
        if identifier := credentials.canonical(text):
            return queryset.about(UUID(identifier))
        inside = Q(facts__access__isnull=False)
        here = Q(side=Side.DEVELOPER) | Q(facts__on_side=Side.DEVELOPER) & inside
        of_the_team = here & Q(actor_name__icontains=text)
        reason = Q(reason__icontains=text) & (here | ~inside)
        shown = Q(facts__account__icontains=text) | Q(facts__version__icontains=text) | reason
        return queryset.filter(of_the_team | shown)

    def by_subject(self, queryset: TimelineEntryQuerySet, name: str, value: str) -> TimelineEntryQuerySet:
        return queryset.filter(side=Side.STAFF) if value == "staff" else queryset.filter(kind__in=kinds.about(value))
