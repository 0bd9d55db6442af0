"""A file of changes: read into what each row would change, written only once it is applied, undone row by row."""

import csv
import dataclasses
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from openpyxl import Workbook

from linnapp import bulk_changes, imports
from linnapp.import_files import read_table
from linnapp.manifest import to_json
from linnapp.models import Account, Application, BulkChange, Membership, TimelineEntry, User
from linnapp.services import applications, people
from linnapp.services.manifests import manifest_of, save_manifest
from linnapp.workbook_reading import Unreadable
from tests.admin.many.test_bulk_changes import press, states
from tests.admin.test_admin import path_of
from tests.kit.people import ClientOf, acting

pytestmark = pytest.mark.django_db
Lines = list[list[Any]]


@pytest.fixture
def two(northwind: Account, alice: User) -> list[Application]:
    return [
        applications.create_application(account=northwind, name=name, kind="SYSTEM", by=acting(alice))[0]
        for name in ("First", "Second")
    ]


def as_csv(lines: Lines, delimiter: str = ",") -> bytes:
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter).writerows(lines)
    return written.getvalue().encode("utf-8-sig")


def as_xlsx(lines: Lines) -> bytes:
    book, written = Workbook(), io.BytesIO()
    for line in lines:
        book.worksheets[0].append([str(cell) for cell in line])
    book.save(written)
    return written.getvalue()


def as_json(lines: Lines) -> bytes:
    head, *rows = lines
    return json.dumps([dict(zip(head, map(str, row), strict=True)) for row in rows]).encode()


def sent(client: Client, table: type[Any], content: bytes, name: str = "changes.csv") -> BulkChange:
    answer = client.post(path_of(table, "import"), {"file": SimpleUploadedFile(name, content)})
    assert answer.status_code == 302, answer.content.decode()
    return BulkChange.objects.get(pk=answer.headers["Location"].split("/")[-3])


def upload(client: Client, table: type[Any], content: bytes, name: str = "changes.csv") -> BulkChange:
    change = sent(client, table, content, name)
    imports.read_now(change.pk)
    change.refresh_from_db()
    return change


def page(client: Client, change: BulkChange, query: str = "") -> str:
    return client.get(path_of(BulkChange, change.pk, "change") + query).content.decode()


def applied(client: Client, change: BulkChange, why: str = "Ticket 12") -> BulkChange:
    client.post(path_of(BulkChange, change.pk, "ask", "apply"), {"why": why})
    bulk_changes.work_on(change.pk)
    change.refresh_from_db()
    return change


def contacts() -> list[str]:
    return list(Application.objects.order_by("name").values_list("support_contact", flat=True))


@pytest.mark.parametrize("written", [as_csv, as_xlsx, as_json, lambda lines: as_csv(lines, ";")])
def test_a_file_is_previewed_applied_and_undone(two: list[Application], paulas: Client, written: Any) -> None:
    lines = [["id", "name", "support_contact"], [two[0].pk, "First", "help@x.example"], [two[1].pk, "Second", ""]]
    change = upload(paulas, Application, written(lines))
    assert (change.state, change.total) == ("READY", 2)
    shown = page(paulas, change)
    assert "<del>(empty)</del> → <ins>help@x.example</ins>" in shown
    assert "Apply to 1 row" in shown
    assert contacts() == ["", ""]
    applied(paulas, change)
    assert contacts() == ["help@x.example", ""]
    assert states(change) == [("First", "DONE"), ("Second", "SAME")]
    entry = TimelineEntry.objects.newest_first()[0]
    assert (entry.kind, entry.reason, entry.facts["change"]) == ("APPLICATION_EDITED", "Ticket 12", str(change.pk))
    press(paulas, change, "undo")
    bulk_changes.work_on(BulkChange.objects.get(undoes=change).pk)
    assert contacts() == ["", ""]


