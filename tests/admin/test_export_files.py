"""Workbooks of the admin's lists: made by a job, encrypted, with an end, for whoever asked and may still see them."""

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import Permission
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from installs import tasks
from linnapp import batches, export_files, exports
from linnapp.import_files import read_table
from linnapp.models import Account, Application, ExportFile, ExportPart, TimelineEntry, User
from tests.admin.test_admin import path_of
from tests.kit.people import ClientOf

pytestmark = pytest.mark.django_db
NAMES = ["Müller 株式会社", "=1+1", '=HYPERLINK("https://x.example")', "+44", "-5", "@SUM(A1)", "'=x", "0012", "1e5"]


def ask(client: Client, model: type[Any] = Account, query: str = "", **sent: Any) -> Any:
    return client.post(path_of(model, "export", "xlsx") + query, {"way": "xlsx", **sent})


def begun(client: Client, model: type[Any] = Account, query: str = "") -> ExportFile:
    answer = ask(client, model, query)
    assert answer.status_code == 302, answer.content.decode()
    file = ExportFile.objects.get()
    assert answer.headers["Location"] == path_of(ExportFile, file.pk, "change")
    return file


def made(client: Client, model: type[Any] = Account, query: str = "") -> ExportFile:
    file = begun(client, model, query)
    export_files.make(file.pk)
    file.refresh_from_db()
    return file


def fetch(client: Client, file: ExportFile) -> Any:
    return client.get(path_of(ExportFile, file.pk, "file"))


def page(client: Client, file: ExportFile) -> str:
    return client.get(path_of(ExportFile, file.pk, "change")).content.decode()


def rows_of(content: bytes) -> list[dict[str, Any]]:
    head, *rows = load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(values_only=True)
    return [dict(zip(map(str, head), row, strict=True)) for row in rows]


@pytest.fixture
def accounts(northwind: Account) -> list[Account]:
    return [
        Account.objects.create(name=name, slug=f"odd-{number}", contact_email="c@x.example")
        for number, name in enumerate(NAMES)
    ]


@pytest.fixture
def paulas(paula: User, client_of: ClientOf) -> Client:
    return client_of(paula)


@pytest.fixture
def quinn(staff: dict[str, User]) -> User:
    """Sees accounts, by a permission that can be taken away."""
    staff["Quinn"].user_permissions.set(Permission.objects.filter(codename="view_account"))
    return staff["Quinn"]


def test_the_page_tells_nothing_of_how_it_is_made(accounts: list[Account], paulas: Client) -> None:
    file = made(paulas)
    shown = page(paulas, file)
    labels = re.findall(r"<label>(.*?):?</label>", shown)
    assert sorted(labels) == ["Asked for", "Deleted at", "Note", "Reason", "Rows", "Size", "State", "Title"]
    sizes = re.findall(r"[\d.]+\xa0KB", shown)
    assert len(sizes) == 2, "Beside the link and as a field."
    assert f"{file.size}</" not in shown


def test_a_workbook_is_made_by_a_job_and_holds_what_the_csv_holds(accounts: list[Account], paulas: Client) -> None:
    [link] = [
        href for label, href in paulas.get(path_of(Account) + "?q=odd-").context["exports"] if label[-4:] == "XLSX"
    ]
    assert "9 accounts, narrowed by search “odd-”" in paulas.get(link).content.decode()
    assert not ExportFile.objects.exists()
    file = begun(paulas, query="?q=odd-")
    assert "0 of 9 rows" in page(paulas, file)
    assert "admin-progress.js" in page(paulas, file)
    assert fetch(paulas, file).status_code == 404
    export_files.make(file.pk)
    shown = page(paulas, file)
    assert "Download XLSX" in shown
    assert "admin-progress.js" not in shown
    answer = fetch(paulas, file)
    content = b"".join(answer)
    headers = answer.headers
    assert headers["Content-Disposition"].startswith('attachment; filename="linnapp-accounts-')
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in headers["Cache-Control"]
    assert headers["Content-Length"] == str(len(content))
    csv = read_table("x.csv", b"".join(paulas.get(path_of(Account, "export", "csv") + "?q=odd-")))
    xlsx = read_table("x.xlsx", content)
    assert (xlsx.columns, xlsx.rows) == (csv.columns, csv.rows)
    assert sorted(row.cells["name"] for row in xlsx.rows) == sorted(NAMES)


def test_no_cell_is_a_formula_and_numbers_are_numbers(
    accounts: list[Account], application: Application, paulas: Client
) -> None:
    for model in (Account, Application):
        ExportFile.objects.all().delete()
        content = b"".join(fetch(paulas, made(paulas, model)))
        sheet = load_workbook(io.BytesIO(content)).worksheets[0]
        kinds = {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None}
        assert kinds == ({"s"} if model is Account else {"s", "n"})
    assert rows_of(content)[0]["live_installations"] == 0


