"""Manifests of many applications from one file, a line each: what each would change is shown before it is saved."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from linnapp import credentials, json_places
from linnapp.actors import Actor, Side
from linnapp.byte_marks import text_of
from linnapp.drafts import keeping_keys
from linnapp.errors import Moved
from linnapp.import_files import MOST_BYTES
from linnapp.manifest import ManifestError, ManifestInvalid, differences, from_snapshot, parse_json, to_json, warnings
from linnapp.manifest.differences import same
from linnapp.manifest.hints import NOT_UPPER_CASE
from linnapp.manifest.json_values import read_json, storable
from linnapp.models import Application, BulkChange, BulkRow
from linnapp.models.access import WORK_PERMISSION
from linnapp.models.bulk_changes import sealed
from linnapp.services.manifests import manifest_of, save_manifest
from linnapp.staff_actions import Edit, Import, Values
from linnapp.workbook_reading import Unreadable

MOST_LINES = 2000
MOST_ERRORS_SAID = 5
State = BulkRow.State


def rows_of_lines(change: BulkChange, content: bytes) -> tuple[Iterable[BulkRow], str]:
    """Raises Unreadable."""
    if len(content) > MOST_BYTES:
        raise Unreadable("The file has more than 10 MB. Upload it in parts.")
    try:
        # Not by `splitlines`: a text of JSON may hold other ends of lines, such as U+2028.
        lines = text_of(content).split("\n")
    except UnicodeDecodeError as fault:
        raise Unreadable("The file is not UTF-8 or UTF-16 text. Save it as JSON Lines in UTF-8.") from fault
    if not any(line.strip() for line in lines) or len(lines) > MOST_LINES + 1:
        raise Unreadable(f"The file must hold one line for each application, {MOST_LINES:,} at most.")
    return _rows(change, lines), ""


def _rows(change: BulkChange, lines: list[str]) -> Iterator[BulkRow]:
    seen: dict[UUID, int] = {}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _row(change, number, line, seen)


def _row(change: BulkChange, number: int, line: str, seen: dict[UUID, int]) -> BulkRow:
    made = BulkRow(change=change, position=number, target="", name="", state=State.WRONG)
    errors: list[ManifestError] = []
    asked = read_json(line, errors, line=number)
    if errors:
        made.said = " ".join(error.message for error in errors)
        return made
    application = _named(asked)
    if application is None:
        made.said = "No application has this Application ID, or the line lacks “application”."
        return made
    made.target, made.name = str(application.pk), application.name
    if application.pk in seen:
        made.said = f"It is also in line {seen[application.pk]}."
        return made
    seen[application.pk] = number
    _compare(made, application, asked.get("manifest"), line)
    return made


def _named(asked: Any) -> Application | None:
    spelled = credentials.canonical(str(asked.get("application", ""))) if isinstance(asked, dict) else None
    return Application.objects.select_related("account").filter(pk=UUID(spelled)).first() if spelled else None


def _compare(made: BulkRow, application: Application, wanted: Any, line: str) -> None:
    old, errors = manifest_of(application), list[ManifestError]()
    if same(storable(wanted, "", errors), to_json(old)) and not errors:
        # Also what nobody may save anew, since the rules were tightened.
        made.state = State.SAME
        return
    try:
        found = parse_json(wanted)
    except ManifestInvalid as refused:
        made.said = _told(refused.errors, made.position, line)
        return
    new = keeping_keys(old, found.manifest)
    made.state = State.WAITING if differences(old, new) else State.SAME
    if made.state == State.WAITING:
        kept_otherwise = [hint for hint in warnings(new) if hint.code == NOT_UPPER_CASE]
        made.said = _told([*found.respelled, *kept_otherwise], made.position, line)
        made.wanted_encrypted = sealed({"manifest": to_json(new)})
        made.before_encrypted = sealed({"manifest": to_json(old)})


def _told(errors: list[ManifestError], number: int, line: str) -> str:
    """Each with its place in the file."""
    inside = {error: f"manifest.{error.path}" if error.path else "manifest" for error in errors[:MOST_ERRORS_SAID]}
    found = json_places.places(line, inside.values())
    return " ".join(
        f"Line {number}, column {found.get(json_places.plain(path), (1, 1))[1]}: {path}: {error.message}"
        for error, path in inside.items()
    )


def _shown(before: Values, after: Values) -> list[Edit]:
    if "manifest" not in before:
        return []
    found = differences(from_snapshot(before["manifest"]), from_snapshot(after["manifest"]))
    return [(f"{one.label} ({one.what})" if one.what else one.label, one.old, one.new) for one in found]


def _save(application: Application, wanted: Values, seen: Values | None, by: Actor) -> bool:
    row = Application.objects.get(pk=application.pk)
    if seen and not same(to_json(manifest_of(row)), seen["manifest"]):
        raise Moved("Somebody else has saved this manifest since.")
    saved = save_manifest(row, from_snapshot(wanted["manifest"]), expected_revision=row.manifest_revision, by=by)
    return saved.manifest_revision != row.manifest_revision


IMPORT_MANIFESTS = Import(
    name="import_manifests",
    verb="Import manifests of",
    label="Import manifests",
    done="given another manifest",
    read_by="Their teams read this.",
    undone_by="import_manifests",
    needs=WORK_PERMISSION,
    # One of them may have another PostbackUrl.
    fresh=True,
    on_side=Side.DEVELOPER,
    save=_save,
    reads=rows_of_lines,
    kinds=".jsonl,.ndjson,.json,application/jsonl,application/x-ndjson",
    hint=f"JSON Lines, as Export manifests makes it: {MOST_LINES:,} lines and 10 MB at most.",
    shown=_shown,
)
