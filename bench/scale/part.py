"""What `make bench` writes of this: pages, requests and jobs with few installations and with many, on each engine."""

import os
import platform
import sys

from bench.scale import databases, pages, tables, work
from tests.kit.engines import missing

# Installations.
SIZES = {"postgres": (10_000, 1_000_000), "sqlite": (10_000, 200_000)}
WORDS = {"postgres": "PostgreSQL", "sqlite": "SQLite"}


def part(seconds: float) -> tuple[str, bool]:
    """The tables, and whether everything was there to be measured. Takes half an hour, and 10 GB of the disk."""
    if reason := missing("postgres"):
        # The rows of SQLite are made there, too.
        sys.stderr.write(f"{reason}\n")
        return reason, False
    told = []
    for engine, sizes in SIZES.items():
        few, many = (databases.name_of(size) for size in sizes)
        for size, name in zip(sizes, (few, many), strict=True):
            databases.make(size, engine, name)
            pages.measure(engine, name)
            work.measure(engine, name, seconds)
            databases.drop(engine, name)
        told.append(f"{WORDS[engine]} with {sizes[0]:,} and {sizes[1]:,} installations")
        told.append(tables_of(engine, few, many))
    return "\n\n".join([*told, circumstances()]), True


def tables_of(engine: str, few: str, many: str) -> str:
    """Of two databases whose pages were timed, and whose work was where it was measured."""
    found = [tables.of_pages(pages.read(engine, few), pages.read(engine, many))]
    if all(work.kept_at(engine, name).exists() for name in (few, many)):
        (few_costs, few_jobs), (many_costs, many_jobs) = work.read(engine, few), work.read(engine, many)
        found += [tables.of_costs(few_costs, many_costs), tables.of_jobs(few_jobs, many_jobs)]
    return "\n\n".join(found)


def circumstances() -> str:
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), everything on the same machine, one process for pages and one "
        f"for the door. Milliseconds of the clock are medians of {pages.ROUNDS}; CPU is web + database, where the "
        f"database is a process of its own. The aim: at most the larger of {tables.MOST_MILLISECONDS:g} ms and "
        f"{tables.MOST_TIMES:g} times what it takes with few. Python {platform.python_version()}."
    )
