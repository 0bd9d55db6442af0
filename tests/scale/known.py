"""Lists that read a table that grows, each with the reason why they do: to be emptied. One that no longer does fails
the test until it is taken out."""

# By engine, and then by reason, the names of pages.
KNOWN: dict[str, dict[str, tuple[str, ...]]] = {
    "postgresql": {
        "what an account uses, which is at most every application, by the names of these": ("my_apps?sort=name",),
    },
    "sqlite": {
        "what most rows are has no index: the first are soon met, where they are most": (
            "admin:installs_delivery?event__exact=installed",
        ),
    },
}  # fmt: skip


def known(engine: str) -> set[str]:
    return {name for names in KNOWN[engine].values() for name in names}
