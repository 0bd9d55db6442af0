"""Who of support has a case. One person at a time: whoever is given it gets a mail, and finds it on the search page."""

from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from installs.help import inbox
from installs.help.written import refuse_credentials
from installs.models import CaseAssignment, HelpCase, Installation
from installs.support import kinds
from linnapp import timeline
from linnapp.actors import Actor
from linnapp.errors import NotPossible
from linnapp.models import OutgoingMail, User
from linnapp.services import notices
from linnapp.services.support import refuse_unless_support

MOST_SHOWN = 20


def assignment_of(installation: Installation) -> CaseAssignment | None:
    return CaseAssignment.objects.filter(installation=installation).select_related("assigned_to", "by").first()


def assigned_to(person: User) -> list[CaseAssignment]:
    """The newest first, as far as a page shows them."""
    rows = CaseAssignment.objects.of_person(person).newest_first()
    facts = ("installation__application__account", "installation__account", "installation__version", "by")
    return list(rows.select_related(*facts).defer("installation__version__snapshot")[:MOST_SHOWN])


@transaction.atomic
def assign(installation: Installation, *, to: User | None, by: Actor, note: str = "") -> CaseAssignment | None:
    """Gives the case to somebody of support, or to nobody, with what the account asked about it. Raises NotPossible for
    whoever is not of support, on either end, and for a note with a secret in it."""
    refuse_unless_support(by)
    refuse_credentials(note)
    if to is not None and not to.is_support:
        raise NotPossible(f"{to} is not in support. Choose somebody who is.")
    # NO KEY: whoever answers a case comes to point to it while holding that.
    row = Installation.objects.select_for_update(of=("self",), no_key=True).with_its_facts().get(pk=installation.pk)
    before = CaseAssignment.objects.filter(installation=row).select_related("assigned_to").first()
    had = before.assigned_to if before else None
    moved = inbox.follow(row, to, before=had)
    if before and had == to and not note:
        return before
    if before:
        before.delete()
    if had and had not in (to, by.person):
        _tell(had, f"{row.application} on {row.account} is no longer yours", "taken_away", row, by, note, to, moved)
    if to is None:
        if had:
            timeline.record_about(row, kinds.SUPPORT_FREED, by=by, to=had)
        return None
    made = CaseAssignment.objects.create(installation=row, assigned_to=to, by=by.person, note=note)
    if to == by.person:
        timeline.record_about(row, kinds.SUPPORT_TOOK, by=by)
    else:
        timeline.record_about(row, kinds.SUPPORT_ASSIGNED, by=by, to=to)
        _tell(to, f"{by.person} handed {row.application} on {row.account} to you", "handed_over", row, by, note)
    return made


def _tell(
    person: User,
    subject: str,
    template: str,
    row: Installation,
    by: Actor,
    note: str,
    to: User | None = None,
    moved: Sequence[HelpCase] = (),
) -> None:
    link = settings.SITE_URL + reverse("support_installation", args=[row.pk])
    facts = {"installation": row, "who": by.person, "note": note, "link": link, "to": to, "moved": moved}
    notices.tell([person], subject, f"installs/support/mail/{template}.txt", facts, by=by, kind=OutgoingMail.Kind.CASES)
