"""Whose an address is. Anybody may write anybody's into their profile, and allauth counts such a row as theirs: what
nobody confirmed is nobody's here."""

from allauth.account.models import EmailAddress
from django.db.models import Q

from linnapp.models import User
from linnapp.models.people import UserQuerySet


def owners_of(email: str) -> UserQuerySet:
    """The person who signs in with this address, or who confirmed it. It is in small letters."""
    confirmed = EmailAddress.objects.filter(email=email, verified=True)
    return User.objects.get_queryset().filter(Q(email=email) | Q(pk__in=confirmed.values("user"))).order_by("pk")


def addresses_of(person: User) -> set[str]:
    """Those that are this person's: the one they sign in with, and what they confirmed."""
    confirmed = EmailAddress.objects.filter(user=person, verified=True).values_list("email", flat=True)
    return {person.email, *confirmed}


def end_waiting(email: str, *, owner: User) -> None:
    """The owner confirmed this address: with others it waits no longer. Their links open nothing any more."""
    EmailAddress.objects.filter(email=email, verified=False).exclude(user=owner).delete()
