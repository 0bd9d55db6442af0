import django_filters

from installs.models import Installation
from installs.models.installations import InstallationQuerySet


class MyAppsFilter(django_filters.FilterSet):
    """What My apps is searched and narrowed by."""

    STATES = (
        ("update", "Update available"),
        ("active", "Active"),
        ("pending", "Waiting"),
        ("suspended", "Suspended"),
        ("failed", "Failed"),
        ("uninstalled", "Uninstalled"),
    )

    q = django_filters.CharFilter(method="search")
    state = django_filters.ChoiceFilter(choices=STATES, method="in_state")

    class Meta:
        model = Installation
        fields: list[str] = []

    def search(self, queryset: InstallationQuerySet, name: str, value: str) -> InstallationQuerySet:
        return queryset.matching(value)

    def in_state(self, queryset: InstallationQuerySet, name: str, value: str) -> InstallationQuerySet:
        return queryset.with_update_available() if value == "update" else queryset.shown_as(value)
