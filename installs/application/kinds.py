"""The end of an application, of its secrets, and of versions; and that it goes to another account."""

from linnapp.kinds import register

APPLICATION_RETIRED = register("APPLICATION_RETIRED", "Application retired by {who}", about="details")
APPLICATION_DELETED = register("APPLICATION_DELETED", "{application} deleted by {who}", about="details")
SECRET_RETIRED = register(
    "SECRET_RETIRED", "Application Secret …{tail} ends {ends}, set by {who}", about="credentials", own_side_only=True
)
VERSION_WITHDRAWN = register(
    "VERSION_WITHDRAWN", "Version {version} withdrawn by {who}", about="versions", of_each=True
)
WITHDRAWAL_TAKEN_BACK = register(
    "WITHDRAWAL_TAKEN_BACK", "Withdrawal of version {version} taken back by {who}", about="versions", of_each=True
)
# Of the application and of each installation; and of the accounts that it leaves and comes to.
APPLICATION_MOVED = register(
    "APPLICATION_MOVED",
    "{application} moved from {before} to {publisher} by {who}; {postbacks}",
    about="details",
    of_each=True,
)
ACCOUNT_GAVE_APPLICATION = register(
    "ACCOUNT_GAVE_APPLICATION", "{moved} moved to {publisher} by {who}", about="account"
)
ACCOUNT_GOT_APPLICATION = register(
    "ACCOUNT_GOT_APPLICATION", "{moved} moved here from {before} by {who}; {postbacks}", about="account"
)
ACCOUNT_CLOSED = register(
    "ACCOUNT_CLOSED",
    "Account {account} closed by {who}: deleted, with {made} of its own and {people} on no other account",
    about="account",
)
