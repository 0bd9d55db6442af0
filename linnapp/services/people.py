"""Accounts, their teams, and invitations to them."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from linnapp import credentials, timeline
from linnapp.errors import NotPossible
from linnapp.models import Account, Invitation, Membership, User

INVITATION_DAYS = 7
# Words that stand, or will stand, where an account's slug could be mistaken for them.
RESERVED_SLUGS = {"new", "admin", "support", "store", "api", "static"}


def free_slug(name: str) -> str:
    """A slug nobody has, made from a company's name."""
    base = slugify(name)[:50] or "account"
    taken = set(Account.objects.filter(slug__startswith=base).values_list("slug", flat=True)) | RESERVED_SLUGS
    return next(slug for slug in (base, *(f"{base}-{n}" for n in range(2, len(taken) + 3))) if slug not in taken)


@transaction.atomic
def create_account(*, name: str, owner: User) -> Account:
    """An account with its first Owner."""
    account = Account.objects.create(name=name, slug=free_slug(name), contact_email=owner.email)
    Membership.objects.create(account=account, user=owner, role=Membership.Role.OWNER)
    timeline.record(timeline.Kind.ACCOUNT_CREATED, by=owner, side=timeline.Side.CUSTOMER, account=account)
    return account


@transaction.atomic
def edit_account(account: Account, *, name: str, contact_email: str, by: User) -> None:
    account.name, account.contact_email = name, contact_email
    account.save(update_fields=["name", "contact_email"])
    timeline.record(timeline.Kind.ACCOUNT_EDITED, by=by, side=timeline.Side.CUSTOMER, account=account)


@transaction.atomic
def invite(account: Account, *, email: str, role: str, by: User) -> tuple[Invitation, str]:
    """An invitation and the key of its link, which is told once: only its digest is kept.

    Inviting the same address again replaces the open invitation; raises NotPossible for a member.
    """
    email = email.lower()
    if account.memberships.filter(user__email=email).exists():
        raise NotPossible(f"{email} is already a member of {account}.")
    account.invitations.open().filter(email=email).delete()
    key = credentials.new_link_key()
    invitation = Invitation.objects.create(
        account=account,
        email=email,
        role=role,
        key_digest=credentials.digest(key),
        invited_by=by,
        expires_at=timezone.now() + timedelta(days=INVITATION_DAYS),
    )
    timeline.record(
        timeline.Kind.MEMBER_INVITED,
        by=by,
        side=timeline.Side.CUSTOMER,
        account=account,
        email=email,
        role=invitation.get_role_display(),
    )
    return invitation, key


@transaction.atomic
def accept(invitation: Invitation, *, by: User) -> Membership:
    """The seat is taken; raises NotPossible for another address than the invited one, or an invitation that is over."""
    row = Invitation.objects.select_for_update().open().filter(pk=invitation.pk).first()
    if row is None:
        raise NotPossible("This invitation is over. Ask for another one.")
    if row.email != by.email:
        raise NotPossible(f"This invitation is for {row.email}, and you are signed in as {by.email}.")
    row.accepted_at = timezone.now()
    row.save(update_fields=["accepted_at"])
    membership, _ = Membership.objects.get_or_create(account=row.account, user=by, defaults={"role": row.role})
    timeline.record(
        timeline.Kind.MEMBER_JOINED,
        by=by,
        side=timeline.Side.CUSTOMER,
        account=row.account,
        role=membership.get_role_display(),
    )
    return membership


def _refuse_without_owner(account: Account, leaving: Membership) -> None:
    """Called with the account's row locked, so that the last two Owners cannot leave at once."""
    owners = account.memberships.filter(role=Membership.Role.OWNER).exclude(pk=leaving.pk)
    if leaving.role == Membership.Role.OWNER and not owners.exists():
        raise NotPossible(f"{leaving.user} is the last Owner of {account}. Make somebody else an Owner first.")


@transaction.atomic
def change_role(membership: Membership, *, role: str, by: User) -> None:
    account = Account.objects.select_for_update().get(pk=membership.account_id)
    if role != Membership.Role.OWNER:
        _refuse_without_owner(account, membership)
    membership.role = role
    membership.save(update_fields=["role"])
    timeline.record(
        timeline.Kind.MEMBER_ROLE,
        by=by,
        side=timeline.Side.CUSTOMER,
        account=account,
        member=str(membership.user),
        role=membership.get_role_display(),
    )


@transaction.atomic
def remove_member(membership: Membership, *, by: User) -> None:
    account = Account.objects.select_for_update().get(pk=membership.account_id)
    _refuse_without_owner(account, membership)
    membership.delete()
    timeline.record(
        timeline.Kind.MEMBER_REMOVED,
        by=by,
        side=timeline.Side.CUSTOMER,
        account=account,
        member=str(membership.user),
    )
