"""Installations that have never connected, a day after they were installed: what is told to the customer, and what the
developer may send them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import OuterRef, Subquery
from django.urls import reverse
from django.utils import timezone

from installs.models import Attempt, Delivery, Installation, PermanentToken
from installs.models.deliveries import DeliveryQuerySet
from linnapp.moments import kept


def newest_postbacks(installations: Iterable[Installation]) -> dict[UUID, Delivery]:
    """Of each that was owed any, the one that says whether its permanent token has arrived: one query, and none where
    there is no installation."""
    keys = [installation.pk for installation in installations]
    if not keys:
        return {}
    owed = Delivery.objects.filter(installation__in=keys).owed().newest_first()
    of_each: dict[UUID, list[Delivery]] = {}
    for row in with_arrivals(owed).defer("url", "tracking"):
        if row.installation_id:
            of_each.setdefault(row.installation_id, []).append(row)
    return {key: telling(rows) for key, rows in of_each.items()}


def with_arrivals(owed: DeliveryQuerySet) -> DeliveryQuerySet:
    """Each with `arrived_at`, when it last did, and `token_at`, since when its installation has the permanent token
    that is sent now."""
    passed = Attempt.objects.passed().filter(delivery=OuterRef("pk")).newest_first()
    tokens = PermanentToken.objects.filter(installation=OuterRef("installation")).order_by("-created_at", "-pk")
    return owed.annotate(
        arrived_at=Subquery(passed.values("at")[:1]), token_at=Subquery(tokens.values("created_at")[:1])
    )


def telling(newest_first: Sequence[Delivery]) -> Delivery:
    """Of these, with their arrivals, the newest; where that one has not arrived, the newest that brought the same
    permanent token: what is sent once more is not missing there."""
    return next((row for row in newest_first if has_arrived(row)), newest_first[0])


def has_arrived(postback: Delivery) -> bool:
    """With the permanent token of now, whatever became of it when it was sent again."""
    arrived_at, token_at = arrival(postback), postback.token_at  # type: ignore[attr-defined]
    return arrived_at is not None and (token_at is None or arrived_at >= token_at)


def arrival(postback: Delivery) -> datetime | None:
    """Of one with its arrivals: when it last did."""
    arrived_at: datetime | None = postback.arrived_at  # type: ignore[attr-defined]
    if arrived_at is None and postback.state == Delivery.State.DELIVERED:
        return postback.ended_at or postback.created_at
    return arrived_at


def what_to_do(installation: Installation, postback: Delivery | None) -> str:
    """For the people of the installing account, in one sentence."""
    publisher = installation.application.account
    if installation.is_on_own_account:
        return "Never connected. Exchange its permanent token."
    if postback is None:
        return f"Never connected. Give the permanent token to {publisher}, if they do not have it yet."
    if has_arrived(postback):
        return f"Never connected. Ask {publisher}, who have the permanent token."
    return f"Never connected. The permanent token has not reached {publisher}, who can redeliver it."


def what_to_send(installation: Installation, postback: Delivery | None) -> str:
    """A message for the customer, to copy into a mail: the way to the permanent token, and never the token."""
    application, account = installation.application, installation.account
    installed = kept(timezone.localtime(installation.installed_at), "DATE_LONG")
    page = settings.SITE_URL + reverse("installation_detail", args=(account.slug, installation.pk))
    contact = f", through {application.support_contact}" if application.support_contact else ""
    return "\n".join(
        (
            f"{application} was installed on {account} on {installed}, and has never connected.",
            _what_it_needs(application.name, postback),
            "",
            f"1. Open {page} and sign in. You must be an Owner of {account}.",
            "2. Press Reveal under “Permanent token”, and copy it.",
            f"3. Give it to {application.account}{contact}. Do not post it where others can read it.",
            "",
            f"The installation id is {installation.pk}.",
        )
    )


def _what_it_needs(application: str, postback: Delivery | None) -> str:
    if postback and has_arrived(postback):
        return f"We have its permanent token. Finish setting up {application}. If it asks you for the token:"
    return "It needs its permanent token from you:"