def test_a_file_with_a_wrong_row_changes_nothing_and_says_where(two: list[Application], paulas: Client) -> None:
    lines: Lines = [["id", "support_contact"], [two[0].pk, "help@x.example"]]
    lines += [[two[1].pk, "nowhere"], ["x", "a@x.example"]]
    change = upload(paulas, Application, as_csv(lines))
    shown = page(paulas, change, "?state=WRONG")
    assert f'3: <a href="{path_of(Application, two[1].pk, "change")}">Second</a>' in shown
    assert "<ins>nowhere</ins>" in shown
    assert "nowhere" not in str(list(change.rows.values()))
    assert "support_contact: Enter an e-mail address" in shown
    assert "Nothing has this id." in shown
    assert "Apply to" not in shown
    assert "help@x.example" not in shown
    assert "Not applied: 1 to change, 2 wrong." in paulas.get(path_of(BulkChange)).content.decode()
    applied(paulas, change)
    assert contacts() == ["", ""]
    assert change.state == "READY"


def test_undo_counts_from_when_it_was_applied(two: list[Application], paulas: Client) -> None:
    change = upload(paulas, Application, as_csv([["id", "support_contact"], [two[0].pk, "help@x.example"]]))
    BulkChange.objects.update(
        created_at=timezone.now() - timedelta(days=2), began_at=timezone.now() - timedelta(days=2)
    )
    applied(paulas, change)
    press(paulas, change, "undo")
    bulk_changes.work_on(BulkChange.objects.get(undoes=change).pk)
    assert contacts() == ["", ""]


def test_applied_twice_it_is_done_once_and_never_without_a_reason(two: list[Application], paulas: Client) -> None:
    change = upload(paulas, Application, as_csv([["id", "support_contact"], [two[0].pk, "help@x.example"]]))
    assert applied(paulas, change, why=" ").state == "READY"
    applied(paulas, change)
    applied(paulas, change)
    assert TimelineEntry.objects.filter(kind="APPLICATION_EDITED").count() == 1


def test_what_changed_since_the_preview_or_is_gone_is_left_alone_and_named(
    two: list[Application], alice: User, paulas: Client
) -> None:
    lines: Lines = [["id", "support_contact"], *([row.pk, "help@x.example"] for row in two)]
    change = upload(paulas, Application, as_csv(lines))
    applications.edit_application(two[0], by=acting(alice), support_contact="alice@x.example")
    two[1].versions.all().delete()
    two[1].delete()
    applied(paulas, change)
    assert states(change) == [("First", "LEFT"), ("Second", "LEFT")]
    assert contacts() == ["alice@x.example"]
    assert "Somebody else has changed the same fields." in page(paulas, change)


def test_accounts_people_and_seats_are_changed_by_files(
    northwind: Account, alice: User, bob: User, carol: User, cakes: Account, paulas: Client
) -> None:
    seat = Membership.objects.get(user=bob)
    files: list[tuple[type[Any], Lines]] = [
        (Account, [["id", "name", "contact_email"], [str(cakes.pk).upper(), "Bakery", "b@x.example"]]),
        (User, [["email", "name", "is_active"], [carol.email, "Carola", "False"]]),
        (Membership, [["id", "role"], [seat.pk, "Owner"]]),
    ]
    for table, lines in files:
        change = applied(paulas, upload(paulas, table, as_csv(lines)))
        assert [state for _, state in states(change)] == ["DONE"], change.rows.get().said
    for row in (cakes, carol, seat):
        row.refresh_from_db()
    assert (cakes.name, carol.name, carol.is_active, seat.role) == ("Bakery", "Carola", False, "OWNER")
    kinds = set(TimelineEntry.objects.filter(reason="Ticket 12").values_list("kind", flat=True))
    assert kinds == {"ACCOUNT_EDITED", "PERSON_RENAMED", "MEMBER_SWITCHED_OFF", "MEMBER_ROLE"}


def test_columns_that_cannot_be_changed_are_named_and_not_read(two: list[Application], paulas: Client) -> None:
    change = upload(paulas, Application, as_csv([["id", "name", "listing"], [two[0].pk, "Renamed", "LISTED"]]))
    assert "Ignored, because an import cannot change it: listing." in page(paulas, change)
    applied(paulas, change)
    two[0].refresh_from_db()
    assert (two[0].name, two[0].listing) == ("Renamed", "UNLISTED")


