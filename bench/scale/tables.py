"""What was measured, as docs/performance.md shows it."""

from bench.scale.pages import Time
from bench.scale.work import Cost, Job

Pair = tuple[Time, Time]

# A page of a large database may take so long, and so many times what it takes with few rows.
MOST_MILLISECONDS, MOST_TIMES = 50.0, 1.5
HEAD = "| page | few | many | ratio | CPU few | CPU many | html / wire kB |\n|---|---|---|---|---|---|---|"


def keeps(small: Time, large: Time) -> bool:
    return large.wall <= max(MOST_MILLISECONDS, MOST_TIMES * small.wall)


def ratio(small: Time, large: Time) -> float:
    """By processor time, which other work on the machine moves least."""
    return large.cpu / max(small.cpu, 0.1)


def of_pages(small: dict[str, Time], large: dict[str, Time]) -> str:
    """The worst first. Of the filters and sorts of a list the worst one stands for all."""
    both = [(small[name], time) for name, time in large.items() if time.rounds and name in small and small[name].rounds]
    shown = sorted(standing_for_all(both), key=lambda pair: ratio(*pair), reverse=True)
    # With few installations a page, with many none: the database gave up.
    lost = [name for name, time in large.items() if not time.rounds and name in small and small[name].rounds]
    missed = len(lost) + sum(not keeps(*pair) for pair in both)
    not_timed = sorted(f"{name} ({time.status})" for name, time in large.items() if not time.rounds and not time.of)
    told = f"{len(both) + len(lost)} pages, filters and sorts, {missed} of them beyond the aim."
    left = f" Not timed: {', '.join(not_timed)}." if not_timed else ""
    return "\n".join([HEAD, *(row_of(*pair) for pair in shown), "", told + left])


def standing_for_all(both: list[Pair]) -> list[Pair]:
    alone = [pair for pair in both if not pair[1].of]
    of_lists: dict[str, list[Pair]] = {}
    for pair in both:
        if pair[1].of:
            of_lists.setdefault(pair[1].of, []).append(pair)
    return alone + [max(pairs, key=lambda pair: ratio(*pair)) for pairs in of_lists.values()]


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
    head = "| what | few | many | CPU few | CPU many | ratio |\n|---|---|---|---|---|---|"
    rows = (
        f"| {name} | {few.wall:.1f} | {many.wall:.1f} | {few.cpu:.2f} | {many.cpu:.2f} | {many.cpu / few.cpu:.2f} |"
        for few, (name, many) in ((small[name], (name, cost)) for name, cost in large.items())
    )
    return "\n".join([head, *rows])


def of_jobs(small: dict[str, Job], large: dict[str, Job]) -> str:
    """Few / many: seconds in all, the longest transaction that writes, and the most memory of the process."""
    head = "| job | seconds | longest, ms | of the processor | MB |\n|---|---|---|---|---|"
    rows = (
        f"| {name} | {few.seconds:.1f} / {many.seconds:.1f} | {few.held:.1f} / {many.held:.1f} "
        f"| {few.held_cpu:.1f} / {many.held_cpu:.1f} | {few.megabytes:.0f} / {many.megabytes:.0f} |"
        for few, (name, many) in ((small[name], (name, job)) for name, job in large.items() if name in small)
    )
    return "\n".join([head, *rows])
