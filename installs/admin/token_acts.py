"""What staff do in the admin to permanent tokens and sessions, which they never see: the effect told before, the
service, and a reason that both sides read."""

from django.db.models import Count

from installs.installations import acts, rotating, session_ends
from installs.installations.acts import Act
from installs.models import Installation, Session
from installs.models.deliveries import host_of
from linnapp.staff_actions import Effect, StaffAction
from linnapp.words import counted

READ_BY_BOTH = "The customer and the developer read this."
TILL_USED = "The old one works until the new one is used."


def _rotated(rows: list[Installation]) -> set[object]:
    return set(Installation.objects.rotated().among(row.pk for row in rows))


def rotating_tokens(rows: list[Installation]) -> list[Effect]:
    rotated = _rotated(rows)
    return [Effect(row, _rotates(row, row.pk in rotated)) for row in rows]


def _rotates(row: Installation, is_rotated: bool) -> str:
    if not acts.is_possible(Act.ROTATE, row):
        return f"{row.shown_state.capitalize()}: there is nothing to rotate."
    if is_rotated:
        return "Rotated already, and the old one still works: nothing changes."
    if host := host_of(row.version.postback_url):
        return f"A new permanent token is sent to {host}. {TILL_USED}"
    return f"A new permanent token waits until {_sides(row)} reveals it. You do not see it. {TILL_USED}"


def _sides(row: Installation) -> str:
    publisher = row.application.account
    return str(row.account) if row.is_on_own_account else f"{row.account} or {publisher}"


def ending_old_tokens(rows: list[Installation]) -> list[Effect]:
    rotated = _rotated(rows)
    return [Effect(row, _ends_old(row, row.pk in rotated)) for row in rows]


def _ends_old(row: Installation, is_rotated: bool) -> str:
    if not is_rotated:
        return "Only one permanent token works: nothing changes."
    return f"The old one ends now, with its sessions: {row.application} needs the new one from this moment."


def ending_sessions(rows: list[Installation]) -> list[Effect]:
    live = Session.objects.live().filter(installation__in=rows).order_by().values_list("installation_id")
    counts = dict(live.annotate(Count("pk")))
    return [Effect(row, _ends_sessions(counts.get(row.pk, 0))) for row in rows]


def _ends_sessions(number: int) -> str:
    if not number:
        return "No session is live: nothing changes."
    return f"{counted(number, 'session ends now', 'sessions end now')}. The permanent token stays."


ROTATE_TOKENS = StaffAction(
    "rotate_token",
    "Rotate the permanent token",
    "given a new permanent token",
    READ_BY_BOTH,
    rotating_tokens,
    lambda row, by: bool(rotating.rotate(row, by=by)),
    fresh=True,
    fits=lambda row: acts.is_possible(Act.ROTATE, row) and rotating.rotation_of(row) is None,
    of=" of",
)
END_OLD_TOKENS = StaffAction(
    "end_old_token",
    "End the old permanent token",
    "left with the new permanent token only",
    READ_BY_BOTH,
    ending_old_tokens,
    lambda row, by: bool(rotating.end_old_token(row, by=by)),
    fits=lambda row: acts.is_possible(Act.END_OLD_TOKEN, row) and rotating.rotation_of(row) is not None,
    of=" of",
)
END_SESSIONS = StaffAction(
    "end_sessions",
    "End sessions",
    "left without a live session",
    READ_BY_BOTH,
    ending_sessions,
    lambda row, by: bool(session_ends.end_sessions(row, by=by)),
    fits=lambda row: acts.is_possible(Act.END_SESSIONS, row),
    of=" of",
)
