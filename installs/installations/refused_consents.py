"""The record of installations that were refused before they began, so that support finds by its reference what somebody
was told. Kept of people who are signed in, so many of each."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from installs.models import RefusedConsent
from installs.models.consents import RefusedConsentQuerySet
from linnapp import batches
from linnapp.models import Account, User

KEPT = timedelta(days=30)
# Of a person in an hour: those that told the same of the same application, as a page does that is loaded again, and all
# together. Past it the oldest give way: a reference that somebody reads now is found.
MOST_ALIKE, MOST_IN_AN_HOUR = 3, 20
LONGEST = 2000


@transaction.atomic
def note(
    reference: str, *, person: User, application_id: UUID | None, account: Account | None, heading: str, told: str
) -> None:
    """Keeps one, in the place of an old one where the person was refused often within the hour; the lock on their row
    has two at a time counted one after the other."""
    User.objects.select_for_update(no_key=True).get(pk=person.pk)
    made = RefusedConsent.objects.create(
        reference=reference,
        person=person,
        application_id=application_id,
        account_id=account.pk if account else None,
        heading=heading[:200],
        told=told[:LONGEST],
    )
    lately = RefusedConsent.objects.of_person(person).since(made.at - timedelta(hours=1)).order_by("-at", "-pk")
    _drop(lately.alike(made)[MOST_ALIKE:])
    _drop(lately[MOST_IN_AN_HOUR:])


def drop_old() -> None:
    """Batch after batch, until none is left or this process is asked to stop."""
    batches.drop(RefusedConsent.objects.before(timezone.now() - KEPT).order_by("at"))


def _drop(rows: RefusedConsentQuerySet) -> None:
    if keys := list(rows.values_list("pk", flat=True)):
        RefusedConsent.objects.filter(pk__in=keys).delete()
