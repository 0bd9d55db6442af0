"""Lists that read a table that grows, each with the reason why they do: to be emptied. One that no longer does fails
the test until it is taken out."""

# By engine, and then by reason, the names of pages.
KNOWN: dict[str, dict[str, tuple[str, ...]]] = {
    "postgresql": {
        "what an account uses, which is at most every application, by the names of these": ("my_apps?sort=name",),
    },
    "sqlite": {
        "the index of the filter has another order, and SQLite goes by that of the list": (
            "admin:installs_delivery?kind__exact=event", "admin:linnapp_account?shown=Suspended",
            "admin:linnapp_outgoingmail?shown=Waiting",
        ),
        "what most rows are has no index: the first are soon met, where they are most": (
            "admin:installs_delivery?event__exact=installed",
        ),
        "a text of one account's record, whose rows are read": ("team_record?q=northwind", "team_record?q=zzqqzz"),
        "the newest first, until a day ends: what has none of that day is read to its end": (
            "admin:installs_exchangehour?since=day", "admin:installs_secrethour?since=day",
            "admin:linnapp_account?since=day", "admin:linnapp_auditentry?since=day", "support_refused?within=day",
        ),
        "one look-up for each hour of the 30 days that refusals are kept": (
            "admin:installs_refusalgroup?reason=UNPROVEN", "admin:installs_refusalgroup?reason=UNREADABLE",
        ),
    },
}  # fmt: skip


def known(engine: str) -> set[str]:
    return {name for names in KNOWN[engine].values() for name in names}
