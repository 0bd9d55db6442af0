"""The admin: its first page, the search over everything, the page of a review, and what it masks."""

from tests.mutants.breakages import Breakage
from tests.mutants.changes import instead, never, returns, without, without_operand

EXPORT = "linnapp.admin_export"
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
    Breakage(
        "a list that one may not see is taken along as a file",
        EXPORT,
        "Exporting._of_filtered",
        never("not self.has_view_permission(request)"),
        ("test_admin_export",),
    ),
    Breakage(
        "a file holds more than the list was narrowed to",
        EXPORT,
        "Exporting._of_filtered",
        instead("self.get_changelist_instance(request).get_queryset(request)", "self.get_queryset(request)"),
        ("test_admin_export",),
    ),
    Breakage(
        "what only teams read is exported by whoever may see the list",
        EXPORT,
        "_with_private",
        never("not page.may_export_private(request)"),
        ("test_admin_export",),
    ),
    Breakage(
        "what only teams read is exported without a word to them",
        EXPORT,
        "_put_on_record",
        without("_tell_accounts"),
        ("test_admin_export",),
    ),
    Breakage(
        "what no page shows is exported",
        "linnapp.admin_columns",
        "columns_of",
        instead("field.name in shown", "True"),
        ("test_admin_export",),
    ),
    Breakage(
        "a spreadsheet runs what somebody called themselves",
        "linnapp.cells",
        "guarded",
        returns("text"),
        ("test_cells",),
    ),
)
