"""Fills an empty database that is prepared with as many installations as wanted, and with all that goes with them.

N/5 accounts with an Owner each, N/500 applications (20 at least), the first with N/10 installations; one account
has every application. Of each installation a permanent token, a postback, two hours of exchanges and four lines of the
timeline, and in proportion whatever else a page lists; a fiftieth of what ends is past its end. The same rows each
time, but for moments, which count from now.
"""

import sys
import time

from bench.scale import installed, records, registry
from bench.scale.filling import tables, without_indexes
from bench.scale.names import Size
from linnapp.models import Account


def fill(installations: int) -> None:
    """In the database of the settings, which is PostgreSQL."""
    if Account.objects.exists():
        raise SystemExit("This database is not empty.")
    began, size = time.monotonic(), Size(installations)
    with without_indexes():
        registry.fill(size)
        installed.fill(size)
        records.fill(size)
    sys.stderr.write(f"{len(tables())} tables in {time.monotonic() - began:.0f} s\n")


def bare() -> list[str]:
    """Tables without a row."""
    return [model._meta.db_table for model in tables() if not model._base_manager.exists()]
