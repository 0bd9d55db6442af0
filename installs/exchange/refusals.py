"""Why exchanges and calls are refused, and what the caller is told. Their record is `installs.exchange.ledger`."""

import re
from datetime import timedelta
from enum import StrEnum

from django.conf import settings
from django.utils import timezone

from installs.models import FailureWindow
from linnapp.addresses import counted_as

FAILURE_WINDOW = timedelta(minutes=10)
# Refusals of one address within the window that are answered as they are; past it the answer is 429.
FAILURES_ALLOWED = 60


# References hold the place of a reason in this list: new ones are added at the end, and none is taken out.
class Reason(StrEnum):
    UNREADABLE = "UNREADABLE"
    UNPROVEN = "UNPROVEN"
    UNKNOWN_TOKEN = "UNKNOWN_TOKEN"
    SESSION_TOKEN_SENT = "SESSION_TOKEN_SENT"
    OTHER_CREDENTIAL_SENT = "OTHER_CREDENTIAL_SENT"
    OTHER_APPLICATION = "OTHER_APPLICATION"
    UNINSTALLED = "UNINSTALLED"
    INSTALLATION_FAILED = "INSTALLATION_FAILED"
    TOKEN_ENDED = "TOKEN_ENDED"
    SUSPENDED_BY_STAFF = "SUSPENDED_BY_STAFF"
    SUSPENDED_BY_ACCOUNT = "SUSPENDED_BY_ACCOUNT"
    APPLICATION_SUSPENDED = "APPLICATION_SUSPENDED"
    ACCOUNT_SUSPENDED = "ACCOUNT_SUSPENDED"
    PUBLISHER_SUSPENDED = "PUBLISHER_SUSPENDED"
    APPLICATION_RETIRED = "APPLICATION_RETIRED"
    OVER_QUOTA = "OVER_QUOTA"
    NO_SESSION_TOKEN = "NO_SESSION_TOKEN"
    UNKNOWN_SESSION = "UNKNOWN_SESSION"
    SESSION_ENDED = "SESSION_ENDED"
    PERMANENT_TOKEN_SENT = "PERMANENT_TOKEN_SENT"
    CREDENTIAL_SENT = "CREDENTIAL_SENT"
    NOT_SERVED = "NOT_SERVED"
    WRONG_METHOD = "WRONG_METHOD"


SENTENCES = {
    Reason.UNPROVEN: "ApplicationId, ApplicationSecret or Token is wrong. In the developer portal, compare the first "
    "two with the General page of your application, and the permanent token with its Installations page.",
    Reason.UNKNOWN_TOKEN: "Token is not a permanent token of this portal. Use the one shown on the Installations "
    "page of your application.",
    Reason.SESSION_TOKEN_SENT: "Token is a session token. Send the permanent token of the installation "
    "instead{ending}; the session token goes into the Authorization header of the calls that follow.",
    Reason.OTHER_CREDENTIAL_SENT: "Token is your Application ID or Application Secret. Send the permanent token of the "
    "installation instead.",
    Reason.OTHER_APPLICATION: "Token belongs to an installation of another application. Use the ApplicationId and "
    "ApplicationSecret of the application that was installed.",
    Reason.UNINSTALLED: "This application was uninstalled from the account, so its permanent token does not work. "
    "Ask the account's owner to install it again.",
    Reason.INSTALLATION_FAILED: "This installation failed: its postback did not get a 200, so its permanent token "
    "does not work. Your application's Postbacks page in the portal says why; the customer can install it again.",
    Reason.TOKEN_ENDED: "This permanent token was replaced. Use the newer one on the Installations page of your "
    "application.",
    Reason.SUSPENDED_BY_STAFF: "This installation has been suspended by this portal's staff. Its page in the developer "
    "portal says why.",
    Reason.SUSPENDED_BY_ACCOUNT: "The account suspended this installation. Its owner can resume it under My apps.",
    Reason.APPLICATION_SUSPENDED: "This application has been suspended by this portal's staff. Its General page in the "
    "developer portal says why.",
    Reason.ACCOUNT_SUSPENDED: "The account that this application is installed on has been suspended by this portal's "
    "staff. Only they can lift the suspension; people on the account can read why in the portal.",
    Reason.PUBLISHER_SUSPENDED: "The account of this application's developer has been suspended by this portal's "
    "staff. Its pages in the developer portal say why.",
    Reason.APPLICATION_RETIRED: "This application is retired. Its credentials no longer work.",
    Reason.OVER_QUOTA: "API calls quota exceeded! Maximum admitted {quota} per Minute.",
}
# What every data call is told that carries no live session token, whatever it carries instead.
NO_LIVE_SESSION = (
    "The Authorization header has no live session token. Authorise again with the permanent token, and send the member "
    "Token of the answer."
)

