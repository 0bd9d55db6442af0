"""What an act of staff does to an installation, told before it is done: in the admin and in the support console."""

from installs.installations import acts
from installs.installations.acts import Act
from installs.models import Installation
from installs.models.deliveries import host_of
from linnapp.words import counted

READ_BY_BOTH = "The customer and the developer read this."
TILL_USED = "The old one works until the new one is used."


def ending(sessions: int) -> str:
    if not sessions:
        return "No session is live"
    return counted(sessions, "session ends now", "sessions end now")


def suspends(row: Installation, sessions: int) -> str:
    """`sessions` are live, here as below."""
    if not row.is_live:
        return f"{row.shown_state.capitalize()}: there is nothing to suspend."
    if row.suspended_by_staff_at:
        return "Already suspended by staff: nothing changes."
    return f"{ending(sessions)}. {row.account} cannot use {row.application}."


def resumes(row: Installation) -> str:
    if not row.is_live:
        return f"{row.shown_state.capitalize()}: there is nothing to resume."
    if not row.suspended_by_staff_at:
        return "Not suspended by staff: nothing changes."
    if others := others_of(row):
        return f"It stays suspended by {others[0]}."
    return f"{row.account} can use {row.application} again."


def others_of(row: Installation) -> list[str]:
    """Whose suspension of it stands besides the one of staff."""
    whose = {
        "the account": row.suspended_by_account_at,
        "the application's own suspension": row.application.suspended_by_staff_at,
        "the suspension of its account": row.account.suspended_by_staff_at,
        "the suspension of its developer's account": row.application.account.suspended_by_staff_at,
    }
    return [words for words, at in whose.items() if at]


def ends_sessions(sessions: int) -> str:
    if not sessions:
        return "No session is live: nothing changes."
    return f"{ending(sessions)}. The permanent token still works."


def rotates(row: Installation, *, is_rotated: bool) -> str:
    if not acts.is_possible(Act.ROTATE, row):
        return f"{row.shown_state.capitalize()}: there is nothing to rotate."
    if is_rotated:
        return "Already rotated, and the old one still works: nothing changes."
    if host := host_of(row.version.postback_url):
        return f"A new permanent token is sent to {host}. {TILL_USED}"
    return f"{_sides(row)} can reveal a new permanent token. You do not see it. {TILL_USED}"


def _sides(row: Installation) -> str:
    publisher = row.application.account
    return f"{row.account}" if row.is_on_own_account else f"{row.account} or {publisher}"


def ends_old_token(row: Installation, *, is_rotated: bool) -> str:
    if not is_rotated:
        return "Only one permanent token works: nothing changes."
    return f"The old one ends now, with its sessions: {row.application} needs the new one from now on."
