"""What is counted of one application's installations: by its own facts, and not row by row."""

from django.db.models import Value
from django.db.models.expressions import Combinable

from installs.models import Installation
from installs.models.installations import OWN_SUSPENSION, InstallationQuerySet
from linnapp.models import Account, Application
from linnapp.models.capped import CountUpTo


def suspended_of(application: Application) -> InstallationQuerySet:
    """Those that are suspended by somebody: all live ones where the application is stopped itself, else the few that
    an index has, and those on the few accounts that are suspended."""
    rows = Installation.objects.of_application(application)
    if application.stopped_at:
        return rows.live()
    accounts = Account.objects.filter(suspended_by_staff_at__isnull=False)
    few = rows.filter(OWN_SUSPENSION).values("pk").union(rows.filter(account__in=accounts.values("pk")).values("pk"))
    return rows.live().filter(pk__in=few)


def active_of(application: Application) -> Combinable:
    """How many are active, and not suspended by anybody: a number of any statement."""
    if application.stopped_at or application.retired_at:
        return Value(0)
    active = Installation.State.ACTIVE
    rows = Installation.objects.of_application(application).filter(state=active)
    return CountUpTo(rows, None) - CountUpTo(suspended_of(application).filter(state=active), None)
