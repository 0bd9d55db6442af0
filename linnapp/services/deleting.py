"""Somebody deletes their own person: at once the row has neither name nor address, opens nothing and has no seat, and
what hung on it is gone. Texts in which they are named follow by a job, `linnapp.services.erasing`.

The row itself stays, as a number with the name "deleted person": what they made points to it, so that deleting is as
short for whoever made much, and whatever runs in their name meanwhile finds somebody who may do nothing."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import models, transaction
from django.template.loader import render_to_string
from django.utils import timezone

from linnapp import credentials, demo_people, jobs, kinds, mail, timeline
from linnapp.actors import Actor, Side
from linnapp.errors import NotPossible
from linnapp.models import (
    Account,
    BulkChange,
    BulkNotice,
    Deletion,
    ExportFile,
    Invitation,
    Membership,
    OutgoingMail,
    StaffAccess,
    User,
)
from linnapp.models.people import DELETED
from linnapp.models.traces import traces_of
from linnapp.services import audit, erasing
from linnapp.services.locking import end_exchanges, locked_accounts

CHANGED_MEANWHILE = "Your accounts have just changed. Check the page again."
LAST_SUPERUSER = (
    "You are the last platform admin. Make somebody else a platform admin first, so that somebody can give rights."
)
OF_THE_DEMO = "Everybody who tries the demo shares this person. To try this out, sign up as somebody else."
BULK_CHANGE = "You have started a bulk change. Wait until it is done, or stop it."


@dataclass(frozen=True)
class Farewell:
    """What deleting a person does, as things stand. `held` are the accounts that would be left without an Owner,
    `leaving` those that go on without them, `gone` those that are theirs alone and hold nothing, which go with them.
    `refusals` are sentences for what else stands in the way."""

    held: Sequence[Account]
    leaving: Sequence[Account]
    gone: Sequence[Account]
    refusals: Sequence[str] = ()

    @property
    def is_possible(self) -> bool:
        return not self.held and not self.refusals


def farewell(person: User) -> Farewell:
    seats = list(Membership.objects.filter(user=person).select_related("account").order_by("account__name", "pk"))
    keys = [seat.account_id for seat in seats]
    others = Membership.objects.filter(account__in=keys).exclude(user=person)
    shared = set(others.values_list("account", flat=True))
    owners = others.filter(role=Membership.Role.OWNER, user__is_active=True)
    owned = set(owners.values_list("account", flat=True))
    in_use = _in_use(keys)
    held, leaving, gone = [], [], []
    for seat in seats:
        if not seat.is_owner or seat.account_id in owned:
            leaving.append(seat.account)
        elif seat.account_id in shared or seat.account_id in in_use:
            held.append(seat.account)
        else:
            gone.append(seat.account)
    return Farewell(held, leaving, gone, _refusals(person))


def _in_use(accounts: Collection[UUID]) -> set[UUID]:
    """Those that hold what may not be deleted with them: applications, and whatever was ever installed."""
    found: set[UUID] = set()
    for relation in Account._meta.get_fields(include_hidden=True):
        if isinstance(relation, models.ManyToOneRel) and relation.on_delete is models.PROTECT:
            name = relation.field.name
            rows = relation.related_model._base_manager.filter(**{f"{name}__in": accounts}).order_by()
            found |= set(rows.values_list(name, flat=True).distinct())
    return found


def _refusals(person: User) -> list[str]:
    found = []
    if settings.DEMO and any(person.email == one.email for one in demo_people.PEOPLE):
        found.append(OF_THE_DEMO)
    if person.is_superuser and not User.objects.superusers().exclude(pk=person.pk).exists():
        found.append(LAST_SUPERUSER)
    if BulkChange.objects.filter(person=person, state=BulkChange.State.WORKING).exists():
        found.append(BULK_CHANGE)
    return found


@transaction.atomic
def delete_person(person: User) -> None:
    """Raises NotPossible while something stands in the way, asked again once it is held: accounts first, as by whoever
    installs on them or gives seats in them, then invitations, then superusers, of whom one stays, then the person."""
    seats = set(Membership.objects.filter(user=person).values_list("account_id", flat=True))
    accounts = locked_accounts(*seats)
    # Before the person, as by whoever accepts one: a seat that is taken at this moment is seen below.
    Invitation.objects.filter(email__in=addresses_of(person)).delete()
    list(User.objects.select_for_update(no_key=True).filter(is_superuser=True).order_by("pk").values_list("pk"))
    row = User.objects.select_for_update(no_key=True).filter(pk=person.pk, deleted_at=None).first()
    if row is None or seats != set(Membership.objects.filter(user=person).values_list("account_id", flat=True)):
        raise NotPossible(CHANGED_MEANWHILE)
    leaves = farewell(row)
    if not leaves.is_possible:
        raise NotPossible("Your profile cannot be deleted yet: see the page for the reason.")
    addresses = addresses_of(row)
    name, address = row.name, row.email
    # Read before: an account that is deleted has no key any more.
    gone = [str(account.pk) for account in leaves.gone]
    _end_what_is_open(row, addresses)
    _drop_what_hangs_on(row)
    _empty(row)
    for account in leaves.leaving:
        _leave(accounts[account.pk], row, addresses)
    for account in leaves.gone:
        end_exchanges(account)
        account.delete()
    sought = {"name": name, "addresses": addresses, "gone": gone, "accounts": [str(key) for key in seats]}
    deletion = Deletion.objects.create(person=row, sought_encrypted=credentials.encrypt(json.dumps(sought)))
    text = render_to_string("linnapp/people/mail/deleted.txt", {"gone": leaves.gone})
    mail.send(mail.Kind.SIGN_IN, "Your profile was deleted", text, address)
    transaction.on_commit(lambda: jobs.ask(erasing.work, deletion.pk))


def addresses_of(person: User) -> list[str]:
    """Those that are surely theirs, small: one that nobody confirmed yet is somebody else's."""
    beside = EmailAddress.objects.filter(user=person, verified=True).values_list("email", flat=True)
    return sorted({person.email.lower(), *(address.lower() for address in beside)})


