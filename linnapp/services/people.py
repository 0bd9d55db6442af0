"""Accounts, their teams, and invitations to them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from linnapp import credentials, kinds, mail, timeline
from linnapp.actors import Actor, Side, refuse_unless_fresh, refuse_unless_staff
from linnapp.errors import NotPossible
from linnapp.models import Account, Invitation, Membership, User
from linnapp.names import in_header
from linnapp.services import audit, notices, quotas
from linnapp.services.editing import EditedMeanwhile, write_changes
from linnapp.services.locking import locked_account

INVITATION_DAYS = 7
NO_OWN_SEAT = "This is you. Enter the account with staff access instead: you need not be a member."
EDITABLE = ("name", "contact_email")
# Words that stand, or will stand, where an account's slug could be mistaken for them.
RESERVED_SLUGS = {"new", "admin", "support", "store", "api", "static"}


def free_slug(name: str) -> str:
    """A slug nobody has, made from a company's name."""
    base = slugify(name)[:50] or "account"
    taken = set(Account.objects.filter(slug__startswith=base).values_list("slug", flat=True)) | RESERVED_SLUGS
    return next(slug for slug in (base, *(f"{base}-{n}" for n in range(2, len(taken) + 3))) if slug not in taken)


@transaction.atomic
def create_account(*, name: str, owner: User, signs_up: bool = False) -> Account:
    """An account with its first Owner. Raises NotPossible past ACCOUNTS_PER_PERSON. `signs_up`: the owner is made with
    it by a stranger, and ends with it where the address is never confirmed."""
    _hold(owner)
    quotas.count_account(owner)
    try:
        account = _account_with_free_slug(name, owner.email, owned=True)
    except IntegrityError:
        # Another of this name was made at the same moment and is there now, so that the next slug is found.
        account = _account_with_free_slug(name, owner.email, owned=True)
    Membership.objects.create(account=account, user=owner, role=Membership.Role.OWNER)
    facts: dict[str, Any] = {"signs_up": True} if signs_up else {}
    entry = timeline.record(kinds.ACCOUNT_CREATED, by=Actor(owner, Side.CUSTOMER), account=account, **facts)
    if not signs_up:
        # What strangers may do any number of times is not kept for as long as the record is.
        audit.copied(entry, of=owner)
    return account


@transaction.atomic
def open_account(*, name: str, owner_email: str, by: Actor, contact_email: str = "") -> Account:
    """An account made by staff: its first Owner is invited, and it has none until they accept. Their address is the
    account's contact e-mail, where no other is given."""
    refuse_unless_staff(by)
    try:
        account = _account_with_free_slug(name, contact_email or owner_email)
    except IntegrityError:
        account = _account_with_free_slug(name, contact_email or owner_email)
    audit.copied(timeline.record(kinds.ACCOUNT_CREATED, by=by, account=account), of=None)
    invite(account, email=owner_email, role=Membership.Role.OWNER, by=by)
    return account


@transaction.atomic
def _account_with_free_slug(name: str, contact_email: str, *, owned: bool = False) -> Account:
    owned_at = timezone.now() if owned else None
    return Account.objects.create(name=name, slug=free_slug(name), contact_email=contact_email, owned_at=owned_at)


@transaction.atomic
def edit_account(
    account: Account, *, by: Actor, started_from: Mapping[str, str] | None = None, **values: str
) -> list[str]:
    """Sets name or contact e-mail; the slug, and with it every address, stays. The names of the fields that changed;
    raises EditedMeanwhile where somebody else wrote into one of them since `started_from`."""
    row = locked_account(account.pk)
    wanted = {name: values[name] for name in EDITABLE if name in values}
    changed = write_changes(row, wanted, started_from)
    if changed:
        row.save(update_fields=changed)
        timeline.record(kinds.ACCOUNT_EDITED, by=by, account=row)
    return changed


def edit_person(person: User, *, name: str, time_zone: str) -> None:
    person.name, person.time_zone = name, time_zone
    person.save(update_fields=["name", "time_zone"])


