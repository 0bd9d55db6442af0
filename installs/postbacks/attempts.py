"""Attempts of a delivery as a page shows them: those that came to the same, one after another, in one."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from installs.models.deliveries import Attempt


@dataclass(frozen=True)
class Repeated:
    """`attempts` that came to the same, the newest first: one or more."""

    attempts: list[Attempt]

    @property
    def newest(self) -> Attempt:
        return self.attempts[0]

    @property
    def oldest(self) -> Attempt:
        return self.attempts[-1]


def with_repeats(newest_first: Iterable[Attempt]) -> list[Repeated]:
    return [Repeated(list(group)) for _, group in groupby(newest_first, key=_outcome)]


def _outcome(attempt: Attempt) -> tuple[bool, str, int | None]:
    return attempt.passed, attempt.cause, attempt.status
