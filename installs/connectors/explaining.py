"""A check of a connector as its page shows it: its steps as lines, as far as they got."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.utils import timezone

from installs.connectors.checking import AUTHORISE, FIRST_CALL, SERVER, TOKEN, why_it_waits
from installs.models import Connector, ConnectorCheck
from installs.models.connectors import TAKEN_WITHIN, TAKES_AT_MOST
from installs.outbound import Stage

# A worker takes a check within a second; after this the page says that none has.
TAKEN_SOON = timedelta(seconds=4)

LABELS = {
    Stage.NAME: ("Name", "Looking the name up…"),
    Stage.ADDRESS: ("Address", "Checking the address…"),
    Stage.CONNECTION: ("Connection", "Connecting, for at most 3 seconds…"),
    Stage.CERTIFICATE: ("Certificate", "Checking the certificate…"),
    AUTHORISE: ("Authorise", "Sending the six credentials, and waiting for at most 10 seconds…"),
    TOKEN: ("Session token", "Reading it by its key…"),
    SERVER: ("Server", "Reading where calls go, and looking it up…"),
    FIRST_CALL: ("First call", "Asking for the stock locations, for at most 10 seconds…"),
}


class Mark(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    RUNNING = "running"
    NOT_REACHED = "not reached"


@dataclass(frozen=True)
class CheckStep:
    label: str
    mark: Mark
    words: str
    milliseconds: int | None = None


@dataclass(frozen=True)
class Shown:
    """`is_outdated` where the connector is not as it was tested; `waits_for` is what stands before it, "" where nothing
    does."""

    check: ConnectorCheck
    lines: Sequence[CheckStep]
    is_outdated: bool
    waits_for: str

    @property
    def is_over(self) -> bool:
        return self.check.is_over

    @property
    def is_not_taken(self) -> bool:
        """Whether it lies there for longer than a worker that runs would let it."""
        return self.check.state == ConnectorCheck.State.WAITING and self._age > TAKEN_SOON

    @property
    def is_left(self) -> bool:
        """Whether the worker that took it is gone, or nobody took it in time: it comes to nothing any more."""
        within = {ConnectorCheck.State.RUNNING: TAKES_AT_MOST, ConnectorCheck.State.WAITING: TAKEN_WITHIN}
        return not self.is_over and self._age > within[ConnectorCheck.State(self.check.state)]

    @property
    def looks_every(self) -> str:
        """How often the page asks again: what nobody takes is not asked about twice a second for ever."""
        return "5s" if self._age > timedelta(minutes=1) else "500ms"

    @property
    def _age(self) -> timedelta:
        return timezone.now() - self.check.created_at


def last_of(connector: Connector) -> Shown | None:
    check = connector.checks.select_related("requested_by", "connector").order_by("-created_at").first()
    if check is None:
        return None
    waits_for = why_it_waits(check) if check.state == ConnectorCheck.State.WAITING else ""
    return Shown(check, _lines(check, connector), check.is_over and check.revision != connector.revision, waits_for)


def _lines(check: ConnectorCheck, connector: Connector) -> list[CheckStep]:
    lines, before = [], 0
    for step in check.steps:
        took = step["milliseconds"]
        mark = Mark.PASSED if step["passed"] else Mark.FAILED
        own = None if took is None else took - before if step["name"] != FIRST_CALL else took
        lines.append(CheckStep(LABELS[step["name"]][0], mark, step["words"], own))
        before = took or before
    reached = {step["name"] for step in check.steps}
    for name, (label, under_way) in LABELS.items():
        if name in reached or (name == Stage.CERTIFICATE and not connector.base_url.lower().startswith("https:")):
            continue
        if name == SERVER and FIRST_CALL in reached:
            # A test of an earlier release, which had no such step.
            continue
        runs = check.state == ConnectorCheck.State.RUNNING and all(line.mark == Mark.PASSED for line in lines)
        lines.append(CheckStep(label, Mark.RUNNING, under_way) if runs else CheckStep(label, Mark.NOT_REACHED, ""))
    return lines
