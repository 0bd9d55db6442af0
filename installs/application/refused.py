"""What was refused of an application, and how much of it came from where its clients work."""

from datetime import datetime, timedelta

from django.db.models import Sum
from django.utils import timezone

from installs.exchange.records import prefix_of
from installs.exchange.sent import SecretSent
from installs.models import Installation, RefusalGroup, Session
from linnapp.models import Application

# How far back sessions are kept, and of how many installations they are looked through.
USED_LATELY, MOST_INSTALLATIONS = timedelta(hours=48), 200


def named_from_where_it_works(application: Application, since: datetime) -> int:
    """Exchanges that named it with a wrong secret, from address prefixes from which its clients began sessions lately:
    of the installations that were used last."""
    groups = RefusalGroup.objects.exchanges().since(since).told_to_team(application.pk).filter(application_id=None)
    rows = groups.exclude(secret_sent=SecretSent.RETIRED).exclude(address="").order_by().values_list("address")
    named = dict(rows.annotate(total=Sum("count")))
    if not named:
        return 0
    used = Installation.objects.of_application(application).filter(last_used_at__gte=timezone.now() - USED_LATELY)
    keys = list(used.order_by("-last_used_at").values_list("pk", flat=True)[:MOST_INSTALLATIONS])
    addresses = Session.objects.filter(installation__in=keys).order_by().values_list("address", flat=True).distinct()
    return sum(named.get(prefix, 0) for prefix in {prefix_of(address) for address in addresses if address})
