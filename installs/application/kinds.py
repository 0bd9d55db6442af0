"""The end of an application, and of its secrets."""

from linnapp.kinds import register

APPLICATION_RETIRED = register("APPLICATION_RETIRED", "Application retired by {who}", about="details")
APPLICATION_DELETED = register("APPLICATION_DELETED", "{application} deleted by {who}", about="details")
SECRET_RETIRED = register(
    "SECRET_RETIRED", "Application Secret …{tail} ends {ends}, set by {who}", about="credentials", own_side_only=True
)
