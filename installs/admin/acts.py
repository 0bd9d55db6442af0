"""What staff do in the admin to applications and installations: the effect in words, told before, and the service."""

from collections import defaultdict
from typing import Any

from django.db.models import Count

from installs.admin import in_numbers
from installs.application import removal
from installs.installations import effects, suspending
from installs.installations.acts import Act, is_possible
from installs.installations.effects import READ_BY_BOTH, ending
from installs.models import Installation, Review, Session
from installs.store import listings
from installs.store.kinds import LISTING_WAYS
from linnapp.actors import Actor, Side
from linnapp.admin_pages import some_of
from linnapp.errors import NotPossible
from linnapp.form_fields import ContactField, TextField
from linnapp.models import Application
from linnapp.services import applications
from linnapp.staff_actions import Edit, Effect, FieldEdit, StaffAction, Values
from linnapp.timeline import last_of
from linnapp.words import counted


def _accounts(rows: list[Application]) -> dict[object, list[str]]:
    """Names of the accounts with a live installation, by application."""
    names: dict[object, list[str]] = defaultdict(list)
    live = Installation.objects.live().filter(application__in=rows).order_by("account__name")
    for application_id, name in live.values_list("application_id", "account__name"):
        names[application_id].append(name)
    return names


def _live_sessions(rows: list[Any], path: str) -> dict[object, int]:
    sessions = Session.objects.live().filter(**{f"{path}__in": rows}).order_by()
    return dict(sessions.values_list(path).annotate(Count("pk")))


def suspending_applications(rows: list[Application]) -> list[Effect]:
    accounts, sessions = _accounts(rows), _live_sessions(rows, "installation__application")
    return [Effect(row, _stops(row, accounts[row.pk], sessions.get(row.pk, 0))) for row in rows]


def _stops(row: Application, accounts: list[str], sessions: int) -> str:
    if row.retired_at:
        return "Retired: it cannot be suspended."
    if row.suspended_by_staff_at:
        return "Already suspended: nothing changes."
    reach = f"{counted(len(accounts), 'account')} cannot use it: {some_of(accounts)}." if accounts else "Not installed."
    return f"{ending(sessions)}. {reach}"


def resuming_applications(rows: list[Application]) -> list[Effect]:
    accounts = _accounts(rows)
    return [Effect(row, _goes_on(row, accounts[row.pk])) for row in rows]


def _goes_on(row: Application, accounts: list[str]) -> str:
    if row.retired_at:
        return "Retired: it cannot be resumed."
    if not row.suspended_by_staff_at:
        return "Not suspended: nothing changes."
    if not accounts:
        return "Not installed anywhere. It can be installed again."
    return f"{counted(len(accounts), 'account')} can use it again: {some_of(accounts)}."


def suspending_installations(rows: list[Installation]) -> list[Effect]:
    sessions = _live_sessions(rows, "installation")
    return [Effect(row, effects.suspends(row, sessions.get(row.pk, 0))) for row in rows]


def resuming_installations(rows: list[Installation]) -> list[Effect]:
    return [Effect(row, effects.resumes(row)) for row in rows]


def _reviews_open(rows: list[Application]) -> dict[object, Review]:
    return {review.application_id: review for review in Review.objects.open().filter(application__in=rows)}


def listing(rows: list[Application]) -> list[Effect]:
    reviews, accepted = _reviews_open(rows), listings.last_accepted(rows)
    words = {row.pk: _into_store(row, reviews.get(row.pk), accepted.get(row.pk)) for row in rows}
    return [Effect(row, words[row.pk], read_of(row, reviews.get(row.pk))) for row in rows]


def read_of(row: Application, review: Review | None) -> str:
    """What staff judge: the request, and the application as it stands."""
    return "\0".join([str(review and review.pk), row.name, row.description, row.logo_digest])


