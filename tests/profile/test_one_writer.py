"""Nothing but its record and the deletion of a person writes in the timeline."""

import ast

from tests.kit.portal import ROOT

# What changes rows of a queryset.
CHANGING = {"update", "bulk_update", "delete", "_raw_delete", "save"}


def changes(source: str) -> list[str]:
    """Calls that change entries, where the call names the model."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Attribute(attr=name, value=rows)) if name in CHANGING:
                found += [ast.unparse(node)] if "TimelineEntry" in ast.unparse(rows) else []
    return found


def test_only_the_deletion_of_a_person_changes_entries() -> None:
    found = {}
    for package in ("linnapp", "installs"):
        for path in (ROOT / package).rglob("*.py"):
            if "migrations" not in path.parts and (calls := changes(path.read_text())):
                found[str(path.relative_to(ROOT))] = calls
    # For the demo, whose history is made up.
    assert set(found) <= {"installs/demo/history.py", "installs/demo/load.py"}, found
    assert changes("TimelineEntry.objects.filter(pk=1).update(reason='')")
