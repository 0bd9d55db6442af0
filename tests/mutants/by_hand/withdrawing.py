"""Withdrawing a version, and the step down from it."""

from tests.mutants.breakages import Breakage
from tests.mutants.changes import instead, never, returns, without, without_operand

WITHDRAWING = "installs.application.withdrawing"
MOVING = "installs.installations.moving"

BREAKAGES = (
    Breakage(
        "staff withdraw a version without a reason",
        WITHDRAWING,
        "_refuse_others",
        never("not by.reason.strip()"),
        ("test_withdrawing",),
    ),
    Breakage(
        "anybody withdraws anybody's version",
        WITHDRAWING,
        "_refuse_others",
        never("Application.objects.editable_by"),
        ("test_withdrawing",),
    ),
    Breakage(
        "a withdrawal is taken back for ever",
        WITHDRAWING,
        "take_back_withdrawal",
        never("not may_be_taken_back(row)"),
        ("test_withdrawing",),
    ),
    Breakage(
        "whoever runs a withdrawn version is not told",
        WITHDRAWING,
        "_record",
        without("timeline.record_all"),
        ("test_withdrawing",),
    ),
    Breakage(
        "the number of a withdrawn version is used again",
        "linnapp.services.versions",
        "create_version",
        instead("newest(row)", "row.versions.the_latest()"),
        ("test_withdrawing",),
    ),
    Breakage(
        "nothing below a withdrawn version is offered",
        MOVING,
        "is_better",
        without_operand("on.withdrawn_at is not None"),
        ("test_steps_down",),
    ),
    Breakage(
        "who is above the latest is not behind",
        "installs.models.installations",
        "InstallationQuerySet.behind",
        instead("models.Q(withdrawn_at__isnull=False)", "models.Q(pk__in=())"),
        ("test_steps_down",),
    ),
    Breakage(
        "a step down leaves a way back up",
        MOVING,
        "update",
        instead("before if kind == kinds.UPDATED else None", "before"),
        ("test_steps_down",),
    ),
    Breakage(
        "nobody is mailed of a step down to what was told on the way up",
        "installs.installations.update_mails",
        "Waiting.key",
        returns("key"),
        ("test_steps_down",),
    ),
)
