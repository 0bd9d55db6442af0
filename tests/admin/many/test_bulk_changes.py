"""Many rows at once: told before, written down, worked through row by row, stopped, gone on with, undone."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from installs.admin import acts
from installs.installations import suspending
from installs.models import Installation
from linnapp import admin_pages, bulk_changes
from linnapp.actors import Actor, Side
from linnapp.bulk_changes import Wish
from linnapp.errors import NotPossible
from linnapp.models import Account, Application, BulkChange, BulkRow, TimelineEntry, User
from linnapp.services import applications
from tests.admin.test_admin import path_of
from tests.admin.test_admin_actions import act, ask
from tests.kit.consenting import external, release
from tests.kit.people import ClientOf, acting
from tests.kit.pressing import form_of

pytestmark = pytest.mark.django_db
State = BulkRow.State


def states(change: BulkChange) -> list[tuple[str, str]]:
    return list(change.rows.order_by("name").values_list("name", "state"))


def begun(rows: list[Application], paula: User) -> BulkChange:
    """Suspending them, written down and not begun."""
    wishes = [Wish(row.pk, row.name) for row in rows]
    return bulk_changes.begin(
        acts.SUSPEND_APPLICATIONS, Application, wishes, by=acting(paula, reason="Ticket 1"), wanted={}
    )


def press(client: Client, change: BulkChange, what: str) -> Any:
    return client.post(path_of(BulkChange, change.pk, "ask", what), {"why": "Ticket 1"})


def suspended() -> list[str]:
    rows = Application.objects.exclude(suspended_by_staff_at=None).order_by("name")
    return list(rows.values_list("name", flat=True))


def test_what_was_done_to_many_is_a_change_with_a_line_for_each(three: list[Application], paulas: Client) -> None:
    page = ask(paulas, "suspend", *three).content.decode()
    assert "It can be undone for 24 hours" in page
    answer = act(paulas, "suspend", *three, reason="Ticket 9").content.decode()
    change = BulkChange.objects.get()
    assert "3 applications were suspended." in answer
    assert f"/admin/linnapp/bulkchange/{change.pk}/change/" in answer
    assert (change.state, change.total, change.reason, change.person_name) == ("DONE", 3, "Ticket 9", "Paula")
    for row in change.rows.all():
        entry = TimelineEntry.objects.get(pk=row.entry_id or 0)
        assert (entry.kind, entry.facts["change"]) == ("APPLICATION_SUSPENDED", str(change.pk))
    listed = paulas.get(path_of(BulkChange)).content.decode()
    assert "Suspend 3 applications" in listed
    assert "Done: 3 of 3." in listed


def test_more_than_a_person_waits_for_are_a_job_with_its_page(
    three: list[Application], paulas: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin_pages, "AT_ONCE", 2)
    page = ask(paulas, "suspend", *three).content.decode()
    assert "Suspend 3 applications?" in page
    assert "1 more" in page
    sent = {
        "action": "suspend",
        "apply": "1",
        "reason": "Spam",
        "read": form_of(ask(paulas, "suspend", *three), "confirm_form").value("read"),
    }
    answer = paulas.post(path_of(Application), sent | {"_selected_action": [str(row.pk) for row in three]})
    change = BulkChange.objects.get()
    assert answer.headers["Location"] == f"/admin/linnapp/bulkchange/{change.pk}/change/"
    bulk_changes.work_on(change.pk)
    assert suspended() == ["First", "Second", "Third"]


def test_all_that_match_are_done_and_no_other(three: list[Application], paulas: Client) -> None:
    matching = path_of(Application) + "?q=pier"
    on_the_pier(three[0], three[2])
    sent = {"action": "suspend", "select_across": "1", "_selected_action": [str(three[0].pk)]}
    page = paulas.post(matching, sent)
    assert "Suspend 2 applications?" in page.content.decode()
    form = form_of(page, "confirm_form")
    assert (form.value("select_across"), len(form.values("_selected_action"))) == ("1", 1)
    paulas.post(matching, sent | {"apply": "1", "reason": "Spam", "read": form.value("read")})
    assert suspended() == ["Pier First", "Pier Third"]


def on_the_pier(*rows: Application) -> None:
    for row in rows:
        Application.objects.filter(pk=row.pk).update(name=f"Pier {row.name}")


def test_undo_leaves_alone_what_changed_since(three: list[Application], paula: User, paulas: Client) -> None:
    act(paulas, "suspend", *three)
    change, second = BulkChange.objects.get(), three[1]
    suspending.resume_application(second, by=acting(paula, reason="Mended"))
    suspending.suspend_application(second, by=acting(paula, reason="Again"))
    press(paulas, change, "undo")
    back = BulkChange.objects.get(undoes=change)
    bulk_changes.work_on(back.pk)
    assert suspended() == ["Second"]
    assert states(back) == [("First", "DONE"), ("Second", "LEFT"), ("Third", "DONE")]
    assert back.rows.get(name="Second").said == bulk_changes.CHANGED_SINCE
    press(paulas, change, "undo")
    assert BulkChange.objects.count() == 2
    assert back.title == "Undo: Suspend 3 applications"
    page = paulas.get(path_of(BulkChange, change.pk, "change")).content.decode()
    assert "undo_form" not in page


def test_an_undo_has_a_reason_of_its_own_and_says_what_it_does(three: list[Application], paulas: Client) -> None:
    act(paulas, "suspend", *three)
    change = BulkChange.objects.get()
    here = path_of(BulkChange, change.pk, "change")
    shown = " ".join(paulas.get(here).content.decode().split())
    assert "3 rows are set back; rows that somebody changed since stay. Until " in shown
    refused = paulas.post(path_of(BulkChange, change.pk, "ask", "undo"), {"why": " "}, follow=True).content.decode()
    assert "Reason: Give a reason." in refused
    for why in ("x" * 2001, "a\0b"):
        paulas.post(path_of(BulkChange, change.pk, "ask", "undo"), {"why": why})
    assert BulkChange.objects.count() == 1
    press(paulas, change, "undo")
    assert BulkChange.objects.get(undoes=change).reason == "Ticket 1"


def test_what_was_undone_does_not_go_on(three: list[Application], paula: User, paulas: Client) -> None:
    change = begun(three, paula)
    bulk_changes._row(change, acts.SUSPEND_APPLICATIONS, acting(paula, reason="Ticket 1"))
    press(paulas, change, "stop")
    press(paulas, change, "undo")
    assert 'value="Go on"' not in paulas.get(path_of(BulkChange, change.pk, "change")).content.decode()
    press(paulas, change, "go-on")
    change.refresh_from_db()
    assert (change.state, states(change)[1]) == ("STOPPED", ("Second", "WAITING"))


@pytest.mark.parametrize("by_button", [False, True])
def test_one_alone_has_its_undo_too(three: list[Application], paulas: Client, by_button: bool) -> None:
    if by_button:
        page = path_of(Application, three[0].pk, "act", "suspend")
        asked = paulas.get(page)
        sent = {"apply": "1", "reason": "Spam", "read": form_of(asked, "confirm_form").value("read")}
        answer = paulas.post(page, sent, follow=True)
    else:
        asked, answer = ask(paulas, "suspend", three[0]), act(paulas, "suspend", three[0], reason="Spam")
    assert "It can be undone for 24 hours" in asked.content.decode()
    assert "Suspend First: what became of it, and Undo</a>" in answer.content.decode()
    change = BulkChange.objects.get()
    press(paulas, change, "undo")
    bulk_changes.work_on(BulkChange.objects.get(undoes=change).pk)
    assert suspended() == []


def test_undoing_a_listing_leaves_in_the_store_what_was_there(
    three: list[Application], alice: User, paula: User, paulas: Client
) -> None:
    first, second, _ = three
    for row, listing in ((first, "LISTED"), (second, "IN_REVIEW")):
        release(row, (1, 0, 0), external(), alice)
        Application.objects.filter(pk=row.pk).update(listing=listing)
    act(paulas, "list_in_store", first, second)
    change = BulkChange.objects.get()
    shown = paulas.get(path_of(BulkChange, change.pk, "change")).content.decode()
    assert "<del>In review</del> → <ins>Listed</ins>" in shown
    assert "what was in the store before stays there" in shown
    press(paulas, change, "undo")
    back = BulkChange.objects.get(undoes=change)
    bulk_changes.work_on(back.pk)
    assert states(back) == [("First", "LEFT"), ("Second", "DONE")]
    rows = Application.objects.order_by("name").values_list("listing", flat=True)[:2]
    assert list(rows) == ["LISTED", "UNLISTED"]


def test_nothing_is_undone_past_its_time(three: list[Application], paulas: Client) -> None:
    act(paulas, "suspend", *three)
    BulkChange.objects.update(began_at=timezone.now() - timedelta(hours=25))
    press(paulas, BulkChange.objects.get(), "undo")
    assert BulkChange.objects.count() == 1


def test_what_has_no_undo_says_so_before(installation: Installation, paulas: Client, depot: Account) -> None:
    other = Installation.objects.create(
        application=installation.application, account=depot, version=installation.version, state="ACTIVE"
    )
    assert "This cannot be undone." in ask(paulas, "end_sessions", installation, other).content.decode()
    act(paulas, "end_sessions", installation, other)
    assert not bulk_changes.may_be_undone(BulkChange.objects.get())


def test_whoever_lost_the_right_meanwhile_stops_and_another_goes_on(
    three: list[Application], staff: dict[str, User], client_of: ClientOf
) -> None:
    quinn = staff["Quinn"]
    change = begun(three, quinn)
    quinn.user_permissions.remove(Permission.objects.get(codename="change_application"))
    bulk_changes.work_on(change.pk)
    change.refresh_from_db()
    assert (change.state, change.said) == ("STOPPED", "Quinn is no longer allowed to do this.")
    assert suspended() == []
    assert press(client_of(quinn), change, "go-on").status_code == 403
    press(client_of(staff["Paula"]), change, "go-on")
    bulk_changes.work_on(change.pk)
    assert suspended() == ["First", "Second", "Third"]


def test_a_job_that_died_goes_on_and_does_no_row_twice(
    three: list[Application], paula: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, done = begun(three, paula), suspending.suspend_application

    def dies_at_the_second(application: Application, **given: Any) -> bool:
        if application.name == "Second":
            raise SystemExit
        return done(application, **given)

    monkeypatch.setattr(suspending, "suspend_application", dies_at_the_second)
    with pytest.raises(SystemExit):
        bulk_changes.work_on(change.pk)
    assert states(change) == [("First", "DONE"), ("Second", "WAITING"), ("Third", "WAITING")]
    monkeypatch.setattr(suspending, "suspend_application", done)
    BulkChange.objects.update(beaten_at=timezone.now() - timedelta(minutes=2))
    assert list(BulkChange.objects.abandoned()) == [change]
    bulk_changes.work_on(change.pk)
    assert suspended() == ["First", "Second", "Third"]
    assert TimelineEntry.objects.filter(kind="APPLICATION_SUSPENDED").count() == 3


def test_a_row_that_is_gone_or_cannot_be_done_is_named_and_stops_no_other(
    three: list[Application], paula: User, paulas: Client
) -> None:
    change = begun(three, paula)
    gone = Application.objects.get(pk=three[0].pk)
    three[0].versions.all().delete()
    three[0].delete()
    Application.objects.filter(pk=three[1].pk).update(retired_at=timezone.now())
    bulk_changes.work_on(change.pk)
    assert states(change) == [("First", "LEFT"), ("Second", "LEFT"), ("Third", "DONE")]
    assert change.rows.get(name="First").said == bulk_changes.GONE
    assert "is retired" in change.rows.get(name="Second").said
    shown = paulas.get(path_of(BulkChange, change.pk, "change")).content.decode()
    links = [path_of(Application, row.pk, "change") in shown for row in (gone, *three[1:])]
    assert links == [False, True, True]


def test_one_that_is_stopped_goes_no_further(three: list[Application], paula: User, paulas: Client) -> None:
    change = begun(three, paula)
    press(paulas, change, "stop")
    bulk_changes.work_on(change.pk)
    assert suspended() == []
    page = paulas.get(path_of(BulkChange, change.pk, "change")).content.decode()
    assert "Stopped by hand." in page
    assert 'value="Go on"' in page


def edited(client: Client, rows: list[Application], contact: str, **more: str) -> Any:
    sent = {"action": "edit_support_contact", "apply": "1", "support_contact": contact, "reason": "New desk"}
    return client.post(path_of(Application), sent | {"_selected_action": [str(row.pk) for row in rows]} | more)


def test_a_field_is_changed_for_many_told_before_and_set_back(
    three: list[Application], alice: User, paulas: Client
) -> None:
    applications.edit_application(three[0], by=acting(alice), support_contact="old@x.example")
    page = edited(paulas, three, "help@x.example")
    assert "old@x.example → help@x.example" in page.content.decode()
    assert Application.objects.filter(support_contact="help@x.example").count() == 0
    edited(paulas, three, "help@x.example", read=form_of(page, "confirm_form").value("read"))
    assert Application.objects.filter(support_contact="help@x.example").count() == 3
    applications.edit_application(three[2], by=acting(alice), support_contact="alice@x.example")
    change = BulkChange.objects.get()
    assert "old@x.example" not in str(list(change.rows.values()))
    press(paulas, change, "undo")
    bulk_changes.work_on(BulkChange.objects.get(undoes=change).pk)
    contacts = Application.objects.order_by("name").values_list("support_contact", flat=True)
    assert list(contacts) == ["old@x.example", "", "alice@x.example"]


def test_a_wrong_value_is_refused_and_kept(three: list[Application], paulas: Client) -> None:
    answer = edited(paulas, three, "javascript:alert(1)")
    assert answer.status_code == 422
    assert "Enter an e-mail address, or a web address" in answer.content.decode()
    assert 'value="javascript:alert(1)"' in answer.content.decode()
    assert not BulkChange.objects.exists()


def test_only_who_may_do_the_act_stops_or_undoes_it(
    three: list[Application], paula: User, sam: User, client_of: ClientOf
) -> None:
    change = begun(three, paula)
    sam.user_permissions.add(Permission.objects.get(codename="view_bulkchange"))
    assert client_of(sam).get(path_of(BulkChange, change.pk, "change")).status_code == 302
    assert "Suspend 3" not in client_of(sam).get(path_of(BulkChange)).content.decode()
    sam.user_permissions.add(Permission.objects.get(codename="view_application"))
    assert client_of(sam).get(path_of(BulkChange, change.pk, "change")).status_code == 200
    assert press(client_of(sam), change, "stop").status_code == 403
    assert client_of(paula).get(path_of(BulkChange, change.pk, "ask", "stop")).status_code == 404
    change.refresh_from_db()
    assert change.state == "WORKING"


def test_old_changes_go_with_their_values(three: list[Application], paulas: Client) -> None:
    act(paulas, "suspend", *three)
    assert bulk_changes.drop_old() == 0
    BulkChange.objects.update(began_at=timezone.now() - timedelta(days=31))
    assert bulk_changes.drop_old() == 1
    assert not BulkRow.objects.exists()


def test_what_is_over_does_not_go_on_while_its_rows_are_dropped(three: list[Application], paula: User) -> None:
    change = begun(three, paula)
    bulk_changes.stop(change)
    BulkChange.objects.update(began_at=timezone.now() - timedelta(days=31))
    change.refresh_from_db()
    assert not bulk_changes.may_go_on(change)
    with pytest.raises(NotPossible):
        bulk_changes.go_on(change, by=Actor(paula, Side.STAFF))


def test_an_entry_leads_to_its_change_while_there_is_one_and_the_change_to_its_entries(
    three: list[Application], sam: User, client_of: ClientOf, paulas: Client
) -> None:
    act(paulas, "suspend", *three)
    change = BulkChange.objects.get()
    entry = TimelineEntry.objects.get(pk=change.rows.get(name="Second").entry_id or 0)
    listed, alone = path_of(TimelineEntry), path_of(TimelineEntry, entry.pk, "change")
    link = f'<a href="{path_of(BulkChange, change.pk, "change")}">Suspend 3 applications</a>'
    assert paulas.get(listed).content.decode().count(link) == 3
    assert paulas.get(alone).content.decode().count(link) == 1
    back = f'<a href="{alone}">Timeline</a>'
    assert back in paulas.get(path_of(BulkChange, change.pk, "change")).content.decode()
    sam.user_permissions.set(Permission.objects.filter(codename="view_timelineentry"))
    reads_entries = client_of(sam)
    pages = [reads_entries.get(page).content.decode() for page in (listed, alone)]
    assert ["Suspend 3 applications" in page for page in pages] == [False, False]
    sam.user_permissions.set(Permission.objects.filter(codename__in=("view_bulkchange", "view_application")))
    assert back not in client_of(sam).get(path_of(BulkChange, change.pk, "change")).content.decode()
    change.delete()
    pages = [paulas.get(page).content.decode() for page in (listed, alone)]
    assert ["Suspend 3 applications" in page for page in pages] == [False, False]


def test_what_matches_meanwhile_is_not_done_unread(three: list[Application], paulas: Client) -> None:
    matching = path_of(Application) + "?q=pier"
    on_the_pier(three[0], three[2])
    sent = {"action": "suspend", "select_across": "1", "_selected_action": [str(three[0].pk)]}
    read = form_of(paulas.post(matching, sent), "confirm_form").value("read")
    Application.objects.filter(pk=three[0].pk).update(name="Other")
    on_the_pier(three[1])
    answer = paulas.post(matching, sent | {"apply": "1", "reason": "Spam", "read": read})
    assert answer.status_code == 422
    assert "Check what will happen now." in answer.content.decode()
    assert suspended() == []


def test_the_job_of_who_was_stopped_does_no_row_more(
    three: list[Application], staff: dict[str, User], client_of: ClientOf
) -> None:
    change = begun(three, staff["Quinn"])
    by_quinn = BulkChange.objects.get(pk=change.pk)
    press(client_of(staff["Paula"]), change, "stop")
    press(client_of(staff["Paula"]), change, "go-on")
    assert not bulk_changes._row(by_quinn, acts.SUSPEND_APPLICATIONS, acting(staff["Quinn"], reason="Ticket 1"))
    assert suspended() == []
    bulk_changes.work_on(change.pk)
    assert set(TimelineEntry.objects.filter(kind="APPLICATION_SUSPENDED").values_list("actor_name")) == {("Paula",)}