@transaction.atomic
def invite(account: Account, *, email: str, role: str, by: Actor) -> tuple[Invitation, str]:
    """An invitation, mailed, and the key of its link, which is told once: only its digest is kept. The inviter must
    not see it: whoever has it counts as the reader of that address.

    Inviting the same address again replaces the open invitation; raises NotPossible for a member, and past
    INVITATIONS_PER_DAY and INVITATIONS_PER_DAY_TO_ONE.
    """
    email = email.lower()
    _refuse_own_seat(email, by)
    account = locked_account(account.pk)
    if account.memberships.filter(user__email=email).exists():
        raise NotPossible(f"{email} is already a member of {account}.")
    # Who has a seat reveals what the account has: to give one is to show it.
    refuse_unless_fresh(by)
    quotas.count_invitation(account, email, by=by)
    account.invitations.open().filter(email=email).delete()
    key = credentials.new_link_key()
    invitation = Invitation.objects.create(
        account=account,
        email=email,
        role=role,
        key_digest=credentials.digest(key),
        invited_by=by.person,
        expires_at=timezone.now() + timedelta(days=INVITATION_DAYS),
    )
    name = invitation.get_role_display()
    entry = timeline.record(kinds.MEMBER_INVITED, by=by, account=account, email=email, role=name)
    audit.copied(entry, of=None)
    _mail(invitation, key, by)
    if role == Membership.Role.OWNER:
        _tell_owners(account, f"{email} was invited as an Owner of {account}", by)
    return invitation, key


def _refuse_own_seat(email: str, by: Actor) -> None:
    """Staff come into an account by an access, which ends, and never by a seat that they gave themselves."""
    if by.is_staff and by.person and by.person.email == email:
        raise NotPossible(NO_OWN_SEAT)


def _mail(invitation: Invitation, key: str, by: Actor) -> None:
    link = settings.SITE_URL + reverse("invitation_accept", args=[key])
    who = f"{by.person} of this portal's staff" if by.is_staff else f"{by.person}"
    facts = {"invitation": invitation, "who": who, "link": link, "days": INVITATION_DAYS}
    text = render_to_string("linnapp/people/mail/invitation.txt", facts)
    subject = f"{who} invites you to join {invitation.account}"
    seat, ends_at = _seat(invitation), invitation.expires_at
    mail.send(mail.Kind.INVITATION, in_header(subject), text, invitation.email, ends_at=ends_at, opens=seat)


def _seat(invitation: Invitation) -> str:
    """What its link opens, the same for the one that replaces it."""
    return f"{invitation.account_id} {invitation.email}"


def _tell_owners(account: Account, what: str, by: Actor) -> None:
    """Of another Owner who comes by staff: those that an account has are not asked, and can undo it."""
    if not by.is_staff:
        return
    page = settings.SITE_URL + reverse("team", args=[account.slug])
    facts = {"what": what, "who": by.person, "page": page}
    notices.tell(account.owners(), what, "linnapp/people/mail/owner_by_staff.txt", facts, by=by)


def _note_owner(seat: Membership) -> None:
    """Of an account that is locked: it had an Owner from now on."""
    if seat.is_owner:
        Account.objects.filter(pk=seat.account_id, owned_at=None).update(owned_at=timezone.now())


def _locked_invitation(invitation: Invitation) -> Invitation | None:
    """The invitation while it is open, its account locked before it, as by whoever replaces it with another one."""
    locked_account(invitation.account_id)
    return Invitation.objects.select_for_update().open().filter(pk=invitation.pk).first()


@transaction.atomic
def revoke(invitation: Invitation, *, by: Actor) -> bool:
    """The link stops working. Whether it did: one that was accepted meanwhile stays, as it is over anyway."""
    row = _locked_invitation(invitation)
    if row is None:
        return False
    mail.take_back(mail.Kind.INVITATION, _seat(row))
    row.delete()
    entry = timeline.record(kinds.INVITATION_REVOKED, by=by, account=invitation.account, email=invitation.email)
    audit.copied(entry, of=None)
    return True


