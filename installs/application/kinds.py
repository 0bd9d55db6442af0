"""The end of an application, of its secrets, and of versions."""

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
