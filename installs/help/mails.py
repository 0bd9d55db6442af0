"""What people are told of a case by mail: the words of the other one and where to answer, never what a reference
explains."""

from collections.abc import Iterable

from django.conf import settings
from django.urls import reverse

from installs.models import HelpCase, HelpMessage
from linnapp.actors import Actor
from linnapp.models import Membership, OutgoingMail, User
from linnapp.services import notices

Kind = OutgoingMail.Kind


def tell_account(case: HelpCase, message: HelpMessage, *, by: Actor) -> None:
    """Who asked; the Owners, where that one has left."""
    facts = _facts(case, _page_of_account(case), by, message)
    people, template = _asking(case), "installs/help/mail/answered.txt"
    notices.tell(people, "Support answered you", template, facts, by=by, kind=Kind.HELP, account=case.account)


def tell_assigned(case: HelpCase, message: HelpMessage, *, by: Actor) -> None:
    """Nobody, where it is assigned to nobody: it stands in the inbox."""
    if case.assigned_to:
        subject = f"{case.account} wrote in one of your cases"
        _tell([case.assigned_to], subject, "account_wrote", case, by, message)


def tell_handed_over(case: HelpCase, *, by: Actor) -> None:
    if case.assigned_to and case.assigned_to != by.person:
        subject = f"{by.person} assigned a case of {case.account} to you"
        _tell([case.assigned_to], subject, "handed_over", case, by)


def tell_taken_away(case: HelpCase, before: User | None, *, by: Actor) -> None:
    if before and before != by.person:
        subject = f"A case of {case.account} is no longer yours"
        _tell([before], subject, "taken_away", case, by)


def _asking(case: HelpCase) -> list[User]:
    asked = case.opened_by
    if asked and asked.is_active and Membership.objects.filter(account=case.account_id, user=asked).exists():
        return [asked]
    return case.account.owners()


def _page_of_account(case: HelpCase) -> str:
    return settings.SITE_URL + reverse("help_case", args=[case.account.slug, case.pk])


def _page_of_support(case: HelpCase) -> str:
    return settings.SITE_URL + reverse("support_case", args=[case.pk])


def _tell(
    people: Iterable[User],
    subject: str,
    template: str,
    case: HelpCase,
    by: Actor,
    message: HelpMessage | None = None,
) -> None:
    """Of support, about its work."""
    facts = _facts(case, _page_of_support(case), by, message)
    notices.tell(people, subject, f"installs/help/mail/{template}.txt", facts, by=by, kind=Kind.CASES)


def _facts(case: HelpCase, link: str, by: Actor, message: HelpMessage | None) -> dict[str, object]:
    return {"case": case, "message": message, "link": link, "who": by.person}
