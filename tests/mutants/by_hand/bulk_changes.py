"""Many rows at once: what is done twice, overwritten or done without a right."""

from tests.mutants.breakages import Breakage
from tests.mutants.changes import always, instead, never, without, without_decorator

BULK = "linnapp.bulk_changes"
IMPORTS = "linnapp.imports"
NOTICES = "linnapp.services.notices"

BREAKAGES = (
    Breakage(
        "a step does not ask again what its person may do",
        BULK,
        "_step",
        never("not may(change, person)"),
        ("test_bulk_changes",),
    ),
    Breakage(
        "an undo overwrites what somebody changed since",
        BULK,
        "_done",
        never("(change.undoes or row.mark) and str(marked_by.mark(found))[:200] != row.mark"),
        ("test_bulk_changes",),
    ),
    Breakage(
        "the undo of an edit overwrites a later edit",
        BULK,
        "_done",
        instead("opened(row.before_encrypted) or None", "None"),
        ("test_bulk_changes", "test_imports"),
    ),
    Breakage(
        "an import writes before it is applied",
        IMPORTS,
        "read_now",
        instead("BulkChange.State.READY", "BulkChange.State.WORKING"),
        ("test_imports", "test_import_new_rows"),
    ),
    Breakage(
        "what was undone goes on",
        BULK,
        "may_go_on",
        instead('hasattr(change, "undone_by")', "False"),
        ("test_bulk_changes",),
    ),
    Breakage(
        "an undo of a listing takes off the store what was there before",
        "installs.admin.acts",
        "OffStore.do",
        never('wanted.get("listing") == Application.Listing.LISTED'),
        ("test_bulk_changes",),
    ),
    Breakage(
        "what matches is done, whatever was read",
        "linnapp.admin_pages",
        "ask_and_perform",
        instead("sorted(map(str, keys))", "number"),
        ("test_bulk_changes",),
    ),
    Breakage(
        "a file that could not be read goes on",
        BULK,
        "may_go_on",
        instead("not change.may_be_discarded", "True"),
        ("test_import_files",),
    ),
    Breakage(
        "the job of who was stopped goes on beside that of who goes on",
        BULK,
        "_row",
        instead(
            "BulkChange.objects.filter(pk=change.pk, person=change.person_id, began_at=change.began_at)",
            "BulkChange.objects.filter(pk=change.pk)",
        ),
        ("test_bulk_changes",),
    ),
    Breakage(
        "a file that was applied is discarded",
        BULK,
        "discard",
        never("not row.may_be_discarded"),
        ("test_import_files",),
    ),
    Breakage(
        "two jobs read one file",
        IMPORTS,
        "_beat",
        never("not ours.update(beaten_at=timezone.now(), **facts)"),
        ("test_import_files",),
    ),
    Breakage(
        "an undo takes back what somebody moved there anew",
        "linnapp.timeline",
        "last_of",
        instead('rows.values_list("pk", flat=True).first() or 0', "0"),
        ("test_marks",),
    ),
    Breakage(
        "a new row is made twice",
        BULK,
        "_row",
        without_decorator("transaction.atomic"),
        ("test_import_new_rows",),
    ),
    Breakage(
        "new rows are made by whoever may change the table",
        BULK,
        "may",
        instead("not _makes(change, act) or person.has_perm(cast(Import, act).makes.needs)", "True"),
        ("test_import_new_rows",),
    ),
    Breakage(
        "each row of a bulk change is told by a mail of its own",
        NOTICES,
        "tell",
        always("by.change is None"),
        ("test_bulk_notices",),
    ),
    Breakage(
        "what was told of a bulk change is told again",
        NOTICES,
        "_send",
        without("change.notices.filter(address=address, pk__lte=keys[-1]).delete()"),
        ("test_bulk_notices",),
    ),
    Breakage(
        "a file with wrong rows is applied",
        IMPORTS,
        "apply",
        never("change.rows.filter(state=State.WRONG).exists()"),
        ("test_imports",),
    ),
    Breakage(
        "manifests are imported by anybody who may change the table",
        "linnapp.admin_pages",
        "ReadOnlyAdmin.may_do",
        instead("not act.needs or person.has_perm(act.needs)", "True"),
        ("test_imports",),
    ),
    Breakage(
        "a list that is typed into does not compare what was read",
        "linnapp.admin_list_editing",
        "Sheet._write",
        instead("form.seen()", "{}"),
        ("test_list_editing",),
    ),
    Breakage(
        "a list that is typed into is saved by whoever may look at it",
        "linnapp.admin_list_editing",
        "ListEditingAdmin.edit_list_view",
        never("not self.has_change_permission(request)"),
        ("test_list_editing",),
    ),
)
