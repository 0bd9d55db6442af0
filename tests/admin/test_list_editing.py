"""Cells of a list are typed into, for many rows at once, with one reason: by the service that edits one."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from linnapp import bulk_changes
from linnapp.models import Account, Application, BulkChange, TimelineEntry, User
from linnapp.services import applications
from tests.admin.editing import WHY
from tests.admin.test_admin import path_of
from tests.kit.people import ClientOf, acting
from tests.kit.pressing import URLENCODED, Form, form_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def paulas(paula: User, client_of: ClientOf) -> Client:
    return client_of(paula)


@pytest.fixture
def three(northwind: Account, alice: User) -> list[Application]:
    return [
        applications.create_application(account=northwind, name=name, kind="SYSTEM", by=acting(alice))[0]
        for name in ("First", "Second", "Third")
    ]


def opened(client: Client, model: type[Any] = Application) -> Form:
    answer = client.get(path_of(model, "edit"))
    assert answer.status_code == 200
    return form_of(answer, "changelist-form")


def save(client: Client, form: Form, typed: dict[str, str], why: str = WHY, model: type[Any] = Application) -> Any:
    sent: dict[str, list[str]] = {}
    for name, value in form.fields:
        sent.setdefault(name, []).append(value)
    return client.post(path_of(model, "edit"), sent | typed | {"why": why})


def cell(row: Any, field: str) -> str:
    return f"{row.pk}-{field}"


def descriptions(*rows: Application) -> list[str]:
    for row in rows:
        row.refresh_from_db()
    return [row.description for row in rows]


def test_what_is_typed_into_a_list_is_saved_row_by_row_and_undone(
    three: list[Application], paula: User, paulas: Client
) -> None:
    first, second, _ = three
    typed = {cell(first, "description"): "One\r\nline", cell(second, "support_contact"): "help@north.example"}
    assert save(paulas, opened(paulas), typed).status_code == 302
    assert descriptions(*three) == ["One\nline", "", ""]
    assert second.support_contact == "help@north.example"
    change = BulkChange.objects.get()
    assert (str(change), change.state, change.total, change.reason) == (
        "Edit 2 applications in the list",
        "DONE",
        2,
        WHY,
    )
    entries = TimelineEntry.objects.filter(reason=WHY).values_list("kind", "application_id", "facts__fields")
    assert sorted(entries) == sorted(
        [
            ("APPLICATION_EDITED", first.pk, "description"),
            ("APPLICATION_EDITED", second.pk, "support contact"),
        ]
    )
    page = paulas.get(path_of(Application, "edit")).content.decode()
    assert "2 applications were changed." in page
    assert f"/admin/linnapp/bulkchange/{change.pk}/change/" in page
    applications.edit_application(first, by=acting(paula), description="Later")
    back = bulk_changes.undo(change, by=acting(paula, reason="Back"))
    bulk_changes.work_on(back.pk)
    assert descriptions(first) == ["Later"]
    second.refresh_from_db()
    assert second.support_contact == ""


def test_a_row_that_changed_meanwhile_is_left_alone_and_named(
    three: list[Application], alice: User, paulas: Client
) -> None:
    first, second, third = three
    form = opened(paulas)
    applications.edit_application(second, by=acting(alice), description="Alice's words")
    applications.edit_application(third, by=acting(alice), description="Nobody typed here")
    answer = save(paulas, form, {cell(second, "description"): "Mine", cell(first, "description"): "One"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert descriptions(*three) == ["One", "Alice's words", "Nobody typed here"]
    assert "1 application was changed." in page
    assert "Left as it is: Second." in page
    assert "Now it is: Alice&#x27;s words." in page
    again = form_of(answer, "changelist-form")
    assert again.values("row") == form.values("row")
    assert [again.value(cell(row, "description")) for row in three] == ["One", "Mine", "Nobody typed here"]
    assert again.value("why") == WHY
    assert save(paulas, again, {}).status_code == 302
    assert descriptions(*three) == ["One", "Mine", "Nobody typed here"]


def test_one_wrong_cell_or_no_reason_saves_nothing_and_keeps_what_was_typed(
    three: list[Application], paulas: Client
) -> None:
    first, second, _ = three
    typed = {cell(first, "support_contact"): "javascript:alert(1)", cell(second, "description"): "Typed"}
    for given, why, told in (
        (typed, WHY, "Enter an e-mail address, or a web address"),
        ({cell(second, "description"): "Typed"}, " ", "Write the reason."),
        ({}, WHY, "Nothing was changed."),
    ):
        answer = save(paulas, opened(paulas), given, why)
        assert answer.status_code == 422
        assert told in answer.content.decode()
        kept = form_of(answer, "changelist-form")
        assert {name: kept.value(name) for name in given} == given
    assert descriptions(*three) == ["", "", ""]
    assert not BulkChange.objects.exists()


def test_rows_that_cannot_be_changed_are_plain_and_say_so_where_they_were_typed_into(
    three: list[Application], alice: User, paulas: Client
) -> None:
    first, second, third = three
    form = opened(paulas)
    Application.objects.filter(pk=first.pk).update(retired_at=timezone.now())
    Application.objects.filter(pk=second.pk).delete()
    typed = {cell(row, "description"): f"For {row.name}" for row in (first, third)}
    answer = save(paulas, form, typed | {cell(second, "description"): "For Second"})
    page = answer.content.decode()
    assert "It can no longer be changed." in page
    assert "You had typed: For Second" in page
    assert form_of(answer, "changelist-form").value(cell(first, "description")) == "For First"
    assert descriptions(first, third) == ["", "For Third"]
    plain = [name for name, _ in opened(paulas).fields if name.endswith("-description")]
    assert set(plain) == {cell(third, "description"), f"initial-{cell(third, 'description')}"}


def test_whoever_may_only_look_reads_it_and_saves_nothing(
    three: list[Application], sam: User, paulas: Client, client_of: ClientOf
) -> None:
    form, typed = opened(paulas), {cell(three[0], "description"): "Mine"}
    sam.user_permissions.add(Permission.objects.get(codename="view_application"))
    looks = client_of(sam)
    assert "Edit in the list" not in looks.get(path_of(Application)).content.decode()
    page = looks.get(path_of(Application, "edit"))
    assert "First" in page.content.decode()
    assert not [name for name, _ in form_of(page, "changelist-form").fields if "description" in name]
    assert save(looks, form, typed).status_code == 403
    assert client_of(sam).get(path_of(Account, "edit")).status_code == 403
    assert descriptions(three[0]) == [""]


def test_the_page_keeps_what_the_list_is_narrowed_to(three: list[Application], paulas: Client) -> None:
    listed = paulas.get(f"{path_of(Application)}?q=irs&o=3&type__exact=SYSTEM").content.decode()
    link = re.search(r'href="([^"]+)">Edit in the list', listed)
    assert link
    page = paulas.get(link[1].replace("&amp;", "&")).content.decode()
    assert "?q=irs&amp;type__exact=SYSTEM" in link[1]
    assert cell(three[0], "description") in page
    assert cell(three[1], "description") not in page


def test_the_contact_of_accounts_is_typed_into_their_list(northwind: Account, cakes: Account, paulas: Client) -> None:
    typed = {cell(cakes, "contact_email"): "desk@cakes.example"}
    assert save(paulas, opened(paulas, Account), typed, model=Account).status_code == 302
    cakes.refresh_from_db()
    assert cakes.contact_email == "desk@cakes.example"
    assert BulkChange.objects.get(created_at__lte=timezone.now()).total == 1


def test_a_page_of_long_texts_is_sent_as_a_browser_sends_it(northwind: Account, alice: User, paulas: Client) -> None:
    long = "株" * 2000
    made = [
        applications.create_application(account=northwind, name=f"No. {number}", kind="SYSTEM", by=acting(alice))[0]
        for number in range(21)
    ]
    Application.objects.update(description=long)
    form = opened(paulas)
    typed = {cell(row, "description"): f"{row.name}{long}"[:2000] for row in made}
    sent = [(name, typed.get(name, value)) for name, value in form.fields if name != "why"]
    answer = paulas.post(path_of(Application, "edit"), urlencode([*sent, ("why", WHY)]), content_type=URLENCODED)
    assert answer.status_code == 302
    assert BulkChange.objects.get().total == 20
