"""Who needs a second factor, who of many has one, and what is done for somebody who lost theirs."""

from collections.abc import Iterable

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from linnapp import kinds, timeline
from linnapp.actors import Actor, Side, refuse_unless_superuser
from linnapp.errors import NotPossible
from linnapp.models import Account, User
from linnapp.models.access import FACTORS
from linnapp.services import access, audit, browser_sessions, knocks, notices
from linnapp.services.factors import has_factor
from linnapp.services.locking import locked_account

ON_MACHINE = "By a command on the portal's machine:"


def with_factor(people: Iterable[User]) -> set[int]:
    """The keys of those who have one: one statement."""
    rows = Authenticator.objects.filter(user__in=[person.pk for person in people], type__in=FACTORS)
    return set(rows.values_list("user_id", flat=True))


def asking_for_one(person: User, slug: str) -> Account | None:
    """The account of this address, where this person has a seat and it asks its members for a second factor. The
    address may be whatever somebody sent: no database is asked for it."""
    return next((account for account in accounts_asking(person) if account.slug == slug), None)


def accounts_asking(person: User) -> QuerySet[Account]:
    """Those where this person has a seat and that ask their members for one."""
    return Account.objects.filter(members_need_factor=True, memberships__user=person).order_by("name")


@transaction.atomic
def ask_members(account: Account, *, needed: bool, by: Actor) -> bool:
    """Whether the account asks its members for a second factor from now on; whether that is new. Members without one
    get a mail, the first times of a day. Raises NotPossible for whoever is no Owner, and for an Owner who has none:
    nobody locks themselves out, nor asks of others what they do not do."""
    row = locked_account(account.pk)
    if not Account.objects.owned_by(by.reader).filter(pk=row.pk).exists():
        raise NotPossible(f"Only an Owner of {row} may change this.")
    if row.members_need_factor == needed:
        return False
    assert by.person is not None
    if needed and not has_factor(by.person):
        raise NotPossible("Set up your own second factor first.")
    row.members_need_factor = needed
    row.save(update_fields=["members_need_factor"])
    kind = kinds.FACTORS_ASKED if needed else kinds.FACTORS_NOT_ASKED
    audit.copied(timeline.record(kind, by=by, account=row), of=None)
    if needed:
        _tell_those_without(row, by)
    return True


def _tell_those_without(account: Account, by: Actor) -> None:
    last = knocks.may_tell(knocks.FACTOR_RULES, account.pk)
    if last is None:
        return
    people = list(User.objects.filter(memberships__account=account).order_by("pk"))
    have = with_factor(people)
    facts = {"account": account, "who": by.person, "page": settings.SITE_URL + reverse("mfa_index"), **last}
    subject = f"{account} now requires a second factor"
    without = [person for person in people if person.pk not in have]
    notices.tell(without, subject, "linnapp/factors/mail/asked.txt", facts, by=by)


@transaction.atomic
def remove_all(person: User, *, by: Actor) -> bool:
    """By a superuser, of somebody who lost theirs: apps, passkeys and recovery codes. The person is signed out
    everywhere, leaves the accounts they entered as staff, and gets a mail. Whether there was one. Raises NotPossible
    for everybody else, and for one's own: whoever has it removes it on their own page."""
    refuse_unless_superuser(by, "remove somebody's second factors")
    row = _locked(person)
    if row.pk == by.reader.pk:
        raise NotPossible("This is you. Ask another platform admin, or use a recovery code.")
    return _remove_all(row, by)


@transaction.atomic
def remove_all_on_machine(person: User, *, reason: str) -> bool:
    """The same by whoever runs commands on the portal's machine, for the only superuser: nobody signed in does it."""
    return _remove_all(_locked(person), Actor(None, Side.STAFF, f"{ON_MACHINE} {reason}"))


def _locked(person: User) -> User:
    row = User.objects.select_for_update(no_key=True).filter(pk=person.pk).first()
    if row is None:
        raise NotPossible(f"{person} is no longer known here.")
    return row


def _remove_all(row: User, by: Actor) -> bool:
    removed, _ = Authenticator.objects.filter(user=row).delete()
    if not removed:
        return False
    browser_sessions.end_all(row)
    access.end_all(row, by=by)
    audit.copied(timeline.record(kinds.PERSON_FACTORS_REMOVED, by=by, member=row), of=row)
    facts = {"who": by.person, "email": row.email, "page": settings.SITE_URL + reverse("mfa_index")}
    notices.tell([row], "Your second factors were removed", "linnapp/factors/mail/removed.txt", facts, by=by)
    return True
