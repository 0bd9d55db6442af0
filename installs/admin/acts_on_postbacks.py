"""What staff do in the admin to postbacks: send again what failed, to the address that it had."""

from collections.abc import Iterable

from installs.models import Delivery, Installation
from installs.postbacks import asking
from linnapp.actors import Actor
from linnapp.admin_pages import some_of
from linnapp.staff_actions import Effect, StaffAction
from linnapp.words import counted

READ_BY_BOTH = "The customer and the developer read this."


def redelivering(rows: list[Delivery]) -> list[Effect]:
    return [Effect(row, _again(row)) for row in rows]


def _again(row: Delivery) -> str:
    if refused := asking.why_not(row):
        return refused
    return f"Sent again to {row.host}, at once, with all its attempts again."


def redelivering_failed(rows: list[Installation]) -> list[Effect]:
    return [Effect(row, _failed_again(asking.failed_of(row))) for row in rows]


def _failed_again(failed: Iterable[Delivery]) -> str:
    found = list(failed)
    if not found:
        return "No postback of it has failed: nothing changes."
    hosts = sorted({delivery.host for delivery in found})
    are = counted(len(found), "postback is", "postbacks are")
    return f"{are} sent again, at once, to {some_of(hosts)}."


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
    fits=lambda row: row.state in Delivery.FAILED and not asking.why_not(row),
)
REDELIVER_FAILED = StaffAction(
    "redeliver",
    "Redeliver",
    "given the failed postbacks again",
    READ_BY_BOTH,
    redelivering_failed,
    lambda row, by: bool(asking.redeliver_failed(row, by=by)),
    of=" the failed postbacks of",
    label="Redeliver failed postbacks",
    fits=lambda row: row.is_live and asking.failed_of(row).exists(),
)
