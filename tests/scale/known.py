"""Lists that read a table that grows, each with the reason why they do: to be emptied. One that no longer does fails
the test until it is taken out."""

# By engine, and then by reason, the names of pages.
KNOWN: dict[str, dict[str, tuple[str, ...]]] = {
    "both": {
        "no index has what the list is filtered by, searched by or sorted by": (
            "admin:linnapp_account?q=northwind",
        ),
    },
    "postgresql": {
        "sorted by the names of applications, however many there are": ("my_apps?sort=name",),
        "every account or person has the word, and all that have it are looked up": (
            "admin:installs_stocklocation?q=northwind", "admin:linnapp_membership?q=northwind",
            "admin:linnapp_staffaccess?q=northwind",
        ),
    },
    "sqlite": {
        "every account or person has the word, and all that have it are looked up by its trigrams": (
            "admin:linnapp_application?q=northwind",
            "admin:linnapp_user?q=northwind", "application_installations?q=northwind", "my_apps?q=northwind",
            "store?q=northwind", "support_cases?q=northwind", "support_never_connected?q=northwind",
        ),
        "no index, or one that SQLite takes only with statistics, which it has nowhere": (
            "admin:linnapp_account?since=day",
            "admin:installs_delivery?event__exact=installed",
            "admin:installs_delivery?kind__exact=event", "admin:installs_delivery?shown=Waiting+or+held",
            "admin:installs_exchangehour?since=day", "admin:installs_refusalgroup?q=northwind",
            "admin:installs_refusalgroup?q=zzqqzz", "admin:installs_refusalgroup?reason=UNPROVEN",
            "admin:installs_refusalgroup?reason=UNREADABLE", "admin:installs_refusalsample?q=northwind",
            "admin:installs_refusalsample?q=zzqqzz", "admin:installs_secrethour?since=day",
            "admin:installs_stocklocation?q=zzqqzz", "admin:linnapp_account?shown=Suspended",
            "admin:linnapp_auditentry?since=day", "admin:linnapp_bulkrow", "admin:linnapp_bulkrow?q=northwind",
            "admin:linnapp_bulkrow?q=zzqqzz", "admin:linnapp_bulkrow?state__exact=WAITING",
            "admin:linnapp_bulkrow?state__exact=WRONG", "admin:linnapp_membership?o=2",
            "admin:linnapp_outgoingmail?kind__exact=CONFIRMATION",
            "admin:linnapp_outgoingmail?kind__exact=INVITATION", "admin:linnapp_outgoingmail?q=northwind",
            "admin:linnapp_outgoingmail?q=zzqqzz", "admin:linnapp_outgoingmail?shown=Waiting", "search, northwind",
            "support_account", "support_account, another page", "support_account?q=northwind",
            "support_account?q=zzqqzz", "support_refused?within=day", "support_search, northwind",
            "team_record?q=northwind", "team_record?q=zzqqzz",
        ),
    },
}  # fmt: skip


def known(engine: str) -> set[str]:
    return {name for part in ("both", engine) for names in KNOWN[part].values() for name in names}
