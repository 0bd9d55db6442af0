"""Why a connector has no session: a code, and what mends it. What happened is told in words where it is found."""

from enum import StrEnum

from installs.exchange.refusals import Reason


class Why(StrEnum):
    # The server refused, and said so in a way that is understood.
    REFUSED = "REFUSED"
    UNPROVEN = "UNPROVEN"
    SESSION_TOKEN_SENT = "SESSION_TOKEN_SENT"
    NO_PERMANENT_TOKEN = "NO_PERMANENT_TOKEN"
    OTHER_APPLICATION = "OTHER_APPLICATION"
    UNINSTALLED = "UNINSTALLED"
    TOKEN_REPLACED = "TOKEN_REPLACED"
    SUSPENDED = "SUSPENDED"
    RETIRED = "RETIRED"
    CHANGED_MEANWHILE = "CHANGED_MEANWHILE"
    SECRET_RETIRED = "SECRET_RETIRED"
    # It answered with something else.
    REDIRECTED = "REDIRECTED"
    NOT_FOUND = "NOT_FOUND"
    TOO_OFTEN = "TOO_OFTEN"
    FAILED_BY_ITSELF = "FAILED_BY_ITSELF"
    KEPT_OUT = "KEPT_OUT"
    TOO_LONG = "TOO_LONG"
    COMPRESSED = "COMPRESSED"
    WEB_PAGE = "WEB_PAGE"
    NO_JSON = "NO_JSON"
    NO_OBJECT = "NO_OBJECT"
    OTHER_KEY = "OTHER_KEY"
    KEY_INSIDE = "KEY_INSIDE"
    NO_KEY = "NO_KEY"
    NO_TEXT = "NO_TEXT"
    # It says that calls go elsewhere.
    SERVER_UNREADABLE = "SERVER_UNREADABLE"
    SERVER_NOT_ALLOWED = "SERVER_NOT_ALLOWED"
    # The first call.
    CALL_WEB_PAGE = "CALL_WEB_PAGE"
    CALL_REFUSED = "CALL_REFUSED"
    NEW_SESSION_REFUSED = "NEW_SESSION_REFUSED"
    # Nothing was answered, or nothing asked.
    NOT_SENT = "NOT_SENT"
    TOLD_BEFORE = "TOLD_BEFORE"
    RENEWED_TOO_LONG = "RENEWED_TOO_LONG"
    FAULT_HERE = "FAULT_HERE"
    CONNECTOR_CHANGED = "CONNECTOR_CHANGED"
    CONNECTOR_DELETED = "CONNECTOR_DELETED"
    NOT_POSSIBLE = "NOT_POSSIBLE"
    PORTAL_FAILED = "PORTAL_FAILED"


