"""Staff edit in the admin, with a reason; what they type goes to the services of the portal's own pages."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, Permission
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from installs.models import Installation
from linnapp import timeline
from linnapp.actors import Side
from linnapp.models import Account, Application, Invitation, Membership, TimelineEntry, User
from linnapp.services import applications, people
from tests.admin.editing import WHY, act, address_of, edit, opened, send
from tests.admin.test_admin import path_of
from tests.kit.people import PASSWORD, ClientOf, acting, person
from tests.kit.pressing import form_of
from tests.registry.test_logos import picture
from tests.typed.forms import go_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def paulas(paula: User, client_of: ClientOf) -> Client:
    return client_of(paula)


def lines(side: Side, **of: Any) -> list[tuple[str, str]]:
    """What a reader of this side reads of the last entry: sentence and reason."""
    entries = TimelineEntry.objects.filter(**of).newest_first()[:1]
    return [(line.sentence, line.reason) for line in timeline.lines(entries, side)]


def test_a_description_is_edited_and_its_team_reads_by_whom_and_why(application: Application, paulas: Client) -> None:
    assert edit(paulas, application, description="Keeps stock level.").status_code == 302
    application.refresh_from_db()
    assert application.description == "Keeps stock level."
    assert lines(Side.DEVELOPER, application_id=application.pk) == [("Description changed by Support", WHY)]
    assert lines(Side.CUSTOMER, application_id=application.pk) == []


def test_what_staff_write_obeys_the_rules_of_the_page(application: Application, paulas: Client) -> None:
    answer = edit(paulas, application, support_contact="javascript:alert(1)", description="Typed")
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Enter an e-mail address, or a web address" in page
    assert ">\nTyped</textarea>" in page
    application.refresh_from_db()
    assert (application.description, application.support_contact) == ("", "")


def test_without_a_reason_or_a_change_nothing_is_saved(application: Application, paulas: Client) -> None:
    assert edit(paulas, application, description="New", why=" ").status_code == 422
    answer = edit(paulas, application)
    assert answer.status_code == 422
    assert "Nothing was changed." in answer.content.decode()
    assert not TimelineEntry.objects.filter(reason=WHY).exists()


def test_the_second_of_two_who_save_sees_both(application: Application, alice: User, paulas: Client) -> None:
    form = opened(paulas, application)
    applications.edit_application(application, by=acting(alice), description="Alice's words")
    answer = send(paulas, application, form, description="Paula's words")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Now it is: Alice&#x27;s words." in page
    assert "Paula&#x27;s words</textarea>" in page
    application.refresh_from_db()
    assert application.description == "Alice's words"
    assert send(paulas, application, form_of(answer, "application_form")).status_code == 302
    application.refresh_from_db()
    assert application.description == "Paula's words"


def test_a_field_left_alone_is_not_written(application: Application, alice: User, paulas: Client) -> None:
    form = opened(paulas, application)
    applications.edit_application(application, by=acting(alice), name="Renamed meanwhile")
    assert send(paulas, application, form, description="Paula's words").status_code == 302
    application.refresh_from_db()
    assert (application.name, application.description) == ("Renamed meanwhile", "Paula's words")


def test_a_logo_is_set_and_removed(application: Application, paulas: Client) -> None:
    assert edit(paulas, application, logo=SimpleUploadedFile("a.png", picture())).status_code == 302
    application.refresh_from_db()
    assert application.logo_digest
    wrong = edit(paulas, application, logo=SimpleUploadedFile("a.png", picture((200, 180))), name="Typed")
    assert wrong.status_code == 422
    assert "200 x 180" in wrong.content.decode()
    application.refresh_from_db()
    assert application.name == "Stock Bridge"
    assert edit(paulas, application, remove_logo="on").status_code == 302
    application.refresh_from_db()
    assert application.logo_digest == ""


def test_the_summary_is_for_who_may_work_in_accounts(
    application: Application, alice: User, staff: dict[str, User], client_of: ClientOf
) -> None:
    applications.edit_application(application, by=acting(alice), summary="For the team")
    quinn = client_of(staff["Quinn"])
    assert "For the team" not in quinn.get(address_of(application)).content.decode()
    assert edit(quinn, application, description="New", summary="Mine").status_code == 302
    application.refresh_from_db()
    assert application.summary == "For the team"
    assert edit(client_of(staff["Willa"]), application, summary="Ours").status_code == 302
    application.refresh_from_db()
    assert application.summary == "Ours"


def test_an_account_is_edited_and_its_owners_read_why(cakes: Account, carol: User, paulas: Client) -> None:
    form = opened(paulas, cakes)
    assert send(paulas, cakes, form, name="Carol's Bakery").status_code == 302
    assert lines(Side.CUSTOMER, account_id=cakes.pk) == [("Account details changed by Support", WHY)]
    people.edit_account(cakes, by=acting(carol), name="Carol's Own")
    answer = send(paulas, cakes, form, name="Paula's")
    assert "Now it is: Carol&#x27;s Own." in answer.content.decode()


def test_two_owners_who_save_the_settings_see_both(cakes: Account, carol: User, client_of: ClientOf) -> None:
    page = f"/a/{cakes.slug}/settings/"
    people.edit_account(cakes, by=acting(carol), name="Carol's Own")
    sent = {"name": "Second", "initial-name": "Carol's Cakes", "contact_email": "x@cakes.example"}
    answer = client_of(carol).post(page, sent)
    assert answer.status_code == 422
    assert "Carol&#x27;s Own" in answer.content.decode()
    cakes.refresh_from_db()
    assert cakes.name == "Carol's Own"


def test_an_account_begins_with_the_invitation_of_its_first_owner(dave: User, paulas: Client) -> None:
    assert edit(paulas, Account, name="New Shop", owner_email="dave@davesdepot.example").status_code == 302
    account = Account.objects.get(name="New Shop")
    assert account.owners() == []
    assert "Paula of this portal's staff invites you to join New Shop" in mail.outbox[0].subject
    people.accept(account.invitations.get(), by=acting(dave))
    assert account.owners() == [dave]


def test_an_account_without_an_owner_is_found_and_given_one(
    cakes: Account, carol: User, dave: User, paulas: Client
) -> None:
    User.objects.filter(pk=carol.pk).update(is_active=False)
    found = paulas.get(path_of(Account), {"owner": "none"}).content.decode()
    assert "Carol&#x27;s Cakes" in found
    page = paulas.get(address_of(cakes)).content.decode()
    link = re.search(r'href="([^"]+)">Give it an Owner<', page)
    assert link
    form = paulas.get(link[1].replace("&amp;", "&"))
    assert '<option value="OWNER" selected>' in form.content.decode()
    sent = {"account": str(cakes.pk), "email": dave.email, "role": "OWNER", "why": WHY}
    assert paulas.post(path_of(Invitation, "add"), sent).status_code == 302
    people.accept(cakes.invitations.get(), by=acting(dave))
    assert dave in cakes.owners()
    assert "Give it an Owner" not in paulas.get(address_of(cakes)).content.decode()


def test_staff_give_themselves_no_seat(cakes: Account, paula: User, paulas: Client) -> None:
    sent = {"account": str(cakes.pk), "email": paula.email, "role": "OWNER", "why": WHY}
    answer = paulas.post(path_of(Invitation, "add"), sent)
    assert answer.status_code == 422
    assert "Enter the account with staff access instead" in answer.content.decode()
    assert not Invitation.objects.exists()
    seat = Membership.objects.create(account=cakes, user=paula, role="DEVELOPER")
    assert "Enter the account with staff access instead" in edit(paulas, seat, role="OWNER").content.decode()


def test_an_invitation_is_sent_again_and_taken_back(cakes: Account, carol: User, paulas: Client) -> None:
    first, key = people.invite(cakes, email="eve@example.com", role="DEVELOPER", by=acting(carol))
    assert act(paulas, first, "invite_again").status_code == 302
    second = cakes.invitations.get()
    assert Invitation.objects.with_key(key) is None
    assert act(paulas, second, "revoke").status_code == 302
    assert not cakes.invitations.exists()
    assert lines(Side.CUSTOMER, account_id=cakes.pk) == [("Invitation of eve@example.com taken back by Support", WHY)]


def test_a_role_is_changed_and_the_last_owner_stays(northwind: Account, bob: User, alice: User, paulas: Client) -> None:
    alices, bobs = (Membership.objects.get(user=who) for who in (alice, bob))
    answer = edit(paulas, alices, role="DEVELOPER")
    assert answer.status_code == 422
    assert "last Owner of Northwind" in answer.content.decode()
    assert edit(paulas, bobs, role="OWNER").status_code == 302
    assert lines(Side.CUSTOMER, account_id=northwind.pk) == [("Bob is now Owner, changed by Support", WHY)]
    assert act(paulas, alices, "remove").status_code == 302
    assert not Membership.objects.filter(user=alice).exists()


def test_a_person_is_switched_off_and_on(
    cakes: Account, carol: User, staff: dict[str, User], client_of: ClientOf
) -> None:
    browser, quinn = client_of(carol), client_of(staff["Quinn"])
    assert edit(quinn, carol, is_active=None).status_code == 302
    assert browser.get("/profile/").status_code == 302
    assert lines(Side.CUSTOMER, account_id=cakes.pk) == [("Sign-in of Carol switched off by Support", WHY)]
    carol.refresh_from_db()
    assert edit(quinn, carol, is_active="on", name="Carola").status_code == 302
    carol.refresh_from_db()
    assert (carol.is_active, carol.name) == (True, "Carola")


def test_rights_are_superusers_to_give_and_nobodys_own(
    carol: User, paula: User, staff: dict[str, User], client_of: ClientOf, paulas: Client
) -> None:
    forged = edit(client_of(staff["Quinn"]), carol, is_superuser="on", is_staff="on", name="Carola")
    assert forged.status_code == 302
    carol.refresh_from_db()
    assert (carol.is_superuser, carol.is_staff) == (False, False)
    assert "This is you." in edit(paulas, paula, is_superuser=None).content.decode()
    assert edit(paulas, carol, is_staff="on").status_code == 302
    carol.refresh_from_db()
    assert carol.is_staff
    entry = TimelineEntry.objects.newest_first()[0]
    assert (entry.kind, entry.account_id, entry.reason) == ("PERSON_RIGHTS", None, WHY)


def test_whoever_lost_their_rights_meanwhile_takes_none_away(
    carol: User, paula: User, client_of: ClientOf, paulas: Client
) -> None:
    other = person("Petra", "petra@linnapp.example", is_staff=True, is_superuser=True)
    form = opened(paulas, other)
    User.objects.filter(pk=paula.pk).update(is_superuser=False)
    paula.user_permissions.set([])
    assert send(paulas, other, form, is_superuser=None).status_code == 403
    other.refresh_from_db()
    assert other.is_superuser


def test_a_person_is_sent_a_reset_and_the_confirmation_again(carol: User, paulas: Client) -> None:
    assert act(paulas, carol, "send_reset").status_code == 302
    assert [message.to for message in mail.outbox] == [["carol@carolscakes.example"]]
    link = re.search(r"http://\S+(/password/\S+)", str(mail.outbox[0].body))
    assert link
    reset = Client()
    form = reset.get(link[1], follow=True)
    new = "another long battery"
    reset.post(form.redirect_chain[-1][0], {"password1": new, "password2": new})
    carol.refresh_from_db()
    assert carol.check_password(new)
    assert not carol.check_password(PASSWORD)
    assert "Resend verification" not in paulas.get(address_of(carol)).content.decode()
    EmailAddress.objects.filter(user=carol).update(verified=False)
    assert act(paulas, carol, "send_confirmation").status_code == 302
    assert "to confirm that it is yours" in str(mail.outbox[-1].body)
    kinds = TimelineEntry.objects.newest_first().values_list("kind", flat=True)[:2]
    assert list(kinds) == ["PERSON_SENT_CONFIRMATION", "PERSON_SENT_RESET"]


def test_whoever_only_reads_a_table_has_no_button_and_does_nothing(
    application: Application, sam: User, client_of: ClientOf
) -> None:
    sam.user_permissions.add(Permission.objects.get(codename="view_application"))
    client = client_of(sam)
    page = client.get(address_of(application)).content.decode()
    assert ">Suspend</a>" not in page
    answer = client.post(path_of(Application, application.pk, "act", "suspend"), {"apply": "1", "reason": WHY})
    assert answer.status_code == 403
    assert client.get(path_of(Application, application.pk, "act", "unknown")).status_code == 404
    application.refresh_from_db()
    assert application.suspended_by_staff_at is None


def test_what_moves_a_secret_or_a_right_asks_for_a_fresh_sign_in(
    installation: Installation, cakes: Account, carol: User, paula: User, client_of: ClientOf
) -> None:
    old, before = client_of(paula, fresh=False), TimelineEntry.objects.count()
    seat = Membership.objects.get(user=carol)
    invited = {"account": str(cakes.pk), "email": "fay@x.example", "role": "OWNER", "why": WHY}
    answers = [
        old.get(path_of(Installation, installation.pk, "act", "rotate_token")),
        old.post(path_of(Invitation, "add"), invited),
        edit(old, seat, role="DEVELOPER"),
        edit(old, carol, is_staff="on"),
        client_of(carol, fresh=False).post(f"/a/{cakes.slug}/team/invite/", {"email": "f@x.example", "role": "OWNER"}),
    ]
    assert {answer.headers.get("Location", "").partition("?")[0] for answer in answers} == {"/sign-in/again/"}
    assert TimelineEntry.objects.count() == before
    assert go_on(old, answers[3], PASSWORD).status_code == 302
    carol.refresh_from_db()
    assert carol.is_staff


def test_a_used_invitation_is_not_sent_again(cakes: Account, carol: User, dave: User, paulas: Client) -> None:
    invitation, _ = people.invite(cakes, email=dave.email, role="OWNER", by=acting(carol))
    people.accept(invitation, by=acting(dave))
    page = act(paulas, invitation, "invite_again")
    assert page.status_code == 302
    assert cakes.invitations.open().count() == 0


def test_a_confirmation_that_was_sent_a_moment_ago_says_when_again(carol: User, paulas: Client) -> None:
    EmailAddress.objects.filter(user=carol).update(verified=False)
    for _ in range(2):
        act(paulas, carol, "send_confirmation")
    page = paulas.get(address_of(carol)).content.decode()
    assert "This was sent to carol@carolscakes.example a moment ago. It can be sent again in " in page


def test_parts_of_addresses_are_searched_by_who_may_see_them(
    cakes: Account, carol: User, sam: User, client_of: ClientOf, paulas: Client
) -> None:
    sam.user_permissions.add(Permission.objects.get(codename="view_account"))
    part = {"q": "carol@carolscakes"}
    User.objects.filter(pk=carol.pk).update(email="carol@carolscakes.example")
    Account.objects.update(contact_email="desk@x.example")
    assert "Carol&#x27;s Cakes" not in client_of(sam).get(path_of(Account), part).content.decode()
    assert "Carol&#x27;s Cakes" in paulas.get(path_of(Account), part).content.decode()


def test_what_a_group_may_do_is_on_record_with_its_reason(paulas: Client, sam: User) -> None:
    support = Group.objects.get(name="Support")
    form = form_of(paulas.get(path_of(Group, support.pk, "change")), "group_form")
    look = Permission.objects.get(codename="look_into_accounts")
    sent = {"name": "Support", "permissions": [str(look.pk)], "why": ""}
    page = path_of(Group, support.pk, "change")
    assert paulas.post(page, sent).status_code == 200
    assert "so it cannot change" in paulas.post(page, sent | {"name": "Helpers", "why": WHY}).content.decode()
    assert paulas.post(page, sent | {"why": WHY}).status_code == 302
    entry = TimelineEntry.objects.newest_first()[0]
    assert (entry.kind, entry.facts["now"], entry.reason) == ("PERSON_GROUP_RIGHTS", "look_into_accounts", WHY)
    assert form.value("name") == "Support"


def test_an_application_that_is_installed_is_not_asked_to_retire(installation: Installation, paulas: Client) -> None:
    page = paulas.get(path_of(Application, installation.application_id, "act", "retire")).content.decode()
    assert "must uninstall it first" in page
    assert 'name="reason"' not in page
