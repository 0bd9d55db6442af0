"""What staff do in the admin to versions: the effect in words, told before, and the service."""

from installs.admin import in_numbers
from installs.application import withdrawing
from installs.application.withdrawing import Consequences
from linnapp.actors import Actor
from linnapp.models import Application, Version
from linnapp.staff_actions import Effect, StaffAction
from linnapp.words import counted, span_in_words

READ_BY_ALL = "The developer and the accounts that run it read this."


def withdrawing_versions(rows: list[Version]) -> list[Effect]:
    told = withdrawing.consequences(rows)
    return [Effect(row, f"Of {row.application}. {_withdrawn(row, told[row.pk])}") for row in rows]


def _withdrawn(row: Version, told: Consequences) -> str:
    if sentence := _nothing_to_do(row):
        return sentence
    if row.withdrawn_at:
        return "Already withdrawn: nothing changes."
    left = told.left.label if told.left else ""
    new = f"New installations get {left}." if left else "Nobody new can install the application: no version is left."
    if not told.accounts:
        return f"{new} No account runs it."
    offer = f"are offered {left}" if left else "there is nothing to offer them"
    return f"{new} {counted(told.accounts, 'account runs', 'accounts run')} it: they keep it, and {offer}."


def _nothing_to_do(row: Version) -> str:
    if row.application.retired_at:
        return "Its application is retired: nobody can install it."
    return "The Development Version cannot be withdrawn." if row.is_development else ""


def taking_back(rows: list[Version]) -> list[Effect]:
    return [Effect(row, f"Of {row.application}. {_taken_back(row)}") for row in rows]


def _taken_back(row: Version) -> str:
    if sentence := _nothing_to_do(row):
        return sentence
    if not row.withdrawn_at:
        return "Not withdrawn: nothing changes."
    if not withdrawing.may_be_taken_back(row):
        return f"Withdrawn more than {span_in_words(withdrawing.TAKEN_BACK_WITHIN)} ago: that is final."
    return "It can be installed again."


WITHDRAW = StaffAction(
    "withdraw",
    "Withdraw",
    "withdrawn",
    READ_BY_ALL,
    withdrawing_versions,
    lambda row, by: withdrawing.withdraw_version(row, by=by),
    concerns=in_numbers.to_withdraw,
    reach=in_numbers.running,
    fits=lambda row: not _nothing_to_do(row) and not row.withdrawn_at,
    undone_by="take_back",
    destroys=True,
    undone_within=withdrawing.TAKEN_BACK_WITHIN,
    mark=lambda row: row.withdrawn_at,
)
TAKE_BACK = StaffAction(
    "take_back",
    "Take back",
    "taken back",
    READ_BY_ALL,
    taking_back,
    lambda row, by: withdrawing.take_back_withdrawal(row, by=by),
    concerns=in_numbers.to_take_back,
    of=" the withdrawal of",
    outcome="can be installed again",
    label="Take back the withdrawal",
    fits=lambda row: not _nothing_to_do(row) and row.withdrawn_at and withdrawing.may_be_taken_back(row),
)


def withdrawing_newest(rows: list[Application]) -> list[Effect]:
    versions = Version.objects.filter(application__in=rows, application__retired_at=None).latest_of_each()
    latest = {version.application_id: version for version in versions.select_related("application").defer("snapshot")}
    told = withdrawing.consequences(latest.values())
    return [Effect(row, *_newest_withdrawn(latest.get(row.pk), told)) for row in rows]


def _newest_withdrawn(latest: Version | None, told: dict[int, Consequences]) -> tuple[str, str]:
    """With what was judged."""
    if latest is None:
        return "It has no version that can be installed: nothing changes.", ""
    return f"{latest.label}: {_withdrawn(latest, told[latest.pk])}", latest.label


def _withdraw_newest(row: Application, by: Actor) -> bool:
    latest = row.versions.the_latest()
    return latest is not None and withdrawing.withdraw_version(latest, by=by)


WITHDRAW_NEWEST = StaffAction(
    "withdraw_newest",
    "Withdraw the newest version",
    "left without the newest version",
    READ_BY_ALL,
    withdrawing_newest,
    _withdraw_newest,
    concerns=in_numbers.with_newest,
    reach=in_numbers.on_newest,
    of=" of",
    fits=lambda row: False,
    destroys=True,
)