def test_the_file_stands_in_no_row_of_the_database_in_the_clear(
    accounts: list[Account], paulas: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_files, "PART_BYTES", 500)
    file = begun(paulas, query="?q=odd-")
    assert "odd-" not in str(ExportFile.objects.values())
    export_files.make(file.pk)
    stored = str([*ExportFile.objects.values(), *ExportPart.objects.values()])
    assert ExportPart.objects.count() > 3
    assert not re.search(r"odd-|Content_Types|株式", stored)
    assert len(rows_of(b"".join(fetch(paulas, file)))) == len(NAMES)


def test_nobody_else_fetches_it_whatever_they_may(
    accounts: list[Account], quinn: User, paulas: Client, client_of: ClientOf
) -> None:
    quinns = client_of(quinn)
    file = made(quinns)
    assert fetch(quinns, file).status_code == 200
    assert fetch(paulas, file).status_code == 404
    assert paulas.post(path_of(ExportFile, file.pk, "drop")).status_code == 404
    assert paulas.get(path_of(ExportFile)).context["cl"].result_count == 0
    assert quinns.get(path_of(ExportFile)).context["cl"].result_count == 1
    assert fetch(Client(), file).status_code == 302


def test_who_may_not_see_the_list_any_more_gets_no_file(
    accounts: list[Account], quinn: User, client_of: ClientOf
) -> None:
    quinns = client_of(quinn)
    assert ask(quinns, Application).status_code == 403
    file = made(quinns)
    quinn.user_permissions.set(Permission.objects.filter(codename="view_application"))
    assert fetch(quinns, file).status_code == 403
    assert "You may not see this list any more" in page(quinns, file)
    ExportFile.objects.all().delete()
    quinn.user_permissions.set(Permission.objects.filter(codename__in=("view_account", "view_application")))
    file = begun(quinns)
    quinn.user_permissions.set(Permission.objects.filter(codename="view_application"))
    export_files.make(file.pk)
    assert "You can no longer see this list." in page(quinns, file)
    assert not ExportPart.objects.exists()
    assert TimelineEntry.objects.filter(kind="STAFF_EXPORTED").count() == 1


def test_what_only_teams_read_goes_along_with_a_reason_and_is_told_to_them(
    application: Application, staff: dict[str, User], client_of: ClientOf
) -> None:
    application.summary = "For the team"
    application.save()
    willa, address = client_of(staff["Willa"]), path_of(Application, "export", "private")
    assert willa.post(address, {"way": "xlsx", "reason": " "}).status_code == 422
    assert not ExportFile.objects.exists()
    willa.post(address, {"way": "xlsx", "reason": "Support call 4711"})
    file = ExportFile.objects.get()
    assert not TimelineEntry.objects.filter(kind="STAFF_COPIED").exists()
    export_files.make(file.pk)
    assert rows_of(b"".join(fetch(willa, file)))[0]["summary"] == "For the team"
    told = TimelineEntry.objects.get(kind="STAFF_COPIED")
    assert (told.account_id, told.reason, told.facts["private"]) == (
        application.account_id,
        "Support call 4711",
        "summary",
    )
    staff["Willa"].user_permissions.remove(Permission.objects.get(codename="work_in_accounts"))
    assert fetch(willa, file).status_code == 403


def test_every_workbook_is_on_record_with_what_it_holds(accounts: list[Account], paulas: Client) -> None:
    file = begun(paulas, query="?q=odd-")
    accounts[0].delete()
    export_files.make(file.pk)
    entry = TimelineEntry.objects.get(kind="STAFF_EXPORTED")
    assert (entry.actor_name, entry.side, entry.facts["way"], entry.facts["filters"]) == (
        "Paula",
        "STAFF",
        "XLSX",
        "q=odd-",
    )
    assert entry.facts["number"] == f"{len(NAMES) - 1} accounts"


def test_what_is_ticked_is_what_the_workbook_holds(accounts: list[Account], paulas: Client) -> None:
    sent = {"action": "export_xlsx", ACTION_CHECKBOX_NAME: [str(accounts[1].pk)], "index": "0", "select_across": "0"}
    assert b"1 account." in paulas.post(path_of(Account), sent).content
    assert paulas.post(path_of(Account), sent | {"way": "xlsx"}).status_code == 302
    file = ExportFile.objects.get()
    assert file.title == "1 account, ticked by hand"
    export_files.make(file.pk)
    assert [row["id"] for row in rows_of(b"".join(fetch(paulas, file)))] == [str(accounts[1].pk)]