def test_only_who_may_change_the_table_sends_a_file(
    two: list[Application], sam: User, alice: User, client_of: ClientOf
) -> None:
    assert client_of(sam).get(path_of(Application, "import")).status_code == 403
    assert client_of(alice).get(path_of(Application, "import")).status_code == 404


def test_the_file_and_its_values_stand_in_no_row_of_the_database(two: list[Application], paulas: Client) -> None:
    change = upload(paulas, Application, as_csv([["id", "support_contact"], [two[0].pk, "secret-desk@x.example"]]))
    stored = [*BulkChange.objects.values(), *change.rows.values()]
    assert "secret-desk" not in str(stored)
    assert change.file_encrypted == ""


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"a," * 1_000_000, "first line"),
        (b"id,name\n" + b'"x' * 100_000, "Line 2 is not CSV"),
        (b"id,id\n1,2\n", "twice"),
        (b"id,,name\n1,2,3\n", "name each column"),
        (b"id,name\n1,2,3\n", "more cells than the heading"),
        (b"[1, 2]", "list of objects"),
        (b"[" * 100_000, "nested too deeply"),
        (b"\xff\xfei\x00d", "damaged"),
        (b"\xef\xbb\xbfid,name\n1,\xff\n", "damaged"),
        (b"PK\x03\x04nonsense", "cannot be opened"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", ".xls"),
        (b"id,name\n" + b"1,2\n" * 60_000, "rows"),
    ],
)
def test_what_is_no_table_is_refused_in_words(content: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        read_table("x", content)


def test_a_file_that_is_no_table_stops_with_its_sentence(two: list[Application], paulas: Client) -> None:
    change = upload(paulas, Application, b"id,id\n1,2\n")
    assert change.state == "STOPPED"
    assert "appears twice in the first line" in page(paulas, change)


def test_what_nobody_foresaw_in_a_file_ends_its_reading(
    two: list[Application], paulas: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "Preview", lambda *given: 1 / 0)
    change = upload(paulas, Application, as_csv([["id", "name"], [two[0].pk, "Renamed"]]))
    assert (change.state, change.file_encrypted) == ("STOPPED", "")
    assert "could not be read" in page(paulas, change)


def test_other_encodings_are_read_and_named(two: list[Application], paulas: Client) -> None:
    content = f"id;name\n{two[0].pk};Müller\n".encode("cp1252")
    change = upload(paulas, Application, content)
    shown = page(paulas, change)
    assert "read as Windows-1252" in shown
    assert "<ins>Müller</ins>" in shown


def test_what_an_export_guards_is_read_as_it_was() -> None:
    table = read_table("x", b"id,name\n1,'=SUM(A1)\n2,'quoted\n")
    assert [row.cells["name"] for row in table.rows] == ["=SUM(A1)", "'quoted"]


def upload_manifests(client: Client, lines: list[Any] | bytes) -> BulkChange:
    if isinstance(lines, bytes):
        content = lines
    else:
        content = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines).encode()
    answer = client.post(
        path_of(Application, "import-manifests"), {"file": SimpleUploadedFile("manifests.jsonl", content)}
    )
    change = BulkChange.objects.get(pk=answer.headers["Location"].split("/")[-3])
    imports.read_now(change.pk)
    change.refresh_from_db()
    return change


def with_permission(application: Application, name: str) -> dict[str, Any]:
    manifest = to_json(manifest_of(application))
    return {"application": str(application.pk), "manifest": manifest | {"LinnworksPermissions": [name]}}


