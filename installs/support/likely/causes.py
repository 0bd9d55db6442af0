"""A likely cause of what a customer complains of, with what speaks for it and what fixes it."""

from dataclasses import dataclass
from enum import IntEnum
from uuid import UUID

from installs.support.acts import Act


@dataclass(frozen=True)
class Fix:
    """A button of a cause: an act of support on the installation's case."""

    act: Act
    label: str


class Rank(IntEnum):
    """What is proven of this installation stands first, whatever the order of the rules is; then what may be another's;
    then what it works in spite of."""

    PROVEN = 0
    MAY_BE = 1
    WORKS_ANYWAY = 2


@dataclass(frozen=True)
class LikelyCause:
    """`rule` is the name of the rule that found it, as it stands in addresses. `reference` is of a refused request that
    shows it, where one was kept; `elsewhere` is the installation whose case goes on from here.

    `sentence` and `evidence` are for support alone. `for_developer` and `for_customer` say the same to the two sides,
    without what is not theirs, and with moments in UTC; "" where it is nothing of theirs.
    """

    rule: str = ""
    sentence: str = ""
    evidence: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()
    reference: str = ""
    for_developer: str = ""
    for_customer: str = ""
    tone: str = "failed"
    elsewhere: UUID | None = None
    rank: Rank = Rank.PROVEN

    @property
    def told_reference(self) -> str:
        """For messages: a refusal that may be another installation's is for support alone."""
        return "" if self.rank == Rank.MAY_BE else self.reference
