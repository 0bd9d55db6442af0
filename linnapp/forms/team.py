"""What narrows the team of an account."""

import django_filters

from linnapp.models import Membership
from linnapp.models.people import MembershipQuerySet

FACTOR_CHOICES = (("yes", "Yes"), ("no", "Not yet"))


class TeamFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method="search")
    role = django_filters.ChoiceFilter(choices=Membership.Role.choices)

    class Meta:
        model = Membership
        fields: tuple[str, ...] = ()

    def search(self, queryset: MembershipQuerySet, name: str, value: str) -> MembershipQuerySet:
        return queryset.matching(value.strip())


class OverseenTeamFilter(TeamFilter):
    """For those who may know who has a second factor."""

    factor = django_filters.ChoiceFilter(choices=FACTOR_CHOICES, method="by_factor")

    def by_factor(self, queryset: MembershipQuerySet, name: str, value: str) -> MembershipQuerySet:
        return queryset.having_factor(value == "yes")