def test_manifests_of_many_are_shown_saved_and_set_back(two: list[Application], alice: User, paulas: Client) -> None:
    before = [to_json(manifest_of(row)) for row in two]
    lines = [with_permission(row, "GlobalPermissions.Inventory.View") for row in two]
    change = upload_manifests(paulas, lines)
    shown = page(paulas, change)
    assert "GlobalPermissions.Inventory.View" in shown
    assert [to_json(manifest_of(row)) for row in two] == before
    applied(paulas, change)
    assert states(change) == [("First", "DONE"), ("Second", "DONE")]
    assert Application.objects.get(pk=two[0].pk).permissions == ["GlobalPermissions.Inventory.View"]
    entry = TimelineEntry.objects.newest_first()[0]
    assert (entry.kind, entry.reason, entry.facts["on_side"]) == ("MANIFEST_SAVED", "Ticket 12", "DEVELOPER")
    second = Application.objects.get(pk=two[1].pk)
    changed = dataclasses.replace(manifest_of(second), permissions=("GlobalPermissions.Orders.View",))
    save_manifest(second, changed, expected_revision=second.manifest_revision, by=acting(alice))
    press(paulas, change, "undo")
    back = BulkChange.objects.get(undoes=change)
    bulk_changes.work_on(back.pk)
    assert states(back) == [("First", "DONE"), ("Second", "LEFT")]
    assert to_json(manifest_of(Application.objects.get(pk=two[0].pk))) == before[0]


def test_each_import_says_which_files_it_reads(two: list[Application], paulas: Client) -> None:
    table, manifests = (paulas.get(path_of(Application, name)) for name in ("import", "import-manifests"))
    assert (table.context["title"], manifests.context["title"]) == (
        "Import applications",
        "Import manifests of applications",
    )
    assert table.context["form"]["file"].help_text.startswith("CSV, XLSX or JSON in the form of the export")
    assert 'accept=".csv,' in table.content.decode()
    shown = manifests.content.decode()
    assert "JSON Lines, as Export manifests makes it: 2,000 lines and 10 MB at most." in shown
    assert 'accept=".jsonl,' in shown
    assert "CSV" not in shown
    assert upload_manifests(paulas, ["{}"]).title == "Import manifests of applications: manifests.jsonl"


def test_manifests_that_are_wrong_are_named_by_line(two: list[Application], paulas: Client) -> None:
    second = f'{{"application": "{two[1].pk}", "manifest": '
    lines = [
        with_permission(two[0], "x"),
        "{",
        {"application": "unknown"},
        second + "{}}",
        with_permission(two[0], "y"),
        f"{{application: '{two[1].pk}', manifest: {{}}}}",
        second + "[" * 20_000 + "]" * 20_000 + "}",
    ]
    change = upload_manifests(paulas, lines)
    said = dict(change.rows.filter(state="WRONG").values_list("position", "said"))
    assert said[2] == "This is not JSON: the text ends here, before all that was opened is closed at line 2, column 2."
    assert "No application has this Application ID" in said[3]
    missing = "A manifest lists its modules in a member “modules”: it is missing here."
    assert said[4] == f"Line 4, column 69: manifest.modules: {missing}"
    assert "also in line 1" in said[5]
    assert said[6] == "This is not JSON: the name application is not in quotes at line 6, column 2."
    assert said[7] == "Lists and objects are nested more than 32 deep at line 7, column 101."


def test_manifests_are_imported_by_who_may_work_in_accounts(
    two: list[Application], staff: dict[str, User], client_of: ClientOf
) -> None:
    quinn, willa = client_of(staff["Quinn"]), client_of(staff["Willa"])
    assert quinn.get(path_of(Application, "import-manifests")).status_code == 403
    assert b"Import manifests" not in quinn.get(path_of(Application)).content
    assert b"Import manifests" in willa.get(path_of(Application)).content
    lead_away = with_permission(two[0], "x")
    lead_away["manifest"]["Modules"][0]["parameters"] = [{"name": "PostbackUrl", "value": "https://mine.example/"}]
    change = upload_manifests(willa, [lead_away])
    assert "mine.example" in page(willa, change)
    assert "mine.example" not in page(quinn, change)
    applied(willa, change)
    assert change.rows.get().said == "You do not have permission to reveal secrets and permanent tokens."


def test_people_edited_meanwhile_are_left_alone(carol: User, paula: User, paulas: Client) -> None:
    change = upload(paulas, User, as_csv([["email", "name"], [carol.email, "Carola"]]))
    people.edit_person(carol, name="Caro", time_zone="UTC")
    applied(paulas, change)
    carol.refresh_from_db()
    assert (carol.name, [state for _, state in states(change)]) == ("Caro", ["LEFT"])
