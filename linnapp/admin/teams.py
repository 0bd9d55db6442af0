"""Seats, invitations to them, and who of staff was inside."""

from typing import ClassVar

from django.contrib import admin
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from linnapp.actors import Actor
from linnapp.admin_editing import EditingAdmin, WhyForm
from linnapp.admin_filters import FewFilter, StateFilter
from linnapp.admin_imports import ImportingAdmin
from linnapp.admin_pages import ReadOnlyAdmin
from linnapp.errors import NotPossible
from linnapp.invitation_imports import NEW_INVITATIONS
from linnapp.models import Invitation, Membership, StaffAccess
from linnapp.services import people
from linnapp.staff_actions import Effect, StaffAction, Values
from linnapp.words import counted

READ_BY_TEAM = "Its team reads this."


def removing(rows: list[Membership]) -> list[Effect]:
    return [Effect(row, f"{row.user} can no longer open {row.account}.") for row in rows]


def _remove(seat: Membership, by: Actor) -> bool:
    people.remove_member(seat, by=by)
    return True


def revoking(rows: list[Invitation]) -> list[Effect]:
    return [Effect(row, _revoked(row)) for row in rows]


def _revoked(row: Invitation) -> str:
    return "It has ended: nothing changes." if row.is_over else f"The link sent to {row.email} stops working."


def inviting_again(rows: list[Invitation]) -> list[Effect]:
    return [Effect(row, _invited_again(row)) for row in rows]


def _invited_again(row: Invitation) -> str:
    if row.accepted_at is not None:
        return "Already joined: nothing is sent."
    return f"A new link is sent to {row.email}. Earlier links stop working."


def _invite_again(row: Invitation, by: Actor) -> bool:
    if row.accepted_at is not None:
        raise NotPossible(f"{row.email} has already joined. Invite them again.")
    people.invite(row.account, email=row.email, role=row.role, by=by)
    return True


def _removable(rows: QuerySet[Membership]) -> QuerySet[Membership]:
    """All but one of each account whose Owners are all chosen: it keeps a last one, who can sign in where any can."""
    chosen, later = Q(pk__in=rows.order_by().values("pk")), Q(pk__gt=OuterRef("pk"))
    owners = Membership.objects.filter(role=Membership.Role.OWNER, account=OuterRef("account"))
    able = owners.filter(user__is_active=True)
    last_able = Q(user__is_active=True) & ~Exists(able.filter(~chosen | later))
    last = Q(user__is_active=False) & ~Exists(able) & ~Exists(owners.filter(~chosen | later))
    return rows.exclude(Q(role=Membership.Role.OWNER) & (last_able | last))


def _losing(rows: QuerySet[Membership]) -> list[str]:
    people = rows.order_by().values("user").distinct().count()
    accounts = rows.order_by().values("account").distinct().count()
    lose = counted(people, "person loses", "people lose")
    return [f"{lose} access to {counted(accounts, 'account')}."]


def _open(rows: QuerySet[Invitation]) -> QuerySet[Invitation]:
    return rows.filter(accepted_at=None, expires_at__gt=Now())


def _not_accepted(rows: QuerySet[Invitation]) -> QuerySet[Invitation]:
    """Whoever joined by another invitation is invited no more."""
    seats = Membership.objects.filter(account=OuterRef("account"), user__email=OuterRef("email"))
    return rows.filter(~Exists(seats), accepted_at=None)


def _sent(rows: QuerySet[Invitation]) -> list[str]:
    people = rows.order_by().values("email").distinct().count()
    return [f"{counted(people, 'person gets', 'people get')} a link."]


REMOVE = StaffAction(
    "remove",
    "Remove",
    "removed",
    READ_BY_TEAM,
    removing,
    _remove,
    destroys=True,
    concerns=_removable,
    reach=_losing,
)
REVOKE = StaffAction(
    "revoke",
    "Take back",
    "taken back",
    READ_BY_TEAM,
    revoking,
    lambda row, by: people.revoke(row, by=by),
    concerns=_open,
    fits=lambda row: not row.is_over,
)
INVITE_AGAIN = StaffAction(
    "invite_again",
    "Send",
    "sent again",
    READ_BY_TEAM,
    inviting_again,
    _invite_again,
    concerns=_not_accepted,
    reach=_sent,
    fresh=True,
    after=" again",
    label="Send again",
    fits=lambda row: row.accepted_at is None,
)


class RoleFilter(FewFilter):
    most = frozenset(Membership.Role) - {Membership.Role.DEVELOPER}
    condition = Membership.IS_DEVELOPER


@admin.register(Membership)
class MembershipAdmin(ImportingAdmin):
    room = "Accounts and people"
    fresh = True
    changeable = ("role",)
    importable = ("role",)
    new_rows = NEW_INVITATIONS
    read_by = READ_BY_TEAM
    also_exported: ClassVar = {"account_slug": "account__slug", "email": "user__email"}
    list_display = ("user", "account", "role", "created_at")
    list_filter = (("role", RoleFilter),)
    list_select_related = ("user", "account")
    search_fields = ("user__email", "user__name", "account__name")
    search_ids = ("account_id",)
    staff_actions = (REMOVE,)

    def save_values(self, row: Membership, wanted: Values, seen: Values | None, by: Actor) -> None:
        people.change_role(row, role=wanted["role"], started_from=(seen or {}).get("role", ""), by=by)

    def save_by_service(self, row: Membership, form: WhyForm, by: Actor) -> None:
        self.save_values(row, form.values(), form.started_from(), by)


@admin.register(Invitation)
class InvitationAdmin(EditingAdmin):
    """Added by the service that mails the link, and never edited: taken back, and sent again."""

    room = "Accounts and people"
    fresh = True
    addable = ("account", "email", "role")
    also_exported: ClassVar = {"account_slug": "account__slug"}
    autocomplete_fields = ("account",)
    read_by = READ_BY_TEAM
    list_display = ("email", "account", "role", "invited_by", "created_at", "expires_at", "accepted_at")
    list_filter = ("role",)
    list_select_related = ("account", "invited_by")
    search_fields = ("email", "account__name")
    search_ids = ("account_id",)
    staff_actions = (REVOKE, INVITE_AGAIN)

    def add_by_service(self, form: WhyForm, by: Actor) -> Model:
        return people.invite(**form.values(), by=by)[0]


class AccessState(StateFilter):
    conditions: ClassVar[dict[str, Q]] = {"Inside now": Q(ends_at__gt=Now()), "Over": Q(ends_at__lte=Now())}


@admin.register(StaffAccess)
class StaffAccessAdmin(ReadOnlyAdmin):
    room = "Accounts and people"
    also_exported: ClassVar = {"account_slug": "account__slug", "person_email": "person__email"}
    list_display = ("person", "account", "purpose", "reason", "begun_at", "ends_at", "ended_by")
    list_filter = (AccessState, "purpose")
    list_select_related = ("person", "account", "ended_by")
    search_fields = ("person__email", "person__name", "account__name", "reason")
    search_ids = ("pk", "account_id")
    ordering = ("-begun_at", "-pk")
