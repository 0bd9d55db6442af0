"""What ends by itself of people: browser sessions, invitations, and whoever never confirmed their address."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction
from django.db.models import Exists, ManyToOneRel, Model, OuterRef
from django.utils import timezone

from linnapp import batches, kinds
from linnapp.models import Account, AuditEntry, Invitation, Membership, TimelineEntry, User
from linnapp.models.people import UserQuerySet
from linnapp.supervision import stop_asked

log = logging.getLogger(__name__)
# A page of a sign-in that ended with its time may stand open, with something typed.
PAGES_OPEN_FOR = timedelta(days=1)
UNCONFIRMED_FOR = timedelta(days=7)
# After the link of an invitation ended, accepted or not: who was invited and by whom is read in the admin until then.
INVITATIONS_KEPT = timedelta(days=30)
# People who are looked at together.
TOGETHER = 1_000


def drop_browser_sessions() -> int:
    return batches.drop(Session.objects.filter(expire_date__lt=timezone.now()).order_by("expire_date"))


def drop_ended_sign_ins() -> int:
    """What was known of a browser whose session is gone, and that nobody used for a day; the number of them."""
    after, dropped = 0, 0
    while not stop_asked():
        unused = UserSession.objects.filter(last_seen_at__lt=timezone.now() - PAGES_OPEN_FOR)
        rows = unused.filter(pk__gt=after).order_by("pk").values_list("pk", "session_key")
        some = dict(rows[:TOGETHER])
        if not some:
            break
        after = max(some)
        kept = Session.objects.filter(session_key__in=some.values(), expire_date__gt=timezone.now())
        there = set(kept.values_list("session_key", flat=True))
        over = [row for row, key in some.items() if key not in there]
        dropped += batches.work_through(over, lambda keys: UserSession.objects.filter(pk__in=keys).delete())
    return dropped


def drop_invitations() -> int:
    over = Invitation.objects.filter(expires_at__lt=timezone.now() - INVITATIONS_KEPT)
    return batches.drop(over.order_by("expires_at"))


def drop_unconfirmed() -> int:
    """People who signed up by themselves a week ago and never read the mail that asks whether the address is theirs,
    with the account that their sign-up made; the number of people. Whoever signed in once, has a verified address or
    was made by staff stays, and so does whoever something else points to, or their account. The timeline stays."""
    after, dropped = 0, 0
    while not stop_asked():
        keys = list(_unconfirmed().filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:TOGETHER])
        if not keys:
            break
        after = keys[-1]
        dropped += _drop_all(_for_themselves(keys))
    return dropped


def drop_sign_up_with(email: str, *, besides: User) -> None:
    """Whoever signed up with this address and never confirmed it ends where somebody else reads its mail; who is more
    than that stays."""
    sign_ups = _unconfirmed(timedelta(0)).filter(email=email).exclude(pk=besides.pk)
    if keys := list(sign_ups.values_list("pk", flat=True)):
        _drop_people(_for_themselves(keys), timedelta(0))


def _drop_all(people: Sequence[int]) -> int:
    batches.work_through(people, _drop_people)
    return len(people) - User.objects.filter(pk__in=people).count()


def _unconfirmed(for_so_long: timedelta = UNCONFIRMED_FOR) -> UserQuerySet:
    """Whose account says that a sign-up made both. Who was made by an operator has no address until they first come to
    sign in, and their day of joining is old by then."""
    begun = TimelineEntry.objects.of_kinds(kinds.ACCOUNT_CREATED).filter(
        account_id=OuterRef("account_id"), application_id=None, actor_id=OuterRef("user_id"), facts__signs_up=True
    )
    sign_ups = Membership.objects.filter(Exists(begun), user=OuterRef("pk"))
    addresses = EmailAddress.objects.filter(user=OuterRef("pk"))
    people = User.objects.get_queryset().filter(date_joined__lt=timezone.now() - for_so_long, last_login=None)
    people = people.filter(is_staff=False, is_superuser=False)
    return people.filter(Exists(addresses), ~Exists(addresses.filter(verified=True)), Exists(sign_ups))


def _for_themselves(people: Sequence[int]) -> list[int]:
    """Those who have nothing but an account at most, which is nobody else's and holds nothing."""
    accounts = _accounts_of(people)
    keys = {account for theirs in accounts.values() for account in theirs}
    shared = Membership.objects.filter(account__in=keys).exclude(user__in=people).values_list("account", flat=True)
    in_use = _pointed_to(Account, keys, besides={Membership}) | set(shared)
    busy = _pointed_to(User, people, besides={Membership, EmailAddress})
    return [person for person in people if person not in busy and not accounts[person] & in_use]


def _accounts_of(people: Iterable[int]) -> defaultdict[int, set[UUID]]:
    found: defaultdict[int, set[UUID]] = defaultdict(set)
    for person, account in Membership.objects.filter(user__in=people).values_list("user", "account"):
        found[person].add(account)
    return found


def _pointed_to(model: type[Model], keys: Iterable[Any], *, besides: set[type[Model]]) -> set[Any]:
    """Of these rows those that a row of any other table points to, also of a table that is made some day."""
    found: set[Any] = set()
    for relation in model._meta.get_fields(include_hidden=True):
        if isinstance(relation, ManyToOneRel) and relation.related_model not in besides:
            name = relation.field.name
            rows = relation.related_model._base_manager.filter(**{f"{name}__in": keys}).order_by()
            found |= set(rows.values_list(name, flat=True).distinct())
    return found


def _drop_people(people: Sequence[int], for_so_long: timedelta = UNCONFIRMED_FOR) -> None:
    """Those whom somebody holds, or something points to by now, are left for the next time."""
    try:
        with transaction.atomic():
            _drop_held(people, for_so_long)
    except IntegrityError:
        log.warning("people who never confirmed their address stay: something points to one of them by now")


def _drop_held(people: Sequence[int], for_so_long: timedelta) -> None:
    people = _whose_addresses_are_free(people)
    accounts = _accounts_of(people)
    wanted = {account for theirs in accounts.values() for account in theirs}
    free = set(Account.objects.filter(pk__in=wanted).select_for_update(skip_locked=True).values_list("pk", flat=True))
    mine = [person for person in people if accounts[person] <= free]
    held = _unconfirmed(for_so_long).filter(pk__in=mine).select_for_update(skip_locked=True, of=("self",))
    leaving = list(held.values_list("pk", flat=True))
    going = {account for person in leaving for account in accounts[person]}
    # Nothing else points to them: Django would ask each table once more, while nobody else writes.
    for rows in (
        EmailAddress.objects.filter(user__in=leaving, verified=False),
        Membership.objects.filter(user__in=leaving),
        AuditEntry.objects.filter(person_id__in=leaving),
        Account.objects.filter(pk__in=going),
        User.objects.filter(pk__in=leaving),
    ):
        rows._raw_delete(rows.db)


def _whose_addresses_are_free(people: Sequence[int]) -> list[int]:
    """Whoever confirms at this moment holds an address, and not the person; from here on they wait for this."""
    theirs = EmailAddress.objects.filter(user__in=people)
    held = set(theirs.filter(verified=False).select_for_update(skip_locked=True).values_list("pk", flat=True))
    staying = set(theirs.exclude(pk__in=held).values_list("user", flat=True))
    return [person for person in people if person not in staying]
