"""How lists of refusals are narrowed."""

from datetime import timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django_filters import CharFilter, ChoiceFilter, FilterSet

from installs.exchange.causes import in_words
from installs.exchange.refusals import Reason
from installs.models import RefusalGroup
from installs.models.refusals import RefusalGroupQuerySet
from linnapp import credentials
from linnapp.models import Secret

KINDS = (("exchanges", "Exchanges"), ("calls", "Calls"))
KINDS_OF_TEAM = (*KINDS, ("retired", "Retired secret"), ("named", "Named, not proven"))
# Of the 30 days that are kept, the latest.
WITHIN = (("day", "Last day"), ("week", "Last seven days"))
SPANS = {"day": timedelta(days=1), "week": timedelta(days=7)}
CAUSES = [(reason.value, in_words(reason)) for reason in Reason]


class RefusedFilter(FilterSet):
    """By what was refused and why: all that the account of an installation is told of each."""

    kind = ChoiceFilter(choices=KINDS, method="by_kind")
    cause = ChoiceFilter(field_name="reason", choices=CAUSES)
    within = ChoiceFilter(choices=WITHIN, method="by_span")

    class Meta:
        model = RefusalGroup
        fields: tuple[str, ...] = ()

    def by_kind(self, queryset: RefusalGroupQuerySet, name: str, value: str) -> RefusalGroupQuerySet:
        is_call = RefusalGroup.IS_CALL
        return queryset.filter(is_call) if value == "calls" else queryset.exclude(is_call)

    def by_span(self, queryset: RefusalGroupQuerySet, name: str, value: str) -> RefusalGroupQuerySet:
        return queryset.since(timezone.now() - SPANS[value])


class RefusedOfTeamFilter(RefusedFilter):
    """Also by where it came from and which secret was sent, as teams and support read it."""

    kind = ChoiceFilter(choices=KINDS_OF_TEAM, method="by_kind")
    address = CharFilter(field_name="address")
    secret = CharFilter(method="by_secret")
    installation = CharFilter(method="by_installation")

    def secrets(self) -> "QuerySet[Secret]":
        """Those that the reader may narrow by."""
        return Secret.objects.all()

    def by_kind(self, queryset: RefusalGroupQuerySet, name: str, value: str) -> RefusalGroupQuerySet:
        if value == "retired":
            return queryset.filter(application_id=None, secret_sent="RETIRED")
        if value == "named":
            return queryset.filter(application_id=None, named_application_id__isnull=False)
        return super().by_kind(queryset, name, value)

    def by_secret(self, queryset: RefusalGroupQuerySet, name: str, value: str) -> RefusalGroupQuerySet:
        known = value.isdecimal() and len(value) < 19 and self.secrets().filter(pk=int(value)).exists()
        return queryset.filter(secret_id=int(value)) if known else queryset.none()

    def by_installation(self, queryset: RefusalGroupQuerySet, name: str, value: str) -> RefusalGroupQuerySet:
        identifier = credentials.canonical(value)
        return queryset.of_installation(UUID(identifier)) if identifier else queryset.none()
