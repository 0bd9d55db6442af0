"""What staff do in the admin to postbacks: send again what failed, to the address that it had."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet

from installs.admin import in_numbers
from installs.installations.effects import READ_BY_BOTH
from installs.models import Delivery, Installation
from installs.models.deliveries import DeliveryQuerySet
from installs.postbacks import asking, effects
from installs.postbacks.retention import KEPT
from linnapp.actors import Actor
from linnapp.form_fields import AskedField
from linnapp.staff_actions import Effect, StaffAction, Values
from linnapp.words import span_in_words


def redelivering(rows: list[Delivery]) -> list[Effect]:
    return [Effect(row, effects.again(row)) for row in rows]


def redelivering_failed(rows: list[Installation]) -> list[Effect]:
    hosts: dict[object, list[str]] = defaultdict(list)
    failed = Delivery.objects.without_tests().failed().sendable().filter(installation__in=rows)
    for installation_id, host in failed.values_list("installation_id", "host"):
        hosts[installation_id].append(host)
    return [Effect(row, effects.failed_again(hosts[row.pk])) for row in rows]


def _redeliver(delivery: Delivery, by: Actor) -> bool:
    asking.redeliver(delivery, by=by)
    return True


REDELIVER = StaffAction(
    "redeliver",
    "Redeliver",
    "sent again",
    READ_BY_BOTH,
    redelivering,
    _redeliver,
    concerns=in_numbers.to_redeliver,
    fits=lambda row: row.state in Delivery.FAILED and not asking.why_not(row),
)
REDELIVER_FAILED = StaffAction(
    "redeliver",
    "Redeliver",
    "given the failed postbacks again",
    READ_BY_BOTH,
    redelivering_failed,
    lambda row, by: bool(asking.redeliver_failed(row, by=by)),
    concerns=in_numbers.with_failed,
    reach=in_numbers.sent_again,
    of=" the failed postbacks of",
    label="Redeliver failed postbacks",
    fits=lambda row: asking.failed_of(row).exists(),
)


SPANS = {"24h": timedelta(hours=24), "7d": timedelta(days=7), "all": KEPT}


def _replay_fields() -> dict[str, forms.Field]:
    since = forms.TypedChoiceField(
        label="What failed",
        choices=[(key, f"In the last {span_in_words(span)}") for key, span in SPANS.items()],
        coerce=SPANS.__getitem__,
        widget=forms.RadioSelect,
        help_text="Sent to the address each last went to. Installations that ended get nothing.",
        error_messages={"required": "Choose since when.", "invalid_choice": "Choose one of the three."},
    )
    return {"since": since, "asked": AskedField()}


@dataclass(frozen=True)
class Replay(StaffAction):
    """Sends again what failed of applications since a moment, as their teams do on the Postbacks tab."""

    def told(self, rows: list[Any], wanted: Values) -> list[Effect]:
        if not wanted:
            return [Effect(row, "") for row in rows]
        hosts: dict[object, list[str]] = defaultdict(list)
        failed = _failed_since(wanted).filter(application__in=rows).order_by()
        for application_id, host in failed.values_list("application_id", "host"):
            hosts[application_id].append(host)
        return [Effect(row, effects.failed_again(hosts[row.pk])) for row in rows]

    def in_numbers(self, rows: QuerySet[Any], number: int, wanted: Values) -> list[str]:
        if not wanted:
            return []
        failed = _failed_since(wanted).filter(application__in=rows.order_by().values("pk"))
        applications = failed.order_by().values("application").distinct().count()
        return [self.so_many(applications, number), in_numbers.so_many_again(failed.count())]

    def do(self, row: Any, by: Actor, wanted: Values, seen: Values | None) -> bool:
        return bool(asking.replay(row, since=datetime.fromisoformat(wanted["since"]), by=by))


def _failed_since(wanted: Values) -> DeliveryQuerySet:
    since = datetime.fromisoformat(wanted["since"])
    return Delivery.objects.without_tests().failed().sendable().created_since(since)


REPLAY = Replay(
    "replay",
    "Replay",
    "given the failed postbacks again",
    "Their teams read this.",
    lambda rows: [],
    lambda row, by: False,
    of=" the failed postbacks of",
    label="Replay failed postbacks",
    fits=lambda row: False,
    fields=_replay_fields,
    wanted_of=lambda typed: {"since": (typed["asked"] - typed["since"]).isoformat()},
)
