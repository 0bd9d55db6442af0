"""What a deletion, and the export of one's data, leave to others: their address, what is called as somebody is, and who
has the address after them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from installs.models import Connector, ConnectorCheck, HelpCase, HelpMessage, Installation, StaffNote
from installs.support import handing_over
from linnapp import credentials, kinds
from linnapp.models import (
    Account,
    Application,
    AuditEntry,
    BulkChange,
    BulkRow,
    Deletion,
    Invitation,
    Membership,
    OutgoingMail,
    TimelineEntry,
    User,
)
from linnapp.models.traces import traces_of
from linnapp.services import audit, deleting, erasing, people, rights
from tests.kit.people import PASSWORD, ClientOf, acting, person

pytestmark = pytest.mark.django_db
VICTIM = "victim@other.example"


def erased() -> None:
    erasing.erase(Deletion.objects.get().pk)
    second_time()


def second_time() -> None:
    """Everything that is there was written as long before as the deletion was."""
    Deletion.objects.update(due_at=timezone.now())
    now = timezone.now
    key = Deletion.objects.get().pk
    with pytest.MonkeyPatch.context() as later:
        later.setattr(timezone, "now", lambda: now() + erasing.STRAGGLERS)
        erasing.erase(key)
    assert not Deletion.objects.exists()


def told() -> Iterator[tuple[str, int, Any]]:
    for model in (TimelineEntry, AuditEntry):
        columns = ("actor_name", "reason", "facts", *(["person_name"] if model is AuditEntry else []))
        for pk, *values in model._default_manager.order_by("pk").values_list("pk", *columns):
            yield model.__name__, pk, values


def sign_in(user: User) -> Client:
    browser = Client()
    browser.post("/sign-in/", {"login": user.email, "password": PASSWORD})
    assert browser.get("/profile/").status_code == 200
    return browser


@pytest.mark.parametrize("address", [VICTIM, "alice@northwind.example"])
def test_an_address_that_they_never_confirmed_is_not_theirs(
    address: str, dave: User, depot: Account, northwind: Account, application: Application, paula: User,
    client_of: ClientOf,
) -> None:  # fmt: skip
    third = people.create_account(name="Third", owner=paula)
    people.invite(third, email=address, role="DEVELOPER", by=acting(paula, reason=f"Asked for by {address}"))
    Application.objects.update(support_contact=address)
    for state in ("WAITING", "SENT"):
        OutgoingMail.objects.create(
            message_id=f"<{state}@x.example>", recipient=address, opens=address, state=state, kind="PASSWORD"
        )
    typed = Client()
    typed.get("/sign-in/")
    session = typed.session
    session["typed"] = address
    session.save()
    browser = client_of(dave)
    assert browser.post("/profile/e-mail/", {"action_add": "", "email": address}).status_code == 302
    assert dave.emailaddress_set.filter(email=address, verified=False).exists()  # type: ignore[attr-defined]
    listed = json.loads(browser.post("/profile/export/").getvalue())["e-mails_to_you"]
    assert {row["to"] for row in listed} <= {dave.email}
    before = list(told())
    assert browser.post("/profile/delete/", {"email": dave.email}).status_code == 302
    erased()
    after = {line[:2]: line for line in told()}
    assert [after[line[:2]] for line in before if dave.name not in str(line)] == [
        line for line in before if dave.name not in str(line)
    ]
    assert Invitation.objects.filter(email=address).exists()
    kept = OutgoingMail.objects.filter(message_id__endswith="@x.example>").order_by("message_id")
    assert [row.state for row in kept] == ["SENT", "WAITING"]
    assert Application.objects.get().support_contact == address
    assert Session.objects.filter(pk=session.session_key).exists()


@pytest.mark.parametrize("name", ["Owner", "Developer", "password", "the disk", "new@northwind.example"])
def test_a_name_that_is_a_word_harms_nobody(
    name: str, dave: User, depot: Account, alice: User, northwind: Account, bob: User, paula: User, carol: User,
    installation: Installation, client_of: ClientOf,
) -> None:  # fmt: skip
    """Of accounts that they were never in: lines, the record, what staff and customers wrote."""
    seat = Membership.objects.get(user=bob)
    for role in ("OWNER", "DEVELOPER"):
        seat = people.change_role(seat, role=role, by=acting(alice))
    Client().post("/sign-in/", {"login": alice.email, "password": "not the password"})
    text = f"Alice lost {name} with her keys"
    people.invite(northwind, email="new@northwind.example", role="DEVELOPER", by=acting(paula, reason=text))
    Account.objects.filter(pk=northwind.pk).update(suspension_reason=text)
    Application.objects.update(suspension_reason=name)
    Installation.objects.update(suspension_reason=text)
    case = HelpCase.objects.create(account=installation.account, sentence=text, opened_by=carol)
    HelpMessage.objects.create(case=case, writer="SUPPORT", text=name)
    StaffNote.objects.create(application=installation.application, text=text, by=paula)
    change = BulkChange.objects.create(
        table=Account._meta.label, act="suspend", title=name, reason=text, person=paula, person_name="Paula", total=1
    )
    BulkRow.objects.create(change=change, position=1, target=str(northwind.pk), name=name, said=text)
    BulkRow.objects.create(change=change, position=2, target=str(depot.pk), name="One of two", said="")

    def texts() -> list[Any]:
        models = [(model, traces_of(model).texts) for model in erasing.models_with_texts()]
        rows = [row for model, columns in models for row in model._base_manager.order_by("pk").values_list(*columns)]
        return [row for row in rows if any(row)]

    browser = client_of(dave)
    assert browser.post("/profile/", {"name": name, "time_zone": "UTC"}).status_code == 302
    OutgoingMail.objects.filter(recipient=dave.email).delete()
    others = [line for line in told() if line[2][0] != "Dave"]
    written = texts()
    assert browser.post("/profile/delete/", {"email": dave.email}).status_code == 302
    OutgoingMail.objects.filter(recipient=dave.email).delete()
    erased()
    after = {line[:2]: line for line in told()}
    assert [after[line[:2]] for line in others] == others
    assert texts() == written


def test_in_their_own_accounts_a_word_of_the_portal_stays_too(
    bob: User, alice: User, northwind: Account, client_of: ClientOf
) -> None:
    User.objects.filter(pk=bob.pk).update(name="Owner")
    steps = [{"name": "Owner", "words": "Owner"}]
    connector = Connector.objects.create(account=northwind, name="Till")
    check = ConnectorCheck.objects.create(connector=connector, steps=steps, fault="Owner")
    seat = people.change_role(Membership.objects.get(user=bob), role="OWNER", by=acting(alice))
    people.change_role(seat, role="DEVELOPER", by=acting(alice, reason="Owner"))
    deleting.delete_person(User.objects.get(pk=bob.pk))
    erased()
    for model in (TimelineEntry, AuditEntry):
        lines = model._default_manager.filter(kind="MEMBER_ROLE").order_by("pk")
        assert [(line.facts["member"], line.facts["role"]) for line in lines] == [
            ("deleted person", "Owner"), ("deleted person", "Developer"),
        ]  # fmt: skip
        assert [line.reason for line in lines] == ["", "deleted person"]
    check.refresh_from_db()
    assert (check.steps, check.fault) == (steps, "deleted person")


def test_addresses_that_were_theirs_before_go_from_their_record(
    dave: User, depot: Account, client_of: ClientOf
) -> None:
    audit.put(kinds.EMAIL_CHANGED, of=dave, by=acting(dave), before="d@before.example", email="d@between.example")
    assert client_of(dave).post("/profile/delete/", {"email": dave.email}).status_code == 302
    erased()
    changed = AuditEntry.objects.get(kind="EMAIL_CHANGED")
    assert (changed.facts["before"], changed.facts["email"]) == ("deleted person", "deleted person")


def test_an_account_that_went_with_them_and_was_called_as_they_are_is_named_no_more(
    dave: User, northwind: Account, client_of: ClientOf
) -> None:
    people.create_account(name="Dave", owner=dave)
    assert client_of(dave).post("/profile/delete/", {"email": dave.email}).status_code == 302
    erased()
    assert TimelineEntry.objects.get(kind="ACCOUNT_CREATED", actor_id=dave.pk).facts["account"] == "deleted person"


def test_staff_who_had_another_name_and_another_account_to_look_at_are_named_no_more(
    installation: Installation, sam: User, paula: User, northwind: Account
) -> None:
    """By their number: nobody of the account was ever them, and they were called otherwise then."""
    handing_over.assign(installation, to=sam, by=acting(paula))
    rights.edit_person_by_staff(sam, name="Samuel Quill", by=acting(paula, reason="Samuel Quill asked"))
    sam.refresh_from_db()
    handing_over.assign(installation, to=None, by=acting(paula))
    deleting.delete_person(sam)
    erased()
    lines = TimelineEntry.objects.filter(kind__in=["SUPPORT_ASSIGNED", "SUPPORT_FREED", "PERSON_RENAMED"])
    assert {(line.kind, line.facts.get("member", line.facts.get("to"))) for line in lines} == {
        ("SUPPORT_ASSIGNED", "deleted person"),
        ("SUPPORT_FREED", "deleted person"),
        ("PERSON_RENAMED", "deleted person"),
    }
    assert {line.reason for line in lines} == {"", "deleted person asked"}


def test_who_has_the_address_next_keeps_what_is_younger(
    dave: User, depot: Account, alice: User, northwind: Account, client_of: ClientOf
) -> None:
    people.invite(northwind, email=dave.email, role="DEVELOPER", by=acting(alice))
    address = dave.email
    OutgoingMail.objects.create(message_id="<old@x.example>", recipient=address, state="SENT", kind="PASSWORD")
    assert client_of(dave).post("/profile/delete/", {"email": address}).status_code == 302
    erasing.erase(Deletion.objects.get().pk)
    new = person("David", address)
    people.create_account(name="David's", owner=new)
    browser = sign_in(new)
    typed = Client()
    session = typed.session
    session["typed"] = address
    session.save()
    people.invite(northwind, email=address, role="DEVELOPER", by=acting(alice))
    Application.objects.create(account=northwind, name="Till", type="SYSTEM", support_contact=address)
    OutgoingMail.objects.create(message_id="<new@x.example>", recipient=address, state="WAITING", kind="PASSWORD")
    second_time()
    for model in (TimelineEntry, AuditEntry):
        invited = model._default_manager.filter(kind="MEMBER_INVITED").order_by("pk")
        assert [line.facts["email"] for line in invited] == ["deleted person", address]
    sent = OutgoingMail.objects.filter(message_id__endswith="@x.example>")
    assert [row.message_id for row in sent] == ["<new@x.example>"]
    assert browser.get("/profile/").status_code == 200
    assert Session.objects.filter(pk=session.session_key).exists()
    assert Application.objects.get().support_contact == address


def test_whose_address_ends_as_theirs_stays_signed_in(alice: User, northwind: Account, client_of: ClientOf) -> None:
    browser = sign_in(alice)
    eve = person("Eve", "e@northwind.example")
    assert client_of(eve).post("/profile/delete/", {"email": eve.email}).status_code == 302
    erased()
    assert browser.get("/profile/").status_code == 200


def test_a_deletion_that_an_older_release_began_ends(alice: User, bob: User, northwind: Account) -> None:
    people.change_role(Membership.objects.get(user=bob), role="OWNER", by=acting(alice))
    deleting.delete_person(bob)
    older = {"name": "Bob", "addresses": ["bob@northwind.example"], "gone": ["None"]}
    Deletion.objects.update(sought_encrypted=credentials.encrypt(json.dumps(older)))
    erased()
    assert TimelineEntry.objects.get(kind="MEMBER_ROLE").facts["member"] == "deleted person"
