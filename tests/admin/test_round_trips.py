"""A list is exported, one cell of the file is edited, and it is imported: the preview shows that one field, whatever
stands in all others."""

import csv
import dataclasses
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from installs.admin.applications import ApplicationForm
from linnapp import export_files
from linnapp.cells import guarded
from linnapp.manifest import ManifestParameter, to_json
from linnapp.models import Application, BulkChange, ExportFile, TimelineEntry, User
from linnapp.models.bulk_changes import opened
from linnapp.services.manifests import manifest_of, save_manifest
from tests.admin import test_imports
from tests.admin.many.test_bulk_changes import states
from tests.admin.test_admin import path_of
from tests.admin.test_imports import as_csv, page, upload, upload_manifests
from tests.kit.fuzzing import examples
from tests.kit.people import ClientOf, acting

pytestmark = pytest.mark.django_db
two = test_imports.two

ODD = [
    *("=1+1", "'=1", "''=1", "'tis", "-5 %", "+44 20", "@home", "＝wide", "Müller 株式会社", "شركة النور", "👩‍🚀 go"),
    *('say "hi", twice', "a;b", "null", "None", "true", "0012", "1e5", "1.0", "2026-01-02", "_x0041_", "<b>&amp;"),
    *("two\nlines", "=a\n-b\n\tc", '"', ",", "x" * 80, "long " * 399 + "text", ""),
]
FIELDS = ("name", "description", "support_contact")
CONTACTS = ["", "desk@x.example", "https://x.example/?q=a,b;c&d='=1'", "'=1+1@x.example"]


def cleaned(field: str, text: str) -> str | None:
    """The text as the field keeps it, None where it does not take it."""
    try:
        return str(ApplicationForm.base_fields[field].clean(text))
    except ValidationError:
        return None


def values(field: str) -> st.SearchStrategy[str]:
    texts = st.sampled_from(CONTACTS) if field == "support_contact" else st.sampled_from(ODD) | st.text(max_size=30)
    kept: st.SearchStrategy[Any] = texts.map(lambda text: cleaned(field, text)).filter(lambda text: text is not None)
    return kept


rows = st.fixed_dictionaries({field: values(field) for field in FIELDS})
edits = st.sampled_from(FIELDS).flatmap(lambda field: st.tuples(st.just(field), values(field)))


def of_csv(client: Client) -> bytes:
    return b"".join(client.get(path_of(Application, "export", "csv")))


def of_json(client: Client) -> bytes:
    return b"".join(client.get(path_of(Application, "export", "json")))


def of_xlsx(client: Client) -> bytes:
    ExportFile.objects.all().delete()
    assert client.post(path_of(Application, "export", "xlsx"), {"way": "xlsx"}).status_code == 302
    file = ExportFile.objects.get()
    export_files.make(file.pk)
    return b"".join(client.get(path_of(ExportFile, file.pk, "file")))


def edit_csv(content: bytes, key: str, field: str, value: str) -> bytes:
    found = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    for row in found:
        row[field] = guarded(value) if row["id"] == key else row[field]
    return as_csv([list(found[0]), *(list(row.values()) for row in found)])


def edit_json(content: bytes, key: str, field: str, value: str) -> bytes:
    found = json.loads(content)
    return json.dumps([row | ({field: value} if row["id"] == key else {}) for row in found]).encode()


def edit_xlsx(content: bytes, key: str, field: str, value: str) -> bytes:
    """As a spreadsheet does it: the sheet is saved anew, texts in a table of their own."""
    book, saved = load_workbook(io.BytesIO(content)), io.BytesIO()
    sheet = book.worksheets[0]
    place = [cell.value for cell in sheet[1]].index(field)
    for row in sheet.iter_rows(min_row=2):
        if row[0].value == key:
            row[place].value = guarded(value)
    book.save(saved)
    return saved.getvalue()


