"""The admin: its first page, the search over everything, the page of a review, and what it masks."""

from tests.mutants.breakages import Breakage
from tests.mutants.changes import instead, returns, without_operand

BREAKAGES = (
    Breakage(
        "whoever may look at a review decides it",
        "installs.admin.reviews",
        "ReviewAdmin._decide",
        instead("self.has_act_permission(request)", "True"),
        ("test_admin_reviews",),
    ),
    Breakage(
        "a review is decided by what is no more as it was read",
        "installs.admin.reviews",
        "ReviewAdmin._decide",
        without_operand("reading.digest"),
        ("test_admin_reviews",),
    ),
    Breakage(
        "the search over everything shows lists that one may not see",
        "linnapp.admin_search",
        "_is_open",
        returns("True"),
        ("test_admin_search",),
    ),
    Breakage(
        "the first page tells figures of lists that one may not see",
        "installs.admin.figures",
        "day",
        instead("pages[model].has_view_permission(request)", "True"),
        ("test_admin_first_page",),
    ),
    Breakage(
        "the admin shows the keys in a PostbackUrl",
        "linnapp.credentials",
        "masked_addresses",
        returns("text"),
        ("test_admin_masks",),
    ),
)