@transaction.atomic
def accept(invitation: Invitation, *, by: Actor) -> Membership:
    """The seat is taken; raises NotPossible for another address than the invited one, for an invitation that is over,
    past ACCOUNTS_PER_PERSON for an Owner who opened the account, and for one's own: staff give themselves no seat by
    another address of theirs."""
    row = _locked_invitation(invitation)
    if row is None:
        raise NotPossible("This invitation no longer works. Ask for another one.")
    if by.person is None or row.email != by.person.email:
        who = by.person.email if by.person else "nobody"
        raise NotPossible(f"This invitation is for {row.email}, and you are signed in as {who}.")
    if row.invited_by_id == by.person.pk:
        raise NotPossible(f"You sent this invitation yourself. Somebody else has to invite you to {row.account}.")
    _hold(by.person)
    if row.role == Membership.Role.OWNER:
        quotas.refuse_seat_of_owner(row.account, by.person, by=by)
    row.accepted_at = timezone.now()
    row.save(update_fields=["accepted_at"])
    mail.take_back(mail.Kind.INVITATION, _seat(row))
    membership, _ = Membership.objects.get_or_create(account=row.account, user=by.person, defaults={"role": row.role})
    _note_owner(membership)
    row.account.staff_accesses.running().of_person(by.person).update(ends_at=timezone.now())
    entry = timeline.record(kinds.MEMBER_JOINED, by=by, account=row.account, role=membership.get_role_display())
    audit.copied(entry, of=by.person)
    return membership


def _hold(person: User) -> None:
    """Who takes a seat is not deleted meanwhile for having none."""
    if not User.objects.select_for_update(no_key=True).filter(pk=person.pk, deleted_at=None).exists():
        raise NotPossible("Your profile was deleted.")


def _locked_seat(membership: Membership) -> Membership:
    """The seat as it stands, its account locked, so that the last two Owners cannot leave at once."""
    account = locked_account(membership.account_id)
    row = account.memberships.with_people().filter(pk=membership.pk).first()
    if row is None:
        raise NotPossible(f"{membership.user} is no longer a member of {account}.")
    return row


def _refuse_without_owner(leaving: Membership) -> None:
    """Who cannot sign in is no Owner who stays: where one leaves who can, another one who can is needed."""
    if not leaving.is_owner:
        return
    others = leaving.account.memberships.filter(role=Membership.Role.OWNER).exclude(pk=leaving.pk)
    if not others.exists():
        raise NotPossible(f"{leaving.user} is the last Owner of {leaving.account}. Make somebody else an Owner first.")
    if leaving.user.is_active and not others.filter(user__is_active=True).exists():
        raise NotPossible(
            f"{leaving.user} is the last Owner of {leaving.account} who can sign in. Make somebody else an Owner first."
        )


@transaction.atomic
def change_role(membership: Membership, *, role: str, by: Actor, started_from: str = "") -> Membership:
    """The seat with its new role. Raises NotPossible for the last Owner, and past ACCOUNTS_PER_PERSON for a new one who
    opened the account; EditedMeanwhile where it has another role than `started_from` by now."""
    row = _locked_seat(membership)
    _refuse_own_seat(row.user.email, by)
    if row.role == role:
        return row
    if started_from and row.role != started_from:
        raise EditedMeanwhile({"role": row.role})
    if role == Membership.Role.OWNER:
        _hold(row.user)
        quotas.refuse_seat_of_owner(row.account, row.user, by=by)
        refuse_unless_fresh(by)
        _tell_owners(row.account, f"{row.user} was made an Owner of {row.account}", by)
    else:
        _refuse_without_owner(row)
    row.role = role
    row.save(update_fields=["role"])
    _note_owner(row)
    name = row.get_role_display()
    entry = timeline.record(kinds.MEMBER_ROLE, by=by, account=row.account, member=row.user, role=name)
    audit.copied(entry, of=row.user)
    return row


@transaction.atomic
def remove_member(membership: Membership, *, by: Actor) -> None:
    """Takes the seat away; raises NotPossible for the last Owner."""
    row = _locked_seat(membership)
    _refuse_without_owner(row)
    row.delete()
    person, account = membership.user, membership.account
    if by.person == person:
        entry = timeline.record(kinds.MEMBER_LEFT, by=by, account=account)
    else:
        entry = timeline.record(kinds.MEMBER_REMOVED, by=by, account=account, member=person)
    audit.copied(entry, of=row.user)
