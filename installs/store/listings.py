"""The way into the store and out of it: a developer requests, staff list, return or take off. Every change of
`Application.listing` goes through here, so that what was reviewed stands in a `Review`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone

from installs.models import Delivery, Review
from installs.models.deliveries import host_of
from installs.store import kinds
from linnapp import timeline
from linnapp.actors import Actor, refuse_unless_staff
from linnapp.errors import NotPossible
from linnapp.models import Application, TimelineEntry, Version
from linnapp.services import notices
from linnapp.services.locking import locked, locked_to_publish

Decision, Listing = Review.Decision, Application.Listing
# One line that says what the application does takes about as much.
SHORTEST_DESCRIPTION = 40
ANSWERED_WITHIN = timedelta(days=7)


@dataclass(frozen=True)
class Check:
    """What a listing needs. `words` tell how it stands, or what mends it; `url_name` is the page where that is done."""

    passed: bool
    name: str
    words: str
    url_name: str


def checks(application: Application) -> list[Check]:
    """Three queries at most. The postback is asked for only where the latest version has a PostbackUrl."""
    latest = application.versions.the_latest()
    found = [_logo(application), _description(application), _version(latest), _support(application)]
    url = latest.postback_url if latest else ""
    return [*found, _answers(application, host_of(url))] if url else found


def _logo(application: Application) -> Check:
    words = "It has one." if application.logo_digest else "Add one of 140 x 140 pixels."
    return Check(bool(application.logo_digest), "Logo", words, "application_general")


def _description(application: Application) -> Check:
    length = len(application.description.strip())
    words = f"{length} characters." if length else "There is none."
    if length < SHORTEST_DESCRIPTION:
        words += f" In at least {SHORTEST_DESCRIPTION} characters, say what it does and for whom."
    return Check(length >= SHORTEST_DESCRIPTION, "Description", words, "application_general")


def _version(latest: Version | None) -> Check:
    words = f"{latest.label} is what accounts get." if latest else "There is none. Release a version."
    return Check(latest is not None, "Released version", words, "version_list")


def _support(application: Application) -> Check:
    contact = application.support_contact.strip()
    words = contact or "Say where customers get help: an e-mail address or a web page."
    return Check(bool(contact), "Support contact", words, "application_general")


def _answers(application: Application, host: str) -> Check:
    rows = Delivery.objects.of_application(application).delivered().to_host(host)
    if rows.filter(ended_at__gte=timezone.now() - ANSWERED_WITHIN).exists():
        return Check(True, "Postback", f"{host} answered in the last seven days.", "postback_list")
    words = f"{host} has not accepted a postback in the last seven days. Send it a test postback."
    return Check(False, "Postback", words, "postback_test")


# The developer's side.


@transaction.atomic
def request_listing(application: Application, *, by: Actor) -> Review:
    """Hands the application to staff as it stands. Raises NotPossible for one that is suspended, itself or with its
    account, in review or listed, and while a check fails."""
    row = locked_to_publish(application, stops="its applications cannot be listed")
    if row.suspended_by_staff_at:
        raise NotPossible(f"{row} is suspended: it can be listed once this portal's staff resume it.")
    if row.listing in (Listing.IN_REVIEW, Listing.LISTED):
        raise NotPossible(f"{row} is already {row.get_listing_display().lower()}.")
    if failing := [check.name.lower() for check in checks(row) if not check.passed]:
        raise NotPossible(f"First fix what is marked below ({', '.join(failing)}), then request it again.")
    return hand_in(row, by=by)


@transaction.atomic
def hand_in(application: Application, *, by: Actor) -> Review:
    """A request whose checks passed, as the application stands."""
    row = locked(application)
    review = _review_of(row, by)
    review.save(force_insert=True)
    _become(row, Listing.IN_REVIEW)
    timeline.record(kinds.LISTING_REQUESTED, by=by, application=row)
    return review


@transaction.atomic
def take_back(application: Application, *, by: Actor) -> None:
    """Raises NotPossible where no request is open any more."""
    row = locked(application)
    if not close_request(row, by=by):
        raise NotPossible(f"There is no open request to list {row}: staff have already decided.")
    _become(row, Listing.UNLISTED)
    timeline.record(kinds.LISTING_TAKEN_BACK, by=by, application=row)


def review_anew(application: Application, *, by: Actor) -> bool:
    """Whether it is: what was listed, or waits for a decision, waits for one as what another account makes. For who
    holds the application's lock, and gave it to that account."""
    if application.listing not in (Listing.IN_REVIEW, Listing.LISTED):
        return False
    close_request(application, by=by)
    hand_in(application, by=by)
    application.listing = Listing.IN_REVIEW
    return True


def close_request(application: Application, *, by: Actor) -> bool:
    """Whether one was open. For who holds the application's lock and sets its listing."""
    open_ones = Review.objects.of_application(application).open()
    return bool(open_ones.update(decision=Decision.TAKEN_BACK, decided_at=timezone.now(), decided_by=by.person))


# Staff's side.


@transaction.atomic
def list_in_store(application: Application, *, by: Actor, review: Review | None = None) -> bool:
    """As `accept`, and the Owners are told."""
    done = accept(application, by=by, review=review)
    if done:
        _mail(application, "listed", f"{application} is listed in the store", by)
    return done


