"""Whatever staff do to a person, and whatever changes what somebody may do, stands in the record: each act and each
kind there is, also one that is made some day."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, Permission

from installs.application.closing import close_account
from linnapp import kinds
from linnapp.actors import Actor, Side
from linnapp.admin.people import UserAdmin
from linnapp.kinds import Kind
from linnapp.models import Account, AuditEntry, Membership, StaffAccess, TimelineEntry, User
from linnapp.services import access, deleting, factor_rules, people, rights
from linnapp.staff_actions import StaffAction
from tests.factors.having import give_factor
from tests.kit.people import ClientOf, acting, person, support_group
from tests.kit.pressing import form_of

pytestmark = pytest.mark.django_db
WHY = "She asked for it by telephone"
# Subjects of kinds that tell who may do what, and names of those about a person whatever their subject.
SUBJECTS, NAMES = {"team", "rights", "access"}, ("MEMBER_", "PERSON_", "INVITATION_")


@dataclass(frozen=True)
class Scene:
    alice: User
    bob: User
    paula: User
    northwind: Account

    @property
    def staff(self) -> Actor:
        return acting(self.paula, reason=WHY)

    @property
    def owner(self) -> Actor:
        return acting(self.alice, Side.CUSTOMER)

    @property
    def seat(self) -> Membership:
        return Membership.objects.get(user=self.bob, account=self.northwind)

    def look(self) -> StaffAccess:
        return access.enter(self.northwind, purpose=StaffAccess.Purpose.LOOK, by=self.staff)


@pytest.fixture
def scene(alice: User, bob: User, paula: User, northwind: Account) -> Scene:
    return Scene(alice, bob, paula, northwind)


# What a person must be like for an act to do anything.
BEFORE: dict[str, Callable[[User], Any]] = {
    "send_confirmation": lambda row: EmailAddress.objects.filter(user=row).update(verified=False),
    "switch_on": lambda row: User.objects.filter(pk=row.pk).update(is_active=False),
    "remove_factors": give_factor,
}


def made_fit(act: str, person: User) -> None:
    if before := BEFORE.get(act):
        before(person)


@pytest.mark.parametrize("act", UserAdmin.staff_actions, ids=lambda act: act.name)
def test_each_act_of_staff_on_a_person_is_told_to_them(act: StaffAction, scene: Scene, client_of: ClientOf) -> None:
    client_of(scene.bob)
    made_fit(act.name, scene.bob)
    assert act.do(User.objects.get(pk=scene.bob.pk), scene.staff, {}, None)
    [told] = AuditEntry.objects.concerning(scene.bob).filter(actor_id=scene.paula.pk)
    assert (told.person_name, told.reason, told.side) == ("Bob", WHY, "STAFF")
    User.objects.filter(pk=scene.bob.pk).update(is_active=True)
    scene.bob.refresh_from_db()
    page = client_of(scene.bob).get("/profile/record/", {"about": kinds.known(told.kind).about}).content.decode()
    assert WHY in page
    assert "Paula" not in page


@pytest.mark.parametrize(
    ("name", "value"),
    [("name", "Robert"), ("is_active", False), ("is_staff", True), ("is_superuser", True), ("groups", {"Support"})],
)
def test_each_field_that_staff_change_is_told_to_its_person(name: str, value: Any, scene: Scene) -> None:
    assert name in {*UserAdmin.changeable, "is_staff", "is_superuser", "groups"}
    support_group()
    value = {Group.objects.get(name=word).pk for word in value} if name == "groups" else value
    assert rights.edit_person_by_staff(scene.bob, by=scene.staff, **{name: value}) == [name]
    [told] = AuditEntry.objects.concerning(scene.bob)
    assert (told.actor_id, told.reason) == (scene.paula.pk, WHY)


def test_what_a_group_may_do_is_told_to_each_of_its_people(paula: User, sam: User, client_of: ClientOf) -> None:
    client, group = client_of(paula), Group.objects.get(name="Support")
    person("Sue", "sue@linnapp.example", is_staff=True).groups.add(group)
    address = f"/admin/auth/group/{group.pk}/change/"
    may = Permission.objects.get(codename="view_auditentry")
    form = form_of(client.get(address), "group_form")
    sent: dict[str, Any] = {"name": group.name, "permissions": [*form.values("permissions"), may.pk], "why": WHY}
    assert client.post(address, sent).status_code == 302
    told = AuditEntry.objects.filter(kind="PERSON_GROUP_RIGHTS")
    assert {(line.person_name, line.reason) for line in told} == {("Sam", WHY), ("Sue", WHY)}
    page = client_of(sam).get("/profile/record/", {"about": "rights"}).content.decode()
    assert "view_auditentry" in page
    assert "Paula" not in page


def _asked(scene: Scene, needed: bool) -> None:
    give_factor(scene.alice)
    Account.objects.filter(pk=scene.northwind.pk).update(members_need_factor=not needed)
    factor_rules.ask_members(scene.northwind, needed=needed, by=scene.owner)


def _joined(scene: Scene) -> None:
    carol = person("Carol", "carol@carolscakes.example")
    invitation, _ = people.invite(scene.northwind, email=carol.email, role=Membership.Role.DEVELOPER, by=scene.owner)
    people.accept(invitation, by=acting(carol))


def _taken_back(scene: Scene) -> None:
    invitation, _ = people.invite(scene.northwind, email="c@x.example", role="DEVELOPER", by=scene.owner)
    people.revoke(invitation, by=scene.owner)


def _act(name: str) -> Callable[[Scene], object]:
    act = next(one for one in UserAdmin.staff_actions if one.name == name)

    def on_bob(scene: Scene) -> None:
        made_fit(name, scene.bob)
        act.do(User.objects.get(pk=scene.bob.pk), scene.staff, {}, None)

    return on_bob


DEVELOPER, OWNER = Membership.Role.DEVELOPER, Membership.Role.OWNER
ACTS: dict[Kind, Callable[[Scene], object]] = {
    kinds.MEMBER_INVITED: lambda at: people.invite(at.northwind, email="c@x.example", role=DEVELOPER, by=at.owner),
    kinds.INVITATION_REVOKED: _taken_back,
    kinds.MEMBER_JOINED: _joined,
    kinds.MEMBER_ROLE: lambda at: people.change_role(at.seat, role=OWNER, by=at.owner),
    kinds.MEMBER_REMOVED: lambda at: people.remove_member(at.seat, by=at.owner),
    kinds.MEMBER_LEFT: lambda at: people.remove_member(at.seat, by=acting(at.bob)),
    kinds.PERSON_DELETED: lambda at: deleting.delete_person(at.bob),
    kinds.MEMBER_SWITCHED_OFF: _act("switch_off"),
    kinds.MEMBER_SWITCHED_ON: _act("switch_on"),
    kinds.FACTORS_ASKED: lambda at: _asked(at, True),
    kinds.FACTORS_NOT_ASKED: lambda at: _asked(at, False),
    kinds.PERSON_RENAMED: lambda at: rights.edit_person_by_staff(at.bob, by=at.staff, name="Robert"),
    kinds.PERSON_RIGHTS: lambda at: rights.edit_person_by_staff(at.bob, by=at.staff, is_staff=True),
    kinds.PERSON_SENT_RESET: _act("send_reset"),
    kinds.PERSON_SENT_CONFIRMATION: _act("send_confirmation"),
    kinds.PERSON_FACTORS_REMOVED: _act("remove_factors"),
    kinds.PERSON_SIGNED_OUT: _act("sign_out"),
    kinds.STAFF_ENTERED: Scene.look,
    kinds.STAFF_LEFT: lambda at: access.leave(at.look(), by=at.staff),
    kinds.STAFF_SENT_AWAY: lambda at: access.send_away(at.look(), by=at.owner),
}
# Of a group, above; and what staff looked at and took along, which is the account's Activity to tell.
ELSEWHERE = {kinds.GROUP_RIGHTS, kinds.STAFF_LOOKED, kinds.STAFF_COPIED}


def test_every_kind_about_people_has_its_act_here() -> None:
    about = {kind for kind in kinds.registered() if kind.about in SUBJECTS or kind.startswith(NAMES)}
    assert about == {*ACTS, *ELSEWHERE}


@pytest.mark.parametrize("kind", ACTS, ids=str)
def test_every_kind_about_people_is_put_on_record(kind: Kind, scene: Scene) -> None:
    """Once, whomever it concerns; what happened in an account, for its Owners as well."""
    ACTS[kind](scene)
    [told] = AuditEntry.objects.filter(kind=kind)
    entry = TimelineEntry.objects.filter(kind=kind).first()
    assert entry
    assert (told.actor_id, told.side, told.reason) == (entry.actor_id, entry.side, entry.reason)
    if kind.about in ("team", "access"):
        assert told in AuditEntry.objects.of_team(scene.northwind)


def test_an_account_that_somebody_makes_and_staff_close_gives_and_takes_a_seat(
    alice: User, bob: User, northwind: Account, cakes: Account, carol: User, paula: User
) -> None:
    """Whoever has no other seat goes with it."""
    Membership.objects.create(account=cakes, user=bob, role=DEVELOPER)
    key = cakes.pk
    close_account(cakes, by=acting(paula, reason=WHY))
    assert [told.kind for told in AuditEntry.objects.concerning(carol)] == ["ACCOUNT_CREATED"]
    [told] = AuditEntry.objects.concerning(bob)
    assert (told.kind, told.account_id, told.reason) == ("ACCOUNT_CLOSED", key, WHY)


def test_staff_who_may_not_open_the_admin_any_more_leave_the_accounts_on_record(
    northwind: Account, sam: User, paula: User
) -> None:
    access.enter(northwind, purpose=StaffAccess.Purpose.LOOK, by=acting(sam, reason="Asked to"))
    rights.edit_person_by_staff(sam, by=acting(paula, reason=WHY), is_staff=False)
    assert not StaffAccess.objects.running().exists()
    [told] = AuditEntry.objects.of_team(northwind).filter(kind="STAFF_SENT_AWAY")
    assert (told.person_name, told.actor_id, told.reason) == ("Sam", paula.pk, WHY)
