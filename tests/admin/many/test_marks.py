"""An undo leaves alone what was taken back and done anew: that stands there as the change left it, and is another's."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from installs.admin.acts import LIST_APPLICATIONS, UNLIST_APPLICATIONS
from installs.admin.moving_many import MOVE
from installs.application.moving import move_application
from installs.store import listings
from linnapp import bulk_changes
from linnapp.admin.helping import SWITCH_OFF
from linnapp.models import Account, Application, BulkChange, BulkRow, User
from linnapp.services.rights import edit_person_by_staff
from linnapp.staff_actions import StaffAction
from tests.admin.test_admin import path_of
from tests.kit.consenting import external, release
from tests.kit.people import ClientOf, acting, person

pytestmark = pytest.mark.django_db


def done(act: StaffAction, row: Any, paula: User, **wanted: Any) -> BulkChange:
    by = acting(paula, reason="Ticket 1")
    change = bulk_changes.begin(act, type(row), [bulk_changes.Wish(row.pk, str(row))], by=by, wanted=wanted)
    bulk_changes.work_on(change.pk)
    assert change.rows.get().state == "DONE"
    return change


def undone(change: BulkChange, paula: User) -> BulkRow:
    change.refresh_from_db()
    back = bulk_changes.undo(change, by=acting(paula, reason="Ticket 2"))
    bulk_changes.work_on(back.pk)
    return back.rows.get()


def test_who_was_deactivated_anew_stays_so(alice: User, paula: User) -> None:
    change = done(SWITCH_OFF, alice, paula)
    for is_active in (True, False):
        edit_person_by_staff(alice, by=acting(paula, reason="Fraud"), is_active=is_active)
    row = undone(change, paula)
    assert (row.state, row.said) == ("LEFT", bulk_changes.CHANGED_SINCE)
    alice.refresh_from_db()
    assert not alice.is_active


def test_what_came_there_by_another_move_stays(application: Application, cakes: Account, paula: User) -> None:
    northwind, depot = application.account, Account.objects.create(name="Depot", slug="depot")
    depot.memberships.create(user=person("Dora", "dora@depot.example"), role="OWNER")
    end = timezone.now()
    change = done(MOVE, application, paula, account=str(cakes.pk), name=cakes.name, ends_at=end.isoformat())
    for to in (depot, cakes):
        row = Application.objects.get(pk=application.pk)
        move_application(row, to=to, secrets_end=timezone.now(), by=acting(paula, reason="Court"))
    assert undone(change, paula).state == "LEFT"
    application.refresh_from_db()
    assert application.account == cakes != northwind


def test_what_was_listed_or_removed_anew_stays(application: Application, alice: User, paula: User) -> None:
    release(application, (1, 0, 0), external(), alice)
    by = acting(paula, reason="Looked at again")
    change = done(LIST_APPLICATIONS, application, paula)
    listings.take_off_store(application, by=by)
    listings.list_in_store(application, by=by)
    assert undone(change, paula).state == "LEFT"
    change = done(UNLIST_APPLICATIONS, application, paula)
    listings.list_in_store(application, by=by)
    listings.take_off_store(application, by=by)
    assert undone(change, paula).state == "LEFT"


@pytest.mark.parametrize("action", ["suspend", "export_csv", "export_xlsx"])
@pytest.mark.parametrize("key", ["abc", "a\0b", "0"])
def test_what_is_no_key_is_no_row(paula: User, client_of: ClientOf, action: str, key: str) -> None:
    client: Client = client_of(paula)
    answer = client.post(path_of(Application), {"action": action, "_selected_action": key}, follow=True)
    assert answer.status_code == 200
    assert "what was sent is not one of them" in answer.content.decode()


@pytest.mark.parametrize("name", ["title", "state", "state__exact", "q", "p"])
def test_a_list_is_asked_for_no_nul(paula: User, client_of: ClientOf, name: str) -> None:
    answer = client_of(paula).get(path_of(BulkChange), {name: "a\0b"}, follow=True)
    assert answer.status_code == 200


@pytest.mark.parametrize("asked", [{"wanted__startswith": "{"}, {"title__regex": "("}, {"title__iregex": "a"}])
def test_a_list_is_not_asked_what_its_page_hides(paula: User, client_of: ClientOf, asked: dict[str, str]) -> None:
    assert client_of(paula).get(path_of(BulkChange), asked).status_code == 400
