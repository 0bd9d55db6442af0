"""Staff enter an account with a reason, for a while, and leave it; its Owners are told, and may end it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from linnapp import kinds, mail, timeline
from linnapp.actors import Actor, Side, refuse_unless_fresh, refuse_unless_staff
from linnapp.errors import NotPossible
from linnapp.kinds import Kind
from linnapp.models import Account, StaffAccess, TimelineEntry, User
from linnapp.models.access import purposes_of
from linnapp.names import in_header
from linnapp.services import audit, knocks
from linnapp.services.locking import locked_account

LASTS = timedelta(minutes=30)
# So many pages are listed of one access; beyond, that there were more.
MOST_LOOKED_AT = 100
MORE = "more pages than are listed"


def access_of(person: User, slug: str) -> StaffAccess | None:
    """By which this person is inside the account now. A seat there, or a permission that was taken away, ends it."""
    accesses = StaffAccess.objects.running().of_person(person).filter(account__slug=slug)
    access = accesses.newest_first().first()
    if access is None or access.purpose not in purposes_of(person):
        return None
    return None if Account.objects.with_seat_of(person).filter(pk=access.account_id).exists() else access


def last_access_of(person: User, slug: str) -> StaffAccess | None:
    return StaffAccess.objects.of_person(person).filter(account__slug=slug).newest_first().first()


@transaction.atomic
def enter(account: Account, *, purpose: str, by: Actor) -> StaffAccess:
    """Opens the account's pages for half an hour, and the Owners get a mail. An access for the same that runs already
    stays as it is, with the reason that they were told; one for something else ends. Raises NotPossible for whoever has
    a seat there, or not the permission, or entered it again and again."""
    refuse_unless_staff(by)
    person = by.person
    if person is None or purpose not in purposes_of(person):
        raise NotPossible("You do not have permission to enter accounts for this.")
    row = locked_account(account.pk)
    if Account.objects.with_seat_of(person).filter(pk=row.pk).exists():
        raise NotPossible(f"You are a member of {row}, so you can already open its pages.")
    running = row.staff_accesses.running().of_person(person)
    if same := running.filter(purpose=purpose).newest_first().first():
        return same
    refuse_unless_fresh(by)
    _count(person, row)
    now = timezone.now()
    running.update(ends_at=now, ended_by=person)
    access = StaffAccess.objects.create(
        person=person, account=row, purpose=purpose, reason=by.reason, begun_at=now, ends_at=now + LASTS
    )
    _record(kinds.STAFF_ENTERED, access, by, purpose=access.get_purpose_display())
    _tell_owners(access)
    return access


def _count(person: User, account: Account) -> None:
    """No Owner's mailbox is flooded, and no new hundred of looks is had at will."""
    try:
        knocks.entry(person, account)
    except knocks.TooOften as refused:
        raise NotPossible(str(refused.message)) from refused


def _tell_owners(access: StaffAccess) -> None:
    page = settings.SITE_URL + reverse("team", args=[access.account.slug])
    activity = f"{settings.SITE_URL}{reverse('account_activity', args=[access.account.slug])}?access={access.pk}"
    facts = {"access": access, "page": page, "activity": activity}
    text = render_to_string("linnapp/access/mail/entered.txt", facts)
    subject = f"{access.person} of this portal's staff opened the pages of {access.account}"
    for owner in access.account.owners():
        mail.send(mail.Kind.NOTICE, in_header(subject), text, owner.email)


@transaction.atomic
def leave(access: StaffAccess, *, by: Actor) -> None:
    """By the one who is inside. One that is over already stays as it is."""
    if _end(access, by):
        _record(kinds.STAFF_LEFT, access, by)


@transaction.atomic
def leave_all(person: User) -> None:
    for access in StaffAccess.objects.running().of_person(person).newest_first():
        leave(access, by=Actor(person, Side.STAFF))


@transaction.atomic
def end_all(person: User, *, by: Actor) -> None:
    """By staff, who sign this person out, take their second factors away or leave them no right to be inside."""
    if by.person == person:
        leave_all(person)
        return
    for access in StaffAccess.objects.running().of_person(person).newest_first():
        if _end(access, by):
            _record(kinds.STAFF_SENT_AWAY, access, by, member=access.person)


def looked_at(access: StaffAccess, page: str, path: str) -> None:
    """Puts on record what page staff opened: each once an access, the first hundred of them. A part of a page, whose
    `path` is an address alone, is the page that is on record with a name behind its address."""
    looks = TimelineEntry.objects.about(access.pk).of_kinds(kinds.STAFF_LOOKED)
    seen = set(looks.values_list("facts__path", flat=True))
    known = any(one == path or one.startswith(f"{path} ") for one in seen)
    if known or len(seen) > MOST_LOOKED_AT:
        return
    if len(seen) == MOST_LOOKED_AT:
        page, path = MORE, ""
    _record(kinds.STAFF_LOOKED, access, Actor(access.person, Side.STAFF), page=page, path=path)


@transaction.atomic
def send_away(access: StaffAccess, *, by: Actor) -> bool:
    """By an Owner. Whether the access was running."""
    if not Account.objects.owned_by(by.reader).filter(pk=access.account_id).exists():
        raise NotPossible(f"Only an Owner of {access.account} may end this.")
    ended = _end(access, by)
    if ended:
        _record(kinds.STAFF_SENT_AWAY, access, by, member=access.person)
    return ended


def _end(access: StaffAccess, by: Actor) -> bool:
    running = StaffAccess.objects.running().filter(pk=access.pk)
    return bool(running.update(ends_at=timezone.now(), ended_by=by.person))


def _record(kind: Kind, access: StaffAccess, by: Actor, **facts: Any) -> None:
    """About the access; of staff, as done there, so that the account reads name and reason."""
    if by.is_staff:
        reason = access.reason if by.person == access.person else by.reason
        by = replace(by, reason=reason, access=access.pk, on_side=Side.CUSTOMER)
    entry = timeline.record(kind, by=by, account=access.account, subject_id=access.pk, **facts)
    if kind != kinds.STAFF_LOOKED:
        audit.copied(entry, of=access.person)
