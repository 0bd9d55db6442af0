"""Many rows, a few at a time: SQLite has one writer, and whoever holds it long makes an exchange wait."""

import time
from collections.abc import Callable

from linnapp.supervision import stop_asked

# How long one batch may hold the database, in seconds, and rows of the first and the largest batch.
HOLDS = 0.01
FIRST, MOST = 20, 1_000


def work_off(step: Callable[[int], int]) -> int:
    """Calls `step` with a number of rows, which it changes or deletes in one transaction and returns how many they
    were, until it finds fewer than that or this process is asked to stop; all of them together. The number follows from
    how long the last ones took, and between two batches others have as long for theirs."""
    number, done = FIRST, 0
    while not stop_asked():
        began = time.monotonic()
        count = step(number)
        took = time.monotonic() - began
        done += count
        if count < number:
            break
        number = max(1, min(int(number * HOLDS / max(took, 0.001)), 2 * number, MOST))
        time.sleep(took)
    return done
