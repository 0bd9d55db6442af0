"""What support does about what it is asked. Each function is one transaction, lock first."""

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from installs.exchange.explanations import installation_of
from installs.help import kinds, mails
from installs.help.asking import State, locked, put, record, refuse_past_most_messages, say
from installs.help.written import refuse_credentials
from installs.models import HelpCase, HelpMessage, Installation
from linnapp.actors import Actor
from linnapp.errors import NotPossible
from linnapp.models import User
from linnapp.services.support import refuse_unless_support

MOST_COUNTED, MOST_SHOWN = 100, 20


@transaction.atomic
def answer(case: HelpCase, text: str, *, solves: bool = False, by: Actor) -> HelpMessage:
    """It is the customer's turn then, or solved. Who asked gets it by mail; who answers first has the case. Raises
    NotPossible for a text with a secret in it."""
    refuse_unless_support(by)
    refuse_credentials(text)
    row = locked(case)
    refuse_past_most_messages(row)
    message = say(row, text, HelpMessage.Writer.SUPPORT, by)
    if row.assigned_to is None:
        _assign(row, by.person)
    _lead(row)
    record(row, kinds.HELP_ANSWERED, by=by)
    put(row, State.SOLVED if solves else State.WAITING, by=by)
    mails.tell_account(row, message, by=by)
    return message


@transaction.atomic
def move(case: HelpCase, state: State, *, by: Actor) -> None:
    """Without a word to the customer, who reads it on the page."""
    refuse_unless_support(by)
    put(locked(case), state, by=by)


@transaction.atomic
def assign(case: HelpCase, to: User | None, *, by: Actor) -> None:
    """To somebody of support, who is told by mail, or to nobody."""
    refuse_unless_support(by)
    row = locked(case)
    if to is not None and not to.is_support:
        raise NotPossible(f"{to} is not in support. Choose somebody who is.")
    _lead(row)
    before = row.assigned_to
    if before != to:
        _assign(row, to)
        mails.tell_handed_over(row, by=by)
        mails.tell_taken_away(row, before, by=by)


def follow(installation: Installation, to: User | None, *, before: User | None) -> list[HelpCase]:
    """What the account asked about an installation goes with its case, in the caller's transaction, which tells whoever
    had it `before` of those that moved. What somebody else of support has stays theirs."""
    rows = HelpCase.objects.about(installation).of_account(installation.account).unsolved()
    free = Q(assigned_to=None) | Q(assigned_to=before)
    moving = rows.filter(free).order_by("pk").select_for_update(of=("self",))
    moved = [row for row in moving if row.assigned_to_id != (to.pk if to else None)]
    for row in moved:
        _assign(row, to)
    return sorted(moved, key=lambda row: row.opened_at)


def _assign(case: HelpCase, to: User | None) -> None:
    case.assigned_to, case.assigned_at = to, timezone.now() if to else None
    case.save(update_fields=["assigned_to", "assigned_at"])


def _lead(case: HelpCase) -> None:
    """What was refused a moment before the case was opened was not written down then."""
    if case.reference and case.led_to_id is None and (found := installation_of(case.reference)):
        case.led_to_id = found
        case.save(update_fields=["led_to"])


def open_in_words() -> str:
    """How many cases wait for support; "" for none. Never a count of a whole large table."""
    count = HelpCase.objects.in_state(State.OPEN).order_by()[: MOST_COUNTED + 1].count()
    return f"{MOST_COUNTED}+ open" if count > MOST_COUNTED else f"{count} open" if count else ""


def unsolved_about(installation: Installation) -> list[HelpCase]:
    """Of an installation, those that waited longest first."""
    rows = HelpCase.objects.about(installation).unsolved().with_its_facts()
    return list(rows.order_by("since", "pk")[:MOST_SHOWN])
