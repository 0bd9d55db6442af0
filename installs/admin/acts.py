"""What staff do in the admin to applications and installations: the effect in words, told before, and the service."""

from collections import defaultdict
from typing import Any

from django.db.models import Count

from installs.application import removal
from installs.installations import suspending
from installs.installations.acts import Act, is_possible
from installs.models import Installation, Review, Session
from installs.store import listings
from linnapp.actors import Side
from linnapp.admin_pages import some_of
from linnapp.form_fields import ContactField, TextField
from linnapp.models import Application
from linnapp.services import applications
from linnapp.staff_actions import Effect, FieldEdit, StaffAction
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
        return "Suspended already: nothing changes."
    reach = f"{counted(len(accounts), 'account')} cannot use it: {some_of(accounts)}." if accounts else "Not installed."
    return f"{ending(sessions)}. {reach}"


def ending(sessions: int) -> str:
    if not sessions:
        return "No session is live"
    return counted(sessions, "session ends now", "sessions end now")


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
    return [Effect(row, _stops_here(row, sessions.get(row.pk, 0))) for row in rows]


def _stops_here(row: Installation, sessions: int) -> str:
    if not row.is_live:
        return f"{row.shown_state.capitalize()}: there is nothing to suspend."
    if row.suspended_by_staff_at:
        return "Suspended by staff already: nothing changes."
    return f"{ending(sessions)}. {row.account} cannot use {row.application}."


def resuming_installations(rows: list[Installation]) -> list[Effect]:
    return [Effect(row, _goes_on_here(row)) for row in rows]


def _goes_on_here(row: Installation) -> str:
    if not row.is_live:
        return f"{row.shown_state.capitalize()}: there is nothing to resume."
    if not row.suspended_by_staff_at:
        return "Not suspended by staff: nothing changes."
    if others := others_of(row):
        return f"It stays suspended by {others[0]}."
    return f"{row.account} can use {row.application} again."


def others_of(row: Installation) -> list[str]:
    """Whose suspension of it stands besides the one of staff."""
    whose = {
        "the account": row.suspended_by_account_at,
        "the application's own suspension": row.application.suspended_by_staff_at,
        "the suspension of its account": row.account.suspended_by_staff_at,
        "the suspension of its developer's account": row.application.account.suspended_by_staff_at,
    }
    return [words for words, at in whose.items() if at]


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
        return "Retired: its listing cannot be changed."
    if row.listing == Application.Listing.LISTED:
        changed = listings.differences(row, accepted)
        return f"Reviewed anew: {', '.join(changed)}." if changed else "Listed already: nothing changes."
    later = "once it is resumed" if row.stopped_at else "by everybody"
    sentence = f"Found in the store {later}, and shown as verified."
    if review is None:
        return _unrequested(row, sentence)
    edited = ", ".join(listings.differences(row, review))
    return f"{sentence} Marked as changed since it was requested: {edited}." if edited else sentence


def _unrequested(row: Application, sentence: str) -> str:
    missing = [check.name.lower() for check in listings.checks(row) if not check.passed]
    if row.versions.the_latest() is None:
        return "No version can be installed: it cannot be listed."
    lacks = f" What a listing needs and it lacks: {', '.join(missing)}." if missing else ""
    return f"{sentence} Nobody requested it.{lacks}"


def returning(rows: list[Application]) -> list[Effect]:
    reviews = _reviews_open(rows)
    words = {row.pk: "Returned to its developer." if row.pk in reviews else NOT_IN_REVIEW for row in rows}
    return [Effect(row, words[row.pk], read_of(row, reviews.get(row.pk))) for row in rows]


def unlisting(rows: list[Application]) -> list[Effect]:
    return [Effect(row, _off_store(row)) for row in rows]


def _off_store(row: Application) -> str:
    if row.listing == Application.Listing.IN_REVIEW:
        return "In review: it is returned instead."
    if row.listing != Application.Listing.LISTED:
        return "Not in the store: nothing changes."
    return "Not found in the store any more, and shown as not verified. Installed accounts keep it."


def retiring(rows: list[Application]) -> list[Effect]:
    accounts = _accounts(rows)
    ever = set(Installation.objects.filter(application__in=rows).order_by().values_list("application_id", flat=True))
    return [Effect(row, _retires(row, accounts[row.pk], row.pk in ever)) for row in rows]


def _retires(row: Application, accounts: list[str], was_installed: bool) -> str:
    if row.retired_at:
        return "Retired already: nothing changes."
    if accounts:
        have = counted(len(accounts), "account has", "accounts have")
        return f"{have} it installed, and must uninstall it first: {some_of(accounts)}."
    if was_installed:
        return "Its secrets, permanent tokens and sessions end. It stays to be read. This cannot be undone."
    return "It was never installed: it is deleted, with its versions. This cannot be undone."


NOT_IN_REVIEW = "Not in review: there is nothing to return."
READ_BY_ALL = "Its owner and everybody who installed it read this."
SUSPEND_APPLICATIONS = StaffAction(
    "suspend",
    "Suspend",
    "suspended",
    READ_BY_ALL,
    suspending_applications,
    lambda row, by: suspending.suspend_application(row, by=by),
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
    fits=lambda row: row.state == Application.State.SUSPENDED,
    undone_by="suspend",
    mark=lambda row: row.suspended_by_staff_at,
)
LIST_APPLICATIONS = StaffAction(
    "list_in_store",
    "List",
    "listed",
    "Its owners read this.",
    listing,
    lambda row, by: listings.list_in_store(row, by=by),
    after=" in the store",
    label="List in the store",
    fits=lambda row: not row.retired_at and not row.is_verified,
    undone_by="take_off_store",
    mark=lambda row: row.listing,
)
RETURN_LISTINGS = StaffAction(
    "return_listing",
    "Return",
    "returned",
    "Its owners read this, and fix what it says.",
    returning,
    lambda row, by: listings.return_with_reasons(row, by=by),
    label="Return the listing with reasons",
    fits=lambda row: row.listing == Application.Listing.IN_REVIEW,
)
UNLIST_APPLICATIONS = StaffAction(
    "take_off_store",
    "Remove",
    "removed from the store",
    "Its owners read this.",
    unlisting,
    lambda row, by: listings.take_off_store(row, by=by),
    after=" from the store",
    label="Remove from the store",
    fits=lambda row: row.is_verified,
    undone_by="list_in_store",
    mark=lambda row: row.listing,
)
SUSPEND_INSTALLATIONS = StaffAction(
    "suspend",
    "Suspend",
    "suspended",
    "The customer and the developer read this.",
    suspending_installations,
    lambda row, by: suspending.suspend_by_staff(row, by=by),
    fits=lambda row: is_possible(Act.SUSPEND_BY_STAFF, row),
    undone_by="resume",
    mark=lambda row: row.suspended_by_staff_at,
)
RESUME_INSTALLATIONS = StaffAction(
    "resume",
    "Resume",
    "resumed",
    "The customer and the developer read this.",
    resuming_installations,
    lambda row, by: suspending.resume_by_staff(row, by=by),
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
    typed=lambda: ContactField(label="Support contact", help_text="An e-mail address or a web page; empty for none."),
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
    typed=lambda: TextField(rows=5, label="Description"),
    edit=applications.edit_application,
)
