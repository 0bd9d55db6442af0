"""What staff do in the admin to permanent tokens and sessions, which they never see: the effect told before, the
service, and a reason that both sides read."""

from django.db.models import Count

from installs.admin import in_numbers
from installs.installations import acts, effects, rotating, session_ends
from installs.installations.acts import Act
from installs.installations.effects import READ_BY_BOTH
from installs.models import Installation, Session
from linnapp.staff_actions import Effect, StaffAction


def _rotated(rows: list[Installation]) -> set[object]:
    return set(Installation.objects.rotated().among(row.pk for row in rows))


def rotating_tokens(rows: list[Installation]) -> list[Effect]:
    rotated = _rotated(rows)
    return [Effect(row, effects.rotates(row, is_rotated=row.pk in rotated)) for row in rows]


def ending_old_tokens(rows: list[Installation]) -> list[Effect]:
    rotated = _rotated(rows)
    return [Effect(row, effects.ends_old_token(row, is_rotated=row.pk in rotated)) for row in rows]


def ending_sessions(rows: list[Installation]) -> list[Effect]:
    live = Session.objects.live().filter(installation__in=rows).order_by().values_list("installation_id")
    counts = dict(live.annotate(Count("pk")))
    return [Effect(row, effects.ends_sessions(counts.get(row.pk, 0))) for row in rows]


ROTATE_TOKENS = StaffAction(
    "rotate_token",
    "Rotate the permanent token",
    "given a new permanent token",
    READ_BY_BOTH,
    rotating_tokens,
    lambda row, by: bool(rotating.rotate(row, by=by)),
    concerns=in_numbers.to_rotate,
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
    concerns=in_numbers.rotated,
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
    concerns=in_numbers.in_session,
    reach=in_numbers.stopping_here,
    fits=lambda row: acts.is_possible(Act.END_SESSIONS, row),
    of=" of",
)