def _end_what_is_open(person: User, addresses: Sequence[str]) -> None:
    """What somebody could still open as them, and mail that waits for them."""
    sessions = UserSession.objects.filter(user=person).values_list("session_key", flat=True)
    Session.objects.filter(pk__in=list(sessions)).delete()
    now = timezone.now()
    StaffAccess.objects.running().of_person(person).update(ends_at=now)
    ExportFile.objects.of(person).current().update(ends_at=now)
    OutgoingMail.objects.waiting().filter(recipient__in=addresses).delete()
    BulkNotice.objects.filter(address__in=addresses).delete()


def _drop_what_hangs_on(person: User) -> None:
    """As if the row were deleted: what would go with it, but what says that it outlives them; and what they worked on
    is nobody's."""
    for relation in User._meta.get_fields(include_hidden=True):
        if not isinstance(relation, models.ManyToOneRel):
            continue
        rows: Any = relation.related_model._base_manager.filter(**{relation.field.name: person})
        traces = traces_of(relation.related_model)
        if relation.field.name in traces.work_of:
            rows.update(**{relation.field.name: None})
        elif relation.on_delete is models.CASCADE and not traces.outlives:
            rows.delete()


def _empty(person: User) -> None:
    person.name, person.email, person.time_zone = DELETED, f"deleted-{person.pk}@deleted.invalid", "UTC"
    person.is_active = person.is_staff = person.is_superuser = False
    person.last_login, person.deleted_at = None, timezone.now()
    person.set_unusable_password()
    person.save()


def _leave(account: Account, person: User, addresses: Sequence[str]) -> None:
    """Told to those who stay. Applications are given the address of somebody who is there."""
    if account.contact_email.lower() in addresses:
        account.contact_email = account.owners()[0].email
        account.save(update_fields=["contact_email"])
    audit.copied(timeline.record(kinds.PERSON_DELETED, by=Actor(person, Side.CUSTOMER), account=account), of=None)
