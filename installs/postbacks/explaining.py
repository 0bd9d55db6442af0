"""What a test postback came to: its steps as lines, as far as they got, and what mends the one that failed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from django.utils import timezone

from installs.models import Attempt, Delivery
from installs.outbound import NotSent, Stage
from installs.outbound.targets import Target
from installs.postbacks import placeholders

# A worker takes a test within a second; after this the page says that none has.
TAKEN_SOON = timedelta(seconds=4)

LABELS = {
    Stage.NAME: ("Name", "Looking the name up…"),
    Stage.ADDRESS: ("Address", "Checking the address…"),
    Stage.CONNECTION: ("Connection", "Connecting, for at most 3 seconds…"),
    Stage.CERTIFICATE: ("Certificate", "Checking the certificate…"),
    Stage.ANSWER: ("Answer", "Waiting for the answer, for at most 10 seconds in all…"),
}

# What to do about a step that failed, or an answer that is none.
REMEDIES = {
    Stage.NAME: "Check the spelling of the address, and that the name is in the public DNS. The portal looks it up "
    "from where it runs, and may not know the names of your own network.",
    Stage.ADDRESS: "Give your endpoint a public address, or ask the people who run this portal to list your network in "
    "OUTBOUND_ALLOWED_NETWORKS.",
    Stage.CONNECTION: "Check that your server is running, that it listens on this port on more than its loopback, and "
    "that its firewall lets this portal in.",
    Stage.CERTIFICATE: "Check that your server speaks https on this port, with a current certificate for this name and "
    "the whole chain of its authority, and that it does not ask for a client certificate: the portal has none.",
    Stage.ANSWER: "Check your server's log for this moment. Answer first and do long work afterwards: an "
    "answer that takes longer than 10 seconds does not count.",
}
NO_SIGN_IN = (
    "Postbacks do not authenticate. Let requests reach this path without authentication, and verify their "
    "signature instead."
)
ANSWERS: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: NO_SIGN_IN,
    HTTPStatus.FORBIDDEN: NO_SIGN_IN,
    HTTPStatus.NOT_FOUND: "Nothing is served at this path. Compare it with the one that your program answers.",
    HTTPStatus.METHOD_NOT_ALLOWED: "A postback is a POST with a form: let your program accept one at this path.",
    HTTPStatus.GONE: "410 means that nothing more is wanted here: a real postback is not tried again after it.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is a form (application/x-www-form-urlencoded): read it as one.",
    HTTPStatus.TOO_MANY_REQUESTS: "Your server asks for fewer requests. A real postback waits as long as Retry-After.",
}
IN_YOUR_LOG = "The reason is in your server's log for this moment; its answer is below."
NOT_200 = "It counts as delivered. But if an installation waits for your endpoint, only exactly 200 completes it."


class Mark(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    RUNNING = "running"
    NOT_REACHED = "not reached"


@dataclass(frozen=True)
class TrialStep:
    """One step; `milliseconds` are its own, None where it is not done."""

    label: str
    mark: Mark
    words: str
    milliseconds: int | None = None


@dataclass(frozen=True)
class Trial:
    """A test postback as its page shows it."""

    delivery: Delivery
    lines: Sequence[TrialStep]
    attempt: Attempt | None
    remedy: str

    @property
    def is_over(self) -> bool:
        return self.delivery.is_over

    @property
    def was_sent(self) -> bool:
        """Whether it came as far as the answer, the last step: before that, nothing leaves the portal."""
        return self.lines[-1].mark is not Mark.NOT_REACHED

    @property
    def is_not_taken(self) -> bool:
        """Whether it lies there for longer than a worker that runs would let it."""
        return self._lies_there and self._age > TAKEN_SOON

    @property
    def looks_every(self) -> str:
        """How often the page asks again: one that nobody takes is not asked about twice a second for ever."""
        return "5s" if self._lies_there and self._age > timedelta(minutes=1) else "500ms"

    @property
    def _lies_there(self) -> bool:
        return not self.is_over and not self.delivery.is_being_sent

    @property
    def _age(self) -> timedelta:
        return timezone.now() - self.delivery.created_at


def explained(delivery: Delivery) -> Trial:
    attempt = delivery.attempts.last()
    done = _of_last_attempt(delivery.steps)
    return Trial(delivery, _lines(delivery, done), attempt, _remedy(delivery, done, attempt))


def _of_last_attempt(steps: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A worker that is gone left its steps, and the next began again with the name."""
    begins = [place for place, step in enumerate(steps) if step["name"] == Stage.NAME]
    return list(steps[begins[-1] :]) if begins else []


def _lines(delivery: Delivery, done: Sequence[dict[str, Any]]) -> list[TrialStep]:
    lines, before = [], 0
    for step in done:
        mark = Mark.PASSED if step["passed"] else Mark.FAILED
        lines.append(TrialStep(LABELS[Stage(step["name"])][0], mark, step["words"], step["milliseconds"] - before))
        before = step["milliseconds"]
    reached = {step["name"] for step in done}
    for stage, (label, under_way) in LABELS.items():
        if stage in reached or (stage == Stage.CERTIFICATE and not delivery.url.lower().startswith("https:")):
            continue
        runs = delivery.is_being_sent and not delivery.is_over and all(line.mark == Mark.PASSED for line in lines)
        lines.append(TrialStep(label, Mark.RUNNING, under_way) if runs else TrialStep(label, Mark.NOT_REACHED, ""))
    return lines


def _remedy(delivery: Delivery, done: Sequence[dict[str, Any]], attempt: Attempt | None) -> str:
    """What to do about it; "" where there is nothing to do, or the cause says it already."""
    if attempt is None:
        return ""
    if attempt.passed:
        return "" if attempt.status == HTTPStatus.OK else NOT_200
    if attempt.status is not None:
        return "" if 300 <= attempt.status < 400 else ANSWERS.get(attempt.status, IN_YOUR_LOG)
    failed = next((step["name"] for step in done if not step["passed"]), None)
    return REMEDIES[Stage(failed)] if failed and _goes_out(delivery.url) else ""


def _goes_out(url: str) -> bool:
    try:
        Target.of(placeholders.fill(url, token="token", tracking="tracking"))
    except NotSent:
        return False
    return True
