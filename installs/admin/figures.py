"""The day in figures, and what stands open now, on the first page of the admin: each counts what one list shows when it
is filtered so, and is told to whoever may see that list. No figure reads a whole table: rows are counted up to a
number, newest first."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Model, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse

from installs.admin.installations import InstallationState
from installs.admin.records import DeliveryState
from installs.exchange.refusals import cause_of
from installs.models import Delivery, ExchangeHour, Installation, RefusalGroup, Review
from installs.models.refusals import RefusalGroupQuerySet
from linnapp.admin_filters import DAY, since_day
from linnapp.models import OutgoingMail, StaffAccess, User
from linnapp.models.capped import MOST_COUNTED, count_up_to
from linnapp.models.mails import IN_VAIN
from linnapp.words import with_commas

MOST_CAUSES = 3
SILENT, WAITING = "Not connected for a day", "Waiting or held"


@dataclass(frozen=True)
class Part:
    label: str
    value: str
    url: str


@dataclass(frozen=True)
class Figure:
    label: str
    value: str
    url: str
    parts: tuple[Part, ...] = ()
    of_the_day: bool = False


def day(request: HttpRequest) -> list[Figure]:
    """A statement or two each."""
    pages = admin.site._registry
    return [make() for model, make in FIGURES if pages[model].has_view_permission(request)]


def _list(model: type[Model], **filters: str) -> str:
    page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{page}?{urlencode(filters)}"


def _counted(rows: QuerySet[Any]) -> str:
    count = count_up_to(rows)
    return f"{with_commas(MOST_COUNTED)}+" if count > MOST_COUNTED else with_commas(count)


def _newest(rows: QuerySet[Any]) -> Any:
    """Of a table whose keys count up, and that no index orders by time."""
    further = rows.model._default_manager.order_by("-pk").values("pk")[MOST_COUNTED : MOST_COUNTED + 1]
    return rows.filter(pk__gte=Coalesce(Subquery(further), 0))


def _exchanges() -> Figure:
    total = ExchangeHour.objects.since(since_day(whole_hours=True)).exchanges()
    return Figure("Exchanges", with_commas(total), _list(ExchangeHour, since=DAY), of_the_day=True)


def _refused() -> Figure:
    groups: RefusalGroupQuerySet = _newest(RefusalGroup.objects.since(since_day(whole_hours=True)))
    found, more = groups.by_reason(), "+" if groups.count() > MOST_COUNTED else ""
    parts = tuple(
        Part(cause_of(reason), with_commas(total), _list(RefusalGroup, since=DAY, reason=reason))
        for reason, total in list(found.items())[:MOST_CAUSES]
    )
    total = f"{with_commas(sum(found.values()))}{more}"
    return Figure("Refused", total, _list(RefusalGroup, since=DAY), parts, of_the_day=True)


def _postbacks() -> Figure:
    rows = Delivery.objects.filter(DeliveryState.conditions[WAITING])
    return Figure("Postbacks waiting", _counted(rows), _list(Delivery, shown=WAITING))


def _reviews() -> Figure:
    return Figure("Reviews open", _counted(Review.objects.open()), _list(Review, decided="Open"))


def _silent() -> Figure:
    rows = Installation.objects.filter(InstallationState.conditions[SILENT])
    return Figure(SILENT, _counted(rows), _list(Installation, shown=SILENT))


def _joined() -> Figure:
    rows = _newest(User.objects.filter(date_joined__gte=since_day()))
    return Figure("New sign-ups", _counted(rows), _list(User, since=DAY), of_the_day=True)


def _inside() -> Figure:
    return Figure("Staff inside now", _counted(StaffAccess.objects.running()), _list(StaffAccess, shown="Inside now"))


def _mails_waiting() -> Figure:
    rows = OutgoingMail.objects.waiting()
    return Figure("E-mails waiting", _counted(rows), _list(OutgoingMail, shown="Waiting"))


def _mails_in_vain() -> Figure:
    rows = OutgoingMail.objects.in_vain()
    return Figure("E-mails that failed and wait to be tried again", _counted(rows), _list(OutgoingMail, shown=IN_VAIN))


def _mails_failed() -> Figure:
    return Figure("E-mails failed", _counted(OutgoingMail.objects.failed()), _list(OutgoingMail, shown="Failed"))


FIGURES: tuple[tuple[type[Model], Callable[[], Figure]], ...] = (
    (ExchangeHour, _exchanges),
    (RefusalGroup, _refused),
    (Delivery, _postbacks),
    (Review, _reviews),
    (Installation, _silent),
    (User, _joined),
    (StaffAccess, _inside),
    (OutgoingMail, _mails_waiting),
    (OutgoingMail, _mails_in_vain),
    (OutgoingMail, _mails_failed),
)
