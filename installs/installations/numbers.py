"""What is counted of one application's installations: by its own facts, and not row by row."""

from django.db.models import Q, Value
from django.db.models.expressions import Combinable

from installs.models import Installation
from installs.models.installations import OWN_SUSPENSION, InstallationQuerySet
from linnapp.models import Account, Application
from linnapp.models.capped import CountUpTo
from linnapp.models.folded import among


def suspension_in(application: Application) -> Q:
    """Which of the live ones are suspended by somebody: all of them where the application is stopped itself, else the
    few that an index has, and those on the few accounts that are suspended."""
    if application.stopped_at:
        return Q()
    rows = Installation.objects.of_application(application)
    stopped = Account.objects.filter(suspended_by_staff_at__isnull=False)
    there = among(rows.filter(account__in=among(stopped)))
    if there == []:
        # Nearly always: in the order of that index then, and without a list of keys.
        return OWN_SUSPENSION
    return Q(pk__in=rows.filter(OWN_SUSPENSION).values("pk").union(rows.filter(pk__in=there).values("pk")))


def suspended_of(application: Application) -> InstallationQuerySet:
    return Installation.objects.of_application(application).live().filter(suspension_in(application))


def active_of(application: Application, suspended: InstallationQuerySet) -> Combinable:
    """How many are active, and not suspended by anybody: a number of any statement. `suspended` as `suspended_of` has
    them."""
    if application.stopped_at or application.retired_at:
        return Value(0)
    active = Installation.State.ACTIVE
    rows = Installation.objects.of_application(application).filter(state=active)
    return CountUpTo(rows, None) - CountUpTo(suspended.filter(state=active), None)
