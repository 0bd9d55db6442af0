"""Many rows, a few at a time: SQLite has one writer, and whoever holds it long makes an exchange wait."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import QuerySet

from linnapp.supervision import stop_asked

# How long one batch may hold the database, in seconds, and rows of the first and the largest batch: nobody knows yet
# how much hangs on the first ones.
HOLDS = 0.005
FIRST, MOST = 5, 1_000
# Keys of rows that are read together: for more, memory would grow with them.
PAGE = 20_000
T = TypeVar("T")


def work_off(step: Callable[[int], int], *, first: int = FIRST) -> int:
    """Calls `step` with a number of rows, which it changes or deletes in one transaction and returns how many they
    were, until it finds fewer than that or this process is asked to stop; all of them together. The number follows from
    how long the last ones took, and between two batches others have as long for theirs."""
    number, done = min(first, MOST), 0
    while not stop_asked():
        began = time.monotonic()
        count = step(number)
        took = time.monotonic() - began
        done += count
        if count < number:
            break
        # Not below the first: on a busy machine what a batch costs by itself would make each of one row.
        number = max(min(first, MOST), min(int(number * HOLDS / max(took, 0.001)), 2 * number, MOST))
        time.sleep(took)
    return done


def work_through(what: Iterable[T], step: Callable[[Sequence[T]], object], *, first: int = FIRST) -> int:
    """The same of what was read already: `step` is called with some of it each time, in its order."""
    rows, place = list(what), 0

    def go_on(number: int) -> int:
        nonlocal place
        if some := rows[place : place + number]:
            step(some)
        place += len(some)
        return len(some)

    return work_off(go_on, first=first)


def work_through_pages(rows: QuerySet[Any], step: Callable[[Sequence[Any]], object]) -> int:
    """`step` is called with some keys of `rows` each time, in their order; how many they were. The keys are read some
    thousands at a time, however many there are: what `step` wrote must not be found again, and where it left a whole
    page as it was, because somebody holds those rows, the next time goes on."""
    done, before = 0, None
    while not stop_asked():
        keys = list(rows.values_list("pk", flat=True)[:PAGE])
        if keys == before:
            break
        done, before = done + work_through(keys, step), keys
        if len(keys) < PAGE:
            break
    return done


def drop(over: QuerySet[Any], *, first: int = FIRST) -> int:
    """Deletes these rows with all that hangs on them; the number of rows. The query has the order of an index, so that
    each batch finds its own at once.

    Rows are looked for before the transaction begins, which is short then; they are asked again in it, and those that
    somebody holds or that are not over any more stay.
    """

    def step(number: int) -> int:
        keys = list(over.values_list("pk", flat=True)[:number])
        return len(keys) if keys and _dropped(over, keys) else 0

    return work_off(step, first=first)


@transaction.atomic
def _dropped(over: QuerySet[Any], keys: Sequence[Any]) -> int:
    still = over.order_by().filter(pk__in=keys).select_for_update(skip_locked=True, of=("self",))
    held = list(still.values_list("pk", flat=True))
    over.model._base_manager.filter(pk__in=held).delete()
    return len(held)