@transaction.atomic
def accept(application: Application, *, by: Actor, review: Review | None = None) -> bool:
    """Lists what was requested, as it stood then: an edit made since is marked. Without a request, or for a listed one
    that was changed, what counts as reviewed is what stands now. Whether anything changed. Raises NotPossible for
    what cannot be installed, and where the `review` that was read is not the open one any more."""
    refuse_unless_staff(by)
    row = locked(application)
    opened = _open_of(row, review)
    if row.listing == Listing.LISTED and not changed_fields(row):
        return False
    if row.versions.the_latest() is None:
        raise NotPossible(f"{row} has no version that can be installed, so nobody could install it from the store.")
    _decide(opened or _review_of(row, by), Decision.LISTED, by)
    _become(row, Listing.LISTED)
    timeline.record(kinds.APPLICATION_LISTED, by=by, application=row)
    return True


@transaction.atomic
def return_with_reasons(application: Application, *, by: Actor, review: Review | None = None) -> bool:
    """As `send_back`, and the Owners are told."""
    done = send_back(application, by=by, review=review)
    _mail(application, "returned", f"The listing of {application} was returned", by)
    return done


@transaction.atomic
def send_back(application: Application, *, by: Actor, review: Review | None = None) -> bool:
    """The developer reads the reason, mends, and requests again. Raises NotPossible for what is not in review, and
    where the `review` that was read is not the open one any more."""
    refuse_unless_staff(by)
    row = locked(application)
    opened = _open_of(row, review)
    if opened is None:
        raise NotPossible(f"{row} is not in review, so there is nothing to return.")
    _decide(opened, Decision.RETURNED, by)
    _become(row, Listing.RETURNED)
    timeline.record(kinds.LISTING_RETURNED, by=by, application=row)
    return True


@transaction.atomic
def take_off_store(application: Application, *, by: Actor) -> bool:
    """Whether it was listed. Raises NotPossible for one in review, which is returned instead."""
    refuse_unless_staff(by)
    row = locked(application)
    if row.listing == Listing.IN_REVIEW:
        raise NotPossible(f"{row} is in review, not in the store. Return it with the reasons instead.")
    if row.listing != Listing.LISTED:
        return False
    _become(row, Listing.UNLISTED)
    timeline.record(kinds.APPLICATION_UNLISTED, by=by, application=row)
    _mail(row, "taken_off", f"{row} was removed from the store", by)
    return True


def _open_of(application: Application, read: Review | None) -> Review | None:
    """The open review, which is the one that was read where any was. For who holds the application's lock."""
    opened = Review.objects.of_application(application).open().first()
    if read is not None and read != opened:
        raise NotPossible("It was decided or taken back while you were reading.")
    return opened


def _review_of(application: Application, by: Actor) -> Review:
    return Review(
        application=application,
        requested_by=by.person,
        name=application.name,
        description=application.description,
        logo_digest=application.logo_digest,
    )


def _decide(review: Review, decision: Review.Decision, by: Actor) -> None:
    review.decision, review.decided_at, review.decided_by, review.reasons = (
        decision,
        timezone.now(),
        by.person,
        by.reason,
    )
    review.save()


def _become(application: Application, listing: Application.Listing) -> None:
    application.listing = listing
    application.save(update_fields=["listing"])


def _mail(application: Application, decision: str, subject: str, by: Actor) -> None:
    here = settings.SITE_URL + reverse("listing", args=[application.account.slug, application.pk])
    facts = {"application": application, "link": here}
    template = f"installs/store/mail/listing_{decision}.txt"
    notices.tell(application.account.owners(), subject, template, facts, by=by)


# What was reviewed, beside what stands now.


def last_review(application: Application) -> Review | None:
    """The last that was decided or is open, and was not taken back."""
    rows = Review.objects.of_application(application).exclude(decision=Decision.TAKEN_BACK)
    return rows.newest_first().first()


def changed_fields(application: Application) -> list[str]:
    """What differs from the last accepted review: some of name, description and logo; all of them where none is on
    record."""
    return differences(application, last_accepted([application]).get(application.pk))


def last_accepted(applications: Iterable[Application]) -> dict[UUID, Review]:
    """The last accepted review of each that has one, by application: one query for all."""
    rows = Review.objects.accepted().filter(application__in=list(applications)).order_by("decided_at", "pk")
    return {review.application_id: review for review in rows}


def differences(application: Application, review: Review | None) -> list[str]:
    fields = {"name": "name", "description": "description", "logo": "logo_digest"}
    if review is None:
        return list(fields)
    return [word for word, field in fields.items() if getattr(review, field) != getattr(application, field)]


def with_changed_since_review(applications: QuerySet[Application]) -> QuerySet[Application]:
    """With `changed_since_review`: listed, and not as the last accepted review has it."""
    accepted = Review.objects.accepted().filter(application=OuterRef("pk")).order_by("-decided_at", "-pk")
    same = {name: OuterRef(name) for name in ("name", "description", "logo_digest")}
    as_reviewed = Exists(Review.objects.filter(pk=OuterRef("accepted_review"), **same))
    rows = applications.annotate(accepted_review=Subquery(accepted.values("pk")[:1]))
    return rows.annotate(changed_since_review=Q(listing=Listing.LISTED) & ~as_reviewed)


def taken_off(application: Application) -> TimelineEntry | None:
    """That staff took it off the store, while it has not been requested or listed again."""
    ways = (kinds.APPLICATION_LISTED, kinds.APPLICATION_UNLISTED, kinds.LISTING_REQUESTED)
    last = TimelineEntry.objects.about_application(application.pk).of_kinds(*ways).newest_first().first()
    return last if last and last.kind == kinds.APPLICATION_UNLISTED else None