def _into_store(row: Application, review: Review | None, accepted: Review | None) -> str:
    if row.retired_at:
        return "Retired: its listing cannot change."
    if row.listing == Application.Listing.LISTED:
        changed = listings.differences(row, accepted)
        return f"Reviewed again: {', '.join(changed)}." if changed else "Already listed: nothing changes."
    later = "once it is resumed" if row.stopped_at else "by everybody"
    sentence = f"Appears in the store {later}, and shown as verified."
    if review is None:
        return _unrequested(row, sentence)
    edited = ", ".join(listings.differences(row, review))
    return f"{sentence} Changed since it was requested: {edited}." if edited else sentence


def _unrequested(row: Application, sentence: str) -> str:
    missing = [check.name.lower() for check in listings.checks(row) if not check.passed]
    if row.versions.the_latest() is None:
        return "No version can be installed: it cannot be listed."
    lacks = f" Missing for a listing: {', '.join(missing)}." if missing else ""
    return f"{sentence} Nobody requested it.{lacks}"


def returning(rows: list[Application]) -> list[Effect]:
    reviews = _reviews_open(rows)
    words = {row.pk: "Returned to its developer." if row.pk in reviews else NOT_IN_REVIEW for row in rows}
    return [Effect(row, words[row.pk], read_of(row, reviews.get(row.pk))) for row in rows]


def unlisting(rows: list[Application]) -> list[Effect]:
    return [Effect(row, _off_store(row)) for row in rows]


def _off_store(row: Application) -> str:
    if row.listing == Application.Listing.IN_REVIEW:
        return "In review, and not in the store: return it with the reasons instead."
    if row.listing != Application.Listing.LISTED:
        return "Not in the store: nothing changes."
    return "No longer in the store, and shown as not verified. Accounts that have it keep it."


def retiring(rows: list[Application]) -> list[Effect]:
    accounts = _accounts(rows)
    ever = set(Installation.objects.filter(application__in=rows).order_by().values_list("application_id", flat=True))
    return [Effect(row, _retires(row, accounts[row.pk], row.pk in ever)) for row in rows]


def _retires(row: Application, accounts: list[str], was_installed: bool) -> str:
    if row.retired_at:
        return "Already retired: nothing changes."
    if accounts:
        have = counted(len(accounts), "account has", "accounts have")
        return f"{have} it installed, and must uninstall it first: {some_of(accounts)}."
    if was_installed:
        return "Its secrets, permanent tokens and sessions end. Its pages can still be read. This cannot be undone."
    return "It was never installed, so it is deleted with its versions. This cannot be undone."


class IntoStore(StaffAction):
    """Keeps where each stood before, for an undo."""

    def before(self, row: Application) -> dict[str, Any]:
        return {"listing": row.listing}


class OffStore(StaffAction):
    """By an undo `wanted` holds where an application stood before it was listed."""

    def do(self, row: Application, by: Actor, wanted: Values, seen: Values | None) -> bool:
        if wanted.get("listing") == Application.Listing.LISTED:
            raise NotPossible("It was in the store before, and stays there.")
        return self.perform(row, by)


def _listing_shown(before: Values, after: Values) -> list[Edit]:
    return [("listing", Application.Listing(before["listing"]).label, "Listed")] if before else []


def _stands_in_store(row: Application) -> str:
    """Told from what stands there again after it was changed and changed back."""
    return f"{row.listing} {last_of(row, *LISTING_WAYS)}"


