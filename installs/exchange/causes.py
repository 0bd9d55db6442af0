"""Causes of refusals in words: for whoever reads what became of a request, not for its caller."""

from installs.exchange.refusals import Reason, sentence
from installs.exchange.sent import SecretSent
from installs.models import Session

CAUSES = {
    Reason.UNREADABLE: "The request could not be read",
    Reason.UNPROVEN: "Application ID, Application Secret or token is wrong",
    Reason.UNKNOWN_TOKEN: "No permanent token of this portal was sent",
    Reason.SESSION_TOKEN_SENT: "A session token was sent instead of the permanent token",
    Reason.OTHER_CREDENTIAL_SENT: "The Application ID or Secret was sent instead of the permanent token",
    Reason.OTHER_APPLICATION: "The permanent token belongs to another application's installation",
    Reason.UNINSTALLED: "The installation has ended",
    Reason.INSTALLATION_FAILED: "The installation failed: its postback did not get a 200",
    Reason.TOKEN_ENDED: "The permanent token was replaced by a newer one",
    Reason.SUSPENDED_BY_STAFF: "The installation is suspended by staff",
    Reason.SUSPENDED_BY_ACCOUNT: "The installation is suspended by the account",
    Reason.APPLICATION_SUSPENDED: "The application is suspended",
    Reason.ACCOUNT_SUSPENDED: "The account is suspended by staff",
    Reason.PUBLISHER_SUSPENDED: "The account of the application's developer is suspended by staff",
    Reason.APPLICATION_RETIRED: "The application is retired",
    Reason.OVER_QUOTA: "More exchanges in a minute than allowed",
    Reason.NO_SESSION_TOKEN: "The call carried no session token",
    Reason.UNKNOWN_SESSION: "The call carried a session token that is not this portal's, or that ended more than "
    "two days ago",
    Reason.SESSION_ENDED: "The session of the call has ended",
    Reason.PERMANENT_TOKEN_SENT: "The call carried a permanent token instead of a session token",
    Reason.CREDENTIAL_SENT: "The call carried an Application ID or Secret instead of a session token",
    Reason.NOT_SERVED: "The call is not served here",
    Reason.WRONG_METHOD: "The method is not allowed",
}
# What to do, of calls: what exchanges are told says it already, but for what the protocol words itself.
FIXES = {
    Reason.OVER_QUOTA: "Use the session token until it ends, instead of exchanging the permanent token for each call.",
    Reason.UNREADABLE: "The answer says what could not be read.",
    Reason.NO_SESSION_TOKEN: "Send the session token of an exchange in the Authorization header of each call.",
    Reason.UNKNOWN_SESSION: "Exchange the permanent token again, and send the member Token of the answer.",
    Reason.SESSION_ENDED: "Exchange the permanent token again: a client should do that after each 401.",
    Reason.PERMANENT_TOKEN_SENT: "AuthorizeByApplication answers with a session token: send that one, the member Token "
    "of the answer, with each call.",
    Reason.CREDENTIAL_SENT: "Exchange the permanent token, and send the member Token of the answer.",
    Reason.NOT_SERVED: "The answer names the calls that this portal serves.",
    Reason.WRONG_METHOD: "Use GET or POST.",
}
# The same of the secret, for the team, where the caller is told only that one of the three is wrong.
FIXES_OF_SECRET = {
    SecretSent.RETIRED: "Give the client the live Application Secret: the General page of the application has it.",
    SecretSent.ANOTHER_APPLICATIONS: "Copy Application ID and Application Secret from the General page of the same "
    "application into the client.",
    SecretSent.UNKNOWN: "Copy the Application Secret from the General page of the application into the client "
    "again, complete and without quotes.",
}
# Why a session ended, after "because".
SESSION_ENDS = {
    Session.End.EXPIRED: "it was not used for half an hour, or was a day old",
    Session.End.REPLACED: "the installation had too many sessions: the least recently used one ends",
    Session.End.SUSPENDED: "installation, application or account was suspended",
    Session.End.UNINSTALLED: "the application was uninstalled",
    Session.End.FAILED: "the installation failed",
    Session.End.SECRET_RETIRED: "the Application Secret it was started with was retired",
    Session.End.TOKEN_ENDED: "the permanent token it was started with was replaced",
    Session.End.BY_HAND: "somebody ended it",
    Session.End.APPLICATION_RETIRED: "the application was retired",
}


def in_words(reason: str) -> str:
    """A reason of an earlier release may be unknown to this one."""
    return CAUSES[Reason(reason)] if reason in set(Reason) else reason.replace("_", " ").capitalize()


def fix_of(reason: str, secret_sent: str, *, for_team: bool) -> str:
    """What to do about it; for the team also of a wrong secret, where the caller is told only that one of the three is
    wrong. Empty for a reason that this release does not know."""
    if reason not in Reason.__members__:
        return ""
    known = Reason(reason)
    if for_team and known == Reason.UNPROVEN and secret_sent in FIXES_OF_SECRET:
        return FIXES_OF_SECRET[SecretSent(secret_sent)]
    return FIXES.get(known, sentence(known))
