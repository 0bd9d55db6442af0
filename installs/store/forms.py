import django_filters
from django.db.models import QuerySet

from installs.store import offers
from linnapp.models import Application, Version


class StoreFilter(django_filters.FilterSet):
    """What the store is searched and narrowed by."""

    q = django_filters.CharFilter(method="search")
    type = django_filters.ChoiceFilter(choices=Application.Type.choices)

    class Meta:
        model = Application
        fields: list[str] = []

    def search(self, queryset: QuerySet[Application], name: str, value: str) -> QuerySet[Application]:
        return offers.matching(queryset, value)


class AllVersions(django_filters.FilterSet):
    """Paged, and neither searched nor narrowed."""

    class Meta:
        model = Version
        fields: list[str] = []
