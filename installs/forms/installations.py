"""How the Installations tab is narrowed."""

from uuid import UUID

from django_filters import CharFilter, ChoiceFilter, FilterSet, NumberFilter

from installs.models import Installation
from installs.models.installations import InstallationQuerySet
from linnapp import credentials

STATES = (
    ("active", "Active"),
    ("suspended", "Suspended"),
    ("never_connected", "Never connected"),
    ("uninstalled", "Uninstalled"),
)


class InstallationFilter(FilterSet):
    q = CharFilter(method="search")
    state = ChoiceFilter(choices=STATES, method="by_state")
    version = NumberFilter(field_name="version_id")

    class Meta:
        model = Installation
        fields: tuple[str, ...] = ()

    def search(self, queryset: InstallationQuerySet, name: str, value: str) -> InstallationQuerySet:
        if identifier := credentials.canonical(value):
            return queryset.filter(pk=UUID(identifier))
        return queryset.filter(account__name__icontains=value.strip())

    def by_state(self, queryset: InstallationQuerySet, name: str, value: str) -> InstallationQuerySet:
        narrowed: dict[str, InstallationQuerySet] = {
            "active": queryset.active(),
            "suspended": queryset.suspended(),
            "never_connected": queryset.never_connected(),
            "uninstalled": queryset.filter(state=Installation.State.UNINSTALLED),
        }
        return narrowed[value]
