"""How the Installations tab is narrowed."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django_filters import CharFilter, ChoiceFilter, FilterSet

from installs.installations.numbers import suspension_in
from installs.models import Installation
from installs.models.installations import InstallationQuerySet
from linnapp import credentials
from linnapp.models import Account, Application
from linnapp.models.folded import among, leads_to

VERSION_KEY = re.compile(r"\d{1,18}", re.ASCII)
STATES = (
    ("live", "Live"),
    ("behind", "Behind"),
    ("active", "Active"),
    ("pending", "Waiting"),
    ("suspended", "Suspended"),
    ("never_connected", "Never connected"),
    ("rotated", "Two tokens"),
    ("failed", "Failed"),
    ("uninstalled", "Uninstalled"),
)


class InstallationFilter(FilterSet):
    q = CharFilter(method="search")
    state = ChoiceFilter(choices=STATES, method="by_state")
    version = CharFilter(method="by_version")

    class Meta:
        model = Installation
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, application: Application, **options: Any) -> None:
        self.application = application
        super().__init__(*args, **options)

    def search(self, queryset: InstallationQuerySet, name: str, value: str) -> InstallationQuerySet:
        if identifier := credentials.canonical(value):
            return queryset.filter(pk=UUID(identifier))
        named = among(Account.objects.filter(name_folded__has=value))
        return queryset.filter(leads_to("account", named, within=queryset))

    def by_version(self, queryset: InstallationQuerySet, name: str, value: str) -> InstallationQuerySet:
        # No number field: it reads "1e999999999", and would work on that for hours.
        return queryset.filter(version_id=int(value)) if VERSION_KEY.fullmatch(value) else queryset

    def by_state(self, queryset: InstallationQuerySet, name: str, value: str) -> InstallationQuerySet:
        named: dict[str, Callable[[], InstallationQuerySet]] = {
            "live": queryset.live,
            "behind": partial(queryset.behind_in, self.application),
            "suspended": partial(self._suspended, queryset),
            "never_connected": queryset.never_connected,
            "rotated": queryset.rotated,
        }
        return named[value]() if value in named else queryset.shown_as(value)

    def _suspended(self, queryset: InstallationQuerySet) -> InstallationQuerySet:
        return queryset.live().filter(suspension_in(self.application))
