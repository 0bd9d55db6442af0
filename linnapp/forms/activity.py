"""How an account's Activity is narrowed: by what it is about, and to one access of staff."""

from uuid import UUID

from django_filters import ChoiceFilter, FilterSet, UUIDFilter

from linnapp import kinds
from linnapp.models import TimelineEntry
from linnapp.models.timeline import TimelineEntryQuerySet
from linnapp.timeline import Side

CHOICES = (("staff", "This portal's staff"), ("team", "Team"), ("account", "Account"))


class AccountActivityFilter(FilterSet):
    about = ChoiceFilter(choices=CHOICES, method="by_subject")
    access = UUIDFilter(method="by_access")

    class Meta:
        model = TimelineEntry
        fields: tuple[str, ...] = ()

    def by_subject(self, queryset: TimelineEntryQuerySet, name: str, value: str) -> TimelineEntryQuerySet:
        if value == "staff":
            return queryset.filter(side=Side.STAFF) | queryset.of_kinds(*kinds.about("access"))
        return queryset.of_kinds(*kinds.about(value))

    def by_access(self, queryset: TimelineEntryQuerySet, name: str, value: UUID) -> TimelineEntryQuerySet:
        return queryset.under_access(value)
