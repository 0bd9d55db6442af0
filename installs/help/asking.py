"""What the people of an account ask of support, and write to it. Each function is one transaction, lock first."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from installs.exchange.explanations import explain, installation_of
from installs.help import kinds, mails
from installs.help.written import without_credentials
from installs.models import HelpCase, HelpMessage, Installation, RefusalSample
from linnapp import timeline
from linnapp.actors import Actor, Side
from linnapp.errors import NotPossible
from linnapp.kinds import Kind
from linnapp.models import Account, Application, User
from linnapp.models.people import Reader
from linnapp.services import knocks
from linnapp.services.knocks import Limit
from linnapp.services.locking import locked_accounts

MOST_UNSOLVED, MOST_MESSAGES = 10, 200
LATELY = timedelta(hours=24)
State = HelpCase.State
CASES = Limit(
    "help cases of a person",
    20,
    86_400,
    "You asked support twenty times in a day. Wait {wait}, or write in an open case.",
    proven=True,
)
MESSAGES = Limit(
    "messages of a person to support",
    100,
    86_400,
    "You wrote to support a hundred times in a day. Wait {wait}.",
    proven=True,
)


def to_ask_about(user: Reader) -> Any:
    """Installations on the accounts that this person has a seat in, and those of the applications of these accounts."""
    mine = Account.objects.with_seat_of(user).values("pk")
    return Installation.objects.filter(Q(account__in=mine) | Q(application__account__in=mine))


def to_report(account: Account) -> Any:
    """Applications that the account meets: in the store, or because it has or had them."""
    installed = Installation.objects.on_account(account.slug).order_by().values("application")
    return Application.objects.filter(Q(listing=Application.Listing.LISTED) | Q(pk__in=installed))


def newest_refusal(installation: Installation, reader: User) -> str:
    """The reference of the last refusal of it within LATELY that this person may read of; "" for none. Of what only
    named it, nothing: who sent that is not known."""
    since = timezone.now() - LATELY
    samples = RefusalSample.objects.filter(group__installation_id=installation.pk, at__gt=since)
    samples = samples.filter(group__hour__gt=since - timedelta(hours=1)).order_by("-at")
    reference = samples.values_list("reference", flat=True).first()
    return reference if reference and explain(reference, reader) else ""


@transaction.atomic
def ask(
    account: Account, *, sentence: str, reference: str = "", installation: Installation | None = None, by: Actor
) -> HelpCase:
    """Opens a case. Raises NotPossible past MOST_UNSOLVED of an account, and past so many of a person a day.

    The reference is kept as it is; where it leads to is for support alone, whoever sent it.
    """
    _lock(account)
    _count(CASES, by)
    led_to = installation_of(reference) if reference else None
    case = HelpCase.objects.create(
        account=account,
        opened_by=by.person,
        sentence=without_credentials(sentence),
        reference=without_credentials(reference)[: HelpCase.LONGEST_REFERENCE],
        installation=installation,
        led_to_id=led_to,
        application=installation.application if installation else None,
        about=installation.application.name if installation else "",
    )
    record(case, kinds.HELP_ASKED, by=by)
    return case


@transaction.atomic
def report(application: Application, *, account: Account, complaint: str, sentence: str, by: Actor) -> HelpCase:
    """Reports an application to support, as `ask` asks. Nothing of it stands where its developer reads."""
    _lock(account)
    _count(CASES, by)
    case = HelpCase.objects.create(
        kind=HelpCase.Kind.REPORT,
        account=account,
        opened_by=by.person,
        sentence=without_credentials(sentence),
        application=application,
        about=application.name,
        complaint=complaint,
    )
    record(case, kinds.HELP_REPORTED, by=by)
    return case


@transaction.atomic
def write(case: HelpCase, text: str, *, by: Actor) -> HelpMessage:
    """It is support's turn then, also where the case was solved. Who it is assigned to is told by mail."""
    row = locked(case)
    refuse_past_most_messages(row)
    _count(MESSAGES, by)
    message = say(row, text, HelpMessage.Writer.ACCOUNT, by)
    put(row, State.OPEN, by=by)
    mails.tell_assigned(row, message, by=by)
    return message


@transaction.atomic
def solve(case: HelpCase, *, by: Actor) -> None:
    put(locked(case), State.SOLVED, by=by)


def _lock(account: Account) -> None:
    locked_accounts(account.pk)
    _refuse_past_most(account)


def _refuse_past_most(account: Account) -> None:
    if HelpCase.objects.of_account(account).unsolved().count() >= MOST_UNSOLVED:
        raise NotPossible(
            f"{account} already has {MOST_UNSOLVED} open cases, which is the most. Write in one of them, or mark "
            "one as solved."
        )


def _count(limit: Limit, by: Actor) -> None:
    try:
        knocks.count(limit, by.person.pk if by.person else None)
    except knocks.TooOften as refused:
        raise NotPossible(str(refused.message)) from refused


# For what support does as well.


def locked(case: HelpCase) -> HelpCase:
    """The row, locked until the transaction ends; its account before it, by which its cases are counted. Raises
    NotPossible for one whose time was over meanwhile."""
    locked_accounts(case.account_id)
    row = HelpCase.objects.select_for_update(of=("self",)).with_its_facts().filter(pk=case.pk).first()
    if row is None:
        raise NotPossible("This case is gone: it was solved a year ago. Open another one.")
    return row


def refuse_past_most_messages(case: HelpCase) -> None:
    if case.messages.count() >= MOST_MESSAGES:
        raise NotPossible(f"This case has {MOST_MESSAGES} messages, which is the most. Open another one.")


def say(case: HelpCase, text: str, writer: HelpMessage.Writer, by: Actor) -> HelpMessage:
    """In the caller's transaction."""
    return HelpMessage.objects.create(case=case, written_by=by.person, writer=writer, text=without_credentials(text))


def put(case: HelpCase, state: State, *, by: Actor) -> None:
    """On record where it is solved, or opened again: that one is counted anew. Needs `locked`. Raises NotPossible past
    MOST_UNSOLVED of its account. Whoever waits has waited since it came to its state: one more message changes nothing
    of that."""
    if case.state == state:
        return
    was_solved = case.is_solved
    if was_solved:
        _refuse_past_most(case.account)
    case.state, case.since = state, timezone.now()
    case.save(update_fields=["state", "since"])
    if case.is_solved or was_solved:
        record(case, kinds.HELP_SOLVED if case.is_solved else kinds.HELP_REOPENED, by=by)


def record(case: HelpCase, kind: Kind, *, by: Actor) -> None:
    """On the account; and on the installation that it names, for its own side. Support, on the side of whoever asked,
    is told once: Activity of the account has that of its installations, too."""
    facts: dict[str, Any] = {"reported": case.about} if case.is_report else {}
    about = case.installation
    if about:
        mine = replace(by, on_side=case.side) if by.is_staff else replace(by, side=case.side)
        timeline.record_about(about, kind, by=mine)
    if not about or not by.is_staff:
        its = replace(by, on_side=Side.CUSTOMER) if by.is_staff else by
        timeline.record(kind, by=its, account=case.account, **facts)
