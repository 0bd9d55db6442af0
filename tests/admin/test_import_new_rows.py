"""Rows that a file asks for anew: shown first, made once each by the service that makes one by hand, taken back while
nothing happened to them. And installations, suspended and resumed by a file."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from installs.admin.making import NEW_ACCOUNTS, NEW_APPLICATIONS
from installs.installations import lifecycle, suspending
from installs.installations.suspending_accounts import suspend_account
from installs.models import Installation
from linnapp import bulk_changes, imports
from linnapp.errors import NotPossible
from linnapp.models import Account, Application, BulkChange, BulkRow, Invitation, Membership, TimelineEntry, User
from linnapp.new_rows import NewRows
from linnapp.services import applications, people
from linnapp.staff_actions import Values
from tests.admin.many.test_bulk_changes import press, states
from tests.admin.test_admin import path_of
from tests.admin.test_imports import Lines, applied, as_csv, as_json, page, upload
from tests.kit.people import ClientOf, acting, person

pytestmark = pytest.mark.django_db
Asked = tuple[type[Any], Lines]
ACCOUNT: Asked = (Account, [["name", "owner_email"], ["Müller 株式会社", "anna@mueller.example"]])
PERSON: Asked = (User, [["email", "account_slug", "role"], ["Nora@x.example", "northwind", "Developer"]])
SEAT: Asked = (Membership, [["id", "email", "account_slug", "role"], ["", "nora@x.example", "northwind", "OWNER"]])
APPLICATION: Asked = (
    Application,
    [
        ["id", "name", "type", "account_slug", "support_contact"],
        ["", "Courier", "Shipping Integration", "northwind", "help@x.example"],
    ],
)
ALL = [ACCOUNT, PERSON, SEAT, APPLICATION]
AT_ONCE = 6
ACCOUNT_VALUES = {"owner_email": "anna@x.example"}
APPLICATION_VALUES = {"type": "SYSTEM", "account_slug": "northwind"}
IDS = ["account", "person", "seat", "application"]


@pytest.fixture
def paulas(paula: User, client_of: ClientOf) -> Client:
    return client_of(paula)


def made() -> list[str]:
    """All that these files make."""
    names = list(Account.objects.values_list("name", flat=True))
    names += Application.objects.values_list("name", flat=True)
    names += [f"{row.email}, {row.role}" for row in Invitation.objects.open()]
    return sorted(names)


def undone(client: Client, change: BulkChange) -> BulkChange:
    press(client, change, "undo")
    back = BulkChange.objects.get(undoes=change)
    bulk_changes.work_on(back.pk)
    back.refresh_from_db()
    return back


def said(change: BulkChange) -> list[str]:
    return list(change.rows.order_by("position").values_list("said", flat=True))


@pytest.mark.parametrize("asked", ALL, ids=IDS)
def test_a_new_row_is_shown_made_once_and_taken_back(asked: Asked, northwind: Account, paulas: Client) -> None:
    table, lines = asked
    before, sent = made(), len(mail.outbox)
    change = upload(paulas, table, as_json(lines))
    shown = page(paulas, change)
    assert "New 1" in shown
    assert f"<ins>{lines[1][-1]}</ins>" in shown or "<ins>DEVELOPER</ins>" in shown
    assert "<del>" not in shown
    assert "It can be undone for 24 hours: rows that somebody changed since stay. Undo " in shown
    assert (made(), len(mail.outbox)) == (before, sent)
    applied(paulas, change)
    applied(paulas, change)
    assert len(set(made()) - set(before) - {"anna@mueller.example, OWNER"}) == 1
    row = change.rows.get()
    assert row.state == "DONE", row.said
    entry = TimelineEntry.objects.get(pk=row.entry_id or 0)
    assert (entry.reason, entry.side, entry.facts["change"]) == ("Ticket 12", "STAFF", str(change.pk))
    shown = page(paulas, change)
    link = shown.partition('<th scope="row">')[2].partition('href="')[2].partition('"')[0]
    assert paulas.get(link).status_code == 200
    assert "New, made" in shown
    back = undone(paulas, change)
    assert [state for _, state in states(back)] == ["DONE"], said(back)
    assert made() == before


def test_new_ones_get_what_one_made_by_hand_gets(northwind: Account, paulas: Client) -> None:
    for table, lines in ALL:
        applied(paulas, upload(paulas, table, as_csv(lines)))
    account = Account.objects.get(name="Müller 株式会社")
    assert (account.slug, account.contact_email) == ("muller", "anna@mueller.example")
    assert [str(row) for row in account.invitations.open()] == ["anna@mueller.example to Müller 株式会社"]
    # The seat replaces the invitation that the person got before it.
    assert northwind.invitations.open().get().role == "OWNER"
    assert {message.to[0] for message in mail.outbox} >= {"anna@mueller.example", "nora@x.example"}
    made = Application.objects.get(name="Courier")
    assert (made.type, made.support_contact, made.secrets.live().count()) == ("SHIPPING", "help@x.example", 1)
    assert made.versions.filter(kind="DEVELOPMENT").count() == 1
    secret = made.secrets.get().value()
    assert secret not in "".join(page(paulas, change) for change in BulkChange.objects.all())
    kinds = TimelineEntry.objects.about_application(made.pk).values_list("kind", flat=True)
    assert set(kinds) == {"APPLICATION_CREATED", "SECRET_CREATED", "APPLICATION_EDITED"}


def test_new_changed_unchanged_and_wrong_are_counted_and_filtered(
    northwind: Account, cakes: Account, depot: Account, paulas: Client
) -> None:
    lines: Lines = [
        ["id", "name", "owner_email"],
        ["", "New One", "new@x.example"],
        [cakes.pk, "Bakery", ""],
        [depot.pk, depot.name, ""],
        [uuid4(), "Chosen id", "chosen@x.example"],
        ["", "Nameless", "no address"],
        ["", depot.name, "again@x.example"],
        ["", "New One", "twice@x.example"],
        ["", "", "nobody@x.example"],
        ["", "Paula's", "paula@linnapp.example"],
    ]
    change = upload(paulas, Account, as_csv(lines))
    shown = page(paulas, change)
    for label in ("All 9", "New 1", "Changed 1", "Unchanged 1", "Wrong 6"):
        assert label in shown
    assert "Apply to" not in shown
    assert "Used for new rows only: owner_email." in shown
    filtered = {state: page(paulas, change, f"?state={state}") for state in ("NEW", "WAITING", "SAME", "WRONG")}
    for state, name in {"NEW": "2: New One", "WAITING": "Bakery", "SAME": "4: ", "WRONG": "6: Nameless"}.items():
        assert [there for there, text in filtered.items() if name in text] == [state], name
    assert said(change)[3:] == [
        "Nothing has this id. A new row has none: leave it empty.",
        "owner_email: Enter an e-mail address, such as name@example.com.",
        f"There is an account called {depot.name}. Give its id to change it.",
        "It is also in line 2.",
        "name: a new row needs a value.",
        "This is you. Enter the account with staff access instead: you need not be a member.",
    ]
    applied(paulas, change)
    assert not Account.objects.filter(name="New One").exists()


def test_what_cannot_be_made_is_wrong_and_says_why(
    northwind: Account, application: Application, bob: User, cakes: Account, paula: User, paulas: Client
) -> None:
    suspend_account(cakes, by=acting(paula, reason="Spam"))
    lines: Lines = [
        ["name", "type", "account_slug", "account_id"],
        [application.name, "SYSTEM", "northwind", ""],
        ["Second", "SYSTEM", "nowhere", ""],
        ["Third", "SYSTEM", "northwind", cakes.pk],
        ["Fourth", "SYSTEM", "", cakes.pk],
        ["Fifth", "odd", "", ""],
        ["Sixth", "system integration", "NORTHWIND", northwind.pk],
    ]
    found = said(upload(paulas, Application, as_csv(lines)))
    assert found[0] == f"{northwind} has an application called {application.name}. Give its id to change it."
    assert found[1:3] == ["account_slug or account_id: there is no such account."] * 2
    assert "has been suspended by this portal's staff" in found[3]
    assert "type: Enter one of these: System Integration, " in found[4]
    assert "account_slug or account_id: a new row needs a value." in found[4]
    assert found[5] == ""
    seats: Lines = [["email", "account_slug", "role"], [bob.email, "northwind", "OWNER"]]
    assert "is already a member" in said(upload(paulas, Membership, as_csv(seats)))[0]
    unknown = upload(paulas, User, as_csv([["email", "name"], ["nobody@x.example", "Nobody"]]))
    assert said(unknown) == ["Nothing has this email. A new row needs email, role, account_slug or account_id."]


def test_a_name_in_other_letters_is_taken_too(northwind: Account, paula: User, paulas: Client) -> None:
    by = acting(paula, reason="By hand")
    applications.create_application(account=northwind, name="ÜBER Stock", kind="SYSTEM", by=by)
    people.open_account(name="Müller GmbH", owner_email="other@x.example", by=by)
    accounts: Lines = [["name", "owner_email"], ["MÜLLER gmbh", "anna@x.example"], ["Muller GmbH", "anna@x.example"]]
    assert said(upload(paulas, Account, as_csv(accounts))) == [
        "There is an account called MÜLLER gmbh, spelled Müller GmbH. Give its id to change it.",
        "",
    ]
    made: Lines = [["name", "type", "account_slug"], ["über stock", "SYSTEM", "northwind"]]
    assert said(upload(paulas, Application, as_csv(made))) == [
        "Northwind has an application called über stock, spelled ÜBER Stock. Give its id to change it."
    ]


def test_what_was_taken_meanwhile_is_left_alone_and_named(northwind: Account, paula: User, paulas: Client) -> None:
    account, seat = (upload(paulas, table, as_csv(lines)) for table, lines in (ACCOUNT, SEAT))
    by = acting(paula, reason="By hand")
    people.open_account(name="Müller 株式会社", owner_email="other@x.example", by=by)
    people.invite(northwind, email="nora@x.example", role="OWNER", by=by)
    for change in (account, seat):
        applied(paulas, change)
    assert [state for _, state in states(account)] == ["LEFT"]
    assert said(account) == ["There is an account called Müller 株式会社. Give its id to change it."]
    assert [state for _, state in states(seat)] == ["SAME"]
    assert Invitation.objects.open().filter(email="nora@x.example").count() == 1


def test_a_job_that_died_goes_on_and_makes_none_twice(
    northwind: Account, paulas: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: Lines = [["name", "owner_email"], *([f"Made {n}", f"o{n}@x.example"] for n in range(3))]
    change = upload(paulas, Account, as_csv(lines))
    save = BulkRow.save

    def dies_before_the_second_mark(row: BulkRow, **options: Any) -> None:
        if row.name == "Made 1":
            raise SystemExit
        save(row, **options)

    monkeypatch.setattr(BulkRow, "save", dies_before_the_second_mark)
    with pytest.raises(SystemExit):
        applied(paulas, change)
    assert [name for name in made() if "Made" in name] == ["Made 0"]
    monkeypatch.setattr(BulkRow, "save", save)
    BulkChange.objects.update(beaten_at=timezone.now() - timedelta(minutes=2))
    bulk_changes.work_on(change.pk)
    assert [name for name in made() if "Made" in name] == ["Made 0", "Made 1", "Made 2"]
    assert [state for _, state in states(change)] == ["DONE"] * 3
    assert TimelineEntry.objects.filter(kind="ACCOUNT_CREATED", reason="Ticket 12").count() == 3


def test_undo_leaves_alone_what_something_happened_to(
    northwind: Account, alice: User, paula: User, paulas: Client
) -> None:
    changes = [applied(paulas, upload(paulas, table, as_csv(lines))) for table, lines in (ACCOUNT, PERSON, APPLICATION)]
    account, application = Account.objects.get(name__startswith="Müller"), Application.objects.get(name="Courier")
    people.edit_account(account, by=acting(paula, reason="By hand"), contact_email="desk@x.example")
    nora = person("Nora", "nora@x.example")
    people.accept(Invitation.objects.open().get(email="nora@x.example"), by=acting(nora))
    applications.edit_application(application, by=acting(alice), description="Ours")
    backs = [undone(paulas, change) for change in changes]
    assert [state for back in backs for _, state in states(back)] == ["LEFT"] * 3
    assert "Close it yourself" in said(backs[0])[0]
    assert "has already joined" in said(backs[1])[0]
    assert "Retire it yourself" in said(backs[2])[0]
    assert northwind.memberships.filter(user=nora).exists()


def test_whoever_may_only_change_a_table_makes_nothing_in_it(
    northwind: Account, staff: dict[str, User], client_of: ClientOf
) -> None:
    quinn = staff["Quinn"]
    client, table, lines = client_of(quinn), *ACCOUNT
    change = upload(client, table, as_csv(lines))
    quinn.user_permissions.remove(Permission.objects.get(codename="add_account"))
    assert client.post(path_of(BulkChange, change.pk, "ask", "apply"), {"why": "x"}).status_code == 403
    refused = upload(client, table, as_csv(lines))
    assert said(refused) == ["This would be a new row, and you are not allowed to add one."]
    imports.apply(change, by=acting(quinn, reason="Allowed a moment ago"))
    bulk_changes.work_on(change.pk)
    change.refresh_from_db()
    assert (change.state, change.said) == ("STOPPED", "Quinn is no longer allowed to do this.")
    assert "is no longer allowed to do this" in page(client_of(staff["Paula"]), change)
    assert not Account.objects.filter(name__startswith="Müller").exists()


def test_an_old_sign_in_is_asked_for_the_password_before_a_file_is_chosen(paula: User, client_of: ClientOf) -> None:
    old = client_of(paula, fresh=False)
    for table in (Membership, Account):
        assert "/sign-in/again/" in old.get(path_of(table, "import")).headers["Location"]
    assert old.get(path_of(Application, "import")).status_code == 200


def test_the_page_says_what_a_new_row_needs_and_whether_it_can_be_undone(paulas: Client) -> None:
    shown = paulas.get(path_of(Application, "import")).content.decode()
    assert "name, type, account_slug or account_id" in shown
    assert "Undo deletes a new application if nothing has happened to it since; otherwise it stays." in shown
    installations = paulas.get(path_of(Installation, "import")).content.decode()
    assert "suspended_by_staff (yes or no)" in installations
    assert "made new" not in installations


def test_rows_are_read_by_the_batch(
    northwind: Account, paulas: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(40):
        member = person(f"Member {number}", f"m{number}@x.example")
        Membership.objects.create(account=northwind, user=member, role="DEVELOPER")
    seats = [[seat.pk, "Owner", "", ""] for seat in northwind.memberships.all()]
    lines: Lines = [["id", "role", "email", "account_slug"], *seats]
    lines += [["", "Owner", f"n{n}@x.example", "northwind"] for n in range(40)]
    with django_assert_max_num_queries(60):
        change = upload(paulas, Membership, as_csv(lines))
    assert (change.total, change.rows.would_be_made().count()) == (81, 40)


def test_an_empty_cell_switches_nobody_off(carol: User, paulas: Client) -> None:
    change = upload(paulas, User, as_csv([["email", "is_active"], [carol.email, ""]]))
    assert said(change) == ["is_active: Enter yes or no."]


def test_installations_are_suspended_and_resumed_by_a_file_and_set_back(
    installation: Installation, depot: Account, paula: User, paulas: Client
) -> None:
    version = installation.version
    other = Installation.objects.create(
        application=installation.application, account=depot, version=version, state="ACTIVE"
    )
    suspending.suspend_by_staff(other, by=acting(paula, reason="Before"))
    exported = b"".join(paulas.get(path_of(Installation, "export", "csv"))).decode()
    assert [state for _, state in states(upload(paulas, Installation, exported.encode()))] == ["SAME", "SAME"]
    lines: Lines = [["id", "suspended_by_staff"], [installation.pk, "Yes"], [other.pk, "no"]]
    change = upload(paulas, Installation, as_csv(lines))
    assert "<del>False</del> → <ins>True</ins>" in page(paulas, change)
    applied(paulas, change)
    assert suspended() == {installation.account: "Ticket 12", depot: ""}
    kinds = TimelineEntry.objects.filter(reason="Ticket 12").values_list("kind", flat=True)
    assert sorted(kinds) == ["INSTALLATION_RESUMED", "INSTALLATION_SUSPENDED"]
    undone(paulas, change)
    assert suspended()[installation.account] == ""
    assert suspended()[depot] != ""


def suspended() -> dict[Account, str]:
    return {row.account: row.suspension_reason for row in Installation.objects.select_related("account")}


def test_installations_that_cannot_be_or_changed_meanwhile_are_named(
    installation: Installation, carol: User, paula: User, paulas: Client
) -> None:
    lines: Lines = [["id", "suspended_by_staff"], [installation.pk, "no"]]
    suspending.suspend_by_staff(installation, by=acting(paula, reason="Before"))
    change = upload(paulas, Installation, as_csv(lines))
    suspending.resume_by_staff(installation, by=acting(paula, reason="Mended"))
    suspending.suspend_by_staff(installation, by=acting(paula, reason="Again"))
    applied(paulas, change)
    assert said(change) == [bulk_changes.CHANGED_SINCE]
    lifecycle.uninstall(installation, by=acting(carol))
    assert said(upload(paulas, Installation, as_csv(lines))) == ["Uninstalled: there is nothing to resume."]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("table", "rows", "values"),
    [(Account, NEW_ACCOUNTS, ACCOUNT_VALUES), (Application, NEW_APPLICATIONS, APPLICATION_VALUES)],
)
def test_a_name_that_two_files_ask_for_at_once_is_made_once(
    table: Any, rows: NewRows, values: Values, northwind: Account, paula: User
) -> None:
    together = Barrier(AT_ONCE, timeout=30)

    def make(number: int) -> str:
        try:
            together.wait()
            with transaction.atomic():
                rows.made({"name": "courier" if number % 2 else "Courier", **values}, acting(paula, reason="Why"))
        except NotPossible as refused:
            return str(refused)
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(make, range(AT_ONCE)))
    assert table.objects.filter(name__iexact="courier").count() == 1
    assert answers.count("") == 1
    assert all("Give its id to change it." in answer for answer in answers if answer)
