"""Name and addresses are planted wherever the portal writes them, through its pages; then they are deleted, and every
column of every table is searched."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.utils import timezone

from installs.models import HelpCase, HelpMessage, Installation, StaffNote
from linnapp import bulk_changes
from linnapp.models import (
    Account,
    Application,
    AuditEntry,
    BulkChange,
    BulkRow,
    Deletion,
    ExportFile,
    Membership,
    OutgoingMail,
    TimelineEntry,
    User,
    words_in_sqlite,
)
from linnapp.models.wording import wordings
from linnapp.services import deleting, erasing, people
from tests.admin.editing import edit
from tests.admin.test_admin import path_of
from tests.admin.test_admin_actions import act
from tests.kit.people import PASSWORD, ClientOf, acting, person, support_group

pytestmark = pytest.mark.django_db
NAME, EMAIL, OTHER = "Zoë Quillfeather", "zoe@quillfeather.example", "zq@quillfeather.example"
# As it stands folded, escaped in JSON, and spelled by others.
SOUGHT = ("quillfeather",)
# What is in them can be asked, and not read.
OF_TRIGRAMS = [words.name for words in wordings()]


@pytest.fixture
def zoe(northwind: Account) -> User:
    """An Owner of Northwind beside Alice, who is of support too."""
    user = person(NAME, EMAIL, is_staff=True)
    user.groups.add(support_group())
    EmailAddress.objects.create(user=user, email=OTHER, verified=True)
    Membership.objects.create(account=northwind, user=user, role="DEVELOPER")
    return user


def everything() -> Iterator[tuple[str, str]]:
    """Each row of each table as text, of the tables of the index of trigrams too."""
    tables = connection.introspection.table_names()
    if connection.vendor == "sqlite":
        # The migrations leave their own record, and a table of the index says what it is asked.
        tables = [table for table in tables if not table.startswith("sqlite_") and table not in OF_TRIGRAMS]
    for table in tables:
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT * FROM "{table}"')
            for row in cursor.fetchall():
                yield table, str(row).lower()
    for session in Session.objects.all():
        yield "django_session, opened", json.dumps(session.get_decoded(), default=str).lower()


def left() -> set[str]:
    return {table for table, text in everything() if any(word in text for word in SOUGHT)} | found_by_trigrams()


def found_by_trigrams() -> set[str]:
    if connection.vendor != "sqlite":
        return set()
    with connection.cursor() as cursor:
        return {
            table
            for table in OF_TRIGRAMS
            for word in SOUGHT
            if cursor.execute(words_in_sqlite.FOUND.format(name=table), [words_in_sqlite.asked(word)]).fetchone()
        }


def plant_by_herself(browser: Client, account: Account, application: Application) -> None:
    about = f"I am {NAME}, write to {OTHER}."
    browser.post(f"/a/{account.slug}/team/invite/", {"email": "new@x.example", "role": "DEVELOPER"})
    settings = {"name": account.name, "contact_email": EMAIL}
    browser.post(
        f"/a/{account.slug}/settings/", settings | {f"initial-{key}": value for key, value in settings.items()}
    )
    general = {"name": application.name, "summary": "", "description": "", "support_contact": EMAIL}
    browser.post(f"/a/{account.slug}/applications/{application.pk}/general/", general)
    browser.post("/help/new/", {"about": str(Installation.objects.get().pk), "sentence": about})
    browser.post("/profile/mails/", {})
    browser.post(f"/support/notes/account/{account.pk}/add/", {"text": about})


def plant_by_others(paula: User, alices: Client, paulas: Client, zoe: User, account: Account) -> None:
    reason = f"{NAME} ({EMAIL}) asked for it"
    seat = Membership.objects.get(user=zoe, account=account)
    alices.post(f"/a/{account.slug}/team/{seat.pk}/role/", {"role": "OWNER"})
    paulas.post(f"/inside/{account.slug}/", {"purpose": "LOOK", "reason": reason})
    edit(paulas, account, contact_email=EMAIL, why=reason)
    edit(paulas, zoe, is_active="on", is_staff="on", is_superuser="on", why=reason)
    act(paulas, "send_reset", zoe, reason=reason)  # type: ignore[arg-type]
    act(paulas, "suspend", account, reason=reason)
    act(paulas, "resume", account, reason=reason)
    change = bulk_changes.begin(
        next(one for one in bulk_changes.page_of(BulkChange(table="linnapp.User")).staff_actions),
        User,
        bulk_changes.wishes_of(User.objects.filter(pk=zoe.pk)),
        by=acting(zoe, reason=reason),
        wanted={},
    )
    bulk_changes.stop(change)
    people.invite(account, email="zoe.quillfeather@new.example", role="DEVELOPER", by=acting(paula, reason=reason))
    ends = timezone.now() + timedelta(days=1)
    ExportFile.objects.create(table="linnapp.User", title=f"1 person, {EMAIL}", person=zoe, total=1, ends_at=ends)
    states = ("WAITING", "FAILED", "SENT")
    OutgoingMail.objects.bulk_create(
        OutgoingMail(message_id=f"<{state}@x.example>", recipient=address, opens=address, state=state)
        for state, address in zip(states, (EMAIL, OTHER, EMAIL), strict=True)
    )


def erased() -> None:
    """The job, at once and again when nothing that began before is under way."""
    deletion = Deletion.objects.get()
    erasing.erase(deletion.pk)
    assert Deletion.objects.get().due_at == deletion.begun_at + erasing.STRAGGLERS
    before = timezone.now() - erasing.STRAGGLERS
    Deletion.objects.update(begun_at=before, due_at=before)
    erasing.erase(deletion.pk)


def test_after_a_deletion_the_database_holds_neither_name_nor_address(
    installation: Installation, zoe: User, alice: User, paula: User, client_of: ClientOf
) -> None:
    application, account = installation.application, installation.application.account
    browser = Client()
    browser.post("/sign-in/", {"login": EMAIL, "password": PASSWORD})
    Client().post("/password/", {"email": OTHER})
    # Signed in before there was a list of browsers.
    UserSession.objects.filter(session_key=client_of(zoe).session.session_key).delete()
    plant_by_others(paula, client_of(alice), client_of(paula), zoe, account)
    plant_by_herself(browser, account, application)
    # The invitation to somebody of the same company is not hers.
    people.revoke(account.invitations.get(email="zoe.quillfeather@new.example"), by=acting(alice))
    for model in (TimelineEntry, AuditEntry):
        model._default_manager.filter(facts__email="zoe.quillfeather@new.example").delete()
    OutgoingMail.objects.filter(recipient="zoe.quillfeather@new.example").delete()
    planted = left()
    assert planted >= {
        "linnapp_user", "account_emailaddress", "linnapp_account", "linnapp_application", "linnapp_timelineentry",
        "linnapp_auditentry", "linnapp_bulkchange", "linnapp_bulkrow",
        "linnapp_staffaccess", "linnapp_outgoingmail", "linnapp_exportfile",
        "django_admin_log", "installs_helpcase", "installs_staffnote", "django_session, opened",
    }  # fmt: skip
    told = TimelineEntry.objects.count()
    sealed = BulkRow.objects.filter(target=str(zoe.pk))
    assert sealed.update(wanted_encrypted="sealed", before_encrypted="sealed")
    placed = AuditEntry.objects.filter(person_id=zoe.pk).exclude(network="", device="")
    assert placed.exists()
    answer = browser.post("/profile/delete/", {"email": EMAIL})
    assert answer.headers["Location"] == "/sign-in/"
    # At once: nobody is called so any more, and what is left stands in texts.
    assert left().isdisjoint({"linnapp_user", "account_emailaddress", "linnapp_account"})
    erased()
    assert left() == set()
    assert not placed.exists()
    assert set(sealed.values_list("wanted_encrypted", "before_encrypted")) == {("", "")}
    assert not Deletion.objects.exists()
    # A line more: that somebody left. What was said is there still, by nobody.
    assert TimelineEntry.objects.count() == told + 1
    assert HelpCase.objects.get().sentence == "I am deleted person, write to deleted person."
    assert StaffNote.objects.get().text == "I am deleted person, write to deleted person."
    page = client_of(alice).get(f"/a/{account.slug}/activity/").content.decode()
    assert "deleted person is now owner" in page.lower().replace("\u2068", "").replace("\u2069", "")
    application.refresh_from_db()
    assert application.support_contact == alice.email


def test_others_and_words_that_only_look_alike_stay(
    zoe: User, alice: User, northwind: Account, paula: User, client_of: ClientOf
) -> None:
    texts = [
        f"not{EMAIL}", f"{EMAIL}.au", f"Zoë Quillfeatherstone, {NAME}", f"{NAME.upper()}, Zoë", f"<{EMAIL.upper()}>.",
    ]  # fmt: skip
    case = HelpCase.objects.create(account=northwind, sentence="x")
    for text in texts:
        HelpMessage.objects.create(case=case, writer="SUPPORT", text=text)
    northwind.name = NAME
    northwind.save()
    people.invite(northwind, email="new@x.example", role="DEVELOPER", by=acting(alice))
    deleting.delete_person(zoe)
    erased()
    assert list(HelpMessage.objects.order_by("pk").values_list("text", flat=True)) == [
        f"not{EMAIL}", f"{EMAIL}.au", "Zoë Quillfeatherstone, deleted person", "deleted person, Zoë",
        "<deleted person>.",
    ]  # fmt: skip
    # A company of that name is none of theirs to take away.
    northwind.refresh_from_db()
    assert northwind.name == NAME
    invited = TimelineEntry.objects.get(kind="MEMBER_INVITED")
    assert (invited.facts["account"], invited.actor_name) == (NAME, "Alice")


def test_where_somebody_else_has_the_name_only_what_is_surely_theirs_is_changed(
    zoe: User, alice: User, northwind: Account, paula: User, client_of: ClientOf
) -> None:
    other = person(NAME, "other@x.example")
    Membership.objects.create(account=northwind, user=other, role="DEVELOPER")
    note = StaffNote.objects.create(account=northwind, text=f"{NAME} or {EMAIL}", by=paula)
    kind = ContentType.objects.get_for_model(User)
    for user in (zoe, other):
        log = {"user": paula, "content_type": kind, "object_id": str(user.pk), "object_repr": NAME}
        LogEntry.objects.create(action_flag=CHANGE, **log)
        people.invite(northwind, email=f"x{user.pk}@x.example", role="DEVELOPER", by=acting(user))
    deleting.delete_person(zoe)
    erased()
    names = dict(TimelineEntry.objects.filter(kind="MEMBER_INVITED").values_list("actor_id", "actor_name"))
    assert names == {zoe.pk: "deleted person", other.pk: NAME}
    logged = dict(LogEntry.objects.values_list("object_id", "object_repr"))
    assert logged == {str(zoe.pk): "deleted person", str(other.pk): NAME}
    note.refresh_from_db()
    assert note.text == f"{NAME} or deleted person"


def test_what_a_request_wrote_in_their_name_afterwards_is_found_the_second_time(
    zoe: User, alice: User, northwind: Account
) -> None:
    deleting.delete_person(User.objects.get(pk=zoe.pk))
    erasing.erase(Deletion.objects.get().pk)
    Deletion.objects.update(due_at=timezone.now())
    # Its row was read before the deletion.
    people.invite(northwind, email="new@x.example", role="DEVELOPER", by=acting(zoe))
    assert left() >= {"linnapp_timelineentry"}
    erased()
    assert left() == set()


def test_one_job_at_a_time_and_one_that_was_stopped_begins_anew(
    zoe: User, northwind: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.invite(northwind, email="new@x.example", role="DEVELOPER", by=acting(zoe))
    deleting.delete_person(zoe)
    with monkeypatch.context() as stopped:
        stopped.setattr(erasing, "stop_asked", lambda: True)
        erasing.erase(Deletion.objects.get().pk)
    # As if its process had been killed: nobody takes it up for a while.
    erasing.erase(Deletion.objects.get().pk)
    assert Deletion.objects.get().due_at > timezone.now() + erasing.TAKEN_FOR - timedelta(minutes=1)
    assert "linnapp_timelineentry" in left()
    Deletion.objects.update(due_at=timezone.now())
    erased()
    assert left() == set()


def test_a_form_of_the_admin_shows_no_deletion_what_it_seeks(zoe: User, paula: User, client_of: ClientOf) -> None:
    deleting.delete_person(zoe)
    row = Deletion.objects.get()
    page: Any = client_of(paula).get(path_of(Deletion, row.pk, "change"))
    assert row.sought_encrypted not in page.content.decode()
