"""How the Refused tab is narrowed besides: by account or address, and by the secrets of the application."""

from uuid import UUID

from django.db.models import Q, QuerySet
from django_filters import CharFilter

from installs.exchange.forms import RefusedOfTeamFilter
from installs.exchange.references import found_in
from installs.models import Installation
from installs.models.refusals import RefusalGroupQuerySet
from linnapp.models import Account, Secret
from linnapp.models.folded import among, leads_to


class RefusedOfApplicationFilter(RefusedOfTeamFilter):
    q = CharFilter(method="search")

    @property
    def application(self) -> UUID:
        key: UUID = self.request.resolver_match.kwargs["application"]
        return key

    def secrets(self) -> "QuerySet[Secret]":
        return Secret.objects.filter(application=self.application)

    def search(self, queryset: RefusalGroupQuerySet, name: str, value: str) -> RefusalGroupQuerySet:
        """A pasted reference is explained above the list, which it does not narrow."""
        text = value.strip()
        if found_in(text):
            return queryset
        named = among(Account.objects.filter(name_folded__has=text))
        installed = Installation.objects.filter(leads_to("account", named), application=self.application)
        return queryset.filter(Q(address__startswith=text) | Q(installation_id__in=among(installed)))
