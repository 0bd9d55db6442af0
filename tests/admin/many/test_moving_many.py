"""Many applications are moved to another account by one act: told in full before, and back again by Undo."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from installs.application import moving
from installs.models import Installation
from linnapp import bulk_changes
from linnapp.models import Account, Application, BulkChange, TimelineEntry, User
from linnapp.services import applications, people
from tests.admin.editing import WHY
from tests.admin.test_admin import path_of
from tests.kit.people import ClientOf, acting, person
from tests.kit.posting import install, with_postback
from tests.kit.pressing import Form, form_of, press

pytestmark = pytest.mark.django_db
HOOKS = "https://hooks.example.com/install"


@pytest.fixture
def paulas(paula: User, client_of: ClientOf) -> Client:
    return client_of(paula)


def made(account: Account, name: str) -> Application:
    owner = account.owners()[0]
    return applications.create_application(account=account, name=name, kind="SYSTEM", by=acting(owner))[0]


@pytest.fixture
def two(northwind: Account) -> list[Application]:
    return [made(northwind, name) for name in ("First", "Second")]


class Told(NamedTuple):
    form: Form
    sentences: dict[str, str]
    numbers: str


def told(client: Client, rows: list[Application], to: Account, ends: str = "24h") -> Told:
    """The page with what happens, after where to and why were typed."""
    chosen = {"action": "move_to_account", "_selected_action": [str(row.pk) for row in rows]}
    form = form_of(client.post(path_of(Application), chosen), "confirm_form")
    form.type_into("account", to.slug).type_into("reason", WHY).fields.append(("ends", ends))
    answer = press(client, form, "Show what changes")
    assert "meanwhile" not in answer.content.decode()
    return shown(answer)


def shown(answer: Any) -> Told:
    assert answer.status_code == 422
    sentences = {str(effect.row): effect.sentence for effect in answer.context["effects"]}
    return Told(form_of(answer, "confirm_form"), sentences, " ".join(answer.context["in_numbers"]))


def owner_of(row: Application) -> Account:
    return Application.objects.get(pk=row.pk).account


def back(client: Client, change: BulkChange) -> BulkChange:
    client.post(path_of(BulkChange, change.pk, "ask", "undo"), {"why": "Wrong file"})
    undone = BulkChange.objects.get(undoes=change)
    bulk_changes.work_on(undone.pk)
    return undone


def test_each_is_told_before_and_moves_with_new_secrets(
    paulas: Client, two: list[Application], cakes: Account, carol: User, depot: Account, alice: User
) -> None:
    version = with_postback(two[0], HOOKS, alice)
    install(two[0], cakes, version, carol)
    olds = [row.secrets.get() for row in two]
    page = told(paulas, two, depot)
    assert page.sentences == {
        "First": "From Northwind. 1 account keeps it: Carol's Cakes. Postbacks go to hooks.example.com as before.",
        "Second": "From Northwind.",
    }
    assert page.numbers.startswith("Moved: 2 of 2. 1 installation goes along. The old secrets end on ")
    assert [owner_of(row).name for row in two] == ["Northwind"] * 2
    press(paulas, page.form, "Move")
    assert [owner_of(row) for row in two] == [depot] * 2
    for old in olds:
        old.refresh_from_db()
        assert old.ends_at
        assert timedelta(hours=23) < old.ends_at - timezone.now() < timedelta(hours=24)
    entries = TimelineEntry.objects.filter(kind="APPLICATION_MOVED", application_id=two[1].pk)
    assert set(entries.values_list("actor_name", "reason")) == {("Paula", WHY)}
    change = BulkChange.objects.get()
    assert (change.title, change.total) == ("Move 2 applications to another account", 2)
    listed = paulas.get(path_of(BulkChange, change.pk, "change")).content.decode()
    assert "<del>Northwind</del> → <ins>Dave&#x27;s Depot</ins>" in listed


def test_what_cannot_be_moved_is_told_and_stays_while_the_others_move(
    paulas: Client, two: list[Application], northwind: Account, depot: Account, application: Application, alice: User
) -> None:
    robots = people.create_account(name="Robots", owner=person("Robin", "robin@robots.example"))
    later, taken, there = made(robots, "FIRST"), made(robots, "Depot Desk"), made(depot, "Depot Desk")
    gone = made(robots, "Gone")
    Application.objects.filter(pk=gone.pk).update(retired_at=timezone.now())
    install(two[1], northwind, two[1].versions.development(), alice)
    Application.objects.filter(pk=later.pk).update(created_at=two[0].created_at - timedelta(days=1))
    page = told(paulas, [*two, later, taken, there, gone], depot)
    assert "of Northwind, moves to Dave's Depot before it" in page.sentences["FIRST"]
    assert "no released version" in page.sentences["Second"]
    assert page.sentences["Gone"] == "Gone is retired, so it cannot be moved."
    assert page.numbers.startswith("Moved: 1 of 6. 5 stay where they are: 2 for a name that is taken, 1 ")
    press(paulas, page.form, "Move")
    assert [owner_of(row) for row in (two[0], two[1], later, taken)] == [depot, northwind, robots, robots]
    said = list(BulkChange.objects.get().rows.filter(state="LEFT").order_by("name").values_list("name", "said"))
    assert [name for name, _ in said] == ["Depot Desk", "Depot Desk", "FIRST", "Gone", "Second"]
    assert "Dave's Depot already has an application named FIRST." in said[2][1]


def test_undo_moves_back_what_still_belongs_there_by_the_rules_of_a_move(
    paulas: Client, two: list[Application], northwind: Account, cakes: Account, depot: Account, paula: User
) -> None:
    third = made(northwind, "Third")
    press(paulas, told(paulas, [*two, third], depot).form, "Move")
    change = BulkChange.objects.get()
    page = paulas.get(path_of(BulkChange, change.pk, "change")).content.decode()
    assert "moves back where it came from, by the rules of a move, with new secrets once more" in page
    elsewhere = Application.objects.get(pk=two[0].pk)
    moving.move_application(elsewhere, to=cakes, secrets_end=timezone.now(), by=acting(paula, reason="Sold on."))
    made(northwind, "Second")
    theirs = third.secrets.get(ends_at=None)
    undone = back(paulas, change)
    assert [owner_of(row) for row in (*two, third)] == [cakes, depot, northwind]
    said = dict(undone.rows.values_list("name", "said"))
    assert said["First"] == bulk_changes.CHANGED_SINCE
    assert "Northwind already has an application named Second." in said["Second"]
    theirs.refresh_from_db()
    first_end = change.wanted["ends_at"]
    assert theirs.ends_at is not None
    assert theirs.ends_at.isoformat() == first_end
    assert third.secrets.filter(ends_at=None).count() == 1


@pytest.mark.parametrize("asked", ["2099-01-01T00:00+0000", "9999-12-31T23:59+0000"])
def test_no_longer_overlap_is_smuggled_in(paulas: Client, two: list[Application], depot: Account, asked: str) -> None:
    # Once more where the minute that was told ends in between: it is told again then, and nothing moves.
    for _ in range(2):
        if not BulkChange.objects.exists():
            press(paulas, told(paulas, two, depot, "7d").form.type_into("asked", asked), "Move")
    assert [owner_of(row) for row in two] == [depot, depot]
    ends = datetime.fromisoformat(BulkChange.objects.get().wanted["ends_at"])
    assert ends <= timezone.now() + timedelta(days=7)


def test_what_is_missing_is_said_beside_it(paulas: Client, two: list[Application]) -> None:
    sent = {
        "action": "move_to_account",
        "_selected_action": [str(row.pk) for row in two],
        "apply": "1",
        "account": "Nobody's",
    }
    answer = paulas.post(path_of(Application), sent)
    assert answer.status_code == 422
    page = answer.content.decode()
    for words in ("There is no account Nobody&#x27;s.", "Choose when it ends.", "Write the reason."):
        assert words in page
    assert 'value="Nobody&#x27;s"' in page


def test_who_may_not_change_applications_moves_none(
    two: list[Application], depot: Account, sam: User, client_of: ClientOf
) -> None:
    sam.user_permissions.add(Permission.objects.get(codename="view_application"))
    sent = {"action": "move_to_account", "apply": "1", "account": depot.slug, "ends": "now", "reason": WHY}
    client_of(sam).post(path_of(Application), sent | {"_selected_action": [str(row.pk) for row in two]})
    assert client_of(sam).get(path_of(Application, two[0].pk, "act", "move_to_account")).status_code == 403
    assert not BulkChange.objects.exists()
    assert depot not in [owner_of(row) for row in two]


def test_two_hundred_are_told_in_as_few_statements_as_two(
    paulas: Client, two: list[Application], northwind: Account, depot: Account, installation: Installation
) -> None:
    def count(rows: list[Application]) -> int:
        with CaptureQueriesContext(connection) as asked:
            told(paulas, rows, depot)
        return len(asked)

    few = count(two)
    assert count([*two, *(made(northwind, f"One more {number}") for number in range(8))]) == few
