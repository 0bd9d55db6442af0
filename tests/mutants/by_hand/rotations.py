"""Rotating a permanent token, and ending what was before it."""

from tests.mutants.breakages import Breakage, TemplateBreakage
from tests.mutants.changes import instead, never, without, without_operand

ROTATING = "installs.installations.rotating"
HANDOVER = "installs.postbacks.handover"
ACTS = "installs.installations.acts"

BREAKAGES: tuple[Breakage | TemplateBreakage, ...] = (
    Breakage(
        "the old permanent token outlives the first use of the new one",
        "installs.exchange.endpoints",
        "authorize_by_application",
        never("outcome.first_use_of is not None"),
        ("test_rotating",),
    ),
    Breakage(
        "sessions outlive the old permanent token",
        "installs.exchange.first_uses",
        "FirstUse.together",
        instead("(_end(), _end_sessions())", "(_end(),)"),
        ("test_rotating",),
    ),
    Breakage(
        "a postback that failed begins the last day of the old permanent token",
        "installs.postbacks.records",
        "_write",
        instead("result.post.hands_over and judgement.verdict == Verdict.DELIVERED", "result.post.hands_over"),
        ("test_rotating",),
    ),
    Breakage(
        "a look by the customer locks out the endpoint that has nothing yet",
        HANDOVER,
        "was_shown",
        without_operand("owed_of(token)"),
        ("test_rotating",),
    ),
    Breakage(
        "what staff rotated, and nobody saw, locks the program out a day later",
        ROTATING,
        "rotate",
        without_operand("by.is_staff"),
        ("test_rotating",),
    ),
    Breakage(
        "three permanent tokens live: rotated again meanwhile",
        ROTATING,
        "rotate",
        never("rotation_of(row)"),
        ("test_rotating",),
    ),
    Breakage(
        "sessions outlive the old permanent token that was ended by hand",
        ROTATING,
        "_settle",
        without("row.sessions"),
        ("test_rotating",),
    ),
    Breakage(
        "staff rotate without a reason",
        ACTS,
        "refuse_without_reason",
        never("by.is_staff"),
        ("test_acts",),
    ),
    Breakage(
        "who is no staff rotates by the side of an act",
        ACTS,
        "refuse_others",
        instead("by.is_staff and Who.STAFF in allowed", "False"),
        ("test_acts",),
    ),
    Breakage(
        "a permanent token is rotated by whoever finds a browser signed in",
        "installs.installations.rotating",
        "rotate",
        without("refuse_unless_fresh(by)"),
        ("test_rotating_pages",),
    ),
    TemplateBreakage(
        "the page of a rotation holds the permanent token that was sent",
        "_rotated.html",
        "<div data-says>Waiting for the new one to be used</div>",
        "<div data-says data-token={{ new.value }}>Waiting for the new one to be used</div>",
        ("test_rotating_pages",),
    ),
)
