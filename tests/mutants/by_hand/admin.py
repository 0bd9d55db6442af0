"""The admin: its first page, the search over everything, the page of a review, and what it masks."""

from tests.mutants.breakages import Breakage
from tests.mutants.changes import instead, never, returns, without, without_operand

EXPORT = "linnapp.admin_export"
CONTENT = "linnapp.exports"
FILES = "linnapp.export_files"
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
        "_ask",
        never("closed and not page.may_export_closed(request)"),
        ("test_admin_export",),
    ),
    Breakage(
        "what only teams read is exported without a word to them",
        CONTENT,
        "put_on_record",
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
        "an export file is fetched by somebody else",
        "linnapp.admin.exports",
        "ExportFileAdmin.get_queryset",
        instead("super().get_queryset(request).filter(person=request.user.pk)", "super().get_queryset(request)"),
        ("test_export_files",),
    ),
    Breakage(
        "an export file is fetched by who may not see the list any more",
        "linnapp.admin.exports",
        "ExportFileAdmin.fetch_view",
        never("not export_files.may(file, request)"),
        ("test_export_files",),
    ),
    Breakage(
        "an export file is made for who may not see the list any more",
        FILES,
        "_asked",
        never("not may(file, request)"),
        ("test_export_files",),
    ),
    Breakage(
        "what only teams read is fetched by who may not work in accounts any more",
        FILES,
        "may",
        without_operand("page.may_export_closed(request)"),
        ("test_export_files",),
    ),
    Breakage(
        "a workbook is written without being put on record",
        FILES,
        "_make",
        without("put_on_record"),
        ("test_export_files",),
    ),
    Breakage(
        "an export file that ended is fetched still",
        "linnapp.admin.exports",
        "ExportFileAdmin.get_queryset",
        returns("own"),
        ("test_export_files",),
    ),
    Breakage(
        "a cell of a workbook is a formula",
        "linnapp.workbook_writing",
        "_cell",
        instead(
            'f\'<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>\'',
            "f'<c><f>{text}</f></c>'",
        ),
        ("test_export_files",),
    ),
    Breakage(
        "a spreadsheet runs what somebody called themselves",
        "linnapp.cells",
        "guarded",
        returns("text"),
        ("test_cells",),
    ),
)
