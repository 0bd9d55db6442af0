"""JSON that others wrote, with numbers of any length: Python itself refuses to read thousands of digits."""

import json
from typing import Any

# Far fewer than Python reads, and far more than any number here has.
MOST_DIGITS = 1000


def load(text: str) -> Any:
    """Raises ValueError for what is no JSON, RecursionError for what is too deep. A number that is too long for one is
    a text of its digits."""
    return json.loads(text, parse_int=_integer)


def _integer(written: str) -> int | str:
    return int(written) if len(written) <= MOST_DIGITS else written
