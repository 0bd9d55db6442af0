"""What was refused of an application, and how much of it came from where its clients work."""

from collections.abc import Mapping
from datetime import timedelta

from django.utils import timezone

from installs.models import Installation, Session
from linnapp.addresses import prefix_of
from linnapp.models import Application

# How far back sessions are kept, and of how many installations they are looked through.
USED_LATELY, MOST_INSTALLATIONS = timedelta(hours=48), 200


def of_those_where_it_works(application: Application, named: Mapping[str, int]) -> int:
    """Of exchanges that named it with a wrong secret, counted by address prefix: those from prefixes from which its
    clients began sessions lately, of the installations that were used last."""
    if not named:
        return 0
    used = Installation.objects.of_application(application).filter(last_used_at__gte=timezone.now() - USED_LATELY)
    keys = list(used.order_by("-last_used_at").values_list("pk", flat=True)[:MOST_INSTALLATIONS])
    addresses = Session.objects.filter(installation__in=keys).order_by().values_list("address", flat=True).distinct()
    return sum(named.get(prefix, 0) for prefix in {prefix_of(address) for address in addresses if address})
