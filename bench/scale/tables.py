"""What was measured, as docs/performance.md shows it."""

from bench.scale.pages import Time
from bench.scale.work import Cost, Job

Pair = tuple[Time, Time]

# A page of a large database may take so long, and so many times what it takes with few rows.
MOST_MILLISECONDS, MOST_TIMES = 50.0, 1.5
HEAD = "| page | few | many | ratio | CPU few | CPU many | html / wire kB |\n|---|---|---|---|---|---|---|"


def keeps(small: Time, large: Time) -> bool:
    return large.wall <= max(MOST_MILLISECONDS, MOST_TIMES * small.wall)


def of_pages(small: dict[str, Time], large: dict[str, Time]) -> str:
    """Every page beyond the aim, and of each area the one that takes longest; the worst first."""
    both = [(small[name], time) for name, time in large.items() if time.rounds and name in small and small[name].rounds]
    shown = sorted(told_of(both), key=lambda pair: pair[1].wall, reverse=True)
    # With few installations a page, with many none: the database gave up.
    lost = [name for name, time in large.items() if not time.rounds and name in small and small[name].rounds]
    missed = len(lost) + sum(not keeps(*pair) for pair in both)
    not_timed = sorted(f"{name} ({time.status})" for name, time in large.items() if not time.rounds and not time.of)
    told = f"{len(both) + len(lost)} pages, filters and sorts, {missed} of them beyond the aim."
    left = f" Not timed: {', '.join(not_timed)}." if not_timed else ""
    return "\n".join([HEAD, *(row_of(*pair) for pair in shown), "", told + left])


def told_of(both: list[Pair]) -> list[Pair]:
    """An area is the first word of a page's name, such as Admin or Support."""
    longest: dict[str, Pair] = {}
    for pair in both:
        area = pair[1].name.partition(" ")[0].strip(",")
        longest[area] = max(longest.get(area, pair), pair, key=lambda found: found[1].wall)
    return [pair for pair in both if not keeps(*pair) or pair in longest.values()]


def row_of(small: Time, large: Time) -> str:
    mark = "" if keeps(small, large) else " (beyond)"
    name = large.name.replace("|", r"\|")
    return (
        f"| {name}{mark} | {small.wall:.0f} | {large.wall:.0f} | {large.wall / small.wall:.1f} "
        f"| {small.web:.0f} + {small.database:.0f} | {large.web:.0f} + {large.database:.0f} "
        f"| {large.html / 1000:.0f} / {large.wire / 1000:.0f} |"
    )


def of_costs(small: dict[str, Cost], large: dict[str, Cost]) -> str:
    """Milliseconds each; the ratio is of processor time."""
    head = "| what | few: p50 / p99 | many: p50 / p99 | CPU few | CPU many | ratio |\n|---|---|---|---|---|---|"
    rows = (cost_of(small[name], cost) for name, cost in large.items() if name in small)
    return "\n".join([head, *rows])


def cost_of(few: Cost, many: Cost) -> str:
    walls = f"| {many.name} | {few.wall:.1f} / {few.slow:.1f} | {many.wall:.1f} / {many.slow:.1f} |"
    if not few.cpu:
        return f"{walls} | | |"
    return f"{walls} {few.cpu:.2f} | {many.cpu:.2f} | {many.cpu / few.cpu:.2f} |"


def of_jobs(small: dict[str, Job], large: dict[str, Job]) -> str:
    """Few / many: seconds in all, statements, transactions that write with the longest of them, and memory."""
    head = "| job | seconds | statements | writes | longest, ms | 99 of 100 | of the processor | MB |"
    rows = (
        f"| {name} | {few.seconds:.1f} / {many.seconds:.1f} | {few.statements:,} / {many.statements:,} "
        f"| {few.transactions:,} / {many.transactions:,} | {few.held:.1f} / {many.held:.1f} "
        f"| {few.usual:.1f} / {many.usual:.1f} | {few.held_cpu:.1f} / {many.held_cpu:.1f} "
        f"| {few.megabytes:.0f} / {many.megabytes:.0f} |"
        for few, (name, many) in ((small[name], (name, job)) for name, job in large.items() if name in small)
    )
    return "\n".join([head, "|---|---|---|---|---|---|---|---|", *rows])
