"""A bulk change, an import and an export that the queue does not take: the page answers, and whoever looks at the rows
does the work itself."""

from datetime import timedelta
from functools import partial
from types import ModuleType
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from installs import tasks
from linnapp import admin_pages, bulk_changes, export_files, imports
from linnapp.models import Application, BulkChange, ExportFile
from tests.admin.many.test_bulk_changes import states
from tests.admin.test_admin import path_of
from tests.admin.test_admin_actions import act
from tests.admin.test_imports import sent

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def queue_away(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*given: Any) -> None:
        raise ConnectionError("Error 111 connecting to 127.0.0.1:6379.")

    monkeypatch.setattr(settings.HUEY.storage, "enqueue", refuses)


def pass_minutes() -> None:
    silent = timezone.now() - timedelta(minutes=2)
    BulkChange.objects.update(beaten_at=silent)
    ExportFile.objects.update(beaten_at=silent)


def test_a_bulk_change(three: list[Application], paulas: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin_pages, "AT_ONCE", 1)
    assert act(paulas, "suspend", *three).status_code == 200
    change = BulkChange.objects.get()
    assert {state for _, state in states(change)} == {"WAITING"}
    bulk_changes.take_up()
    assert {state for _, state in states(change)} == {"WAITING"}
    pass_minutes()
    bulk_changes.take_up()
    assert {state for _, state in states(change)} == {"DONE"}


def test_one_that_is_long_keeps_no_other_from_beginning(
    three: list[Application], paulas: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that is asked for while it is worked on."""
    monkeypatch.setattr(admin_pages, "AT_ONCE", 0)
    monkeypatch.setattr(bulk_changes, "STEP", 1)
    monkeypatch.setattr(bulk_changes, "LOOKS_EVERY", -1.0)
    order: list[Any] = []
    step = bulk_changes._step

    def noted(key: Any, rests: float) -> bool:
        order.append(key)
        if len(order) == 1:
            act(paulas, "suspend", three[2])
            pass_minutes()
        return step(key, rests)

    monkeypatch.setattr(bulk_changes, "_step", noted)
    act(paulas, "suspend", *three)
    pass_minutes()
    bulk_changes.take_up()
    first, second = BulkChange.objects.order_by("created_at").values_list("pk", flat=True)
    assert order[:4] == [first, first, second, first]
    assert not BulkChange.objects.filter(state="WORKING").exists()


def test_each_kind_is_taken_up_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a file waits for no bulk change."""
    for kind, job in {
        bulk_changes: tasks.take_up_bulk_changes,
        imports: tasks.take_up_imports,
        export_files: tasks.take_up_exports,
    }.items():
        done: list[ModuleType] = []
        for each in (bulk_changes, imports, export_files):
            monkeypatch.setattr(each, "take_up", partial(done.append, each))
        job.call_local()
        assert done == [kind]


def test_an_import(three: list[Application], paulas: Client) -> None:
    change = sent(paulas, Application, f"id,support_contact\n{three[0].pk},help@x.example\n".encode())
    pass_minutes()
    imports.take_up()
    change.refresh_from_db()
    assert (change.state, change.total) == ("READY", 1)


def test_an_export(three: list[Application], paulas: Client) -> None:
    answer = paulas.post(path_of(Application, "export", "xlsx"), {"way": "xlsx"})
    assert answer.status_code == 302
    pass_minutes()
    export_files.take_up()
    file = ExportFile.objects.get()
    assert (file.state, file.total) == ("READY", 3)