# Where the answer to authorising says that calls go elsewhere, the base URL is right.
ASK_FOR_SERVER = "Ask the people who run the base URL's server for the right Server."
CHECK_BASE_URL = "Check the base URL."
NAME_THE_MEMBER = "In Response authentication token key, give the name of the member that has the session token."
COMPARE = "Compare Application id, Application secret and Token with the developer portal."
FIXES = {
    Why.REFUSED: COMPARE,
    Why.UNPROVEN: COMPARE,
    Why.SESSION_TOKEN_SENT: "Put the permanent token of the installation into Token. It is what you exchange "
    "for session tokens.",
    Why.NO_PERMANENT_TOKEN: "Put the permanent token of the installation into Token. The other credentials are right.",
    Why.OTHER_APPLICATION: "Use the Application id, Application secret and Token of the same application.",
    Why.UNINSTALLED: "Install the application again, and put its new permanent token into Token.",
    Why.TOKEN_REPLACED: "Put the newer permanent token into Token. The other credentials are right.",
    Why.SUSPENDED: "The credentials are right. Once it is resumed, the next call works.",
    Why.RETIRED: "These credentials cannot be fixed. Use those of another application.",
    Why.CHANGED_MEANWHILE: "The credentials are right. Test again.",
    Why.SECRET_RETIRED: "Reveal the live one on the General page, and put it into Application secret.",
    Why.REDIRECTED: "Put the address that it redirects to into the base URL.",
    Why.NOT_FOUND: "The base URL is scheme and host, such as https://api.linnworks.net, without a path.",
    Why.TOO_OFTEN: "Wait as long as it says, and find out what else uses these credentials or calls from here.",
    Why.FAILED_BY_ITSELF: "Try again later, or ask the people who run it.",
    Why.KEPT_OUT: "Ask the people who run the server: a firewall or a proxy may block this portal.",
    Why.TOO_LONG: CHECK_BASE_URL,
    Why.COMPRESSED: "Ask the people who run the server to send what is asked for.",
    Why.WEB_PAGE: "The base URL leads to a website. Use the address of its API.",
    Why.NO_JSON: "Check the base URL: it may lead to another kind of server.",
    Why.NO_OBJECT: CHECK_BASE_URL,
    Why.OTHER_KEY: NAME_THE_MEMBER,
    Why.KEY_INSIDE: "Ask the people who run the server for an address whose answer has it at the top level.",
    Why.NO_KEY: NAME_THE_MEMBER,
    Why.NO_TEXT: NAME_THE_MEMBER,
    Why.SERVER_UNREADABLE: "No call was made. Ask the people who run the base URL's server to answer an address such "
    "as https://eu-ext.linnworks.net, without /api or a slash at its end, or no Server at all.",
    Why.SERVER_NOT_ALLOWED: "Nothing was sent there. Ask the people who run the base URL's server for the "
    "right Server. If it is in your own network, the people who run this portal can allow that network.",
    Why.CALL_WEB_PAGE: CHECK_BASE_URL,
    Why.CALL_REFUSED: "The session token is good, but this server does not answer the call. Ask the people who run it.",
    Why.NEW_SESSION_REFUSED: "Read the reason in the answer. Another of its members may be the one for calls.",
    Why.NOT_SENT: "Check the base URL, and that its server can be reached from this portal.",
    # The words of a fault that was told to somebody else end with what mends it.
    Why.TOLD_BEFORE: "",
    Why.RENEWED_TOO_LONG: "Try again.",
    Why.FAULT_HERE: "Try again.",
    Why.CONNECTOR_CHANGED: "Call again.",
    Why.CONNECTOR_DELETED: "Create a new one.",
    # The refusal itself says what to do.
    Why.NOT_POSSIBLE: "",
    Why.PORTAL_FAILED: "Tell the people who run it.",
}
# What a portal like this one says of a refused exchange.
OF_REASON = {
    Reason.UNPROVEN: Why.UNPROVEN,
    Reason.UNKNOWN_TOKEN: Why.NO_PERMANENT_TOKEN,
    Reason.SESSION_TOKEN_SENT: Why.SESSION_TOKEN_SENT,
    Reason.OTHER_CREDENTIAL_SENT: Why.NO_PERMANENT_TOKEN,
    Reason.OTHER_APPLICATION: Why.OTHER_APPLICATION,
    Reason.UNINSTALLED: Why.UNINSTALLED,
    Reason.INSTALLATION_FAILED: Why.UNINSTALLED,
    Reason.TOKEN_ENDED: Why.TOKEN_REPLACED,
    Reason.SUSPENDED_BY_STAFF: Why.SUSPENDED,
    Reason.SUSPENDED_BY_ACCOUNT: Why.SUSPENDED,
    Reason.APPLICATION_SUSPENDED: Why.SUSPENDED,
    Reason.ACCOUNT_SUSPENDED: Why.SUSPENDED,
    Reason.PUBLISHER_SUSPENDED: Why.SUSPENDED,
    Reason.APPLICATION_RETIRED: Why.RETIRED,
    Reason.OVER_QUOTA: Why.TOO_OFTEN,
}


class NotAuthorised(Exception):
    """Why there is no session. `why` is the code, `str()` what happened, `fix` what mends it: the usual of its code,
    unless a better one is known. Neither holds a secret."""

    def __init__(self, why: Why, words: str, fix: str | None = None) -> None:
        super().__init__(words)
        self.why = why
        self.fix = FIXES[why] if fix is None else fix