def test_past_the_most_rows_the_page_says_to_take_csv(
    accounts: list[Account], paulas: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_files, "MOST_ROWS", 5)
    shown = paulas.get(path_of(Account, "export", "xlsx") + "?q=odd-").content.decode()
    assert "A workbook takes 5 rows at most. Take CSV instead" in shown
    assert f'<a href="{path_of(Account, "export", "csv")}?q=odd-">Export CSV</a>' in shown
    assert 'value="xlsx"' not in shown
    assert ask(paulas).status_code == 422
    assert not ExportFile.objects.exists()


def test_one_person_has_few_files_and_may_delete_them(
    accounts: list[Account], paulas: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_files, "MOST_FILES", 1)
    file = made(paulas)
    refused = ask(paulas)
    assert refused.status_code == 422
    assert "Delete one, or wait until one expires." in refused.content.decode()
    paulas.post(path_of(ExportFile, file.pk, "drop"))
    assert not ExportPart.objects.exists()
    assert ask(paulas).status_code == 302


def test_a_file_ends(accounts: list[Account], paulas: Client) -> None:
    file = made(paulas)
    assert timedelta(hours=23) < file.ends_at - timezone.now() <= timedelta(hours=24)
    assert export_files.drop_old() == 0
    ExportFile.objects.update(ends_at=timezone.now())
    assert fetch(paulas, file).status_code == 404
    tasks.drop_what_is_over.call_local()
    assert not ExportFile.objects.exists()
    assert not ExportPart.objects.exists()


def dies(*given: Any, **named: Any) -> Any:
    raise OperationalError("The database is away.")


def test_a_job_that_died_is_begun_anew_and_given_up_in_the_end(
    accounts: list[Account], paulas: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_files, "PART_BYTES", 500)
    taken: list[Any] = []
    monkeypatch.setattr(export_files, "work", taken.append)
    file = begun(paulas)
    taken.clear()
    with monkeypatch.context() as away:
        away.setattr(export_files, "put_on_record", dies)
        with pytest.raises(OperationalError):
            export_files.make(file.pk)
    # Another job does not begin while that one may still be at it.
    export_files.make(file.pk)
    export_files.take_up()
    assert taken == []
    silent = timezone.now() - timedelta(minutes=2)
    ExportFile.objects.update(beaten_at=silent)
    export_files.take_up()
    assert taken == [file.pk]
    export_files.make(file.pk)
    assert len(rows_of(b"".join(fetch(paulas, file)))) == len(NAMES) + 1
    ExportFile.objects.update(state="MAKING", tries=export_files.MOST_TRIES, beaten_at=silent)
    export_files.take_up()
    assert "Something went wrong. Try again, or export it as CSV." in page(paulas, file)


def test_one_that_is_deleted_meanwhile_stops_its_job(
    accounts: list[Account], paulas: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = begun(paulas)
    by_pages = exports.columns_and_pages

    def and_deleted(asked: Any) -> Any:
        export_files.drop(file.pk)
        return by_pages(asked)

    monkeypatch.setattr(export_files, "columns_and_pages", and_deleted)
    export_files.make(file.pk)
    assert not ExportFile.objects.exists()
    assert not TimelineEntry.objects.filter(kind="STAFF_EXPORTED").exists()


def test_a_fault_is_told_on_the_page(accounts: list[Account], paulas: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*given: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(export_files, "columns_and_pages", fails)
    file = made(paulas)
    assert file.state == "FAILED"
    assert "Something went wrong." in page(paulas, file)
    assert fetch(paulas, file).status_code == 404


def test_a_worker_that_stops_while_it_makes_a_file_anew_leaves_it_to_another(
    accounts: list[Account], paulas: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = begun(paulas)
    ExportPart.objects.create(file=file, position=0, content_encrypted="half")
    monkeypatch.setattr(batches, "stop_asked", lambda: True)
    export_files.make(file.pk)
    monkeypatch.setattr(batches, "stop_asked", lambda: False)
    file.refresh_from_db()
    assert file.state == "MAKING"
    ExportFile.objects.update(beaten_at=timezone.now() - timedelta(minutes=2))
    export_files.make(file.pk)
    file.refresh_from_db()
    assert (file.state, len(rows_of(b"".join(fetch(paulas, file))))) == ("READY", len(NAMES) + 1)


def test_parts_that_one_that_failed_left_behind_go_within_the_hour(accounts: list[Account], paulas: Client) -> None:
    file = begun(paulas)
    ExportPart.objects.create(file=file, position=0, content_encrypted="half")
    ExportFile.objects.update(state="FAILED")
    export_files.drop_old()
    assert not ExportPart.objects.exists()
    assert ExportFile.objects.exists()
