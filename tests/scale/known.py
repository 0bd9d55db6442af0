"""Lists that read a table that grows, each with the reason why they do: to be emptied. One that no longer does fails
the test until it is taken out."""

# By engine, and then by reason, the names of pages.
KNOWN: dict[str, dict[str, tuple[str, ...]]] = {
    "both": {
        "no index has what the list is filtered by, searched by or sorted by": (
            "admin", "admin:installs_eventcounter?o=0", "admin:installs_session?end__exact=EXPIRED",
            "admin:installs_session?end__exact=REPLACED", "admin:installs_stocklocation?q=northwind",
            "admin:installs_updatemailing?o=1", "admin:linnapp_account?owner=none",
            "admin:linnapp_account?q=northwind", "admin:linnapp_account?since=day", "admin:linnapp_account?use=none",
            "admin:linnapp_membership?q=northwind", "admin:linnapp_membership?role__exact=DEVELOPER",
            "admin:linnapp_outgoingmail?shown=Waiting%2C+tried+in+vain", "admin:linnapp_staffaccess?q=northwind",
            "admin:linnapp_user?is_active__exact=0", "admin:linnapp_user?is_staff__exact=1",
            "admin:linnapp_user?is_superuser__exact=1", "admin:linnapp_user?o=2.-7", "support_case",
            "support_refused?kind=calls",
        ),
    },
    "postgresql": {
        "sorted by the names of applications, however many there are": ("my_apps?sort=name",),
    },
    "sqlite": {
        "every account or person has the word, and all that have it are looked up by its trigrams": (
            "admin:installs_addressday?q=northwind", "admin:installs_caseassignment?q=northwind",
            "admin:installs_connector?q=northwind", "admin:installs_exchangehour?q=northwind",
            "admin:installs_helpcase?q=northwind", "admin:installs_installation?q=northwind",
            "admin:installs_permanenttoken?q=northwind", "admin:installs_secrethour?q=northwind",
            "admin:installs_session?q=northwind", "admin:installs_staffnote?q=northwind",
            "admin:installs_updatemailing?q=northwind", "admin:linnapp_application?q=northwind",
            "admin:linnapp_invitation?q=northwind", "admin:linnapp_mailrefusal?q=northwind",
            "admin:linnapp_user?q=northwind", "application_installations?q=northwind", "my_apps?q=northwind",
            "store?q=northwind", "support_cases?q=northwind", "support_never_connected?q=northwind",
        ),
        "no index, or one that SQLite takes only with statistics, which it has nowhere": (
            "admin:installs_delivery?event__exact=authorised", "admin:installs_delivery?event__exact=installed",
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