NOT_IN_REVIEW = "Not in review: there is nothing to return."
READ_BY_ALL = "Its owner and everybody who installed it read this."
SUSPEND_APPLICATIONS = StaffAction(
    "suspend",
    "Suspend",
    "suspended",
    READ_BY_ALL,
    suspending_applications,
    lambda row, by: suspending.suspend_application(row, by=by),
    concerns=in_numbers.not_stopped,
    reach=in_numbers.stopping,
    fits=lambda row: row.state == Application.State.LIVE,
    undone_by="resume",
    mark=lambda row: row.suspended_by_staff_at,
)
RESUME_APPLICATIONS = StaffAction(
    "resume",
    "Resume",
    "resumed",
    READ_BY_ALL,
    resuming_applications,
    lambda row, by: suspending.resume_application(row, by=by),
    concerns=in_numbers.stopped,
    reach=in_numbers.going_on,
    fits=lambda row: row.state == Application.State.SUSPENDED,
    undone_by="suspend",
    mark=lambda row: row.suspended_by_staff_at,
)
LIST_APPLICATIONS = IntoStore(
    "list_in_store",
    "List",
    "listed",
    "Its owners read this.",
    listing,
    lambda row, by: listings.list_in_store(row, by=by),
    concerns=in_numbers.to_list,
    after=" in the store",
    label="List in the store",
    fits=lambda row: not row.retired_at and not row.is_verified,
    undone_by="take_off_store",
    undo_means=(
        "what was in the store before stays there, what waited in review waits for a new request, and rows that "
        "somebody changed since stay"
    ),
    mark=_stands_in_store,
    shown=_listing_shown,
)
RETURN_LISTINGS = StaffAction(
    "return_listing",
    "Return",
    "returned",
    "Its owners read this and fix what you name.",
    returning,
    lambda row, by: listings.return_with_reasons(row, by=by),
    concerns=in_numbers.in_review,
    label="Return the listing with reasons",
    fits=lambda row: row.listing == Application.Listing.IN_REVIEW,
)
UNLIST_APPLICATIONS = OffStore(
    "take_off_store",
    "Remove",
    "removed from the store",
    "Its owners read this.",
    unlisting,
    lambda row, by: listings.take_off_store(row, by=by),
    concerns=in_numbers.to_unlist,
    after=" from the store",
    label="Remove from the store",
    fits=lambda row: row.is_verified,
    undone_by="list_in_store",
    mark=_stands_in_store,
    shown=lambda before, after: [],
)
SUSPEND_INSTALLATIONS = StaffAction(
    "suspend",
    "Suspend",
    "suspended",
    READ_BY_BOTH,
    suspending_installations,
    lambda row, by: suspending.suspend_by_staff(row, by=by),
    concerns=in_numbers.not_stopped_here,
    reach=in_numbers.stopping_here,
    fits=lambda row: is_possible(Act.SUSPEND_BY_STAFF, row),
    undone_by="resume",
    mark=lambda row: row.suspended_by_staff_at,
)
RESUME_INSTALLATIONS = StaffAction(
    "resume",
    "Resume",
    "resumed",
    READ_BY_BOTH,
    resuming_installations,
    lambda row, by: suspending.resume_by_staff(row, by=by),
    concerns=in_numbers.stopped_here,
    fits=lambda row: is_possible(Act.RESUME_BY_STAFF, row),
    undone_by="suspend",
    mark=lambda row: row.suspended_by_staff_at,
)
RETIRE_APPLICATIONS = StaffAction(
    "retire",
    "Retire",
    "retired or deleted",
    "Its team reads this.",
    retiring,
    lambda row, by: removal.remove_application(row, by=by) is not None,
    concerns=in_numbers.to_retire,
    reach=in_numbers.retiring,
    fits=lambda row: not row.retired_at,
    possible=lambda row: not Installation.objects.live().filter(application=row).exists(),
    destroys=True,
)
EDIT_SUPPORT_CONTACT = FieldEdit(
    "edit_support_contact",
    "Change the support contact",
    "given a new support contact",
    "Their teams read this.",
    of=" of",
    fits=lambda row: False,
    on_side=Side.DEVELOPER,
    undone_by="edit_support_contact",
    field="support_contact",
    fields=lambda: {
        "support_contact": ContactField(
            label="Support contact", help_text="An e-mail address or a web page. Leave it empty for none."
        )
    },
    edit=applications.edit_application,
)
EDIT_DESCRIPTION = FieldEdit(
    "edit_description",
    "Change the description",
    "given a new description",
    "Their teams read this.",
    of=" of",
    fits=lambda row: False,
    on_side=Side.DEVELOPER,
    undone_by="edit_description",
    field="description",
    fields=lambda: {"description": TextField(rows=5, label="Description")},
    edit=applications.edit_application,
)
