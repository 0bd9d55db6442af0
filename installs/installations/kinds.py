"""What happens to an installation, and to all of an application at once."""

from linnapp.kinds import register

INSTALLED = register("INSTALLED", "{version} installed by {who}", about="installations")
AUTHORISED_AGAIN = register("AUTHORISED_AGAIN", "Authorised again by {who}", about="installations")
VERSION_MOVED = register("VERSION_MOVED", "Moved from {before} to {version} by {who}", about="installations")
UPDATED = register("UPDATED", "Updated from {before} to {version} by {who}", about="installations")
MOVED_DOWN = register("MOVED_DOWN", "Moved down to {version} by {who}: {before} was withdrawn", about="installations")
WENT_BACK = register("WENT_BACK", "Went back from {before} to {version}, by {who}", about="installations")
UNINSTALLED = register("UNINSTALLED", "Uninstalled by {who}", about="installations")
TOKEN_REVEALED = register("TOKEN_REVEALED", "Permanent token …{tail} revealed to {who}", about="credentials")
TOKEN_ROTATED = register(
    "TOKEN_ROTATED", "Permanent token rotated by {who}: …{tail} replaces …{before}", about="credentials"
)
OLD_TOKEN_ENDED = register("OLD_TOKEN_ENDED", "Old permanent token …{before} ended by {who}", about="credentials")
OLD_TOKEN_REPLACED = register(
    "OLD_TOKEN_REPLACED",
    "Old permanent token …{before} ended: …{tail} was used for the first time",
    about="credentials",
)
OLD_TOKEN_LAPSED = register(
    "OLD_TOKEN_LAPSED",
    "Old permanent token …{before} ended {span} after …{tail} was delivered or shown",
    about="credentials",
)
SESSIONS_ENDED = register("SESSIONS_ENDED", "{sessions} ended by {who}", about="installations")
INSTALLATION_SUSPENDED = register("INSTALLATION_SUSPENDED", "Installation suspended by {who}", about="installations")
INSTALLATION_RESUMED = register("INSTALLATION_RESUMED", "Installation resumed by {who}", about="installations")
APPLICATION_SUSPENDED = register(
    "APPLICATION_SUSPENDED", "Application suspended by {who}", about="details", of_each=True
)
APPLICATION_RESUMED = register("APPLICATION_RESUMED", "Application resumed by {who}", about="details", of_each=True)
# Of an account, and of what is installed on it; and of the account that makes an application, told of each of those.
ACCOUNT_SUSPENDED = register("ACCOUNT_SUSPENDED", "Account {account} suspended by {who}", about="installations")
ACCOUNT_RESUMED = register("ACCOUNT_RESUMED", "Account {account} resumed by {who}", about="installations")
PUBLISHER_SUSPENDED = register(
    "PUBLISHER_SUSPENDED", "Developer's account {publisher} suspended by {who}", about="details", of_each=True
)
PUBLISHER_RESUMED = register(
    "PUBLISHER_RESUMED", "Developer's account {publisher} resumed by {who}", about="details", of_each=True
)
# That an installation came to another version.
MOVES = (UPDATED, MOVED_DOWN, WENT_BACK, VERSION_MOVED)
