"""Many rows at once: what is done twice, overwritten or done without a right."""

from tests.mutants.breakages import Breakage
from tests.mutants.changes import instead, never

BULK = "linnapp.bulk_changes"
IMPORTS = "linnapp.imports"

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
        never("undone and str(undone.mark(found))[:200] != row.mark"),
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
)