WAYS: dict[str, tuple[Callable[[Client], bytes], Callable[[bytes, str, str, str], bytes]]] = {
    "csv": (of_csv, edit_csv),
    "json": (of_json, edit_json),
    "xlsx": (of_xlsx, edit_xlsx),
}


@pytest.mark.parametrize("way", WAYS)
@given(first=rows, second=rows, edit=edits)
@example(
    first={"name": "=1+1", "description": "=a\n-b\n\tc", "support_contact": CONTACTS[2]},
    second={"name": "0012", "description": "'=1", "support_contact": ""},
    edit=("description", "''=1"),
)
@settings(max_examples=examples(12), deadline=None, suppress_health_check=list(HealthCheck))
def test_an_export_with_one_cell_edited_shows_that_one_field(
    two: list[Application], paulas: Client, way: str, first: dict[str, str], second: dict[str, str], edit: Any
) -> None:
    for row, texts in zip(two, (first, second), strict=True):
        Application.objects.filter(pk=row.pk).update(**texts)
    export, change_cell = WAYS[way]
    field, value = edit
    content = export(paulas)
    assert [state for _, state in states(upload(paulas, Application, content))] == ["SAME", "SAME"]
    change = upload(paulas, Application, change_cell(content, str(two[0].pk), field, value))
    wanted = {} if first[field] == value else {str(two[0].pk): {field: value}}
    waiting = change.rows.filter(state="WAITING")
    assert {row.target: opened(row.wanted_encrypted) for row in waiting} == wanted
    assert not change.rows.filter(state="WRONG").exists()
    BulkChange.objects.all().delete()


def manifests(client: Client, reason: str = "Ticket 12") -> str:
    answer = client.post(path_of(Application, "export", "manifests"), {"way": "jsonl", "reason": reason})
    assert answer.status_code == 200
    with CaptureQueriesContext(connection) as queries:
        text = b"".join(answer).decode()
    assert len(queries) == 3
    return text


def test_manifests_are_exported_with_a_reason_and_imported_unchanged(
    two: list[Application], alice: User, staff: dict[str, User], client_of: ClientOf
) -> None:
    quinn, willa = client_of(staff["Quinn"]), client_of(staff["Willa"])
    assert quinn.post(path_of(Application, "export", "manifests"), {"way": "jsonl", "reason": "Why"}).status_code == 403
    assert "Export manifests" not in quinn.get(path_of(Application)).content.decode()
    assert "Export manifests" in willa.get(path_of(Application)).content.decode()
    refused = willa.post(path_of(Application, "export", "manifests"), {"way": "jsonl", "reason": " "})
    assert refused.status_code == 422
    saved = manifest_of(two[0])
    address = ManifestParameter("PostbackUrl", "https://hooks.example/?key=0f9d4e7c-1111-4222-8333-44440a0b0c0d")
    odd = ManifestParameter("Note", "one\u2028line\x85, and \U0001f600")
    module = dataclasses.replace(saved.modules[0], parameters=(address, odd))
    changed = dataclasses.replace(saved, modules=(module,))
    save_manifest(two[0], changed, expected_revision=two[0].manifest_revision, by=acting(alice))
    text = manifests(willa)
    lines = [json.loads(line) for line in text.rstrip("\n").split("\n")]
    assert {line["application"]: line["manifest"] for line in lines} == {
        str(row.pk): to_json(manifest_of(row)) for row in two
    }
    told = TimelineEntry.objects.get(kind="STAFF_COPIED")
    assert (told.reason, told.facts["number"], told.facts["private"]) == ("Ticket 12", "2 applications", "manifest")
    assert [state for _, state in states(upload_manifests(willa, text.split("\n")[:-1]))] == ["SAME", "SAME"]
    lines[1]["manifest"]["LinnworksPermissions"] = ["GlobalPermissions.Inventory.View"]
    change: BulkChange = upload_manifests(willa, lines)
    assert sorted(state for _, state in states(change)) == ["SAME", "WAITING"]
    assert "GlobalPermissions.Inventory.View" in page(willa, change)
