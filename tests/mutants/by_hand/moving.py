"""An application goes to another account, and an account is closed."""

from tests.mutants.breakages import Breakage
from tests.mutants.changes import instead, never, returns, without

MOVING = "installs.application.moving"
CLOSING = "installs.application.closing"

BREAKAGES = (
    Breakage(
        "the old team's secret works on after a move",
        MOVING,
        "_change_secrets",
        instead("secret_ends.end_all_but(secrets.make_secret(application, by=by), at=at, by=by)", "None"),
        ("test_moved_teams",),
    ),
    Breakage(
        "the old team's secret works for as long as anybody says",
        MOVING,
        "_refuse_unless_asked_well",
        never("secrets_end > timezone.now() + LONGEST_OVERLAP"),
        ("test_moving",),
    ),
    Breakage(
        "who was let in before a move changes it afterwards",
        "linnapp.services.locking",
        "locked",
        never("row.account_id != application.account_id"),
        ("test_moved_teams",),
    ),
    Breakage(
        "a customer is left on the Development Version",
        MOVING,
        "move_application",
        without("moving_installations.leave_development"),
        ("test_moving",),
    ),
    Breakage(
        "what another company makes stays listed as reviewed",
        MOVING,
        "move_application",
        without("listings.review_anew"),
        ("test_moving",),
    ),
    Breakage(
        "an account is deleted on which something was installed",
        "installs.models.installations",
        "InstallationQuerySet.of_either_side",
        returns("self.filter(application__account=account)"),
        ("test_closing",),
    ),
    Breakage(
        "people who have another seat are deleted with a closed account",
        CLOSING,
        "with_no_other_seat",
        returns("people.exclude(pk__in=entered)"),
        ("test_closing",),
    ),
)