# The same in a few words, for a developer's list of causes.
CAUSES = {
    Reason.UNKNOWN_TOKEN: "not a permanent token of this portal",
    Reason.SESSION_TOKEN_SENT: "session token sent instead of the permanent token",
    Reason.OTHER_CREDENTIAL_SENT: "Application ID or secret sent as the permanent token",
    Reason.OTHER_APPLICATION: "permanent token of another application",
    Reason.UNINSTALLED: "uninstalled",
    Reason.INSTALLATION_FAILED: "installation failed",
    Reason.TOKEN_ENDED: "permanent token replaced",
    Reason.SUSPENDED_BY_STAFF: "installation suspended by staff",
    Reason.SUSPENDED_BY_ACCOUNT: "installation suspended by the account",
    Reason.APPLICATION_SUSPENDED: "application suspended",
    Reason.ACCOUNT_SUSPENDED: "account suspended by staff",
    Reason.PUBLISHER_SUSPENDED: "your account suspended by staff",
    Reason.APPLICATION_RETIRED: "application retired",
    Reason.OVER_QUOTA: "more exchanges in a minute than allowed",
    Reason.NO_SESSION_TOKEN: "call without a session token",
    Reason.UNKNOWN_SESSION: "not a session token of this portal",
    Reason.SESSION_ENDED: "session ended",
    Reason.PERMANENT_TOKEN_SENT: "permanent token sent instead of a session token",
    Reason.CREDENTIAL_SENT: "Application ID or secret sent instead of a session token",
    Reason.NOT_SERVED: "call this portal does not serve",
    Reason.WRONG_METHOD: "method not allowed",
}


def cause_of(reason: str) -> str:
    """Of one that is stored, for staff: also of those of the caller, which no developer is told."""
    known = {str(key): words for key, words in CAUSES.items()}
    return known.get(reason, reason.replace("_", " ").lower())


def sentence(reason: Reason, tail: str = "") -> str:
    """What the caller is told; `tail` are the last characters of the permanent token that was meant."""
    ending = f" (ending …{tail})" if tail else ""
    return SENTENCES.get(reason, "").format(quota=settings.EXCHANGES_PER_MINUTE, ending=ending)


# Whatever stands in place of the braces; what follows a sentence, such as its reference, does not count.
_PATTERNS = {
    reason: re.compile(".*?".join(re.escape(part) for part in re.split(r"\{\w+\}", written)))
    for reason, written in SENTENCES.items()
}


def reason_of(message: str) -> Reason | None:
    """The reason whose `sentence` a message is, for whoever is told it over the wire; None for any other message."""
    return next((reason for reason, pattern in _PATTERNS.items() if pattern.match(message)), None)


def retry_after(failures: int) -> int | None:
    """Seconds an address that keeps failing is asked to wait: None below the limit, then doubling up to an hour.

    Only its refusals are answered so. A right exchange from the same address is answered at once.
    """
    over = failures - FAILURES_ALLOWED
    return None if over < 0 else min(2 ** (1 + over // 20), 3600)


def failures_of(address: str) -> int:
    """Refusals of an address within the window, those of the last second aside."""
    began = timezone.now() - FAILURE_WINDOW
    row = FailureWindow.objects.filter(address=counted_as(address), last_at__gt=began).first()
    return row.failures if row else 0
