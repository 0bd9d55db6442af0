"""What becomes of a file that was sent: read by one job, given up, discarded, and so many at most."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from linnapp import batches, imports
from linnapp.models import Application, BulkChange, BulkRow
from tests.admin import test_imports
from tests.admin.many.test_bulk_changes import press, states
from tests.admin.test_admin import path_of
from tests.admin.test_imports import applied, as_csv, contacts, page, sent, upload

pytestmark = pytest.mark.django_db
two = test_imports.two


def test_a_job_that_was_taken_for_gone_writes_over_nothing(
    two: list[Application], paulas: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = sent(paulas, Application, as_csv([["id", "support_contact"], [two[0].pk, "help@x.example"]]))
    imports.read_now(change.pk)
    assert not BulkChange.objects.unread().exists()
    BulkChange.objects.update(state="READING", tries=0)

    def silent(change: BulkChange, rows: Any, write: Any = imports._write) -> int:
        monkeypatch.setattr(imports, "_write", write)
        BulkChange.objects.update(beaten_at=timezone.now() - timedelta(minutes=2))
        imports.take_up()
        imports.read_now(change.pk)
        applied(paulas, change)
        return int(write(change, rows))

    monkeypatch.setattr(imports, "_write", silent)
    BulkChange.objects.update(file_encrypted=change.file_encrypted)
    imports.read_now(change.pk)
    change.refresh_from_db()
    assert (change.state, states(change), contacts()) == ("DONE", [("First", "DONE")], ["help@x.example", ""])


def test_a_file_that_no_job_survives_is_given_up(
    application: Application, paulas: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*given: Any) -> int:
        raise SystemExit

    monkeypatch.setattr(imports, "_write", dies)
    change = sent(paulas, Application, b"id,support_contact\nx,y\n")
    for _ in range(imports.MOST_TRIES):
        BulkChange.objects.update(beaten_at=timezone.now() - timedelta(minutes=2))
        with pytest.raises(SystemExit):
            imports.read_now(change.pk)
    BulkChange.objects.update(beaten_at=timezone.now() - timedelta(minutes=2))
    imports.take_up()
    change.refresh_from_db()
    assert (change.state, change.said, change.file_encrypted) == ("STOPPED", imports.NOT_READ, "")
    BulkRow.objects.create(change=change, position=1, target=str(application.pk), name="Stock Bridge")
    assert 'value="Go on"' not in page(paulas, change)
    press(paulas, change, "go-on")
    change.refresh_from_db()
    assert change.state == "STOPPED"


def test_files_that_nobody_applies_are_so_many(paulas: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "MOST_FILES", 2)
    kept = [sent(paulas, Application, b"id,support_contact\nx,y\n") for _ in range(2)]
    file = {"file": SimpleUploadedFile("a.csv", b"id,support_contact\nx,y\n")}
    answer = paulas.post(path_of(Application, "import"), file)
    assert answer.status_code == 422
    assert "Discard some under Bulk changes" in answer.content.decode()
    imports.read_now(kept[0].pk)
    press(paulas, kept[0], "discard")
    sent(paulas, Application, b"id,support_contact\nx,y\n")


@pytest.mark.parametrize("content", [b"id,support_contact\n", b"nothing,here\n1,2\n", b"id,support_contact\nx,y\n"])
def test_a_file_that_is_not_wanted_is_discarded_and_leaves_nothing(paulas: Client, content: bytes) -> None:
    change = upload(paulas, Application, content)
    shown = page(paulas, change)
    assert 'value="Discard this file"' in shown
    assert "undo_form" not in shown
    press(paulas, change, "discard")
    assert not BulkChange.objects.exists()
    assert not BulkRow.objects.exists()


def test_what_was_applied_is_not_discarded(two: list[Application], paulas: Client) -> None:
    change = upload(paulas, Application, as_csv([["id", "support_contact"], [two[0].pk, "help@x.example"]]))
    applied(paulas, change)
    assert 'value="Discard this file"' not in page(paulas, change)
    press(paulas, change, "discard")
    assert BulkChange.objects.exists()


@pytest.fixture
def stopping(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether this process was asked to stop."""
    asked = [False]
    for module in (imports, batches):
        monkeypatch.setattr(module, "stop_asked", lambda: asked[0])
    return asked


def begun_by_one_that_died(client: Client, row: Application, *, tries: int) -> BulkChange:
    """With the rows that it wrote until then."""
    change = sent(client, Application, as_csv([["id", "support_contact"], [row.pk, "help@x.example"]]))
    BulkRow.objects.create(change=change, position=2, target=str(row.pk), name="Half")
    silent = timezone.now() - timedelta(minutes=2)
    BulkChange.objects.filter(pk=change.pk).update(tries=tries, beaten_at=silent)
    return change


def test_a_worker_that_stops_while_it_reads_a_file_anew_leaves_it_to_another(
    two: list[Application], paulas: Client, stopping: list[bool]
) -> None:
    change = begun_by_one_that_died(paulas, two[0], tries=1)
    stopping[0] = True
    imports.read_now(change.pk)
    change.refresh_from_db()
    assert (change.state, bool(change.file_encrypted)) == ("READING", True)
    stopping[0] = False
    BulkChange.objects.update(beaten_at=timezone.now() - timedelta(minutes=2))
    imports.read_now(change.pk)
    change.refresh_from_db()
    assert (change.state, states(change)) == ("READY", [("First", "WAITING")])


def test_one_that_stops_while_it_gives_a_file_up_leaves_no_row_behind(
    two: list[Application], paulas: Client, stopping: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    change = begun_by_one_that_died(paulas, two[0], tries=imports.MOST_TRIES)
    monkeypatch.setattr(batches, "stop_asked", lambda: True)
    imports.take_up()
    monkeypatch.setattr(batches, "stop_asked", lambda: False)
    BulkChange.objects.update(beaten_at=timezone.now() - timedelta(minutes=2))
    imports.take_up()
    change.refresh_from_db()
    assert (change.state, change.total, change.rows.count()) == ("STOPPED", 0, 0)
