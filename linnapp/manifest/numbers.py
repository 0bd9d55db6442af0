"""Numbers as a JSON text writes them: kept as they stand there, or known not to be."""

import json
import math
import re
from dataclasses import dataclass
from decimal import Decimal

# Beyond it a browser that reads JSON rounds a number, and says nothing.
GREATEST_NUMBER = 2**53 - 1
ROUNDED = f"Browsers round numbers beyond {GREATEST_NUMBER}."
AS_TEXT = "Write it as text, in quotes."
# Of a number, as much as a sentence shows; more digits than that no number here keeps.
LONGEST_SHOWN = 40
LONGEST_INTEGER = 17


@dataclass(frozen=True)
class Unkept:
    """A number that is not kept, and why, as a sentence."""

    message: str


@dataclass(frozen=True)
class Respelled:
    """A number that is written otherwise than it is kept: 1E2 as 100.0."""

    value: int | float
    written: str

    @property
    def message(self) -> str:
        written = self.written if len(self.written) <= LONGEST_SHOWN else f"{self.written[:LONGEST_SHOWN]}…"
        kept = f"{written} is kept as {json.dumps(self.value)}"
        if self._is_exact():
            return f"{kept}: the same number."
        return f"{kept}: numbers have about 17 digits. To keep all of it, write it as text, in quotes."

    def _is_exact(self) -> bool:
        if not self.value:
            return not re.search(r"[1-9]", re.split("[eE]", self.written)[0])
        return len(self.written) <= LONGEST_SHOWN and Decimal(self.written) == Decimal(repr(self.value))


Number = int | float | Unkept | Respelled


def integer(written: str) -> Number:
    """What `json.loads` takes for an integer. Python itself refuses to read thousands of digits."""
    digits = len(written.lstrip("-"))
    if digits > LONGEST_INTEGER:
        return Unkept(f"This is a number with {digits:,} digits, which is too long. {ROUNDED} {AS_TEXT}")
    # Of two zeros PostgreSQL keeps one.
    return Respelled(0, written) if written == "-0" else int(written)


def real(written: str) -> Number:
    """What `json.loads` takes for a number with a fraction or an exponent."""
    value = float(written)
    if math.isinf(value):
        shown = written if len(written) <= LONGEST_SHOWN else f"{written[:LONGEST_SHOWN]}…"
        return Unkept(f"{shown} is larger than any number that can be kept. {AS_TEXT}")
    value = value or 0.0
    return value if json.dumps(value) == written else Respelled(value, written)
